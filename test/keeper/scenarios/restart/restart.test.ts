import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { watchKeeper } from "../../../helpers/scenarioFacts.ts";

import { expect } from "chai";

import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import { readImage } from "../../../../keeper/books/imageSections.ts";
import { Books } from "../../../../keeper/books/Books.ts";
import { CONTRACT_NAMES } from "../../../../keeper/config/deployment.ts";
import { ROUND_BLOCKS } from "../../../../keeper/domain/rounds.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { SnapshotStore } from "../../../../keeper/store/snapshots/SnapshotStore.ts";
import type { Effect } from "../../../../keeper/loop/ports.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { Logger } from "../../../../keeper/telemetry/log.ts";
import { startLocalKeeper, type LocalKeeper } from "../../../../scripts/local/LocalKeeper.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { readBlock, readHeadOf } from "../../../../testing/Rpc.ts";
import { CountingProxy } from "./CountingProxy.ts";

const MAIN = fileURLToPath(new URL("../../../../keeper/main.ts", import.meta.url));
const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const PATIENCE_MS = 30_000;
const SETTINGS = { confirmations: "2", snapshotIntervalSeconds: "1", checkpointIntervalSeconds: "1", logLevel: "info" };

/** A keeper in this process, and what it did and wrote into its log. */
class Run {
  readonly effects: Effect[] = [];
  readonly logged: { readonly event: string; readonly fields: unknown }[] = [];
  /** Those that a failed test may have left behind. */
  static readonly running = new Set<Run>();
  #keeper: LocalKeeper | null = null;

  static async start(world: LocalWorld, url: string, dataDirectory: string): Promise<Run> {
    const run = new Run();
    watchKeeper("a daemon's parts on Anvil", run.effects);
    run.#keeper = await startLocalKeeper({
      sources: [url],
      deployment: world.market.chain.deployment,
      log: run.#log(),
      flags: { ...SETTINGS, dataDirectory },
      onEffect: (effect) => run.effects.push(effect),
    });
    Run.running.add(run);
    return run;
  }

  get keeper(): LocalKeeper["service"]["keeper"] {
    return this.#keeper!.service.keeper;
  }

  get status(): { readonly state: string; readonly snapshot: { readonly number: number } | null } {
    return this.#keeper!.service.status.toJson() as never;
  }

  metrics(): string {
    return this.#keeper!.service.status.metrics();
  }

  events(): string[] {
    return this.logged.map(({ event }) => event);
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; !(await condition());) {
      if (Date.now() > end) throw new Error(`${what}: not in time; ${JSON.stringify(this.logged.slice(-5))}`);
      await sleep(20);
    }
  }

  async untilInSync(number: number): Promise<void> {
    await this.until(`in sync at ${number}`, () => {
      const last = this.effects.findLast((effect) => effect.type === "block")?.report;
      return last?.verdict.kind === "InSync" && last.number >= number;
    });
  }

  get failed(): Promise<never> {
    return this.#keeper!.service.failed;
  }

  async stop(): Promise<void> {
    Run.running.delete(this);
    await this.#keeper!.stop();
  }

  #log(): Logger {
    const note = (event: string, fields?: unknown): void => {
      this.logged.push({ event, fields });
    };
    const log: Logger = { debug: () => undefined, info: note, warn: note, error: note, child: () => log };
    return log;
  }
}

