import { expect } from "chai";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { compareView, type ProvenBalances } from "../../../keeper/views/compareView.ts";
import { parseView } from "../../../keeper/views/parseView.ts";

const ALICE: Hex = `0x${"a1".repeat(32)}`;
const BOB: Hex = `0x${"b0".repeat(32)}`;
const BLOCK: Hex = `0x${"cc".repeat(32)}`;

function balances(proven: Readonly<Record<Hex, Readonly<Record<string, bigint>>>>): ProvenBalances {
  return {
    accounts: () => Object.keys(proven) as Hex[],
    itemsOf: (account) => new Map(Object.entries(proven[account] ?? {})),
  };
}

describe("parseView", () => {
  const good = { blockNumber: 7, blockHash: BLOCK, rows: [{ account: ALICE, item: "quote", amount: "-5" }] };

  it("reads block and rows", () => {
    expect(parseView(good)).to.deep.equal({
      blockNumber: 7,
      blockHash: BLOCK,
      rows: [{ account: ALICE, item: "quote", amount: -5n }],
    });
  });

  const bad: readonly (readonly [string, unknown])[] = [
    ["(all)", null],
    ["(all)", "text"],
    ["blockNumber", { ...good, blockNumber: "7" }],
    ["blockNumber", { ...good, blockNumber: -1 }],
    ["blockNumber", { ...good, blockNumber: 2 ** 60 }],
    ["blockHash", { ...good, blockHash: "0x12" }],
    ["blockHash", { ...good, blockHash: BLOCK.toUpperCase() }],
    ["rows", { ...good, rows: {} }],
    ["rows[0]", { ...good, rows: [null] }],
    ["rows[0].account", { ...good, rows: [{ ...good.rows[0], account: ALICE.slice(0, 42) }] }],
    ["rows[0].item", { ...good, rows: [{ ...good.rows[0], item: "__proto__" }] }],
    ["rows[0].amount", { ...good, rows: [{ ...good.rows[0], amount: 5 }] }],
    ["rows[0].amount", { ...good, rows: [{ ...good.rows[0], amount: "0x5" }] }],
    ["rows[0].amount", { ...good, rows: [{ ...good.rows[0], amount: "05" }] }],
  ];
  for (const [field, value] of bad) {
    it(`refuses ${JSON.stringify(value).slice(0, 60)} and names ${field}`, () => {
      expect(() => parseView(value))
        .to.throw(KeeperError)
        .that.includes({ code: "ViewMalformed" })
        .and.has.deep.property("payload", { field });
    });
  }
});

describe("compareView", () => {
  const compare = (rows: readonly (readonly [Hex, string, bigint])[], proven: Parameters<typeof balances>[0]) =>
    compareView(
      { blockNumber: 1, blockHash: BLOCK, rows: rows.map(([account, item, amount]) => ({ account, item, amount })) },
      balances(proven),
    );

  it("finds nothing when every row is proven and every balance is in a row", () => {
    expect(compare([[ALICE, "quote", 5n]], { [ALICE]: { quote: 5n } })).to.deep.equal([]);
  });

  it("takes a row of zero for no row", () => {
    expect(compare([[BOB, "quote", 0n]], {})).to.deep.equal([]);
  });

  it("finds a phantom: a deposit that a reorg removed", () => {
    expect(compare([[ALICE, "quote", 9n]], {})).to.deep.equal([
      { kind: "phantom", account: ALICE, item: "quote", believed: 9n, proven: 0n },
    ]);
  });

  it("finds what the view is missing", () => {
    expect(compare([], { [BOB]: { "1": -3n } })).to.deep.equal([
      { kind: "missing", account: BOB, item: "1", believed: 0n, proven: -3n },
    ]);
  });

  it("finds a wrong amount, by one unit", () => {
    expect(compare([[ALICE, "quote", 6n]], { [ALICE]: { quote: 5n } })).to.deep.equal([
      { kind: "wrong", account: ALICE, item: "quote", believed: 6n, proven: 5n },
    ]);
  });

  it("finds a row that is said twice, and compares the last", () => {
    const rows = [
      [ALICE, "quote", 5n],
      [ALICE, "quote", 6n],
    ] as const;
    expect(compare(rows, { [ALICE]: { quote: 5n } }).map(({ kind }) => kind)).to.deep.equal(["duplicate", "wrong"]);
  });
});
