import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { resync } from "../../../keeper/commands/resync.ts";
import { Books } from "../../../keeper/books/Books.ts";
import { readImage } from "../../../keeper/books/imageSections.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { acquireLock } from "../../../keeper/store/lockFile.ts";
import { SnapshotStore } from "../../../keeper/store/snapshots/SnapshotStore.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";

interface Visit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe("lockstep resync", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let proxy: ChaosRpc;
  let directory: string;
  let deployment: string;
  let data: string;
  let count = 0;

  before(async () => {
    world = await LocalWorld.open("anvil", 41);
    await world.trade(8);
    proxy = await ChaosRpc.start({ upstreams: [world.node.url], seed: 41 });
    directory = mkdtempSync(join(tmpdir(), "lockstep-resync-"));
    deployment = join(directory, "deployment.json");
    const { chainId, deploymentBlock, contracts } = world.market.chain.deployment;
    const known = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, contracts[name]]));
    writeFileSync(deployment, JSON.stringify({ chainId, deploymentBlock, contracts: known }));
  });

  beforeEach(() => {
    count += 1;
    data = join(directory, `data-${count}`);
  });

  afterEach(() => proxy.clear());

  after(async () => {
    await proxy.close();
    await world.close();
    rmSync(directory, { recursive: true });
  });

  /** Runs the command as main.ts does. */
  async function visit(flags: Record<string, unknown> = {}, context: Partial<CommandContext> = {}): Promise<Visit> {
    let [stdout, stderr] = ["", ""];
    const settings = {
      ...{ sources: `${world.node.url}|one|anvil,${proxy.url}|two|anvil`, deployment, dataDirectory: data },
      confirmations: "1",
    };
    const code = await resync(
      { ...settings, ...flags },
      {
        env: {},
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
        isColoured: false,
        wallNow: Date.now,
        signal: new AbortController().signal,
        ended: Promise.withResolvers<void>().promise,
        ...context,
      },
    );
    return { code, stdout, stderr };
  }

  async function codeOf(promise: Promise<unknown>): Promise<string> {
    try {
      await promise;
    } catch (error: unknown) {
      if (KeeperError.is(error)) return error.code;
      throw error;
    }
    return "none";
  }

  it("leaves a snapshot of the books at the newest final block: exit 0", async () => {
    const driver = world.keeper({ keys: {} });
    await driver.follow();
    // One more on top makes it final.
    await world.mine();
    const { code, stdout, stderr } = await visit();
    expect(code, stdout + stderr).to.equal(0);
    const { books } = driver.keeper;
    expect(stdout).to.match(new RegExp(`^books rebuilt at block ${books.tip!.number} ${books.tip!.hash}\n`));
    expect(stdout).to.contain("  proven: every storage root is the chain's\n");
    expect(stdout).to.contain("  there was no snapshot before\n");
    expect(stdout).to.match(/ {2}snapshot \S+books-00000001-\d+\.snapshot \(\d+\.\d MiB\)\n$/);
    expect(stderr).to.match(/^(block \d+ of \d+ {2}[\d,]+ blocks\/s {2}[\d,]+ events\/s {2}\d+ s left\n)+$/);
    const store = await SnapshotStore.open(join(data, "snapshots"));
    const image = readImage(await store.read((await store.list())[0]!));
    expect(image).to.deep.equal(books.toImage());
    expect(Books.fromImage(books, image).roots()).to.deep.equal(books.roots());
    expect(readdirSync(data)).to.have.members(["store.sqlite", "store.sqlite-journal", "snapshots"]);
  });

  it("says whether the snapshot before agrees", async () => {
    await visit();
    await world.trade(2);
    const { code, stdout } = await visit();
    expect(code).to.equal(0);
    expect(stdout).to.match(/the snapshot before agrees: at block \d+ its roots are those of the rebuilt books/);
    const store = await SnapshotStore.open(join(data, "snapshots"));
    expect(await store.list()).to.have.length(2);
  });

  it("says that the snapshot before cannot be compared when it is of another protocol or damaged", async () => {
    await visit();
    const store = await SnapshotStore.open(join(data, "snapshots"));
    const [file] = await store.list();
    writeFileSync(store.pathOf(file!), "not a snapshot");
    const { code, stdout } = await visit();
    expect(code).to.equal(0);
    expect(stdout).to.match(/the snapshot before cannot be compared: it cannot be read \(Snapshot\w+\)/);
  });

  it("prints JSON lines for programs", async () => {
    const { code, stdout, stderr } = await visit({ json: true });
    expect(code).to.equal(0);
    expect(stderr).to.equal("");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const last = lines.pop()!;
    expect(last).to.deep.include({
      type: "result",
      roots: { kind: "proven" },
      findingCount: 0,
      before: { kind: "none" },
    });
    expect(lines.length).to.be.greaterThan(0);
    for (const line of lines) expect(line).to.have.all.keys(["type", ...PROGRESS_KEYS]);
    expect(lines.at(-1)).to.deep.include({ type: "progress", secondsLeft: 0 });
  });

  it("draws a bar on a terminal, and takes it away", async () => {
    const { stderr } = await visit({}, { isColoured: true });
    const drawn = stderr.split("\r\u001b[2K");
    expect(drawn.at(-2)).to.match(/^\[#{24}\] 100 % block \d+ of \d+/);
    expect(drawn.at(-1)).to.equal("");
  });

  it("refuses while a keeper runs on the data directory", async () => {
    const lock = await acquireLock(data);
    expect(await codeOf(visit())).to.equal("DataDirectoryLocked");
    await lock.release();
    expect((await visit()).code).to.equal(0);
  });

  it("ends with 75 within a second when it is told to, says how far it got, and leaves no snapshot and no lock", async () => {
    const end = new AbortController();
    let endedAtMs = 0;
    proxy.rule({
      ...{ method: "eth_getBlockReceipts", action: "replace" },
      change: (result) => {
        endedAtMs ||= performance.now();
        end.abort();
        return result;
      },
    });
    const { code, stdout, stderr } = await visit({}, { signal: end.signal });
    expect(performance.now() - endedAtMs).to.be.lessThan(1_000);
    expect(code).to.equal(75);
    expect(stdout).to.equal("");
    expect(stderr).to.match(
      /lockstep: RebuildCancelled: the rebuild was ended (before its first block|at block \d+ of \d+)\n$/,
    );
    expect(readdirSync(join(data, "snapshots"))).to.deep.equal([]);
    await (await acquireLock(data)).release();
  });

  it("ends with 75 when too few operators serve the chain", async () => {
    proxy.rule("eth_getBlockByNumber[0x] after=1: null");
    const end = new AbortController();
    // The patience of a minute is not waited for here.
    setTimeout(() => end.abort(), 1_500).unref();
    expect((await visit({}, { signal: end.signal })).code).to.equal(75);
  });

  it("ends with 75 and nothing written where no block is final yet", async () => {
    const { code, stdout } = await visit({ confirmations: "8000" });
    expect(code).to.equal(75);
    expect(stdout).to.equal("no block of the protocol is final yet: there is nothing to rebuild\n");
    expect(readdirSync(join(data, "snapshots"))).to.deep.equal([]);
  });

  it("fails with RebuildMismatch when the chain holds what no event implies, and leaves no snapshot", async () => {
    const snapshot = await world.send("evm_snapshot");
    await world.send(
      "hardhat_setStorageAt",
      world.addresses.SyncGuard,
      `0x${"77".repeat(32)}`,
      `0x${"1".padStart(64, "0")}`,
    );
    await world.mine();
    await world.mine();
    expect(await codeOf(visit())).to.equal("RebuildMismatch");
    expect(readdirSync(join(data, "snapshots"))).to.deep.equal([]);
    await world.send("evm_revert", snapshot);
  });
});

const PROGRESS_KEYS = ["from", "block", "target", "events", "blocksPerSecond", "eventsPerSecond", "secondsLeft"];