describe("Scenario: a keeper restarts from a snapshot", function () {
  this.timeout(180_000);
  let world: LocalWorld;
  let proxy: CountingProxy;
  let directory: string;

  beforeEach(async () => {
    world = await LocalWorld.open("anvil", 61);
    proxy = await CountingProxy.open(world.node.url);
    directory = await mkdtemp(join(tmpdir(), "lockstep-restart-"));
  });

  afterEach(async () => {
    for (const run of Run.running) await run.stop();
    await proxy.close();
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });

  const head = async (): Promise<number> => (await readHeadOf(world.rpc)).number;

  /** Traffic with a keeper, until it has written a snapshot, stopped in order. Returns the snapshot's block. */
  async function runAndStop(): Promise<number> {
    const first = await Run.start(world, world.node.url, directory);
    await first.untilInSync(await head());
    await world.trade(3);
    await world.mine(3);
    await first.until("a snapshot", () => first.events().includes("snapshot"));
    await world.trade(2);
    await first.untilInSync(await head());
    await first.stop();
    return Math.max(...(await snapshotNumbers()));
  }

  async function snapshotNumbers(): Promise<number[]> {
    const names = await readdir(join(directory, "snapshots"));
    return names.flatMap((name) => {
      const match = /^books-\d+-(\d+)\.snapshot$/.exec(name);
      return match === null ? [] : [Number(match[1])];
    });
  }

  /** Heights and hashes of the blocks below another, but for block 0: that one names the chain. */
  async function wordsBelow(number: number): Promise<Set<string>> {
    const words = new Set<string>();
    for (let height = 1; height < number; height += 1) {
      const quantity = `0x${height.toString(16)}`;
      const block = (await world.send("eth_getBlockByNumber", quantity, false)) as { readonly hash: Hash };
      words.add(quantity).add(block.hash);
    }
    return words;
  }

  async function expectRebuilt(run: Run): Promise<void> {
    await run.untilInSync(await head());
    // Its own checkpoint may have made a block since.
    const { number, hash } = run.keeper.books.tip!;
    const roots = run.keeper.books.roots();
    expect((await readBlock(world.rpc, number))?.hash).to.equal(hash);
    expect(roots).to.deep.equal(await world.roots(hash));
  }

  it("asks for no block below it, is in sync, and signs as before", async () => {
    const number = await runAndStop();
    expect(number).to.be.at.least((await head()) - 3);
    // A checkpoint is due before it starts, of a block that it does not sign: it may have signed it already.
    await world.send("evm_increaseTime", 2);
    await world.trade(2);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.events()).to.include("snapshot-proven");
    expect(second.status.snapshot?.number).to.equal(number);
    expect(second.metrics()).to.match(new RegExp(`^lockstep_snapshot_block ${number}$`, "m"));
    await expectRebuilt(second);
    expect(proxy.askedWith(await wordsBelow(number))).to.deep.equal([]);
    // The next round is that of a block on the grid, a whole round after the first one at the earliest.
    await world.mine(2 * ROUND_BLOCKS + 1);
    await second.until("a checkpoint", () => second.effects.some(({ type }) => type === "checkpoint"));
    await expectRebuilt(second);
    await second.stop();
    expect(Math.max(...(await snapshotNumbers()))).to.be.greaterThan(number);
  });

  it("finds a word that was written while it was down, and pauses", async () => {
    const number = await runAndStop();
    await world.mine();
    await world.send("hardhat_setStorageAt", world.addresses.PositionLedger, TAMPERED, `0x${"01".padStart(64, "0")}`);
    await world.mine(2);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.status.snapshot?.number).to.equal(number);
    await second.until("a pause", () => second.effects.some(({ type }) => type === "broadcast"));
    const incident = second.effects.find((effect) => effect.type === "incident")?.report;
    expect(incident).to.include({ contract: "PositionLedger", cause: "unexplained-write" });
    await world.mine(2);
    await second.until("contained", () => second.status.state === "PAUSED");
    await second.stop();
    // While something is latched nothing is kept: the last one is from before.
    expect(Math.max(...(await snapshotNumbers()))).to.equal(number);
  });

  it("refuses one of a block that a reorg took away meanwhile, names it, and rebuilds", async () => {
    const number = await runAndStop();
    // An older one may be of a block before all contracts were there: so deep a reorg would take them as well.
    const store = await SnapshotStore.open(join(directory, "snapshots"));
    for (const older of (await store.list()).slice(1)) await store.setAside(older);
    const depth = (await head()) - number + 1;
    await world.send("anvil_setCoinbase", `0x${"b7".repeat(20)}`);
    await world.send("anvil_reorg", depth, []);
    await world.mine(2);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.events()).to.include("snapshot-orphaned");
    const told = second.logged.find(({ event }) => event === "snapshot-orphaned");
    expect(JSON.stringify(told?.fields)).to.include(`block ${number} is 0x`);
    expect(second.events()).to.include("starts-from-deployment");
    await expectRebuilt(second);
    await second.stop();
  });

  /** Puts a wrong word into the newest snapshot, and makes it fit: its checksum and its roots are those of its words. */
  async function falsify(): Promise<{ readonly number: number; readonly hash: Hash }> {
    const store = await SnapshotStore.open(join(directory, "snapshots"));
    const [file] = await store.list();
    const sections = await store.read(file!);
    const books = Books.fromImage({ addresses: world.addresses, immutables: world.immutables }, readImage(sections));
    books.trie("PositionLedger").set(TAMPERED, 1n);
    const { number, hash } = books.tip!;
    await store.write(number, [...sections.filter(({ kind }) => kind === 1), ...books.exportAt(hash, books.roots())]);
    return { number, hash };
  }

  it("refuses one that the chain disproves, names the book, and uses the older one", async () => {
    const number = await runAndStop();
    await falsify();
    const second = await Run.start(world, proxy.url, directory);
    const told = second.logged.find(({ event }) => event === "snapshot-disproved");
    expect(JSON.stringify(told?.fields)).to.include("PositionLedger");
    expect(second.status.snapshot?.number).to.equal(number);
    await expectRebuilt(second);
    expect(second.effects.some(({ type }) => type === "incident")).to.equal(false);
    await second.stop();
  });

  it("takes one that nobody can prove, until the first proven block differs: never a pause, and no third try", async () => {
    await runAndStop();
    const { number, hash } = await falsify();
    proxy.refuses = ({ method, params }) => method === "eth_getProof" && JSON.stringify(params).includes(hash);
    await world.mine(3);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.events()).to.include("snapshot-provisional");
    const error: unknown = await second.failed.catch((reason: unknown) => reason);
    expect(KeeperError.is(error, "SnapshotRefuted"), String(error)).to.equal(true);
    await second.stop();
    expect(second.effects.filter(({ type }) => type === "incident" || type === "broadcast")).to.deep.equal([]);
    expect(await snapshotNumbers()).to.deep.equal([]);
    const third = await Run.start(world, proxy.url, directory);
    expect(third.status.snapshot?.number ?? null).to.not.equal(number);
    expect(third.events()).to.include("starts-from-deployment");
    await expectRebuilt(third);
    expect(third.effects.some(({ type }) => type === "incident")).to.equal(false);
    await third.stop();
  });

  it("goes on from one that nobody can prove when the next proven block is equal", async () => {
    const number = await runAndStop();
    const block = (await world.send("eth_getBlockByNumber", `0x${number.toString(16)}`, false)) as {
      readonly hash: Hash;
    };
    proxy.refuses = ({ method, params }) => method === "eth_getProof" && JSON.stringify(params).includes(block.hash);
    await world.mine(3);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.events()).to.include("snapshot-provisional");
    await expectRebuilt(second);
    expect(second.keeper.judge.isProvisional).to.equal(false);
    await second.stop();
  });

  it("starts from one that a killed keeper wrote", async () => {
    const deployment = join(directory, "deployment.json");
    const { contracts, ...rest } = world.market.chain.deployment;
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    await writeFile(deployment, JSON.stringify({ ...rest, contracts: known }));
    const flags = Object.entries({
      ...SETTINGS,
      dataDirectory: directory,
      deployment,
      apiPort: "0",
      mode: "watch",
    }).flatMap(([name, value]) => [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, value]);
    const child = spawn(process.execPath, [MAIN, "run", "--sources", world.node.url, "--json", ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, "close");
    for (
      const end = Date.now() + PATIENCE_MS;
      !(await readdir(directory)).includes("snapshots") || (await snapshotNumbers()).length === 0;
    ) {
      if (Date.now() > end) throw new Error(said.slice(-2_000));
      await world.mine();
      await sleep(200);
    }
    child.kill("SIGKILL");
    await ended;
    const number = Math.max(...(await snapshotNumbers()));
    await world.trade(2);
    const second = await Run.start(world, proxy.url, directory);
    expect(second.status.snapshot?.number).to.equal(number);
    await expectRebuilt(second);
    expect(proxy.askedWith(await wordsBelow(number))).to.deep.equal([]);
    await second.stop();
  });
});
