import { derivePieces } from "./derivePieces.ts";
import type { NaiveInput, NaiveResult } from "./naiveTypes.ts";

/**
 * The second opinion on a block: what its logs do to the books, worked out from the Solidity contracts alone and by no
 * code that the keeper's reducers use. Words follow from the inputs of the events and from the words before them, never
 * from the results that the events claim; where a claim differs, the computed value is kept and the difference
 * reported. When the reducers disagree with this and this agrees with the chain, the fault is the keeper's own.
 *
 * Written to be obviously right, not fast: every word is read, changed and written one variable at a time.
 *
 * Reported as illegal is only what the inputs show to be so. Not seen: what needs calldata (signatures, certificates, limits
 * of orders, proofs of witnesses), the rounds and failures of aggregators, hashes of older blocks, what tokens a contract
 * has, who calls, or a price that is not known. What an event says of prices (marks, debts, what windows hold, what losses
 * charge, the spot of a wind-down) is therefore checked as far as it goes, and stored as it says.
 */
export function deriveNaively(input: NaiveInput): NaiveResult {
  const pieces = derivePieces(input, Infinity);
  for (let piece = pieces.next(); ; piece = pieces.next()) if (piece.done === true) return piece.value;
}
