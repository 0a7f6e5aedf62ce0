import { readFileSync, writeFileSync } from "node:fs";

import { format, resolveConfig } from "prettier";

const PLACE = /(<!-- table -->\n)[^]*?(<!-- end of table -->)/;

/** Puts other text into the one place for a table that a Markdown document has, formatted as the project does. */
export async function replaceTable(document: string, table: string): Promise<void> {
  const text = readFileSync(document, "utf8");
  if (!PLACE.test(text)) throw new Error(`${document} has no place for the table`);
  const renewed = text.replace(PLACE, (_, head: string, tail: string) => `${head}\n${table}\n\n${tail}`);
  writeFileSync(document, await format(renewed, { ...(await resolveConfig(document)), parser: "markdown" }));
}
