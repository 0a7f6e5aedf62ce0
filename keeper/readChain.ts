import type { Source } from "./chain/sources/Source.ts";
import { chainOf } from "./config/chainOf.ts";
import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { Immutables } from "./domain/bookSet.ts";
import type { ChainProfile } from "./domain/chainProfile.ts";
import type { Hash } from "./lib/hex.ts";
import { readContracts } from "./readContracts.ts";
import { rememberChain } from "./rememberChain.ts";
import type { Store } from "./store/Store.ts";
import type { Logger } from "./telemetry/log.ts";

/** The chain that the keeper is on. */
export interface ChainFacts {
  readonly immutables: Immutables;
  readonly genesisHash: Hash;
  /** With that genesis. */
  readonly chain: ChainProfile;
}

/**
 * Asks k operators for what the contracts were made with and for the genesis, and holds it against what this keeper knows.
 *
 * @throws KeeperError those of `readContracts` and `rememberChain`
 */
export async function readChain(
  sources: readonly Source[],
  parts: {
    readonly config: KeeperConfig;
    readonly deployment: Deployment;
    readonly journal: Pick<Store, "records" | "append">;
    readonly log: Logger;
  },
): Promise<ChainFacts> {
  const { config, deployment, journal, log } = parts;
  const { immutables, genesisHash } = await readContracts(sources, deployment, config.requestDeadlineMs);
  const chain = { ...chainOf(deployment.chainId, config), genesisHash };
  const { dataDirectory } = config;
  const expected = chainOf(deployment.chainId, config).genesisHash;
  await rememberChain({ chainId: deployment.chainId, genesisHash }, { journal, expected, dataDirectory, log });
  log.info("chain", { profile: chain.name, finality: chain.finality, genesisHash, pin: chain.pin?.number ?? null });
  return { immutables, genesisHash, chain };
}
