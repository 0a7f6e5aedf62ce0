import type { Hash } from "../../lib/hex.ts";
import type { Derivation } from "./Derivation.ts";
import { keyOf } from "./knownWords.ts";
import { hot } from "./ledgerStorage.ts";
import { requireLimits } from "./outflow.ts";
import { flowAt } from "./vaultStorage.ts";
import { readPlace, word32, type Place } from "./words.ts";

/** A repair as its event reports it. */
export interface RepairedWord {
  readonly slot: Hash;
  /** What the chain held. */
  readonly expected: bigint;
  readonly value: bigint;
}

/** Slots of variables that are no mappings are small numbers, which no hash is. */
const MAX_VARIABLE = 1n << 64n;
const ANY = word32(0n);
const ANY_ADDRESS = ANY.slice(0, 42) as Hash;

function isKept({ expected, value }: RepairedWord, places: readonly Place[]): boolean {
  return places.every((place) => readPlace(expected, place) === readPlace(value, place));
}

/** What came never rises, what left never falls, and their age stays: never more becomes payable to two witnesses. */
function paysNoMore({ expected, value }: RepairedWord): boolean {
  const { deposited, withdrawn, openedAt } = flowAt(ANY, ANY_ADDRESS);
  const [came, left, opened] = [deposited, withdrawn, openedAt].map(
    (place) => readPlace(value, place) - readPlace(expected, place),
  ) as [bigint, bigint, bigint];
  return came <= 0n && left >= 0n && opened === 0n;
}

/**
 * What a contract lets governance repair, as far as the slot tells: never a variable that is no mapping but for the ledger's
 * hot word and total debt, and in vault and ledger only words of which it is known what they are.
 *
 * @param state with the word as it was repaired
 */
export function requireRepairable(state: Derivation, repair: RepairedWord): void {
  const { book, knownWords } = state;
  const { slot } = repair;
  const known = knownWords.get(keyOf(book, slot));
  const isMapped = BigInt(slot) >= MAX_VARIABLE;
  const isLedger = book === "PositionLedger";
  const isTold = known !== undefined || (!isLedger && book !== "CollateralVault");
  state.require(isTold && (isMapped || isLedger), `repairs word ${slot}, and nobody knows what it is`);
  if (known === undefined) return;
  const { kind } = known;
  const restrictions = [hot.flags, hot.checkpointTime, hot.graceUntil];
  if (kind === "hot") state.require(isKept(repair, restrictions), "repairs what only the guard restricts");
  if (kind === "flow") state.require(paysNoMore(repair), "repairs a counter to where more is payable");
  if (kind === "limits") requireLimits(state, known.asset);
  if (kind === "registration") state.report("illegal", "repairs a claim of a wind-down");
}
