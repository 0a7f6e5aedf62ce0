import { expect } from "chai";

import type { Hash } from "../../../keeper/lib/hex.ts";
import { BlockLedger } from "../../../scripts/soak/BlockLedger.ts";

const hash = (number: number, branch = 0): Hash => `0x${`${branch}${number}`.padStart(16, "0").padEnd(64, "f")}`;

/** Blocks 10 to 15. */
const CHAIN = [10, 11, 12, 13, 14, 15].map((number) => hash(number));

describe("BlockLedger", () => {
  it("counts what was said to be in sync, and what a later block has overtaken", () => {
    const ledger = new BlockLedger();
    for (const number of [10, 11, 14]) ledger.report(number, hash(number));
    const coverage = ledger.cover(10, CHAIN.slice(0, 5), (number) => hash(number));
    expect(coverage).to.deep.equal({ reported: 3, overtaken: 2, missed: [] });
  });

  it("misses what nothing in sync stands on", () => {
    const ledger = new BlockLedger();
    ledger.report(13, hash(13));
    const { overtaken, missed } = ledger.cover(10, CHAIN, (number) => hash(number));
    expect({ overtaken, missed }).to.deep.equal({ overtaken: 3, missed: [14, 15] });
  });

  it("misses what the books do not hold, whatever was said of it or above it", () => {
    const ledger = new BlockLedger();
    for (const number of [11, 12, 15]) ledger.report(number, hash(number));
    const booksAt = (number: number): Hash | null => (number === 11 || number === 13 ? null : hash(number));
    expect(ledger.cover(10, CHAIN, booksAt).missed).to.deep.equal([11, 13]);
  });

  it("takes the word on another branch for nothing", () => {
    const ledger = new BlockLedger();
    for (const number of [12, 13, 14, 15]) ledger.report(number, hash(number, 1));
    const coverage = ledger.cover(10, CHAIN, (number) => hash(number));
    expect(coverage.missed).to.deep.equal([10, 11, 12, 13, 14, 15]);
    ledger.report(15, hash(15));
    expect(ledger.cover(10, CHAIN, (number) => hash(number)).missed).to.deep.equal([]);
    expect(ledger.cover(10, CHAIN, (number) => hash(number, number === 12 ? 1 : 0)).missed).to.deep.equal([12]);
  });

  it("grows with the chain", () => {
    const ledger = new BlockLedger();
    ledger.report(100_000, hash(100_000));
    ledger.report(5, hash(5));
    expect([ledger.newest, ledger.has(100_000, hash(100_000)), ledger.has(99_999, hash(99_999))]).to.deep.equal([
      100_000,
      true,
      false,
    ]);
  });
});
