import type { Address, Hash } from "../../lib/hex.ts";
import type { Derivation } from "./Derivation.ts";
import { flowAt } from "./vaultStorage.ts";

/** A flow word keeps the block of the first deposit or withdrawal; nothing changes when it has one. */
export function openFlow(state: Derivation, account: Hash, asset: Address): void {
  const { openedAt } = flowAt(account, asset);
  if (!state.isSet(openedAt)) state.set(openedAt, state.blockNumber);
}
