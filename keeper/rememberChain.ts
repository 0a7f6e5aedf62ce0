import { LOCAL_CHAIN_IDS } from "./domain/chainProfile.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { Hash } from "./lib/hex.ts";
import type { Store } from "./store/Store.ts";
import type { Logger } from "./telemetry/log.ts";

/** A chain, as k operators name it. */
export interface KnownChain {
  readonly chainId: number;
  readonly genesisHash: Hash;
}

/**
 * Binds a data directory to its chain: what was signed on one says nothing of another. A development chain begins anew
 * whenever it is started, which is said and allowed.
 *
 * @param expected hash of block 0 by the settings or the profile; null where nobody knows
 * @throws KeeperError `ChainMismatch`
 */
export async function rememberChain(
  chain: KnownChain,
  parts: {
    readonly journal: Pick<Store, "records" | "append">;
    readonly expected: Hash | null;
    readonly dataDirectory: string;
    readonly log: Logger;
  },
): Promise<void> {
  const { journal, expected, dataDirectory, log } = parts;
  const { chainId, genesisHash } = chain;
  if (expected !== null && expected !== genesisHash) {
    const message = `k operators serve a chain whose block 0 is ${genesisHash}, expected is ${expected}`;
    throw new KeeperError("ChainMismatch", message, { chainId, genesisHash, expected });
  }
  const known = journal.records().findLast(({ kind }) => kind === "chain")?.body as KnownChain | undefined;
  if (known?.chainId === chainId && known.genesisHash === genesisHash) return;
  const isLocal = known !== undefined && [chainId, known.chainId].every((id) => LOCAL_CHAIN_IDS.has(id));
  if (known !== undefined && !isLocal) {
    const [theirs, ours] = [known, chain].map((one) => `chain ${one.chainId} with block 0 ${one.genesisHash}`);
    const message = `${dataDirectory} belongs to ${theirs}: use another data directory for ${ours}`;
    throw new KeeperError("ChainMismatch", message, { chainId, genesisHash, expected: known.genesisHash });
  }
  if (known !== undefined) log.warn("another-local-chain", { chainId, genesisHash });
  await journal.append("chain", chain);
}
