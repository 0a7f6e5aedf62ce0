import type { BookName } from "../../domain/bookSet.ts";
import type { Hash } from "../../lib/hex.ts";
import { max } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { keyOf, type KnownWord } from "./knownWords.ts";
import { accountAt, clearingSizeAt, collateralAt, hot, marketAt, positionAt } from "./ledgerStorage.ts";
import { assetAt, claimAt, registrationAt } from "./vaultStorage.ts";
import { readPlace, word32 } from "./words.ts";

/** What a word adds to a sum that repairs have to keep. */
type Part = readonly [sum: string, amount: bigint];

/** Which bits of a word are a variable does not depend on where the word is. */
const ANY = word32(0n);
const ANY_ADDRESS = ANY.slice(0, 42) as Hash;

/** What is owed in an asset, in its units; of the settlement asset in 1e-18 quote, together with the quotes. */
function owed(state: Derivation, asset: Hash, units: bigint): Part {
  const { settlementAsset, settlementScale } = state.input.immutables;
  return asset === settlementAsset ? ["quote", units * settlementScale] : [asset, units];
}

/** What a word is worth to the sums: sizes and longs of an instrument, and what is owed of an asset less what is held. */
function partsOf(state: Derivation, known: KnownWord, word: bigint): Part[] {
  const { kind } = known;
  if (kind === "hot") return [["quote", readPlace(word, hot.fees)]];
  if (kind === "account") return [["quote", readPlace(word, accountAt(ANY).quote)]];
  if (kind === "position") {
    const size = readPlace(word, positionAt(ANY, 0n).size);
    return [
      [`size of ${known.instrument}`, size],
      [`longs of ${known.instrument}`, max(size, 0n)],
    ];
  }
  if (kind === "market") {
    const { clearing, openInterest } = marketAt(known.instrument);
    return [
      ["quote", readPlace(word, clearing)],
      [`longs of ${known.instrument}`, -readPlace(word, openInterest)],
    ];
  }
  if (kind === "clearing size") return [[`size of ${known.instrument}`, readPlace(word, clearingSizeAt(0n).size)]];
  if (kind === "collateral") return [owed(state, known.asset, readPlace(word, collateralAt(ANY, ANY_ADDRESS).balance))];
  if (kind === "asset") return [owed(state, known.asset, -readPlace(word, assetAt(ANY_ADDRESS).held))];
  if (kind === "claim") {
    const claim = claimAt(ANY, ANY_ADDRESS);
    return [owed(state, known.asset, readPlace(word, claim.owed) - readPlace(word, claim.paid))];
  }
  if (kind === "registration") {
    const { amount, isPaid } = registrationAt(ANY, ANY_ADDRESS);
    return [owed(state, known.asset, readPlace(word, isPaid) === 0n ? readPlace(word, amount) : 0n)];
  }
  return [];
}

/** Counts what a repair or an acceptance changes of the sums that all of a transaction together must keep. */
export function noteRepair(state: Derivation, book: BookName, slot: Hash, value: bigint): void {
  const { transaction, logIndex } = state;
  transaction.lastRepair = { logIndex, book: state.book };
  const known = state.knownWords.get(keyOf(book, slot));
  if (known === undefined) return;
  const add = ([sum, amount]: Part): void => {
    transaction.repaired.set(sum, (transaction.repaired.get(sum) ?? 0n) + amount);
  };
  for (const part of partsOf(state, known, value)) add(part);
  for (const [sum, amount] of partsOf(state, known, state.word({ book, slot }))) add([sum, -amount]);
}

/** Value and size are neither created nor destroyed by what a transaction repairs and accepts, relative to the books. */
export function checkConservation(state: Derivation): void {
  const { repaired, lastRepair } = state.transaction;
  if (lastRepair === undefined) return;
  for (const [sum, change] of repaired) {
    if (change === 0n) continue;
    const detail = `repairs change the ${sum} by ${change}`;
    state.report("illegal", detail, lastRepair.book, lastRepair.logIndex);
  }
}
