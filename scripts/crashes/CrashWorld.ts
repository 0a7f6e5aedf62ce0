import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { wait } from "../../keeper/chain/sources/wait.ts";
import { bigintToHex32, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { ChaosRpc } from "../chaos/ChaosRpc.ts";
import { addressOf, developmentWallet, ROLES } from "../local/accounts.ts";
import { callNode } from "../local/callNode.ts";
import { contractInterface } from "../local/contractInterface.ts";
import { Market } from "../local/Market.ts";
import { deployLockstep, type LockstepDeployment } from "../local/deployLockstep.ts";
import { startNode, type LocalNode } from "../local/startNode.ts";
import { admitKeeper } from "./admitKeeper.ts";
import type { KeeperJob, Trap } from "./KeeperJob.ts";
import { KeeperProcess } from "./KeeperProcess.ts";
import { readSent } from "./readSent.ts";

/** How a world is made. */
export interface CrashWorldOptions {
  /** Keepers that are registered; each has its keys and its data directory. Default 1. */
  readonly keepers?: 1 | 2;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

/** The keys of each keeper, by the number of its development account. */
const KEYS = [
  { attest: ROLES.attester, pause: ROLES.pauser },
  { attest: 10, pause: 11 },
] as const;
const MARKET_STEPS = 3;
const PATIENCE_MS = 60_000;
const POLL_MS = 10;
const FLAGS = {
  ...{ apiPort: "0", confirmations: "2", snapshotIntervalSeconds: "1", checkpointIntervalSeconds: "300" },
  ...{ logLevel: "warn", requestDeadlineMs: "5000" },
} as const;

/** One effective pause on the chain. */
export interface Pause {
  readonly incidentId: Hash;
  /** Of the keeper whose pause it is, as a word. */
  readonly attester: Hash;
  readonly blockNumber: number;
}

/**
 * A chain with the protocol and a short market history, two endpoints of it that can be told to misbehave, and keepers that are in
 * sync. Every run begins with the same chain and the same data directories.
 */
export class CrashWorld {
  readonly node: LocalNode;
  readonly deployment: LockstepDeployment;
  readonly proxies: readonly ChaosRpc[];
  readonly #folder: string;
  #spare: KeeperProcess | null = null;
  readonly #notes: string[] = [];
  #snapshot = "";
  #runs = 0;

  private constructor(node: LocalNode, deployment: LockstepDeployment, proxies: readonly ChaosRpc[], folder: string) {
    this.node = node;
    this.deployment = deployment;
    this.proxies = proxies;
    this.#folder = folder;
  }

  /** Deploys, trades a little, and lets each keeper run until it has a snapshot of its books. */
  static async open({ keepers = 1, seed, say = () => undefined }: CrashWorldOptions): Promise<CrashWorld> {
    const node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    const proxies: ChaosRpc[] = [];
    const folder = await mkdtemp(join(tmpdir(), "lockstep-crashes-"));
    const deployment = await deployLockstep({ module: "FlawedLockstep", url: node.url, log: say });
    for (const at of [0, 1]) proxies.push(await ChaosRpc.start({ upstreams: [node.url], seed: seed + at }));
    const world = new CrashWorld(node, deployment, proxies, folder);
    try {
      const market = new Market({ url: node.url, deployment, seed, log: () => undefined });
      await market.prepare();
      if (keepers === 2) await admitKeeper(market.chain, KEYS[1]);
      for (let step = 0; step < MARKET_STEPS; step += 1) await market.step();
      await world.send("evm_setAutomine", false);
      for (let keeper = 0; keeper < keepers; keeper += 1) await world.#prepare(keeper);
      world.#snapshot = (await world.send("evm_snapshot")) as string;
      return world;
    } catch (error: unknown) {
      await world.close();
      throw error;
    }
  }

  /** The chain as it was at first; nobody waits for a transaction, and the endpoints tell the truth. */
  async reset(): Promise<void> {
    for (const proxy of this.proxies) proxy.clear();
    this.#notes.length = 0;
    await this.send("anvil_dropAllTransactions");
    if ((await this.send("evm_revert", this.#snapshot)) !== true) throw new Error("the chain's snapshot is gone");
    this.#snapshot = (await this.send("evm_snapshot")) as string;
    await this.send("anvil_dropAllTransactions");
  }

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return callNode(this.node.url, method, params);
  }

  async head(): Promise<number> {
    return Number(await this.send("eth_blockNumber"));
  }

  async mine(count = 1): Promise<void> {
    for (let mined = 0; mined < count; mined += 1) await this.send("evm_mine");
  }

  /**
   * Writes a word of the ledger that no event explains, by the flaw of the protocol deployed here, and mines the block. Returns its
   * number. Not by `hardhat_setStorageAt`: Anvil would prove the block before it from the tampered state for ever, and a keeper that
   * starts again there would find every source a liar.
   */
  async tamper(account: bigint, value: bigint): Promise<number> {
    const data = contractInterface("FlawedPositionLedger").encodeFunctionData("migrateQuote", [
      bigintToHex32(account),
      value,
    ]);
    const from = addressOf(developmentWallet(ROLES.feedMover));
    const to = this.deployment.contracts.PositionLedger;
    const hash = await this.send("eth_sendTransaction", { from, to, data, gas: "0x7a120" });
    await this.mine();
    const receipt = (await this.send("eth_getTransactionReceipt", hash)) as { readonly status: string } | null;
    if (receipt?.status !== "0x1") throw new Error("the word was not tampered");
    return this.head();
  }

  /** A data directory as the keeper left it in sync, for one run. */
  async directoryOf(keeper: number): Promise<string> {
    this.#runs += 1;
    const directory = join(this.#folder, `run-${this.#runs}`);
    await cp(join(this.#folder, `keeper-${keeper}`), directory, { recursive: true });
    return directory;
  }

  /** A keeper's process on a copy of its directory, in sync with the head; with options of Node itself, such as a limit of its heap. */
  async startInSync(trap: Trap | null = null, nodeArgs: readonly string[] = []): Promise<KeeperProcess> {
    const child = new KeeperProcess(this.#folder, nodeArgs);
    await child.start(await this.jobOf(0, await this.directoryOf(0), trap, false));
    await this.inSync(child);
    return child;
  }

  /** Starts a keeper's process on a data directory, and has the next one loaded meanwhile. */
  async start(keeper: number, directory: string, trap: Trap | null, isRestart: boolean): Promise<KeeperProcess> {
    const child = this.#spare ?? new KeeperProcess(this.#folder);
    this.#spare = new KeeperProcess(this.#folder);
    await child.start(await this.jobOf(keeper, directory, trap, isRestart));
    return child;
  }

  /** What a keeper's process is told. */
  async jobOf(keeper: number, directory: string, trap: Trap | null, isRestart: boolean): Promise<KeeperJob> {
    const notes = await mkdtemp(join(this.#folder, "notes-"));
    this.#notes.push(notes);
    const keys = KEYS[keeper] ?? KEYS[0];
    const sources = this.proxies.map(({ wsUrl }, index) => `${wsUrl}|operator-${index + 1}|local`).join(",");
    const [pauseKey, attestKey] = [keys.pause, keys.attest].map((index) => developmentWallet(index).privateKey) as [
      string,
      string,
    ];
    const flags = { ...FLAGS, sources, dataDirectory: directory, pauseKey, attestKey };
    return { deployment: this.deployment, flags, notes, trap, isRestart };
  }

  /** Waits for something; throws with its name and the keeper's last words when it does not come about. */
  async until(what: string, isTrue: () => boolean | Promise<boolean>, child?: KeeperProcess): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; !(await isTrue());) {
      if (performance.now() > end || (child !== undefined && child.ending !== null)) {
        throw new Error(`waited in vain until ${what}; ${child?.failure ?? ""} ${child?.log ?? ""}`);
      }
      await wait(POLL_MS, new AbortController().signal);
    }
  }

  /** Soft pauses that took effect, of whatever incident, above a block. */
  async pausesSince(number: number): Promise<Pause[]> {
    const topic = contractInterface("SyncGuard").getEvent("SoftPaused")?.topicHash;
    const filter = {
      address: this.deployment.contracts.SyncGuard,
      topics: [topic],
      fromBlock: `0x${number.toString(16)}`,
    };
    const logs = (await this.send("eth_getLogs", filter)) as { readonly topics: Hash[]; readonly blockNumber: Hex }[];
    return logs.map(({ topics, blockNumber }) => ({
      incidentId: topics[1] ?? "0x",
      attester: topics[2] ?? "0x",
      blockNumber: Number(blockNumber),
    }));
  }

  /** Transactions of a keeper's pause key that the chain has. */
  async sentBy(keeper: number, tag: "latest" | "pending" = "latest"): Promise<number> {
    const { pause } = KEYS[keeper] ?? KEYS[0];
    return Number(await this.send("eth_getTransactionCount", addressOf(developmentWallet(pause)), tag));
  }

  /** Every pause that a keeper has sent in this run, raw: also what it sent just before it was killed. */
  sent(): string[] {
    return this.#notes.flatMap((notes) => readSent(notes));
  }

  async close(): Promise<void> {
    this.#spare?.kill();
    await this.#spare?.ended;
    for (const proxy of this.proxies) await proxy.close();
    await this.node.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A keeper in sync with a snapshot on disk, stopped in order: what every run of it begins with. */
  async #prepare(keeper: number): Promise<void> {
    const directory = join(this.#folder, `keeper-${keeper}`);
    await mkdir(directory, { recursive: true });
    const child = await this.start(keeper, directory, null, false);
    await this.inSync(child);
    await this.mine(3);
    await this.inSync(child);
    await this.until("a snapshot is written", () => child.points.includes("snapshot: on disk"), child);
    await child.stop();
  }

  /** Waits until the keeper has found the head in sync. */
  async inSync(child: KeeperProcess): Promise<void> {
    const head = await this.head();
    await this.until(
      `in sync at ${head}`,
      () => child.block?.verdict === "InSync" && child.block.number >= head,
      child,
    );
  }
}
