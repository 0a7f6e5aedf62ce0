import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { BookAddresses, Immutables } from "./domain/bookSet.ts";
import { LOCAL_CHAIN_IDS, type ChainProfile } from "./domain/chainProfile.ts";
import type { Hash } from "./lib/hex.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import type { readSigners } from "./readSigners.ts";
import type { Journal } from "./store/Journal.ts";

const GWEI = 1_000_000_000n;

/** What the core is told at start, from the settings, the deployment, the chain and the journal. */
export function keeperOptions(parts: {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly immutables: Immutables;
  readonly chain: ChainProfile;
  readonly signers: ReturnType<typeof readSigners>;
  readonly journal: Journal;
}): KeeperOptions {
  const { config, deployment, immutables, chain, signers, journal } = parts;
  const signedRoots = new Map<Hash, Hash>();
  for (const { kind, body } of journal.records()) {
    if (kind !== "signature") continue;
    const { blockHash, booksRoot } = body as { blockHash: Hash; booksRoot: Hash };
    signedRoots.set(blockHash, booksRoot);
  }
  return {
    chainId: deployment.chainId,
    chain,
    addresses: deployment.contracts satisfies BookAddresses,
    immutables,
    deploymentBlock: deployment.deploymentBlock,
    sources: config.sources,
    policy: {
      mode: config.mode,
      isLocalChain: LOCAL_CHAIN_IDS.has(deployment.chainId),
      allowSingleSource: config.singleSource,
      checkpointIntervalSeconds: config.checkpointIntervalSeconds,
    },
    pauser: signers.pause?.address ?? null,
    attester: signers.attest?.address ?? null,
    poster: signers.post?.address ?? null,
    signedRoots,
    ...(config.snapshotIntervalSeconds === 0 ? {} : { snapshotIntervalMs: config.snapshotIntervalSeconds * 1_000 }),
    proofDepth: config.proofDepth,
    requestDeadlineMs: config.requestDeadlineMs,
    hedgeMs: config.hedgeMs,
    maxFeePerGas: BigInt(config.maxFeePerGasGwei) * GWEI,
  };
}
