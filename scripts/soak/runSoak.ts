import { wait } from "../../keeper/chain/sources/wait.ts";
import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { startLocalKeeper, type LocalKeeper } from "../local/LocalKeeper.ts";
import { SeededRandom } from "../local/SeededRandom.ts";
import { checkVitals, type Check } from "./checkVitals.ts";
import { CountingLog } from "./CountingLog.ts";
import { FaultPlan } from "./FaultPlan.ts";
import type { SoakResult, Stage } from "./SoakResult.ts";
import { SoakWorld, type Head } from "./SoakWorld.ts";
import { readVitals, type Vitals } from "./vitals.ts";
import { Watch } from "./Watch.ts";

/** How to soak. */
export interface SoakOptions {
  readonly blocks: number;
  readonly blockSeconds: number;
  readonly seed: number;
  /** A sample is taken every so many blocks. */
  readonly sampleBlocks: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Blocks before a sample in which all sources are well, and the time that they have to recover. */
const CALM_BLOCKS = 8;
const RECOVERY_MS = 30_000;
/** With a majority that is well, or well again, a block is judged within this time. */
const JUDGED_MS = 60_000;
/** A keeper that has stalled so often does not come back. */
const MAX_STALLS = 3;
/** Between two blocks that nobody can judge. */
const OUTAGE_BLOCK_MS = 40;
const REORG = 1 / 60;
const MAX_REORG = 3;
/** Deeper than any reorg here. */
const SETTLED_BLOCKS = 16;
const POLL_MS = 20;
const CHECKPOINT_SECONDS = 300;

/** Runs a keeper for so many blocks of trouble and says what became of it. Rejects when it cannot go on. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const world = await SoakWorld.open(options);
  let keeper: LocalKeeper | null = null;
  try {
    const log = new CountingLog();
    const watch = new Watch({
      hashAt: (number) => world.hashAt(number),
      booksAt: (number) => keeper?.service.keeper.books.hashAt(number) ?? null,
    });
    keeper = await startLocalKeeper({
      sources: world.urls,
      deployment: world.deployment,
      log,
      checkpointIntervalSeconds: CHECKPOINT_SECONDS,
      flags: { finality: "finalized", confirmations: "8", checkpointDepth: "1" },
      onEffect: (effect, nowMs) => watch.see(effect, nowMs),
    });
    return await new Soak(options, { world, keeper, watch, log }).run();
  } finally {
    await keeper?.stop();
    await world.close();
  }
}

interface Parts {
  readonly world: SoakWorld;
  readonly keeper: LocalKeeper;
  readonly watch: Watch;
  readonly log: CountingLog;
}

class Soak {
  readonly #options: SoakOptions;
  readonly #parts: Parts;
  readonly #plan: FaultPlan;
  readonly #random: SeededRandom;
  readonly #samples: Vitals[] = [];
  readonly #lagsMs: number[] = [];
  readonly #stalls: string[] = [];
  readonly #spent: Record<Stage, number> = { world: 0, verdicts: 0, outages: 0, recoveries: 0, samples: 0 };
  #stageAtMs = performance.now();
  #cover = { reported: 0, overtaken: 0, missed: [] as number[] };
  #coveredTo = 0;

  constructor(options: SoakOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    // Streams of their own: how many blocks a reorg takes must not change who falls ill.
    this.#random = new SeededRandom(options.seed + 1);
    this.#plan = new FaultPlan(new SeededRandom(options.seed + 2), parts.world.proxies.length);
  }

  async run(): Promise<SoakResult> {
    const { world } = this.#parts;
    const { blocks, sampleBlocks } = this.#options;
    const startedAtMs = performance.now();
    const start = await world.head();
    await this.#judge(start);
    this.#coveredTo = start.number;
    await this.#sample(start);
    let sampledAt = start.number;
    for (let head = start; head.number < start.number + blocks && !this.#hasFailed();) {
      this.#options.signal.throwIfAborted();
      const isCalm = head.number - sampledAt >= sampleBlocks - CALM_BLOCKS;
      head = await this.#advance(head, isCalm);
      if (head.number - sampledAt < sampleBlocks) continue;
      sampledAt = head.number;
      await this.#sample(head);
      this.#progress(head.number - start.number, startedAtMs);
    }
    return this.#finish(start, startedAtMs);
  }

  /** The time since the last call went into this. */
  #spend(stage: Stage): void {
    const nowMs = performance.now();
    this.#spent[stage] += (nowMs - this.#stageAtMs) / 1_000;
    this.#stageAtMs = nowMs;
  }

  /** Whether there is nothing left to be learnt. */
  #hasFailed(): boolean {
    return this.#parts.watch.problems.length > 0 || this.#cover.missed.length > 0 || this.#stalls.length >= MAX_STALLS;
  }

  /** One block more, or a reorg; judged, if there is a majority that can be believed. */
  async #advance(before: Head, isCalm: boolean): Promise<Head> {
    const { world, watch } = this.#parts;
    for (const change of this.#plan.next(before.number + 1, isCalm)) await world.change(change);
    if (!isCalm && this.#random.next() < REORG) {
      const depth = 1 + Math.floor(this.#random.next() * MAX_REORG);
      watch.orphaned(await world.reorg(depth), performance.now());
    } else await world.advance();
    await world.keepUp();
    const head = await world.head();
    this.#spend("world");
    const { hasMajority } = this.#plan;
    if (hasMajority) await this.#judge(head);
    else await wait(OUTAGE_BLOCK_MS, this.#options.signal);
    this.#spend(hasMajority ? "verdicts" : "outages");
    return head;
  }

  async #judge(head: Head): Promise<void> {
    const startedAtMs = performance.now();
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(JUDGED_MS)]);
    const isJudged = await this.#parts.watch.judged(head, signal);
    if (isJudged) this.#lagsMs.push(performance.now() - startedAtMs);
    else this.#stalls.push(`block ${head.number} was not judged in ${JUDGED_MS / 1_000} s; ${this.#describeSources()}`);
  }

  /** Looks at the process when all sources are up again, and at the blocks that are settled by now. */
  async #sample(head: Head): Promise<void> {
    const { keeper, world } = this.#parts;
    const deadline = performance.now() + RECOVERY_MS;
    const areUp = (): boolean => keeper.service.keeper.sources().every(({ state }) => state === "up");
    while (!areUp() && performance.now() < deadline) await wait(POLL_MS, this.#options.signal);
    if (!areUp()) this.#stalls.push(`at block ${head.number} not every source is back: ${this.#describeSources()}`);
    this.#spend("recoveries");
    await this.#judge(await world.head());
    await this.#settle(head.number - SETTLED_BLOCKS);
    this.#samples.push(await readVitals(head.number));
    this.#spend("samples");
  }

  /** Counts the blocks up to a height, which no reorg can reach any more. */
  async #settle(upTo: number): Promise<void> {
    const { world, keeper, watch } = this.#parts;
    const from = this.#coveredTo + 1;
    // A block above belongs to it: whether it stands on what is counted is known by its parent.
    const numbers = Array.from({ length: Math.max(0, upTo - from + 1) }, (_, at) => from + at);
    const hashes: Hash[] = [];
    for (const number of numbers) hashes.push((await world.hashAt(number)) ?? "0x");
    const { books } = keeper.service.keeper;
    const { reported, overtaken, missed } = watch.ledger.cover(from, hashes, (number) => books.hashAt(number));
    const { newest } = watch.ledger;
    const isOvertaken = newest > upTo && watch.ledger.has(newest, books.hashAt(newest) ?? "0x");
    // What is applied below the newest block in sync, up to the end of the stretch, is overtaken by that one.
    const applied = isOvertaken ? missed.filter((number) => books.hashAt(number) === hashes[number - from]) : [];
    this.#cover.reported += reported;
    this.#cover.overtaken += overtaken + applied.length;
    this.#cover.missed.push(...missed.filter((number) => !applied.includes(number)));
    this.#coveredTo = Math.max(this.#coveredTo, upTo);
  }

  async #finish(start: Head, startedAtMs: number): Promise<SoakResult> {
    const { world, watch, log } = this.#parts;
    for (const change of this.#plan.next(start.number, true)) await world.change(change);
    await world.advance();
    const end = await world.head();
    await this.#judge(end);
    await watch.settled();
    await this.#settle(end.number);
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const lags = this.#lagsMs;
    return {
      seed: this.#options.seed,
      blocks: end.number - start.number,
      seconds,
      checks: await this.#check(),
      samples: this.#samples,
      reported: this.#cover.reported,
      overtaken: this.#cover.overtaken,
      lagMs: { median: quantile(lags, 0.5), p99: quantile(lags, 0.99), max: quantile(lags, 1) },
      spent: this.#spent,
      faults: Object.fromEntries(this.#plan.counts),
      outages: this.#plan.outages,
      reorgs: world.reorgs,
      marketActions: world.marketActions,
      deaths: log.counts.get("source-down") ?? 0,
      recoveries: log.counts.get("source-up") ?? 0,
      counts: Object.fromEntries(watch.counts),
    };
  }

  async #check(): Promise<Check[]> {
    const { watch, world } = this.#parts;
    const { missed } = this.#cover;
    const met = (name: string, troubles: readonly string[], detail: string): Check => {
      return { name, isMet: troubles.length === 0, detail: troubles.length === 0 ? detail : troubles.join("; ") };
    };
    const { reported, overtaken } = this.#cover;
    return [
      met(
        "blocks",
        missed.map((number) => `missed ${number}`),
        `${reported} in sync, ${overtaken} overtaken, 0 missed`,
      ),
      met("stalls", this.#stalls, "every block was judged as soon as a majority was well"),
      met("roots", await this.#differences(), "the books' are those that the chain proves"),
      met("verdicts", watch.problems, "no incident, no pause, no latch, nothing signed that is not the chain's"),
      met("market", world.marketErrors, `${world.marketActions} actions, none refused without reason`),
      ...checkVitals(this.#samples),
    ];
  }

  /** Contracts whose root in the books is not the chain's. */
  async #differences(): Promise<string[]> {
    const { keeper, world } = this.#parts;
    const { books } = keeper.service.keeper;
    const { tip, addresses } = books;
    if (tip === null) return ["the books are empty"];
    const differences: string[] = [];
    for (const name of BOOK_NAMES) {
      const proof = await world.send("eth_getProof", addresses[name], [], { blockHash: tip.hash });
      const { storageHash } = proof as { readonly storageHash: Hash };
      if (storageHash !== books.root(name)) differences.push(`${name}: ${books.root(name)}, chain ${storageHash}`);
    }
    return differences;
  }

  #describeSources(): string {
    const reports = this.#parts.keeper.service.keeper.sources();
    return reports
      .map(({ id, state, reason, head }) => `${id} ${state} at ${head?.number ?? "-"} ${reason}`)
      .join(", ");
  }

  #progress(done: number, startedAtMs: number): void {
    const { blocks, say } = this.#options;
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const vitals = this.#samples.at(-1);
    if (vitals === undefined) return;
    const megabytes = ((vitals.heap + vitals.external) / 1e6).toFixed(1);
    const left = Math.round((seconds / done) * Math.max(0, blocks - done));
    const rate = (done / seconds).toFixed(1);
    const missed = this.#cover.missed.length;
    const lagMs = quantile(this.#lagsMs.slice(-this.#options.sampleBlocks), 0.5);
    say(
      `${done} of ${blocks} blocks, ${rate} a second, ${megabytes} MB, ${vitals.descriptors ?? "-"} descriptors, ` +
        `${this.#parts.log.counts.get("source-down") ?? 0} deaths, ${missed} missed, judged in ${lagMs.toFixed(0)} ms, ${left} s left`,
    );
  }
}

/** Nearest-rank quantile. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
