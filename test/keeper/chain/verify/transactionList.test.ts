import { expect } from "chai";

import type { Header } from "../../../../keeper/chain/verify/header.ts";
import { verifyTransactionList } from "../../../../keeper/chain/verify/transactionList.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import { EMPTY_ROOT } from "../../../../keeper/trie/nodeEncoding.ts";
import { expectRefusal } from "./expectRefusal.ts";

const HASH: Hash = `0x${"ab".repeat(32)}`;

/** What the check looks at. */
function headerOf(gasUsed: bigint, receiptsRoot: Hash = HASH): Header {
  return { gasUsed, receiptsRoot } as Header;
}

const listOf = (length: number): Hash[] => Array.from({ length }, () => HASH);

describe("verify transaction list", () => {
  it("takes as many hashes as the gas is enough for, and some that cost none", () => {
    expect(verifyTransactionList(listOf(64), headerOf(0n))).to.have.length(64);
    expectRefusal(() => verifyTransactionList(listOf(65), headerOf(0n)), ["TransactionListMalformed"]);
    expect(verifyTransactionList(listOf(74), headerOf(45_000n))).to.have.length(74);
    expectRefusal(() => verifyTransactionList(listOf(75), headerOf(45_000n)), ["TransactionListMalformed"]);
  });

  it("refuses the whole list for an entry that is no hash, and throws nothing else", () => {
    const bad: unknown[] = [
      { toString: 0 },
      { toString: () => HASH },
      [HASH],
      null,
      undefined,
      1,
      "",
      "0x1",
      `${HASH}0`,
    ];
    for (const [index, entry] of [...bad, HASH.slice(0, -1), HASH.replace("a", "g"), `${HASH}\n`].entries()) {
      expectRefusal(
        () => verifyTransactionList([HASH, entry], headerOf(1_000_000n)),
        ["TransactionListMalformed"],
        `${index}`,
      );
    }
    expectRefusal(
      () => verifyTransactionList(new Array(3), headerOf(1_000_000n)),
      ["TransactionListMalformed"],
      "holes",
    );
  });

  it("takes hashes in either case for the same", () => {
    expect(verifyTransactionList([`0x${"AB".repeat(32)}`], headerOf(21_000n))).to.deep.equal([HASH]);
  });

  it("refuses a list that contradicts the receipts root, either way", () => {
    expectRefusal(() => verifyTransactionList([HASH], headerOf(21_000n, EMPTY_ROOT)), ["ReceiptsRootMismatch"]);
    for (const none of [[], undefined, null, {}, "0x", { length: 1, 0: HASH }]) {
      expectRefusal(() => verifyTransactionList(none, headerOf(21_000n)), ["ReceiptsRootMismatch"]);
      expect(verifyTransactionList(none, headerOf(0n, EMPTY_ROOT))).to.deep.equal([]);
    }
  });
});
