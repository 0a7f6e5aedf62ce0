import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";

/** Blocks that `blockhash` knows. */
export const BLOCKHASH_WINDOW = 256n;

/** Not checked: that the hash is the block's; the block is not at hand. */
export function requireRecent(state: Derivation, event: NaiveEvent): void {
  const blockNumber = event.number("blockNumber");
  const current = state.blockNumber;
  state.require(BigInt(event.hex("blockHash")) !== 0n, "judges the zero hash");
  state.require(blockNumber < current, `judges future block ${blockNumber}`);
  state.require(current - blockNumber <= BLOCKHASH_WINDOW, `judges old block ${blockNumber}`);
}
