import { join } from "node:path";

import type { Source } from "./chain/sources/Source.ts";
import { CATCH_UP_BLOCKS, catchUp } from "./catchUp.ts";
import type { KeeperConfig } from "./config/KeeperConfig.ts";
import { Keeper } from "./loop/Keeper.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import type { StartingPoint } from "./loop/StartingPoint.ts";
import { restore } from "./restore.ts";
import type { SnapshotIdentity } from "./snapshotIdentity.ts";
import { SnapshotRoom } from "./SnapshotRoom.ts";
import type { Status } from "./Status.ts";
import { SnapshotStore } from "./store/snapshots/SnapshotStore.ts";
import type { Logger } from "./telemetry/log.ts";

/** What a core is started with. */
export interface StartKeeperParts {
  readonly config: Pick<KeeperConfig, "dataDirectory" | "snapshotIntervalSeconds" | "record" | "requestDeadlineMs">;
  readonly options: KeeperOptions;
  /** With the genesis that k operators serve in its chain. */
  readonly genesisHash: SnapshotIdentity["genesisHash"];
  readonly sources: readonly Source[];
  readonly status: Pick<Status, "kept">;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** So many blocks behind the newest final one, books are rebuilt before the core starts. */
  readonly catchUpBlocks?: number;
}

/**
 * A core that begins with the newest snapshot that is proven, else with the deployment, and the room in which its snapshots are
 * written; null where none are kept.
 */
export async function startKeeper(
  parts: StartKeeperParts,
): Promise<{ readonly keeper: Keeper; readonly snapshots: SnapshotRoom | null }> {
  const { config, options, genesisHash, sources, status, log, signal, now } = parts;
  const store = config.snapshotIntervalSeconds === 0 ? null : await openStore(config.dataDirectory, log);
  if (store === null) return { keeper: new Keeper(options), snapshots: null };
  const { chainId, deploymentBlock, addresses, immutables, chain } = options;
  const identity: SnapshotIdentity = { chainId, genesisHash, deploymentBlock, pin: chain.pin, addresses, immutables };
  // A recording begins where the books do, or nobody could decide it again.
  const isRecorded = config.record !== undefined;
  const restored = { store, identity, sources, deadlineMs: config.requestDeadlineMs, log, signal };
  const start = isRecorded ? null : await begin();
  if (start === null) log.info("starts-from-deployment", { deploymentBlock, isRecorded });
  else status.kept(start.header);
  const keeper = new Keeper(options, {}, start);
  const onWritten = status.kept.bind(status);
  return { keeper, snapshots: new SnapshotRoom({ store, keeper, identity, log, now, onWritten }) };

  /** The newest snapshot, or what is rebuilt on it where it lies far back. */
  async function begin(): Promise<StartingPoint | null> {
    const from = await restore(restored);
    const rebuilding = { options, from, store: restored.store, identity, sources, log, signal, now };
    const minBlocks = parts.catchUpBlocks ?? CATCH_UP_BLOCKS;
    return (await catchUp({ ...rebuilding, minBlocks })) ? restore(restored) : from;
  }
}

async function openStore(dataDirectory: string, log: Logger): Promise<SnapshotStore | null> {
  try {
    return await SnapshotStore.open(join(dataDirectory, "snapshots"));
  } catch (error: unknown) {
    log.warn("snapshots-off", { error, detail: "the keeper goes on without, and starts from the deployment" });
    return null;
  }
}
