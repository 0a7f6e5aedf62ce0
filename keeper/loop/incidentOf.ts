import type { Finding } from "../domain/Finding.ts";
import { incidentId } from "../domain/incidentId.ts";
import type { Hash } from "../lib/hex.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";

/** The incident that a finding belongs to: the same whoever finds it, and on whichever way. */
export function incidentOf({ chainId, addresses }: KeeperOptions, { blockHash, contract, cause }: Finding): Hash {
  return incidentId({ chainId, guard: addresses.SyncGuard, blockHash, book: addresses[contract], cause });
}
