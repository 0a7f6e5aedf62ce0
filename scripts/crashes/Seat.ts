import type { CrashWorld, Pause } from "./CrashWorld.ts";
import type { Kill } from "./drawStory.ts";
import type { KeeperProcess } from "./KeeperProcess.ts";

/** One keeper through a run: its data directory, and its processes one after another. */
export class Seat {
  readonly keeper: number;
  readonly directory: string;
  /** Names of the points at which it was killed. */
  readonly killedAt: string[] = [];
  /** Points that it came by, in any of its processes. */
  readonly passed = new Set<string>();
  /** Alerts that it raised. */
  readonly alerts: string[] = [];
  readonly #world: CrashWorld;
  readonly #kills: readonly Kill[];
  #process: KeeperProcess | null = null;
  #lives = 0;
  #isKilledOutside = false;

  private constructor(world: CrashWorld, keeper: number, directory: string, kills: readonly Kill[]) {
    this.#world = world;
    this.keeper = keeper;
    this.directory = directory;
    this.#kills = kills;
  }

  /** Takes a data directory in sync and starts a keeper on it, trapped at its first point. */
  static async open(world: CrashWorld, keeper: number, kills: readonly Kill[]): Promise<Seat> {
    const seat = new Seat(world, keeper, await world.directoryOf(keeper), kills);
    await seat.start();
    return seat;
  }

  /** The keeper's process now. */
  get process(): KeeperProcess {
    if (this.#process === null) throw new Error("the keeper was not started");
    return this.#process;
  }

  /** The kill that waits; null when it may live from now on. */
  get kill(): Kill | null {
    return this.#kills[this.killedAt.length] ?? null;
  }

  /** It says that its incident is contained, and where. */
  get containedIn(): number | null {
    const { incident, ending } = this.process;
    return ending === null && incident?.state === "contained" ? incident.containedIn : null;
  }

  /** Starts it, for the first time or again. */
  async start(): Promise<void> {
    const { kill } = this;
    const isTrap = kill !== null && kill.point.isOutside !== true;
    const trap = isTrap ? { point: kill.point.name, nth: 1 } : null;
    this.#process = await this.#world.start(this.keeper, this.directory, trap, this.#lives > 0);
    this.#lives += 1;
    this.#isKilledOutside = false;
  }

  /** Kills it if it is at the point at which it is to be killed from outside. */
  async killOutside(sinceMs: number): Promise<void> {
    const { kill } = this;
    if (kill?.point.isOutside !== true || this.process.ending !== null) return;
    if (!(await this.#isAt(kill, sinceMs))) return;
    this.#isKilledOutside = true;
    this.process.kill();
    await this.process.ended;
  }

  /** Takes note of its end; a problem when nobody killed it. Null while it lives. */
  bury(): { readonly kill: Kill | null; readonly problem: string | null } | null {
    const { ending, points, failure, log } = this.process;
    if (ending === null) return null;
    for (const name of points) this.passed.add(name);
    this.alerts.push(...this.process.alerts.map(({ event }) => event));
    const { kill } = this;
    const name = this.#isKilledOutside ? (kill?.point.name ?? null) : ending.killedAt;
    if (name === null) {
      const how = `code ${ending.code ?? "none"}, signal ${ending.signal ?? "none"}`;
      return { kill: null, problem: `keeper ${this.keeper} ended by itself (${how}): ${failure ?? log}` };
    }
    this.killedAt.push(name);
    return { kill, problem: null };
  }

  /** Ends it for good, after the run. */
  async end(): Promise<void> {
    this.process.kill();
    await this.process.ended;
    for (const name of this.process.points) this.passed.add(name);
    this.alerts.push(...this.process.alerts.map(({ event }) => event));
  }

  /** Whether the chain holds the pause that it says contained its incident. */
  isBackedBy(pauses: readonly Pause[]): boolean {
    const { containedIn } = this;
    // A keeper that takes several blocks at once sees it at the newest of them.
    return containedIn !== null && pauses.some(({ blockNumber }) => blockNumber <= containedIn);
  }

  async #isAt(kill: Kill, sinceMs: number): Promise<boolean> {
    const { name } = kill.point;
    if (name.endsWith("at any moment")) return performance.now() - sinceMs >= kill.afterMs;
    const [pending, mined] = [await this.#world.sentBy(this.keeper, "pending"), await this.#world.sentBy(this.keeper)];
    if (pending === mined) return false;
    if (name.endsWith("the answers lost")) return true;
    // Nothing about the block reaches it any more.
    for (const proxy of this.#world.proxies) {
      for (const rule of ["eth_subscription: drop", "eth_get*: drop"]) proxy.rule(rule);
    }
    await this.#world.mine();
    return true;
  }
}
