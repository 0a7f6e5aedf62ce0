import type { Hash } from "../../lib/hex.ts";
import type { ReducerContext } from "../Reducer.ts";

/** How the fields of a word are replaced: what the generated code of a word offers. */
interface Word<Change> {
  update(word: bigint, change: Change): bigint;
}

/**
 * Writes fields of a word as the compiler does: every other bit of it stays as it is, those that no field owns included.
 * Governance may have accepted a word with such bits; `encode` would drop them, as only assembly in the contracts does.
 */
export function changeWord<Change>(word: Word<Change>, slot: Hash, change: Change, context: ReducerContext): void {
  context.write(slot, word.update(context.read(slot), change));
}
