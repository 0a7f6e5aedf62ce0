import { writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { callNode } from "../../scripts/local/callNode.ts";
import { deployLockstep, type LockstepDeployment } from "../../scripts/local/deployLockstep.ts";
import { startNode, type LocalNode } from "../../scripts/local/startNode.ts";
import { Traffic } from "../keeper/Traffic.ts";
import { Program, type Said } from "../latency/Program.ts";
import { yieldToOthers } from "./cores.ts";

/** What to set up. */
export interface FollowedChainOptions {
  readonly accounts: number;
  /** The keeper's. */
  readonly core: string;
  readonly folder: string;
  /** A profile of the keeper goes there; null for none. */
  readonly profileFolder: string | null;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** How long one verdict took, milliseconds, as the keeper says it. */
export interface VerdictTimes {
  readonly block: number;
  /** From the last needed byte. */
  readonly verdictMs: number;
  /** From the head. */
  readonly detectionMs: number;
}

const DAY = 86_400;
/** No time runs out in a benchmark. */
const PARAMETERS = {
  ...{ feedMaxAgeSeconds: 30 * DAY, staleLimitSeconds: DAY, viewTimeSeconds: DAY, softTimeSeconds: 2 * DAY },
};
/** Trades that give some accounts positions before anything is measured, and those of a block that is measured. */
const MIXED = { mixedBlocks: 10, mixedTrades: 100 };
const TRADES = 17;
const SEED = 1;
const DEADLINE_MS = 1_200_000;
const START_MS = 120_000;
/** To write a profile. */
const PROFILE_MS = 5_000;
/** Of the system's accounts of processor time, and where they begin after a program's name. */
const TICK_MS = 10;
const USER_TIME = 11;
const KEEPER = fileURLToPath(new URL("keeperProcess.ts", import.meta.url));

/** An Anvil with many accounts and traffic, and a keeper in a process of its own that follows it. */
export class FollowedChain {
  readonly url: string;
  readonly slots: number;
  readonly #node: LocalNode;
  readonly #traffic: Traffic;
  readonly #keeper: Program;
  readonly #pid: number;
  readonly #profiled: boolean;
  #collections = 0;

  private constructor(parts: {
    readonly node: LocalNode;
    readonly traffic: Traffic;
    readonly keeper: Program;
    readonly started: Said;
    readonly slots: number;
    readonly profiled: boolean;
  }) {
    this.#node = parts.node;
    this.#traffic = parts.traffic;
    this.#keeper = parts.keeper;
    this.#pid = Number(parts.started["pid"]);
    this.#profiled = parts.profiled;
    this.url = String(parts.started["url"]);
    this.slots = parts.slots;
  }

  static async open(options: FollowedChainOptions): Promise<FollowedChain> {
    const { accounts, say, signal } = options;
    const args = ["--order", "fifo", "--gas-limit", "1000000000"];
    const node = await startNode({ chain: "anvil", host: "127.0.0.1", port: 0, signal, args });
    try {
      const deployment = await deployLockstep({ url: node.url, module: "Lockstep", parameters: PARAMETERS });
      await callNode(node.url, "evm_setAutomine", [false]);
      say(`deployed; ${accounts} accounts get a deposit`);
      const traffic = new Traffic(node.url, deployment, { accounts, ...MIXED, tradeBlocks: 0, trades: TRADES }, SEED);
      await traffic.prepare();
      for (let block = 0; block < MIXED.mixedBlocks; block += 1) await traffic.mixedBlock();
      const keeper = await startKeeper(node, deployment, options);
      // Whoever asks has to be punctual on the core that it shares with the chain.
      yieldToOthers(node.pid);
      const started = await keeper.until("that it has started", ({ said }) => said === "started", START_MS);
      const head = await traffic.headNumber();
      const { slots } = await untilJudged(keeper, head);
      say(`the keeper has caught up at block ${head}: ${Number(slots)} slots`);
      const profiled = options.profileFolder !== null;
      return new FollowedChain({ node, traffic, keeper, started, slots: Number(slots), profiled });
    } catch (error: unknown) {
      await node.stop();
      throw error;
    }
  }

  /**
   * Mines a block of trades every so often until the signal, but none before the last one is judged: Anvil proves a state that is
   * none while it makes the next.
   */
  async mineEvery(intervalMs: number, signal: AbortSignal): Promise<void> {
    for (let next = performance.now(); !signal.aborted; next = Math.max(next + intervalMs, performance.now())) {
      await sleep(Math.max(0, next - performance.now()));
      await this.mine();
    }
  }

  /** One block of trades, and the verdict on it. */
  async mine(): Promise<void> {
    await this.#traffic.tradeBlock();
    await untilJudged(this.#keeper, await this.headNumber());
  }

  async headNumber(): Promise<number> {
    return this.#traffic.headNumber();
  }

  /** Of the newest verdicts, oldest first. */
  async verdictTimes(): Promise<readonly VerdictTimes[]> {
    return (await this.ask("/v1/latency")) as readonly VerdictTimes[];
  }

  /** How long an answer is. */
  async bytesOf(path: string): Promise<number> {
    const response = await fetch(`${this.url}${path}`);
    return (await response.bytes()).length;
  }

  /** The `data` of an answer. */
  async ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`);
    if (!response.ok) throw new KeeperError("BenchApi", `${path} is answered with ${await response.text()}`);
    return ((await response.json()) as { readonly data: unknown }).data;
  }

  /** Names of all accounts. */
  async accounts(): Promise<readonly string[]> {
    const names: string[] = [];
    for (let next: string | null = "0"; next !== null;) {
      const response = await fetch(`${this.url}/v1/accounts?limit=500&cursor=${next}`);
      if (!response.ok) throw new KeeperError("BenchApi", `accounts are answered with ${await response.text()}`);
      const page = (await response.json()) as { data: { account: string }[]; next: string | null };
      names.push(...page.data.map(({ account }) => account));
      next = page.next;
    }
    return names;
  }

  /** Bytes of the keeper's process that are in memory. */
  residentBytes(): number {
    const [, kilobytes = "0"] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) * 1_024;
  }

  /** Processor time that the keeper has taken since its start, milliseconds. */
  processorMs(): number {
    const [, rest = ""] = readFileSync(`/proc/${this.#pid}/stat`, "utf8").split(") ");
    const [user = 0, system = 0] = rest
      .split(" ")
      .slice(USER_TIME, USER_TIME + 2)
      .map(Number);
    return (user + system) * TICK_MS;
  }

  /** Bytes that are alive in the keeper's heap after a collection. */
  async collect(): Promise<number> {
    this.#collections += 1;
    const isIt = ({ said, count }: Said): boolean => said === "collected" && count === this.#collections;
    process.kill(this.#pid, "SIGUSR2");
    const { bytes } = await this.#keeper.until("that it has collected its garbage", isIt, START_MS);
    return Number(bytes);
  }

  /** How long the keeper has been ready to run while its core ran something else, milliseconds. */
  waitedMs(): number {
    const [, waited = "0"] = readFileSync(`/proc/${this.#pid}/schedstat`, "utf8").split(" ");
    return Number(waited) / 1e6;
  }

  async close(): Promise<void> {
    if (this.#profiled) {
      process.kill(this.#pid, "SIGTERM");
      await sleep(PROFILE_MS);
    }
    await this.#keeper.stop();
    await this.#node.stop();
  }
}

async function startKeeper(
  { wsUrl }: LocalNode,
  deployment: LockstepDeployment,
  { core, folder, profileFolder, signal }: FollowedChainOptions,
): Promise<Program> {
  const job = join(folder, "keeper.json");
  await writeFile(job, JSON.stringify({ wsUrl, deployment, core }));
  const profile = profileFolder === null ? [] : ["--cpu-prof", "--cpu-prof-dir", profileFolder];
  const common = { cwd: folder, env: { TMPDIR: folder }, deadlineMs: DEADLINE_MS, signal };
  return new Program({ name: "lockstep", parameters: ["--expose-gc", ...profile, KEEPER, job], ...common });
}

async function untilJudged(keeper: Program, number: number): Promise<Said> {
  const isIt = (said: Said): boolean => said.said === "block" && said["number"] === number;
  const block = await keeper.until(`its verdict on block ${number}`, isIt, START_MS);
  if (block["verdict"] === "InSync") return block;
  throw new KeeperError("BenchApi", `block ${number} is not in sync: ${String(block["verdict"])}`);
}
