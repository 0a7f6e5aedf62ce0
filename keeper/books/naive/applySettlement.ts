import { UINT128_MAX } from "./arithmetic.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { laneAt } from "./tradingStorage.ts";

/** A fill of the live sequence goes on; one of a later sequence makes that the live one, of which nothing is filled. */
function fill(state: Derivation, event: NaiveEvent): void {
  const account = event.hex("account");
  const [sequence, size] = [event.number("sequence"), event.number("size")];
  const lane = laneAt(account, event.number("lane"));
  const live = state.get(lane.sequence);
  state.require(size !== 0n, "fills nothing");
  state.require(sequence !== 0n && sequence >= live, `fills dead sequence ${sequence}, where ${live} is live`);
  const filled = (sequence === live ? state.get(lane.filled) : 0n) + size;
  state.set(lane.sequence, sequence);
  state.set(lane.filled, filled);
  state.compare("filled", event.number("filled"), filled);
  state.transaction.fills.push({ logIndex: state.logIndex, account, size, price: event.number("price") });
}

/** A cancelled sequence counts as filled without end. */
function cancel(state: Derivation, event: NaiveEvent): void {
  const sequence = event.number("sequence");
  const lane = laneAt(event.hex("account"), event.number("lane"));
  const live = state.get(lane.sequence);
  state.require(sequence !== 0n && sequence >= live, `cancels dead sequence ${sequence}, where ${live} is live`);
  state.set(lane.sequence, sequence);
  state.set(lane.filled, UINT128_MAX);
}

/**
 * Applies an event of OrderSettlement. What makes a fill legal is checked with its trade. Not checked: signatures,
 * sizes, limits, fee caps, epochs and expiries of the orders, which are in calldata and not in events.
 */
export function applySettlement(state: Derivation, event: NaiveEvent): void {
  if (event.name === "OrderFilled") fill(state, event);
  if (event.name === "OrderCancelled") cancel(state, event);
}
