import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { incident, keeperAt, keyAt } from "./syncStorage.ts";

/** `enum CauseClass { Books, View }` */
const BOOKS = 0n;
/** An off-chain part of the protocol believes something else. */
const VIEW = 1n;

interface Pauses {
  /** End of the last pause of a class, seconds; zero if there was none. */
  readonly until: bigint;
  /** Generation of the key's last pause of any class. */
  readonly used: bigint;
}

/**
 * Whether a key may pause again: never used, or used in an incident that has ended, and the cool-down has passed since the end
 * of the pause and, if that was the last incident, since its end.
 */
function isRearmed(state: Derivation, { until, used }: Pauses): boolean {
  if (until === 0n) return true;
  const { coolDown } = state.input.immutables;
  const generation = state.get(incident.generation);
  if (used === generation || state.timestamp < until + coolDown) return false;
  return used + 1n !== generation || state.timestamp >= state.get(incident.liftedAt) + coolDown;
}

/**
 * A key uses up its soft pause. A pause for proved books lasts so much less as the same key's pause for a view has taken
 * already; after one for proved books there is none for a view.
 */
export function applyPauseUsed(state: Derivation, event: NaiveEvent): void {
  const { softTime, viewTime, coolDown } = state.input.immutables;
  const key = keyAt(state.getAddress(keeperAt(event.hex("attester")).pauser));
  const causeClass = event.number("class");
  const generation = state.get(incident.generation);
  const used = state.get(key.generation);
  const [booksUntil, viewUntil] = [state.get(key.booksUntil), state.get(key.viewUntil)];
  // The generation is that of the pause for a view, if that was the last one: when it began the books were rearmed.
  const wasBooksRearmed = viewUntil - viewTime >= booksUntil + coolDown;
  const isBooksRearmed = wasBooksRearmed || isRearmed(state, { until: booksUntil, used });
  const isViewRearmed = isRearmed(state, { until: viewUntil, used });
  state.require(causeClass === BOOKS || causeClass === VIEW, `pauses for class ${causeClass}`);
  state.require(state.isSet(key.isPausing), "pauses for a keeper that is not active");
  state.require(isBooksRearmed, "pauses again before the key is rearmed");
  state.require(causeClass === BOOKS || isViewRearmed, "pauses for a view again before the key is rearmed");

  const duration = causeClass === VIEW ? viewTime : isViewRearmed ? softTime : softTime - viewTime;
  const softUntil = state.timestamp + duration;
  state.set(causeClass === VIEW ? key.viewUntil : key.booksUntil, softUntil);
  state.set(key.generation, generation);
  state.compare("generation", event.number("generation"), generation);
  state.compare("softUntil", event.number("softUntil"), softUntil);
  state.transaction.pauseUsed = { attester: event.hex("attester"), softUntil };
  expectEvent(state, "PositionLedger", "HotWordPushed");
  expectEvent(state, "SyncGuard", "SoftPaused", (next) => {
    return next.hex("attester") === event.hex("attester") && next.number("class") === causeClass;
  });
}
