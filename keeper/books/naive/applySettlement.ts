import { filledAt } from "./clearingStorage.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";

/** `type(uint128).max`: what a cancelled order counts as filled. */
const CANCELLED = (1n << 128n) - 1n;

function fill(state: Derivation, event: NaiveEvent): void {
  const filled = filledAt(event.hex("orderHash"));
  const size = event.number("size");
  state.require(size !== 0n, "fills nothing");
  const filledAfter = state.get(filled) + size;
  state.set(filled, filledAfter);
  state.compare("filled", event.number("filled"), filledAfter);
  const account = event.hex("account");
  state.transaction.fills.push({ logIndex: state.logIndex, account, size, price: event.number("price") });
}

function cancel(state: Derivation, event: NaiveEvent): void {
  state.set(filledAt(event.hex("orderHash")), CANCELLED);
  state.compare("filled", event.number("filled"), CANCELLED);
}

/**
 * Applies an event of OrderSettlement. What makes a fill legal is checked with its trade. Not checked: signatures,
 * sizes, limits and expiries of the orders, which are in calldata and not in events.
 */
export function applySettlement(state: Derivation, event: NaiveEvent): void {
  if (event.name === "OrderFilled") fill(state, event);
  if (event.name === "OrderCancelled") cancel(state, event);
}
