import type { Deployment } from "./config/deployment.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import type { BookAddresses, Immutables } from "./domain/bookSet.ts";
import { LOCAL_CHAIN_IDS, type ChainProfile } from "./domain/chainProfile.ts";
import type { TokenSlot } from "./domain/TokenSlot.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import { readOwnPast } from "./loop/OwnPast.ts";
import type { Signers } from "./openSigners.ts";
import type { Store } from "./store/Store.ts";

const GWEI = 1_000_000_000n;
/** So many runs make the code of a second opinion as fast as it gets. */
const PRACTICE_BLOCKS = 20;

/** What the core is told at start, from the settings, the deployment, the chain and the journal. */
export function keeperOptions(parts: {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly immutables: Immutables;
  readonly chain: ChainProfile;
  readonly signers: Signers;
  readonly journal: Pick<Store, "records">;
  readonly isStandby: boolean;
  /** With what was seen of them at start. */
  readonly tokenSlots: readonly TokenSlot[];
}): KeeperOptions {
  const { config, deployment, immutables, chain, signers, journal, isStandby, tokenSlots } = parts;
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
      claimedPausesPerDay: config.viewPausesPerDay,
      claimedPersistence: config.viewPersistence,
    },
    pauser: signers.pause?.address ?? null,
    attester: signers.attest?.address ?? null,
    poster: signers.post?.address ?? null,
    ...readOwnPast(journal.records()),
    practiceBlocks: PRACTICE_BLOCKS,
    ...(tokenSlots.length === 0 ? {} : { tokenSlots }),
    ...(isStandby ? { isStandby } : {}),
    ...(config.snapshotIntervalSeconds === 0 ? {} : { snapshotIntervalMs: config.snapshotIntervalSeconds * 1_000 }),
    proofDepth: config.proofDepth,
    requestDeadlineMs: config.requestDeadlineMs,
    hedgeMs: config.hedgeMs,
    maxFeePerGas: BigInt(config.maxFeePerGasGwei) * GWEI,
  };
}
