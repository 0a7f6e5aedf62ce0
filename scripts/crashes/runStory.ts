import { access } from "node:fs/promises";
import { join } from "node:path";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { BUNDLE_FILE } from "../../keeper/BundleRoom.ts";
import type { CrashWorld, Pause } from "./CrashWorld.ts";
import type { Story } from "./drawStory.ts";
import { Seat } from "./Seat.ts";
import { Sky } from "./Sky.ts";

/** What became of one run. */
export interface Outcome {
  readonly story: Story;
  /** Points at which a keeper was killed, in order. */
  readonly killedAt: readonly string[];
  /** Points that a keeper came by. */
  readonly passed: ReadonlySet<string>;
  /** Soft pauses that took effect. */
  readonly pauses: readonly Pause[];
  /** Transactions of the pause keys that were mined without an effect. */
  readonly idle: number;
  /** Blocks from the divergent one to the pause. */
  readonly blocks: number;
  readonly alerts: readonly string[];
  /** Data directories with a bundle of the incident. */
  readonly bundles: number;
  readonly problems: readonly string[];
}

const PATIENCE_MS = 60_000;
/** A block comes after this time at the latest. */
const BLOCK_MS = 2_000;
/** A trap that has not sprung so long after the incident was contained does not spring. */
const LINGER_MS = 400;
const QUIET_BLOCKS = 3;

const never = new AbortController().signal;

/** Lets one story happen and counts on the chain what came of it. */
export async function runStory(world: CrashWorld, story: Story): Promise<Outcome> {
  await world.reset();
  const run = new Run(world, story);
  try {
    await run.happen();
    return await run.outcome();
  } finally {
    await run.end();
  }
}

class Run {
  readonly #world: CrashWorld;
  readonly #story: Story;
  readonly #seats: Seat[] = [];
  readonly #problems: string[] = [];
  readonly #sky: Sky;
  #divergent = 0;
  #minedAtMs = 0;
  /** Pauses that were sent before the newest block was made. */
  #sentBefore = 0;

  constructor(world: CrashWorld, story: Story) {
    this.#world = world;
    this.#story = story;
    this.#sky = new Sky(world, story.weather, () => world.sent());
  }

