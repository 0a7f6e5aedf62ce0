import { feesFor } from "../actions/plan/fees.ts";
import { VerifiedReader } from "../chain/read/VerifiedReader.ts";
import { createSource } from "../chain/sources/createSource.ts";
import type { Source } from "../chain/sources/Source.ts";
import { chainOf } from "../config/chainOf.ts";
import { loadDeployment, type Deployment } from "../config/deployment.ts";
import type { KeeperConfig } from "../config/KeeperConfig.ts";
import { loadKeeperConfig } from "../config/loadKeeperConfig.ts";
import { requireSetting } from "../config/requireSetting.ts";
import { LOCAL_CHAIN_IDS } from "../domain/chainProfile.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { parseSourceUrl } from "../lib/parseSourceUrl.ts";
import type { Address } from "../lib/hex.ts";
import { PAUSE_GAS_LIMIT } from "../actions/plan/gasLimits.ts";
import { openSigners, type Signers } from "../openSigners.ts";
import { examineFleet, type Fleet } from "../probes/examineFleet.ts";
import { examineRelays, type RelayEndpoint } from "../probes/examineRelays.ts";
import { examineSource } from "../probes/examineSource.ts";
import { readChainId } from "../probes/readChainId.ts";
import { SOURCE_PROBES } from "../probes/sourceProbes.ts";
import type { SourceReport } from "../probes/SourceReport.ts";
import { Relay } from "../Relay.ts";
import type { CommandContext } from "./CommandContext.ts";
import { EXIT } from "./exitCodes.ts";
import { formatDoctor, toDoctorJson, type DoctorReport } from "./formatDoctor.ts";
import { paintFor } from "./formatBlock.ts";

const GWEI = 1_000_000_000n;
/** Calls that one probe may need one after the other. */
const CALLS_A_PROBE = 5;
/** A source's own heartbeat has nothing to do while it is examined. */
const IDLE_POLL_MS = 15_000;
/** Any account: there is none at this address on most chains, and that can be proven too. */
const ANY_ACCOUNT: Address = `0x${"00".repeat(20)}`;

/**
 * `lockstep doctor`: tries everything that `run` with the same settings would rest on, and says what is missing and what
 * follows from it. Sends nothing, signs nothing, writes nothing.
 *
 * Returns 0 when nothing failed, warnings allowed; 1 when something did; 75 when no source answered at all.
 */
