import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { runProgram } from "../keeper/runProgram.ts";
import type { ApiReport, Phase, StallRow } from "./ApiReport.ts";
import { divideCores, pinTo } from "./cores.ts";
import { FollowedChain, type VerdictTimes } from "./FollowedChain.ts";
import type { LoadJob, LoadResult } from "./loadProcess.ts";
import type { Known } from "./requestMix.ts";
import type { StallJob } from "./stallProcess.ts";
import { toReport } from "./toReport.ts";

/** What to measure, and how often. */
export interface ApiOptions {
  readonly accounts: number;
  readonly rounds: number;
  /** Of each phase. */
  readonly seconds: number;
  /** Requests a second. */
  readonly rate: number;
  readonly streams: number;
  /** From one block to the next. */
  readonly blockMs: number;
  readonly stalled: number;
  readonly seed: number;
  readonly profileFolder: string | null;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** One phase of one round. */
export interface PhaseSample {
  readonly phase: Phase;
  readonly verdicts: readonly VerdictTimes[];
  /** Null while nobody asks. */
  readonly load: LoadResult | null;
  readonly residentBytes: number;
  /** Of the keeper's core, as a part of 1. */
  readonly coreShare: number;
  /** How much of the time it was kept waiting for its core by other programs of the machine. */
  readonly waitedShare: number;
}

const PHASES: readonly Phase[] = ["quiet", "requests", "requests and streams"];
const WARM_MS = 3_000;
const STALL_MS = 8_000;
const LOOK_MS = 100;
/** Blocks with events on which a keeper that has just started rehearses. */
const REHEARSALS = 20;
/** Requests of a connection that the keeper lets wait. */
const MAX_PENDING = 8;
const PIPELINED = [MAX_PENDING, 64];

/** Phases in turn, round after round, on one chain with one keeper; then clients that do not read. */
export async function measureApi(options: ApiOptions): Promise<ApiReport> {
  const cores = divideCores();
  pinTo(cores.others);
  const folder = await mkdtemp(join(tmpdir(), "lockstep-api-"));
  let chain: FollowedChain | null = null;
  try {
    chain = await FollowedChain.open({ ...options, core: cores.keeper, folder });
    const instruments = (await chain.ask("/v1/instruments")) as readonly { readonly instrument: string }[];
    const known = { accounts: await chain.accounts(), instruments: instruments.map(({ instrument }) => instrument) };
    // The keeper rehearses its second opinion on the first blocks.
    for (let block = 0; block < REHEARSALS; block += 1) await chain.mine();
    const aliveBefore = await chain.collect();
    const end = new AbortController();
    const mining = chain.mineEvery(options.blockMs, AbortSignal.any([end.signal, options.signal]));
    const bench = new Bench(chain, known, options, folder);
    const run = bench.run().finally(() => end.abort());
    const [samples] = await Promise.all([run, mining]);
    const aliveBytes = [aliveBefore, await chain.collect()];
    const stalls: StallRow[] = [];
    for (const pipelined of PIPELINED) stalls.push(await bench.stall(pipelined));
    aliveBytes.push(await chain.collect());
    return toReport(samples, { aliveBytes, stalls }, { ...options, slots: chain.slots });
  } finally {
    await chain?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class Bench {
  readonly #chain: FollowedChain;
  readonly #known: Known;
  readonly #options: ApiOptions;
  readonly #folder: string;
  #seed: number;

  constructor(chain: FollowedChain, known: Known, options: ApiOptions, folder: string) {
    this.#chain = chain;
    this.#known = known;
    this.#options = options;
    this.#folder = folder;
    this.#seed = options.seed;
  }

  async run(): Promise<PhaseSample[]> {
    const { rounds, streams, say } = this.#options;
    // The engine compiles what is asked for often.
    await this.#load(streams, WARM_MS);
    const samples: PhaseSample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const phase of PHASES) {
        const sample = await this.#measure(phase);
        samples.push(sample);
        say(`round ${round + 1} of ${rounds}, ${phase}: ${describe(sample)}`);
      }
    }
    return samples;
  }

  /** Connections that each ask for so many of the largest pages, and read none. */
  async stall(pipelined: number): Promise<StallRow> {
    const { stalled: connections, say } = this.#options;
    const beforeBytes = this.#chain.residentBytes();
    let mostBytes = beforeBytes;
    const look = setInterval(() => (mostBytes = Math.max(mostBytes, this.#chain.residentBytes())), LOOK_MS);
    const accounts = this.#known.accounts.length;
    const job: StallJob = {
      ...{ url: this.#chain.url, accounts, connections, pipelined, durationMs: STALL_MS, seed: this.#nextSeed() },
    };
    const opened = (await this.#start("stallProcess.ts", job, STALL_MS)) as number;
    clearInterval(look);
    const boundBytes = connections * MAX_PENDING * (await this.#chain.bytesOf("/v1/accounts?limit=500"));
    const row = { connections: opened, pipelined, beforeBytes, mostBytes, boundBytes };
    say(`${connections} clients that do not read, ${pipelined} requests each: ${toMebibytes(mostBytes - beforeBytes)}`);
    return row;
  }

  async #measure(phase: Phase): Promise<PhaseSample> {
    const countedMs = this.#options.seconds * 1_000;
    const load = phase === "quiet" ? null : this.#load(phase === "requests" ? 0 : this.#options.streams, countedMs);
    // What happens meanwhile is told by whoever awaits it below.
    load?.catch(() => undefined);
    await sleep(WARM_MS);
    const from = await this.#chain.headNumber();
    const [startMs, processorMs, waitedMs] = [performance.now(), this.#chain.processorMs(), this.#chain.waitedMs()];
    await sleep(countedMs);
    const takenMs = performance.now() - startMs;
    const coreShare = (this.#chain.processorMs() - processorMs) / takenMs;
    const waitedShare = (this.#chain.waitedMs() - waitedMs) / takenMs;
    const to = await this.#chain.headNumber();
    const result = await load;
    const verdicts = (await this.#chain.verdictTimes()).filter(({ block }) => block > from && block < to);
    return { phase, verdicts, load: result, coreShare, waitedShare, residentBytes: this.#chain.residentBytes() };
  }

  async #load(streams: number, countedMs: number): Promise<LoadResult> {
    const { rate } = this.#options;
    const { url } = this.#chain;
    const job: LoadJob = {
      ...{ url, known: this.#known, rate, streams, warmMs: WARM_MS, countedMs, seed: this.#nextSeed() },
    };
    return (await this.#start("loadProcess.ts", job, WARM_MS + countedMs)) as LoadResult;
  }

  async #start(program: string, job: object, ms: number): Promise<unknown> {
    const file = join(this.#folder, `job-${this.#nextSeed()}.json`);
    await writeFile(file, JSON.stringify(job));
    const parameters = [fileURLToPath(new URL(program, import.meta.url)), file];
    const { signal } = this.#options;
    return JSON.parse(await runProgram({ command: process.execPath, parameters, deadlineMs: 60_000 + ms, signal }));
  }

  #nextSeed(): number {
    this.#seed += 1;
    return this.#seed;
  }
}

function describe({ verdicts, load, residentBytes, coreShare }: PhaseSample): string {
  const ms = verdicts.map(({ verdictMs }) => verdictMs);
  const answered = load === null ? "" : `, ${load.answered.length} answers`;
  return `${ms.length} verdicts, the slowest after ${Math.max(...ms).toFixed(1)} ms${answered}, ${(100 * coreShare).toFixed(0)} % of the core, ${toMebibytes(residentBytes)}`;
}

function toMebibytes(bytes: number): string {
  return `${(bytes / 1_024 / 1_024).toFixed(0)} MiB`;
}
