import { join } from "node:path";

import { createSource } from "../chain/sources/createSource.ts";
import type { Source } from "../chain/sources/Source.ts";
import { chainOf } from "../config/chainOf.ts";
import { loadDeployment, type Deployment } from "../config/deployment.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { requireSetting } from "../config/requireSetting.ts";
import { LOCAL_CHAIN_IDS, type ChainProfile } from "../domain/chainProfile.ts";
import { isRetryable, KeeperError } from "../errors/KeeperError.ts";
import { readContracts } from "../readContracts.ts";
import { rebuildBooks } from "../rebuild/rebuildBooks.ts";
import type { Rebuilt } from "../rebuild/RebuildOptions.ts";
import { rememberChain } from "../rememberChain.ts";
import { rebuiltSections } from "../rebuiltSections.ts";
import type { SnapshotIdentity } from "../snapshotIdentity.ts";
import { openStore } from "../store/openStore.ts";
import { acquireLock } from "../store/lockFile.ts";
import { SnapshotStore } from "../store/snapshots/SnapshotStore.ts";
import { createLogger } from "../telemetry/log.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { formatResync, toResyncJson, type ResyncReport } from "./formatResync.ts";
import { ResyncProgress } from "./resyncProgress.ts";
import { OldSnapshot } from "./resyncSnapshot.ts";

/** Ended by something outside: the same command may well succeed later. */
const TRY_AGAIN: ReadonlySet<string> = new Set([
  ...["RebuildCancelled", "RebuildStalled", "RebuildReorged", "RebuildTargetGone", "NoAgreement"],
]);
/** A source's own heartbeat has nothing to do meanwhile. */
const IDLE_POLL_MS = 15_000;

/**
 * `lockstep resync`: builds the books again from the deployment to the newest final block, compares them with the chain's account
 * proofs, and leaves a snapshot from which `run` starts. Signs and sends nothing.
 *
 * Returns 0 with the snapshot written; 1 when the history shows divergences and these were not accepted by `--despite-findings`; 75
 * when it was ended or too few sources answered. Throws what else ends it, `RebuildMismatch` and `DataDirectoryLocked` among it.
 */
export async function resync(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  requireSetting(config, "sources");
  const deployment = loadDeployment(requireSetting(config, "deployment"));
  const lock = await acquireLock(config.dataDirectory);
  const end = new AbortController();
  const onAbort = (): void => end.abort();
  context.signal.addEventListener("abort", onAbort, { once: true });
  if (context.signal.aborted) end.abort();
  const sources = openSources(config, end.signal);
  try {
    const report = await perform({ config, deployment, sources, context, isForced: flags["despiteFindings"] === true });
    const text = config.json ? toResyncJson(report) : formatResync(report);
    context.stdout.write(`${text}\n`);
    if (report.rebuilt.block === null) return EXIT.tryAgain;
    return report.written === null ? EXIT.fatal : EXIT.clean;
  } catch (error: unknown) {
    if (!KeeperError.is(error)) throw error;
    const isEnded = context.signal.aborted && (isRetryable(error) || error.code === "SourceAborted");
    if (!isEnded && !TRY_AGAIN.has(error.code)) throw error;
    context.stderr.write(`lockstep: ${error.code}: ${error.message}\n`);
    return EXIT.tryAgain;
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    end.abort();
    await Promise.all(sources.map((source) => source.close()));
    await lock.release();
  }
}

function openSources(config: KeeperConfig, signal: AbortSignal): Source[] {
  const nothing = (): void => undefined;
  return config.sources.map((options) => {
    const source = createSource(options, { now, pollIntervalMs: IDLE_POLL_MS, heartbeatMs: IDLE_POLL_MS });
    source.open({ onHead: nothing, onUp: nothing, onDown: nothing }, signal);
    return source;
  });
}

interface Parts {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  readonly sources: readonly Source[];
  readonly context: CommandContext;
  readonly isForced: boolean;
}

async function perform(parts: Parts): Promise<ResyncReport> {
  const { config, deployment, sources, context, isForced } = parts;
  const { chainId, deploymentBlock, contracts: addresses } = deployment;
  const { immutables, genesisHash } = await readContracts(sources, deployment, config.requestDeadlineMs);
  const chain = { ...chainOf(chainId, config), genesisHash };
  await bindDirectory(parts, chain);
  const identity = { chainId, genesisHash, deploymentBlock, pin: chain.pin, addresses, immutables };
  const store = await SnapshotStore.open(join(config.dataDirectory, "snapshots"));
  const old = await OldSnapshot.read(store, identity);
  const progress = new ResyncProgress({
    style: config.json ? "json" : context.isColoured ? "bar" : "lines",
    write: (text) => (config.json ? context.stdout : context.stderr).write(text),
    now,
  });
  const startedAtMs = now();
  const { requestDeadlineMs, hedgeMs } = config;
  let rebuilt: Rebuilt;
  try {
    rebuilt = await rebuildBooks({
      ...{ sources, chainId, chain, addresses, immutables, deploymentBlock, requestDeadlineMs, hedgeMs, now },
      ...{ from: null, target: "final", signal: context.signal },
      allowUnwitnessed: config.singleSource || LOCAL_CHAIN_IDS.has(chainId),
      onProgress: (step) => progress.see(step),
      onBlock: (block, books) => old.see(block, books),
    });
  } finally {
    progress.end();
  }
  const seconds = (now() - startedAtMs) / 1_000;
  const isAccepted = rebuilt.findingCount === 0 || isForced;
  const written = isAccepted && rebuilt.block !== null ? await write(store, rebuilt, identity) : null;
  const { comparison } = old;
  // Proven to be wrong: a start must not fall back on it.
  if (comparison.kind === "differs" && written !== null && old.file !== null) await store.setAside(old.file);
  return { rebuilt, seconds, comparison, written };
}

/** What is written there is of this chain and no other, as with a keeper's journal. */
async function bindDirectory({ config, deployment, context }: Parts, chain: ChainProfile): Promise<void> {
  const log = createLogger({ level: "warn", output: context.stderr, now: context.wallNow });
  const journal = await openStore(config);
  try {
    // A new directory is bound by whoever comes first; while another replica leads, it has been.
    await journal.lease.tryAcquire();
    const expected = chainOf(deployment.chainId, config).genesisHash;
    const known = { chainId: deployment.chainId, genesisHash: chain.genesisHash ?? "0x" };
    await rememberChain(known, { journal, expected, dataDirectory: config.dataDirectory, log });
  } finally {
    await journal.close();
  }
}

async function write(
  store: SnapshotStore,
  rebuilt: Rebuilt,
  identity: SnapshotIdentity,
): Promise<ResyncReport["written"]> {
  if (rebuilt.block === null) return null;
  const file = await store.write(rebuilt.block.number, rebuiltSections(rebuilt, identity));
  return { path: store.pathOf(file), bytes: file.bytes };
}

function now(): number {
  return performance.now();
}
