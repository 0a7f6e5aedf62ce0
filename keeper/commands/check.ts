import { constants } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createSource } from "../chain/sources/createSource.ts";
import type { Source } from "../chain/sources/Source.ts";
import { chainOf } from "../config/chainOf.ts";
import { loadDeployment, type Deployment } from "../config/deployment.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { requireSetting } from "../config/requireSetting.ts";
import { isRetryable, KeeperError } from "../errors/KeeperError.ts";
import { keeperOptions } from "../keeperOptions.ts";
import type { Keeper } from "../loop/Keeper.ts";
import { openTokenSlots } from "../openTokenSlots.ts";
import { readContracts } from "../readContracts.ts";
import type { RebuildProgress } from "../rebuild/Pace.ts";
import { rememberChain } from "../rememberChain.ts";
import { startKeeper } from "../startKeeper.ts";
import type { Logger } from "../telemetry/log.ts";
import { CheckProgress } from "./CheckProgress.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { describeCheck, formatCheck, type CheckReport } from "./formatCheck.ts";
import { paintFor } from "./formatBlock.ts";
import { Observer, type NothingObserved, type Observed } from "./Observer.ts";
import { describeProgress } from "./resyncProgress.ts";

/** Time for one check where `--timeout` says no other. */
const CHECK_TIMEOUT_MS = 300_000;

/** Faults of the outside that the same command may not meet again. */
const PASSING: ReadonlySet<string> = new Set(["NoAgreement", "NoProof", "BlockMissing", "SourceAborted"]);

/**
 * `lockstep check`: follows the chain as `run` with the same settings would, until one block at its head is judged. Signs, sends and
 * writes nothing; a folder for temporary files goes with it.
 *
 * Returns 0 for InSync, 1 for Diverged and OwnFault, 75 for Unknown. Throws what `run` refuses to start with.
 */
export async function check(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config } = loadKeeperConfig({ flags, env: context.env });
  requireSetting(config, "sources");
  const deployment = loadDeployment(requireSetting(config, "deployment"));
  const timeoutMs = typeof flags["timeout"] === "number" ? flags["timeout"] : CHECK_TIMEOUT_MS;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
  const progress = new CheckProgress(context, now);
  const directory = await mkdtemp(join(tmpdir(), "lockstep-check-"));
  let report: CheckReport;
  try {
    await copySnapshots(config, directory);
    const outcome = await look({ config, deployment, directory, signal, progress, context });
    report = describeCheck(outcome, { isLate: signal.aborted && !context.signal.aborted, timeoutMs });
  } finally {
    progress.end();
    await rm(directory, { recursive: true, force: true });
  }
  const text = config.json ? JSON.stringify(report) : formatCheck(report, paintFor(context.isColoured));
  context.stdout.write(`${text}\n`);
  if (report.verdict === "Unknown") return EXIT.tryAgain;
  return report.verdict === "InSync" ? EXIT.clean : EXIT.fatal;
}

/** What a look at the chain needs. */
interface Parts {
  readonly config: KeeperConfig;
  readonly deployment: Deployment;
  /** For the books that are rebuilt on the way. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly progress: CheckProgress;
  readonly context: CommandContext;
}

/** What was seen, where the books stood, and what the sources were like. */
export interface Look {
  readonly seen: Observed | NothingObserved;
  readonly keeper: Keeper | null;
}

async function look({ config, deployment, directory, signal, progress, context }: Parts): Promise<Look> {
  const observer = new Observer({
    ...{ now, wallNow: context.wallNow, requestDeadlineMs: config.requestDeadlineMs },
    onProgress: (block, head) => progress.see(`following: block ${block} of ${head}`),
  });
  const end = new AbortController();
  const sources = config.sources.map((settings) => createSource(settings, { now }));
  for (const source of sources) observer.open(source, end.signal);
  try {
    const keeper = await whileNotEnded(signal, prepare({ config, deployment, directory, signal, progress }, sources));
    return { seen: await observer.observe(keeper, sources, signal), keeper };
  } catch (error: unknown) {
    const isPassing = signal.aborted || isRetryable(error) || (KeeperError.is(error) && PASSING.has(error.code));
    if (!isPassing) throw error;
    const reason = KeeperError.is(error) ? error.code : "not-in-time";
    const detail = KeeperError.is(error) ? error.message : "it had not begun to follow the chain";
    return { seen: { reason, detail }, keeper: null };
  } finally {
    observer.close();
    end.abort();
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** The core as `run` would begin with it, but with no keys and no past. */
async function prepare(parts: Omit<Parts, "context">, sources: readonly Source[]): Promise<Keeper> {
  const { config, deployment, directory, signal, progress } = parts;
  const { immutables, genesisHash } = await readContracts(sources, deployment, config.requestDeadlineMs);
  const expected = chainOf(deployment.chainId, config);
  const journal = { records: () => [], append: () => Promise.resolve() };
  const log = progressLog(progress);
  const known = { chainId: deployment.chainId, genesisHash };
  await rememberChain(known, { journal, expected: expected.genesisHash, dataDirectory: directory, log });
  const chain = { ...expected, genesisHash };
  const tokenSlots = await openTokenSlots(sources, { config, deployment, chain, log, signal, now });
  const watching: KeeperConfig = { ...config, mode: "watch" };
  const facts = { immutables, chain, signers: {}, journal, isStandby: false, tokenSlots };
  const options = keeperOptions({ config: watching, deployment, ...facts });
  const { requestDeadlineMs } = config;
  // Always with a place for snapshots: that is how books far behind are rebuilt.
  const settings = { dataDirectory: directory, snapshotIntervalSeconds: 1, record: undefined, requestDeadlineMs };
  const status = { kept: (): void => undefined };
  const core = await startKeeper({ config: settings, options, genesisHash, sources, status, log, signal, now });
  return core.keeper;
}

/** What is waited for may not know that the time is over. */
async function whileNotEnded<Value>(signal: AbortSignal, value: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(new KeeperError("not-in-time", "it had not begun to follow the chain"));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Whoever comes late is heard by nobody.
    value.catch(() => undefined);
    promise.catch(() => undefined);
  }
}

/** Books that a keeper of the same settings left: a start with them is proven or not made, as in `run`. Its own files stay as they are. */
async function copySnapshots({ dataDirectory, snapshotIntervalSeconds }: KeeperConfig, to: string): Promise<void> {
  if (snapshotIntervalSeconds === 0) return;
  const from = join(dataDirectory, "snapshots");
  const names = await readdir(from).catch(() => []);
  await mkdir(join(to, "snapshots"));
  for (const name of names.filter((each) => each.endsWith(".snapshot"))) {
    // The keeper may have removed it meanwhile; without it the check takes longer.
    await copyFile(join(from, name), join(to, "snapshots", name), constants.COPYFILE_FICLONE).catch(() => undefined);
  }
}

/** Of the log, how far a rebuild is; the rest is of no interest to whoever waits for one verdict. */
function progressLog(progress: CheckProgress): Logger {
  const ignore = (): void => undefined;
  const log: Logger = {
    ...{ debug: ignore, warn: ignore, error: ignore, child: () => log },
    info: (event, fields) => {
      if (event === "rebuilding") progress.see(`rebuilding: ${describeProgress(fields as unknown as RebuildProgress)}`);
    },
  };
  return log;
}

function now(): number {
  return performance.now();
}
