import type { Source } from "./chain/sources/Source.ts";
import { KeeperError } from "./errors/KeeperError.ts";
import type { StartingPoint } from "./loop/StartingPoint.ts";
import type { KeeperOptions } from "./loop/KeeperOptions.ts";
import { rebuildBooks } from "./rebuild/rebuildBooks.ts";
import { rebuiltSections } from "./rebuiltSections.ts";
import type { SnapshotIdentity } from "./snapshotIdentity.ts";
import type { SnapshotStore } from "./store/snapshots/SnapshotStore.ts";
import type { Logger } from "./telemetry/log.ts";

/** What a keeper that is far behind is rebuilt with. */
export interface CatchUpParts {
  readonly options: KeeperOptions;
  /** Where a snapshot begins; its books are changed. Null for the deployment. */
  readonly from: Pick<StartingPoint, "books" | "codeHashes"> | null;
  readonly store: SnapshotStore;
  readonly identity: SnapshotIdentity;
  readonly sources: readonly Source[];
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Fewer blocks up to the newest final one are left to the core. Default {@link CATCH_UP_BLOCKS}. */
  readonly minBlocks?: number;
}

/** The core holds the headers of everything it has to catch up: with more than so many, books are rebuilt first. */
export const CATCH_UP_BLOCKS = 2_048;
const LOG_GAP_MS = 5_000;

/**
 * Rebuilds the books and leaves a snapshot, when the newest final block is far above where they stand. What goes wrong is said, and
 * nothing comes of it: the core then catches up by itself, and judges what it meets.
 *
 * @returns false when there was nothing to do: the given books are as they were. Else a start has to be looked for again
 */
export async function catchUp(parts: CatchUpParts): Promise<boolean> {
  const { options, from, store, identity, sources, log, signal, now, minBlocks = CATCH_UP_BLOCKS } = parts;
  const { chainId, chain, addresses, immutables, deploymentBlock, requestDeadlineMs, hedgeMs, policy } = options;
  let saidAtMs = now();
  try {
    const rebuilt = await rebuildBooks({
      ...{ sources, chainId, chain, addresses, immutables, deploymentBlock, requestDeadlineMs, hedgeMs, now, signal },
      ...{ from: from?.books ?? null, target: "final", minBlocks },
      allowUnwitnessed: policy.isLocalChain || policy.allowSingleSource,
      onProgress: (progress) => {
        if (now() - saidAtMs < LOG_GAP_MS) return;
        saidAtMs = now();
        log.info("rebuilding", { ...progress });
      },
    });
    const { block, blocks, events, roots, findingCount, findings } = rebuilt;
    if (block === null || blocks === 0) return false;
    if (findingCount > 0) {
      const detail = "the history diverges: the core goes through it by itself, and says so";
      log.warn("rebuild-not-used", { findingCount, first: findings[0], detail });
      return true;
    }
    // Code that is no longer what the snapshot knew must not become what the next one knows.
    const codeHashes = new Map([...rebuilt.codeHashes, ...(from?.codeHashes ?? [])]);
    await store.write(block.number, rebuiltSections({ books: rebuilt.books, codeHashes }, identity));
    log.info("rebuilt", { number: block.number, hash: block.hash, blocks, events, roots: roots.kind });
    return true;
  } catch (error: unknown) {
    if (signal.aborted || !KeeperError.is(error)) throw error;
    log.warn("rebuild-failed", { error, detail: "the core catches up by itself, from the newest block down" });
    return true;
  }
}
