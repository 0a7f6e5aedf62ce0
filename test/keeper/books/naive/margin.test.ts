import { expect } from "chai";

import { Derivation } from "../../../../keeper/books/naive/Derivation.ts";
import { finalPayoff, payoffOf } from "../../../../keeper/books/naive/margin.ts";
import type { NaiveInput } from "../../../../keeper/books/naive/naiveTypes.ts";
import { instrumentAt, optionAt, settlementAt } from "../../../../keeper/books/naive/riskStorage.ts";
import { writePlace, type Place } from "../../../../keeper/books/naive/words.ts";

const NUMBER = 11n;
const EXPIRY = 1_000n;
const CALL = 2n;
const PUT = 3n;

/** Books with one option with a strike of 100 and a final price of 130, at a time. */
function stateOf(kind: bigint, timestamp: bigint, isWindDown: boolean): Derivation {
  const words = new Map<string, bigint>();
  const set = (place: Place, value: bigint): void => {
    words.set(place.slot, writePlace(words.get(place.slot) ?? 0n, place, value));
  };
  set(instrumentAt(NUMBER).kind, kind);
  set(optionAt(NUMBER).strike, 100n);
  set(optionAt(NUMBER).expiry, EXPIRY);
  set(settlementAt(NUMBER).price, 130n);
  set(settlementAt(NUMBER).settledAt, 900n);
  set(settlementAt(NUMBER).isWindDown, isWindDown ? 1n : 0n);
  const block = { number: 9, timestamp: Number(timestamp), logs: [] };
  return new Derivation({ block, read: (_: string, slot: string) => words.get(slot) ?? 0n } as unknown as NaiveInput);
}

describe("naive margin of an option with its final price", () => {
  it("values the price of a wind-down as it is, and another at what the option pays", () => {
    for (const [kind, pays] of [
      [CALL, 30n],
      [PUT, 0n],
    ] as const) {
      for (const value of [finalPayoff, payoffOf]) {
        expect(value(stateOf(kind, EXPIRY, true), NUMBER)).to.equal(130n);
        expect(value(stateOf(kind, EXPIRY, false), NUMBER)).to.equal(pays);
      }
    }
  });

  it("values neither before the option expires, though that price is what a unit pays", () => {
    for (const isWindDown of [true, false]) {
      expect(finalPayoff(stateOf(CALL, EXPIRY - 1n, isWindDown), NUMBER)).to.equal(undefined);
    }
    expect(payoffOf(stateOf(CALL, EXPIRY - 1n, true), NUMBER)).to.equal(130n);
  });
});
