import { expect } from "chai";

import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import type { DrillResult } from "../../../scripts/drills/DrillResult.ts";
import { phantomDeposit } from "../../../scripts/drills/phantomDeposit.ts";
import { storageTamper } from "../../../scripts/drills/storageTamper.ts";
import { uneventedWrite } from "../../../scripts/drills/uneventedWrite.ts";

const CONTEXT: CommandContext = {
  env: {},
  stdout: { write: () => true },
  stderr: { write: () => true },
  isColoured: false,
  wallNow: Date.now,
  signal: new AbortController().signal,
  ended: new Promise(() => undefined),
};
const OPTIONS = { seed: 1, say: () => undefined } as const;
const THIEF = "0x71be63f3384f5fb98995898a86b02fb2426c5788000000000000000000000000";

function expectShape(result: DrillResult): void {
  expect(result).to.have.all.keys("scenario", "contained", "verdict", "cause", "located", "blocks", "ms", "attempts");
  expect(result.blocks).to.have.all.keys("detect", "pause");
  expect(result.ms).to.include.all.keys("detect", "decide", "broadcast", "include");
  for (const located of result.located) {
    expect(located).to.have.all.keys("contract", "variable", "account", "cause", "before", "after");
  }
}

/** The other fields of the thief's account word. */
const REST = "openCount 0, epoch 0, assets 0, lastInstrument 0, lastWasLong false, hasDebt false, isUsed true";

describe("drills", function () {
  this.timeout(120_000);

  for (const chain of ["hardhat", "anvil"] as const) {
    it(`contains an unevented write on ${chain}, located, in the next block`, async () => {
      const result = await uneventedWrite({ ...OPTIONS, chain }, CONTEXT);
      expectShape(result);
      expect(result).to.include({ contained: true, verdict: "Diverged", cause: "unexplained-write" });
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

  it("contains a tampered word", async () => {
    const result = await storageTamper({ ...OPTIONS, chain: "hardhat" }, CONTEXT);
    expectShape(result);
    expect(result).to.include({ contained: true, verdict: "Diverged", cause: "unexplained-write" });
    expect(result.located[0]).to.include({ contract: "PositionLedger", account: THIEF });
  });

  it("contains a phantom deposit, and brings the engine back into step", async () => {
    const result = await phantomDeposit({ ...OPTIONS, chain: "hardhat" }, CONTEXT);
    expectShape(result);
    expect(result).to.include({ contained: true, verdict: "ViewDiverged", cause: "view-diverged" });
    expect(result.located.map(({ account }) => account)).to.include(THIEF);
    expect(result.attempts.at(-1)).to.include({ outcome: "corrected by the keeper's resync" });
  });

  it("reports the harm, and not containment, when nobody can pause", async () => {
    const unprotected = { ...OPTIONS, chain: "hardhat", isUnprotected: true, patienceMs: 1_000 } as const;
    const result = await uneventedWrite(unprotected, CONTEXT);
    expect(result).to.include({ contained: false, verdict: "Diverged" });
    expect(result.attempts[0]).to.include({ outcome: "accepted", isHarmless: false });
  });
});
