import type { Hash, Hex } from "../../lib/hex.ts";
import type { ReducerContext } from "../Reducer.ts";

/**
 * `WordRepaired`: governance wrote a word, and the books take it over. What the chain held before is not looked at: it is
 * what was wrong. Whether the change conserves is for the rules to say.
 */
export function applyRepair(event: { readonly slot: Hash; readonly value: Hex }, context: ReducerContext): void {
  context.write(event.slot, BigInt(event.value));
}
