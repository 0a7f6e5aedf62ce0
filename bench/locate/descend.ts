import type { Hash, Hex } from "../../keeper/lib/hex.ts";
import { Descent, type StorageProofAnswer } from "../../keeper/trie/Descent.ts";
import type { StorageTrie } from "../../keeper/trie/StorageTrie.ts";

/** What naming the differing slots took. */
export interface DescentCost {
  readonly found: number;
  readonly calls: number;
  readonly keys: number;
  /** Own processor time, and the most of it in one go. */
  readonly ms: number;
  readonly worstMs: number;
}

/** Who answers `eth_getProof` for slots of the contract. */
export type Prove = (keys: readonly Hex[]) => Promise<readonly StorageProofAnswer[]> | readonly StorageProofAnswer[];

/** Processor milliseconds of this thread: what the collector does beside it is not of a step. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Names all that differs between a trie and a chain's, as the keeper does: so many keys a call, hashes in slices. */
export async function descend(
  trie: StorageTrie,
  chainRoot: Hash,
  prove: Prove,
  { keysPerCall, maxDifferences }: { readonly keysPerCall: number; readonly maxDifferences: number },
): Promise<DescentCost> {
  let [calls, keys, ms, worstMs] = [0, 0, 0, 0];
  const time = <Value>(work: () => Value): Value => {
    const started = threadMs();
    const value = work();
    const took = threadMs() - started;
    ms += took;
    worstMs = Math.max(worstMs, took);
    return value;
  };
  const limits = {
    maxDifferences,
    maxRounds: 10_000,
    maxGrindNibbles: 6,
    maxHashes: 24_000_000,
    hashesPerCall: 16_000,
  };
  const descent = time(() => new Descent({ trie, chainRoot, ...limits }));
  for (;;) {
    const wanted = time(() => descent.nextKeys(keysPerCall));
    if (wanted.length === 0 && !descent.isSearching) break;
    if (wanted.length === 0) continue;
    calls += 1;
    keys += wanted.length;
    const answers = await prove(wanted);
    time(() => {
      descent.accept(answers);
    });
  }
  return { found: descent.differences.length, calls, keys, ms, worstMs };
}