  async happen(): Promise<void> {
    const { kills, account, value, blockMs } = this.#story;
    for (const [keeper, list] of kills.entries()) this.#seats.push(await Seat.open(this.#world, keeper, list));
    const head = await this.#world.head();
    for (const { process } of this.#seats) {
      const isInSync = (): boolean => process.block?.verdict === "InSync" && process.block.number >= head;
      await this.#world.until("the keeper is in sync", isInSync, process);
    }
    this.#divergent = await this.#world.tamper(account, value);
    const sinceMs = performance.now();
    this.#minedAtMs = sinceMs;
    let doneAtMs: number | null = null;
    while (performance.now() < sinceMs + PATIENCE_MS) {
      for (const seat of this.#seats) await seat.killOutside(sinceMs);
      if (!(await this.#bury())) return;
      if (!(await this.#isDone())) doneAtMs = null;
      else if (this.#seats.every(({ kill }) => kill === null)) return;
      else {
        doneAtMs ??= performance.now();
        if (performance.now() - doneAtMs > LINGER_MS) return;
      }
      if (!this.#sky.isStill && (await this.#isNextDue())) await this.#mine();
      await wait(blockMs, never);
    }
    this.#problems.push(`not contained in ${PATIENCE_MS / 1_000} s: ${this.#seats.map(describeSeat).join("; ")}`);
  }

  /** The node brings out whatever it has, and some blocks later the chain is counted. */
  async outcome(): Promise<Outcome> {
    await this.#sky.release();
    await this.#world.mine(QUIET_BLOCKS);
    const head = await this.#world.head();
    if (this.#problems.length === 0) {
      // A trap may spring late: who is killed now is started again as well.
      const isJudged = async (): Promise<boolean> => {
        if (!(await this.#bury())) return true;
        return this.#seats.every(
          ({ process, containedIn }) => containedIn !== null && (process.block?.number ?? 0) >= head,
        );
      };
      await this.#world.until(`block ${head} is judged, and contained`, isJudged);
      await this.#world.mine();
    }
    const pauses = await this.#world.pausesSince(this.#divergent);
    if (pauses.length !== 1) this.#problems.push(`${pauses.length} effective pauses: ${JSON.stringify(pauses)}`);
    for (const seat of this.#seats) {
      if (!seat.isBackedBy(pauses)) this.#problems.push(`it says otherwise than the chain: ${describeSeat(seat)}`);
    }
    const sent = await Promise.all(this.#seats.map(({ keeper }) => this.#world.sentBy(keeper)));
    const bundles = await Promise.all(this.#seats.map((seat) => hasBundle(seat, pauses)));
    await this.end();
    return {
      story: this.#story,
      killedAt: this.#seats.flatMap(({ killedAt }) => killedAt),
      passed: new Set(this.#seats.flatMap(({ passed }) => [...passed])),
      pauses,
      idle: sent.reduce((sum, count) => sum + count, 0) - pauses.length,
      blocks: (pauses[0]?.blockNumber ?? this.#divergent) - this.#divergent,
      alerts: this.#seats.flatMap(({ alerts }) => alerts),
      bundles: bundles.filter(Boolean).length,
      problems: this.#problems,
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.end()));
  }

  /** Starts again who was killed. False when a keeper ended by itself. */
  async #bury(): Promise<boolean> {
    for (const seat of this.#seats) {
      const end = seat.bury();
      if (end === null) continue;
      if (end.problem !== null) {
        this.#problems.push(end.problem);
        return false;
      }
      // Only what held the block back until the kill: the weather stays.
      if (end.kill?.point.name.endsWith("not told") === true) for (const proxy of this.#world.proxies) proxy.clear();
      if (end.kill?.dropsMempool === true) await this.#world.send("anvil_dropAllTransactions");
      for (let block = 0; block < (end.kill?.blocksMeanwhile ?? 0); block += 1) await this.#mine();
      await seat.start();
    }
    return true;
  }

  /**
   * Blocks come when the last one was judged, or a while after it: a node that mines all the time proves the state of the block that it
   * makes instead of the one it has, and an honest keeper turns away from it. Where the story is about a pause that waits, there has
   * to be one.
   */
  async #isNextDue(): Promise<boolean> {
    const head = await this.#world.head();
    const areReady = this.#seats.every(({ process }) => (process.block?.number ?? 0) >= head);
    const isAboutSent =
      this.#story.weather !== "calm" || this.#seats.some(({ kill }) => kill?.point.isOutside === true);
    const isSent = this.#world.sent().length > this.#sentBefore;
    return (areReady && (isSent || !isAboutSent)) || performance.now() - this.#minedAtMs > BLOCK_MS;
  }

  async #mine(): Promise<void> {
    this.#sentBefore = this.#world.sent().length;
    await this.#sky.mine();
    this.#minedAtMs = performance.now();
  }

  async #isDone(): Promise<boolean> {
    if (this.#seats.some(({ containedIn }) => containedIn === null)) return false;
    const pauses = await this.#world.pausesSince(this.#divergent);
    return this.#seats.every((seat) => seat.isBackedBy(pauses));
  }
}

async function hasBundle({ directory }: Seat, [pause]: readonly Pause[]): Promise<boolean> {
  const file = join(directory, "evidence", pause?.incidentId ?? "none", BUNDLE_FILE);
  return access(file).then(
    () => true,
    () => false,
  );
}

function describeSeat(seat: Seat): string {
  const { keeper, process, killedAt } = seat;
  const { incident, block, ending, failure } = process;
  const state = incident === null ? "no incident" : `${incident.state} in ${incident.containedIn ?? "no block"}`;
  const alive = ending === null ? "alive" : `ended ${failure ?? ""}`;
  return `keeper ${keeper} (${alive}, ${state}, judged ${block?.number ?? "nothing"}, killed at ${killedAt.join(", ")})`;
}
