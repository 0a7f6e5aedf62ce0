import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { replaceTable } from "../../scripts/replaceTable.ts";

const TABLE = "| a | b |\n| --- | --- |\n| 1 | a long word |";

describe("replaceTable", () => {
  let document: string;

  beforeEach(() => {
    document = join(mkdtempSync(join(tmpdir(), "lockstep-table-")), "document.md");
  });

  afterEach(() => rmSync(join(document, ".."), { recursive: true }));

  for (const before of ["", "\n| old |\n| --- |\n\n"]) {
    it(`fills a place that holds ${before === "" ? "nothing" : "another table"}, formatted, and keeps the rest`, async () => {
      writeFileSync(document, `# Title\n\n<!-- table -->\n${before}<!-- end of table -->\n\nAfter.\n`);
      await replaceTable(document, TABLE);
      const table = "| a   | b           |\n| --- | ----------- |\n| 1   | a long word |";
      const text = `# Title\n\n<!-- table -->\n\n${table}\n\n<!-- end of table -->\n\nAfter.\n`;
      expect(readFileSync(document, "utf8")).to.equal(text);
    });
  }

  it("names a document that has no place for it, and leaves it alone", async () => {
    writeFileSync(document, "nothing");
    let message = "";
    await replaceTable(document, TABLE).catch((error: unknown) => (message = (error as Error).message));
    expect(message).to.equal(`${document} has no place for the table`);
    expect(readFileSync(document, "utf8")).to.equal("nothing");
  });
});
