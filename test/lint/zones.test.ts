import { expect } from "chai";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

import { ZONES, zoneOf } from "../../scripts/lint/zones.ts";

/** What the project's lint rules, the typed ones apart, say of `code` if it stood at `path`: rule and message. */
async function lint(path: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: process.cwd(),
    overrideConfig: tseslint.configs.disableTypeChecked as NonNullable<ESLint.Options["overrideConfig"]>,
  });
  const [result] = await eslint.lintText(code, { filePath: path });
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? "parse"}: ${message}`);
}

interface Sample {
  readonly path: string;
  readonly code: string;
  readonly rule: string;
}

describe("lint zones", function () {
  // The first run loads the plugins.
  this.timeout(30_000);

  const forbidden: Record<string, Sample> = {
    "a clock in domain": { path: "keeper/domain/x.ts", code: "void Date.now();", rule: "no-restricted-globals" },
    "a monotonic clock in books": {
      path: "keeper/books/x.ts",
      code: "void performance.now();",
      rule: "no-restricted-globals",
    },
    "a timer in loop": { path: "keeper/loop/x.ts", code: "setTimeout(() => 0, 1);", rule: "no-restricted-globals" },
    "a clock behind globalThis": {
      path: "keeper/loop/x.ts",
      code: "void globalThis.Date.now();",
      rule: "no-restricted-globals",
    },
    "randomness in trie": { path: "keeper/trie/x.ts", code: "void Math.random();", rule: "no-restricted-properties" },
    "a race in chain/agree": {
      path: "keeper/chain/agree/x.ts",
      code: "void Promise.race([]);",
      rule: "no-restricted-properties",
    },
    "the network in actions": {
      path: "keeper/actions/plan/x.ts",
      code: 'void fetch("");',
      rule: "no-restricted-globals",
    },
    "node:fs in books": {
      path: "keeper/books/x.ts",
      code: 'import { readFileSync } from "node:fs";\nvoid readFileSync;',
      rule: "lockstep/zones",
    },
    "a builtin without its prefix": {
      path: "keeper/chain/verify/x.ts",
      code: 'import { readFileSync } from "fs";\nvoid readFileSync;',
      rule: "lockstep/zones",
    },
    "a dynamic import in domain": {
      path: "keeper/domain/x.ts",
      code: 'void import("node:os");',
      rule: "lockstep/zones",
    },
    "a computed import in domain": {
      path: "keeper/domain/x.ts",
      code: 'const name = "x";\nvoid import(name);',
      rule: "lockstep/zones",
    },
    "ethers in books": {
      path: "keeper/books/x.ts",
      code: 'import { id } from "ethers";\nvoid id;',
      rule: "lockstep/zones",
    },
    "books in their second opinion": {
      path: "keeper/books/naive/x.ts",
      code: 'import { Books } from "../Books.ts";\nvoid Books;',
      rule: "lockstep/zones",
    },
    "store importing chain": {
      path: "keeper/store/x.ts",
      code: 'import { createSource } from "../chain/sources/createSource.ts";\nvoid createSource;',
      rule: "lockstep/zones",
    },
    "store re-exporting chain": {
      path: "keeper/store/x.ts",
      code: 'export { createSource } from "../chain/sources/createSource.ts";',
      rule: "lockstep/zones",
    },
    "loop importing a source": {
      path: "keeper/loop/x.ts",
      code: 'import type { Source } from "../chain/sources/Source.ts";\n/** Y. */\nexport type Y = Source;',
      rule: "lockstep/zones",
    },
    "rebuild importing the core": {
      path: "keeper/rebuild/x.ts",
      code: 'import type { Books } from "../loop/Keeper.ts";\n/** Y. */\nexport type Y = Books;',
      rule: "lockstep/zones",
    },
    "domain importing books": {
      path: "keeper/domain/x.ts",
      code: 'import type { Books } from "../books/Books.ts";\n/** Y. */\nexport type Y = Books;',
      rule: "lockstep/zones",
    },
    "a leaf importing domain": {
      path: "keeper/lib/x.ts",
      code: 'import type { Verdict } from "../domain/Verdict.ts";\n/** Y. */\nexport type Y = Verdict;',
      rule: "lockstep/zones",
    },
    "production code importing a test": {
      path: "keeper/loop/x.ts",
      code: 'import { fake } from "../../test/helpers/fake.ts";\nvoid fake;',
      rule: "lockstep/zones",
    },
    "a folder that no zone names": {
      path: "keeper/utils/x.ts",
      code: 'import "../lib/hex.ts";',
      rule: "lockstep/zones",
    },
    "the environment in service": {
      path: "keeper/service.ts",
      code: 'void process.env["HOME"];',
      rule: "no-restricted-properties",
    },
    "ending the process in a command": {
      path: "keeper/commands/x.ts",
      code: "process.exit(1);",
      rule: "no-restricted-properties",
    },
    "a barrel": { path: "keeper/books/index.ts", code: "void 0;", rule: "no-restricted-syntax" },
    "a default export": { path: "keeper/books/x.ts", code: "export default 1;", rule: "import-x/no-default-export" },
    "an enum": { path: "keeper/books/x.ts", code: "enum Side {\n  Buy,\n}\nvoid Side;", rule: "no-restricted-syntax" },
    "an export without a word": {
      path: "keeper/books/x.ts",
      code: "export const one = 1n;",
      rule: "lockstep/documented",
    },
    "a file of 251 lines": { path: "keeper/books/x.ts", code: "void 0;\n".repeat(251), rule: "max-lines" },
    "a function of 71 lines": {
      path: "keeper/books/x.ts",
      code: `function long(): void {\n${"  void 0;\n".repeat(69)}}\nlong();\n`,
      rule: "max-lines-per-function",
    },
  };
  for (const [what, { path, code, rule }] of Object.entries(forbidden)) {
    it(`refuses ${what}`, async () => {
      const problems = await lint(path, code);
      expect(problems.filter((problem) => problem.startsWith(`${rule}: `))).to.have.lengthOf(1);
      expect(problems).to.have.lengthOf(1);
    });
  }

  const allowed: Record<string, readonly [string, string]> = {
    "a clock in a source": ["keeper/chain/sources/x.ts", "void Date.now();"],
    "a timer in the API": ["keeper/api/x.ts", "setTimeout(() => 0, 1);"],
    "node:fs in store": ["keeper/store/x.ts", 'import { readFileSync } from "node:fs";\nvoid readFileSync;'],
    "ethers in the second opinion": ["keeper/books/naive/x.ts", 'import { id } from "ethers";\nvoid id;'],
    "books and sources meeting in rebuild": [
      "keeper/rebuild/x.ts",
      'import { Books } from "../books/Books.ts";\nimport { createSource } from "../chain/sources/createSource.ts";\nvoid [Books, createSource];',
    ],
    "the pure halves meeting in loop": [
      "keeper/loop/x.ts",
      'import { Books } from "../books/Books.ts";\nimport { verifyHeader } from "../chain/verify/header.ts";\nvoid [Books, verifyHeader];',
    ],
    "siblings meeting in service.ts": [
      "keeper/service.ts",
      'import { startApi } from "./api/startApi.ts";\nimport { createSource } from "./chain/sources/createSource.ts";\nvoid [startApi, createSource];',
    ],
    "the environment in main.ts": ["keeper/main.ts", 'void process.env["HOME"];'],
    "a default export of an Ignition module": ["deploy/modules/x.ts", "export default 1;"],
  };
  for (const [what, [path, code]] of Object.entries(allowed)) {
    it(`allows ${what}`, async () => {
      expect(await lint(path, code)).to.deep.equal([]);
    });
  }

  it("gives a file to the zone with the longest matching path", () => {
    expect(zoneOf("keeper/books/Books.ts")?.name).to.equal("books");
    expect(zoneOf("keeper/books/naive/words.ts")?.name).to.equal("books/naive");
    expect(zoneOf("keeper/bookstore/x.ts")).to.equal(undefined);
    expect(zoneOf("keeper/main.ts")?.name).to.equal("commands");
    expect(zoneOf("keeper/Status.ts")?.name).to.equal("service");
  });

  it("names only zones that exist", () => {
    const names = new Set(ZONES.map(({ name }) => name));
    const named = ZONES.flatMap(({ may, types = [] }) => [...(may === "*" ? [] : may), ...types]);
    expect(named.filter((name) => !names.has(name))).to.deep.equal([]);
    expect(names.size).to.equal(ZONES.length);
  });
});
