import { createLogger } from "../../keeper/telemetry/log.ts";
import type { CommandContext } from "../../keeper/commands/CommandContext.ts";
import { EXIT } from "../../keeper/commands/exitCodes.ts";
import { LiveView } from "../../keeper/commands/LiveView.ts";
import { wait } from "../../keeper/chain/sources/wait.ts";
import type { Effect } from "../../keeper/loop/ports.ts";
import { deployLockstep } from "./deployLockstep.ts";
import { LocalDrill } from "../drills/LocalDrill.ts";
import { startLocalKeeper, type LocalKeeper } from "./LocalKeeper.ts";
import { Market } from "./Market.ts";
import { startNode } from "./startNode.ts";

/** The options of `lockstep up`. */
export interface UpOptions {
  readonly chain: "hardhat" | "anvil";
  readonly port: number;
  /** Use this node instead of starting one. */
  readonly rpc: string | undefined;
  readonly apiPort: number;
  /** Milliseconds; null runs until it is told to stop. */
  readonly durationMs: number | null;
  readonly seed: number;
  /** Milliseconds between two actions of the market. */
  readonly intervalMs: number;
  readonly isVerbose: boolean;
}

/** Short, so that a newcomer sees a drill from its beginning to its end. Seconds. */
const PARAMETERS = { coolDownSeconds: 10, graceSeconds: 10 };

interface Tally {
  blocks: number;
  inSync: number;
  isDiverged: boolean;
  checkpoints: number;
  incidents: Set<string>;
  verdictMs: number[];
}

/**
 * `lockstep up`: chain, contracts, market traffic and keeper with one command.
 *
 * Everything it starts it ends, in reverse order.
 */
export async function up(options: UpOptions, context: CommandContext): Promise<number> {
  const say = (line: string): void => {
    context.stdout.write(`${line}\n`);
  };
  const end = new AbortController();
  context.signal.addEventListener("abort", () => {
    end.abort();
  });
  const stops: (() => Promise<void>)[] = [];
  const tally: Tally = { blocks: 0, inSync: 0, isDiverged: false, checkpoints: 0, incidents: new Set(), verdictMs: [] };
  try {
    const url = await openChain(options, end.signal, say, stops);
    say("2/4 deploying the contracts");
    const deployment = await deployLockstep({ url: url.http, module: "Lockstep", parameters: PARAMETERS, log: say });
    say("3/4 minting test tokens, funding five traders");
    const market = new Market({
      url: url.http,
      deployment,
      seed: options.seed,
      log: (line) => {
        if (options.isVerbose || line.startsWith("error")) say(`  ${line}`);
      },
    });
    await market.prepare();
    say("4/4 starting the keeper");
    const live = new LiveView({ write: say, isColoured: context.isColoured, wallNow: context.wallNow });
    const drill: LocalDrill = new LocalDrill({ market, keeper: () => keeper, signal: end.signal });
    const keeper: LocalKeeper = await startLocalKeeper({
      rehearsal: drill,
      sources: [url.ws],
      deployment,
      log: createLogger({ level: "error", output: context.stderr, now: context.wallNow }),
      apiPort: options.apiPort,
      onEffect: (effect, atMs) => {
        count(tally, effect, atMs, drill.state().isRunning);
        live.see(effect, atMs);
      },
    });
    stops.push(() => keeper.stop());
    say(`ready: ${keeper.service.apiUrl}/   (also /status, /metrics and /v1/openapi.json; Ctrl-C ends it)`);
    const traffic = market.start(end.signal, { intervalMs: options.intervalMs });
    stops.push(() => traffic);
    const timer = wait(options.durationMs ?? 2 ** 31 - 1, end.signal);
    await Promise.race([timer, keeper.service.failed, url.ended]);
  } finally {
    end.abort();
    for (const stop of stops.reverse()) await stop();
  }
  say(summary(tally));
  return tally.inSync > 0 && !tally.isDiverged ? EXIT.clean : EXIT.fatal;
}

async function openChain(
  { chain, port, rpc }: UpOptions,
  signal: AbortSignal,
  say: (line: string) => void,
  stops: (() => Promise<void>)[],
): Promise<{ http: string; ws: string; ended: Promise<never> }> {
  if (rpc !== undefined) {
    say(`1/4 using the node at ${rpc}`);
    return { http: rpc, ws: rpc.replace(/^http/, "ws"), ended: new Promise<never>(() => undefined) };
  }
  say(`1/4 starting a ${chain} node`);
  const node = await startNode({ chain, port, host: "127.0.0.1", signal: new AbortController().signal });
  stops.push(() => node.stop());
  let isStopping = false;
  signal.addEventListener("abort", () => {
    isStopping = true;
  });
  const ended = node.ended.then((stderr): Promise<never> => {
    if (isStopping) return new Promise<never>(() => undefined);
    throw new Error(`the ${chain} node ended by itself: ${stderr}`);
  });
  ended.catch(() => undefined);
  return { http: node.url, ws: node.wsUrl, ended };
}

/** @param isRehearsed a drill is running: that the books differ is what it is for */
function count(tally: Tally, effect: Effect, atMs: number, isRehearsed: boolean): void {
  if (effect.type === "checkpoint") tally.checkpoints += 1;
  if (effect.type === "incident") tally.incidents.add(effect.report.id);
  if (effect.type !== "block") return;
  tally.blocks += 1;
  const { kind } = effect.report.verdict;
  if (kind === "InSync") tally.inSync += 1;
  if (kind === "OwnFault" || (kind === "Diverged" && !isRehearsed)) tally.isDiverged = true;
  tally.verdictMs.push(atMs - effect.report.factsAtMs);
}

function summary({ blocks, inSync, checkpoints, incidents, verdictMs }: Tally): string {
  const median = verdictMs.toSorted((a, b) => a - b)[Math.floor(verdictMs.length / 2)] ?? 0;
  return `${blocks} blocks judged, ${inSync} in sync, ${checkpoints} checkpoints, ${incidents.size} incidents, verdict median ${median.toFixed(2)} ms`;
}
