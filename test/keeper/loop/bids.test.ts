import { expect } from "chai";

import { feesFor } from "../../../keeper/actions/plan/fees.ts";
import { Bids } from "../../../keeper/loop/Bids.ts";

const CAP = 10n ** 15n;

describe("Bids", () => {
  it("offers more for each transaction under one nonce, whatever the base fee does", () => {
    const bids = new Bids();
    let last = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    for (const baseFeePerGas of [100n, 50n, 200n, 7n].map((gwei) => gwei * 10n ** 9n)) {
      const bid = bids.next(3, baseFeePerGas);
      const fees = feesFor(bid.baseFeePerGas, bid.attempt, CAP);
      // Nodes refuse a replacement that raises either by less than 10 %.
      expect(fees.maxFeePerGas * 10n > last.maxFeePerGas * 11n).to.equal(true);
      expect(fees.maxPriorityFeePerGas * 10n > last.maxPriorityFeePerGas * 11n).to.equal(true);
      last = fees;
    }
  });

  it("starts anew with another nonce, and goes on with one that comes again", () => {
    const bids = new Bids();
    expect([3, 4, 3, 4, 3].map((nonce) => bids.next(nonce, 1n).attempt)).to.deep.equal([0, 0, 1, 1, 2]);
  });

  it("is not below the attempts of an incident that went on under another nonce", () => {
    const bids = new Bids();
    expect([bids.next(3, 1n, 5).attempt, bids.next(3, 1n, 0).attempt, bids.next(4, 1n, 7).attempt]).to.deep.equal([
      5, 6, 7,
    ]);
  });

  it("forgets the oldest nonces, and stops counting where the cap is reached", () => {
    const bids = new Bids();
    bids.next(0, 1n);
    for (let nonce = 1; nonce <= 16; nonce += 1) bids.next(nonce, 1n);
    expect([bids.next(0, 1n).attempt, bids.next(16, 1n).attempt]).to.deep.equal([0, 1]);
    for (let count = 0; count < 100; count += 1) bids.next(16, 1n);
    expect(bids.next(16, 1n).attempt).to.equal(64);
  });
});