export async function doctor(flags: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number> {
  const { config, warnings } = loadKeeperConfig({ flags, env: context.env });
  requireSetting(config, "sources");
  const deployment = config.deployment === undefined ? null : loadDeployment(config.deployment);
  const end = new AbortController();
  const onAbort = (): void => end.abort();
  context.signal.addEventListener("abort", onAbort, { once: true });
  const sources = openSources(config, end.signal);
  let signers: Signers = {};
  try {
    signers = await openSigners(config);
    const report = await examine({ config, warnings, signers, deployment, sources, context, signal: end.signal });
    const text = config.json ? toDoctorJson(report) : formatDoctor(report, paintFor(context.isColoured));
    context.stdout.write(`${text}\n`);
    return exitCodeFor(report);
  } finally {
    context.signal.removeEventListener("abort", onAbort);
    end.abort();
    for (const signer of Object.values(signers)) signer.close();
    await Promise.all(sources.map((source) => source.close()));
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

async function examine(parts: {
  readonly config: KeeperConfig;
  readonly warnings: readonly string[];
  readonly signers: Signers;
  readonly deployment: Deployment | null;
  readonly sources: readonly Source[];
  readonly context: CommandContext;
  readonly signal: AbortSignal;
}): Promise<DoctorReport> {
  const { config, warnings, signers, deployment, sources, context, signal } = parts;
  const { requestDeadlineMs: deadlineMs } = config;
  const bounds = { deadlineMs: CALLS_A_PROBE * deadlineMs, signal };
  const chainId = deployment?.chainId ?? (await readChainId(sources, { deadlineMs, signal }));
  // Where nobody says a chain, Ethereum's profile is the strictest.
  const chain = chainOf(chainId ?? 1, config);
  const progress = createProgress(context, sources.length * SOURCE_PROBES.length);
  const reports = await Promise.all(
    sources.map((source, index) => {
      const target = parseSourceUrl(config.sources[index]?.url ?? "");
      const subject = deployment?.contracts.PositionLedger ?? ANY_ACCOUNT;
      const { proofDepth } = config;
      const facts = { source, transport: target?.kind ?? "http", chainId, chain, subject, proofDepth, deadlineMs };
      return examineSource({ ...facts, now, wallNow: context.wallNow }, bounds, progress.step);
    }),
  );
  progress.end();
  const isLocal = chainId !== null && LOCAL_CHAIN_IDS.has(chainId);
  const mayBeAlone = config.singleSource || isLocal;
  const reader = isAnyReachable(reports) ? openReader({ config, chainId, chain, sources, mayBeAlone }) : null;
  const fleet: Fleet = {
    ...{ reports, sources, reader, chain, chainId, mayBeAlone, deployment, keys: addressesOf(signers) },
    signers: { holders: signers, warnings, isLocal },
    tokenSlots: config.tokenSlots,
    cost: {
      gas: PAUSE_GAS_LIMIT,
      feeCap: BigInt(config.maxFeePerGasGwei) * GWEI,
      feeNow: (base) => feesFor(base, 0, BigInt(config.maxFeePerGasGwei) * GWEI).maxFeePerGas,
    },
  };
  const relays = config.relays.map((settings) => new Relay(settings));
  try {
    const [checks, relayed] = await Promise.all([
      examineFleet(fleet, bounds),
      examineRelays(endpointsOf(relays, config), { chainId, deadlineMs }, bounds),
    ]);
    return { chainId, profile: chain.name, sources: reports, checks: [...checks, ...relayed] };
  } finally {
    for (const relay of relays) relay.close();
    await reader?.close();
  }
}

function endpointsOf(relays: readonly Relay[], config: KeeperConfig): RelayEndpoint[] {
  // The path of an IPC socket has no host.
  const hosts = new Set(config.sources.map(({ url }) => URL.parse(url)?.host));
  return relays.map((relay, index) => {
    const host = URL.parse(config.relays[index]?.url ?? "")?.host;
    return { id: relay.id, isSource: host !== undefined && hosts.has(host), ask: relay.ask.bind(relay) };
  });
}

function openReader(parts: {
  readonly config: KeeperConfig;
  readonly chainId: number | null;
  readonly chain: Fleet["chain"];
  readonly sources: readonly Source[];
  readonly mayBeAlone: boolean;
}): VerifiedReader | null {
  const { config, chainId, chain, sources, mayBeAlone } = parts;
  try {
    return new VerifiedReader({
      ...{ sources, now, allowUnwitnessed: mayBeAlone },
      chainId: chainId ?? undefined,
      genesisHash: chain.genesisHash ?? undefined,
      pin: chain.pin ?? undefined,
      hedgeMs: config.hedgeMs,
      deadlineMs: config.requestDeadlineMs,
    });
  } catch (error: unknown) {
    if (KeeperError.is(error, "ReaderUnwitnessed")) return null;
    throw error;
  }
}

/** The addresses of the keys that are set; the keys themselves go no further. */
function addressesOf({ pause, attest, post }: Signers): Fleet["keys"] {
  return { pause: pause?.address ?? null, attest: attest?.address ?? null, post: post?.address ?? null };
}

function isAnyReachable(reports: readonly SourceReport[]): boolean {
  return reports.some(({ results }) => results[0]?.status !== "fail");
}

function exitCodeFor({ sources, checks }: DoctorReport): number {
  if (!isAnyReachable(sources)) return EXIT.tryAgain;
  const results = [...sources.flatMap((source) => source.results), ...checks];
  return results.some(({ status }) => status === "fail") ? EXIT.fatal : EXIT.clean;
}

/** A line that counts, on a terminal only. */
function createProgress({ stderr, isColoured }: CommandContext, total: number): { step: () => void; end: () => void } {
  let done = 0;
  const write = (text: string): void => {
    if (isColoured) stderr.write(`\r\u001b[2K${text}`);
  };
  return {
    step: () => {
      done += 1;
      write(`${done} of ${total} probes`);
    },
    end: () => {
      write("");
    },
  };
}

function now(): number {
  return performance.now();
}
