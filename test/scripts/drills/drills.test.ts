import { readFile } from "node:fs/promises";

import { expect } from "chai";

import type { DrillResult } from "../../../scripts/drills/DrillResult.ts";
import { SCENARIOS } from "../../../scripts/drills/catalogue.ts";
import type { DrillChoice } from "../../../scripts/drills/Stage.ts";
import { uneventedWrite } from "../../../scripts/drills/uneventedWrite.ts";
import { CONTEXT, runDrill } from "../../helpers/commandContext.ts";
import { expectContained, expectHarm } from "./expectShape.ts";

const OPTIONS = { seed: 1, say: () => undefined } as const;
const UNPROTECTED = { isUnprotected: true, patienceMs: 1_000 } as const;
const THIEF = "0x71be63f3384f5fb98995898a86b02fb2426c5788000000000000000000000000";

/** The other fields of the thief's account word. */
const REST = "openCount 0, epoch 0, assets 0, lastInstrument 0, lastWasLong false, hasDebt false, isUsed true";

/** What goes wrong in each drill that needs a chain of its own when what protects is missing. */
const HARM: readonly (readonly [name: string, what: string, outcome: RegExp])[] = [
  ["killed-keeper", "trade on the corrupted balance", /^accepted$/],
  ["two-keepers", "trade on the corrupted balance", /^accepted$/],
  ["keepers-gone", "trade on the corrupted balance", /^accepted$/],
  ["stale-price", "take on new risk at the old price", /^accepted$/],
];

async function stage(name: string, choice: Partial<DrillChoice> = {}): Promise<DrillResult> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`no drill ${name}`);
  return (await scenario.run({ ...OPTIONS, chain: "anvil", ...choice }, CONTEXT)) as DrillResult;
}

describe("drills on a chain of their own", function () {
  this.timeout(120_000);

  for (const chain of ["hardhat", "anvil"] as const) {
    it(`contains an unevented write on ${chain}, located, in the next block`, async () => {
      const result = await uneventedWrite({ ...OPTIONS, chain }, CONTEXT);
      expectContained(result);
      expect(result).to.include({ verdict: "Diverged", cause: "unexplained-write", restored: null });
      expect(result.located).to.have.lengthOf(1);
      expect(result.located[0]).to.include({
        contract: "PositionLedger",
        variable: `_accounts[${THIEF}]`,
        account: THIEF,
        before: `quote 1000000000000000000000, ${REST}`,
        after: `quote 1000000000000000000000000, ${REST}`,
      });
      expect(result.blocks.detect).to.equal(0);
    });
  }

  it("reports the harm, and not containment, when nobody can pause", async () => {
    const result = await uneventedWrite({ ...OPTIONS, ...UNPROTECTED, chain: "anvil" }, CONTEXT);
    expectHarm(result, "trade on the corrupted balance", /^accepted$/);
    expect(result.verdict).to.equal("Diverged");
  });

  for (const [name, what, outcome] of HARM) {
    it(`contains ${name}, and reports the harm without what protects`, async () => {
      expectContained(await stage(name));
      expectHarm(await stage(name, UNPROTECTED), what, outcome);
    });
  }

  it("lists every drill for programs, with what contained means and whether it runs on a test deployment", async () => {
    const { code, stdout } = await runDrill(["--list", "--json"]);
    expect(code).to.equal(0);
    const rows = JSON.parse(stdout) as { scenario: string; about: string; contained: string; rpc: boolean }[];
    expect(rows.map(({ scenario }) => scenario)).to.deep.equal(Object.keys(SCENARIOS));
    for (const row of rows) expect(row).to.have.all.keys("scenario", "about", "contained", "rpc");
    expect(rows.find(({ scenario }) => scenario === "full-cycle")?.rpc).to.equal(false);
    expect(rows.find(({ scenario }) => scenario === "storage-tamper")?.rpc).to.equal(true);
  });

  it("are all in docs/drills.md, with what contained means, and whether they run on a test deployment", async () => {
    const page = await readFile(new URL("../../../docs/drills.md", import.meta.url), "utf8");
    for (const [name, { about, contained, needsOwnChain }] of Object.entries(SCENARIOS)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `));
      const cells = row?.split("|").map((cell) => cell.trim());
      expect(cells).to.deep.equal(["", `\`${name}\``, about, contained, needsOwnChain === null ? "yes" : "no", ""]);
    }
  });
});
