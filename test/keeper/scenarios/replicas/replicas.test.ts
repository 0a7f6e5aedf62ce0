import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { Contract, JsonRpcProvider } from "ethers";

import { storage as ledger } from "../../../../keeper/books/generated/PositionLedger.ts";
import { CONTRACT_NAMES } from "../../../../keeper/config/deployment.ts";
import { LocalWorld } from "../../../helpers/keeper/LocalWorld.ts";
import { startPostgres, type PostgresServer } from "../../../helpers/postgres.ts";
import { readHeadOf } from "../../../../testing/Rpc.ts";
import { Replica } from "./Replica.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);
const SOFT_PAUSED = [
  "event SoftPaused(bytes32 indexed incidentId, address indexed attester, uint8 class, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash, uint40 softUntil, uint40 softBlock, uint40 witnessNumber, uint24 generation, uint32 nonce, uint40 startedAt)",
];
/** What a standby may take until it leads. */
const TAKE_OVER_MS = 5_000;

describe("Scenario: replicas of one keeper on PostgreSQL", function () {
  this.timeout(180_000);
  let server: PostgresServer;
  let world: LocalWorld;
  let provider: JsonRpcProvider;
  let directory: string;
  let replicas: Replica[] = [];
  let count = 0;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    world = await LocalWorld.open("anvil", 71);
    provider = new JsonRpcProvider(world.node.url, undefined, { staticNetwork: true });
    directory = await mkdtemp(join(tmpdir(), "lockstep-replicas-"));
    const { deployment } = world.market.chain;
    const contracts = Object.fromEntries(CONTRACT_NAMES.map((name) => [name, deployment.contracts[name]]));
    await writeFile(join(directory, "deployment.json"), JSON.stringify({ ...deployment, contracts }));
    count += 1;
    replicas = [];
  });

  afterEach(async () => {
    for (const replica of replicas) await replica.end();
    provider.destroy();
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });

  function start(): Replica {
    const replica = new Replica({
      LOCKSTEP_SOURCES: `${world.node.wsUrl}|one|anvil`,
      LOCKSTEP_DEPLOYMENT: join(directory, "deployment.json"),
      LOCKSTEP_DATA_DIRECTORY: join(directory, `replica-${replicas.length}`),
      LOCKSTEP_DATABASE_URL: server.url,
      LOCKSTEP_DATABASE_SCHEMA: `replicas_${process.pid}_${count}`,
      LOCKSTEP_PAUSE_KEY: world.keys.pause.privateKey,
      LOCKSTEP_ATTEST_KEY: world.keys.attest.privateKey,
      LOCKSTEP_API_PORT: "0",
      LOCKSTEP_CHECKPOINT_INTERVAL_SECONDS: "3600",
    });
    replicas.push(replica);
    return replica;
  }

  /** A leader and its standby, both at the head. */
  async function pair(): Promise<[Replica, Replica]> {
    const leader = start();
    await leader.until("leading");
    const standby = start();
    await standby.until("standby");
    const { number } = await readHeadOf(world.rpc);
    for (const replica of [leader, standby]) await replica.untilBlock(number);
    return [leader, standby];
  }

  async function diverge(): Promise<void> {
    await world.send("anvil_setStorageAt", world.addresses.PositionLedger, TAMPERED, `0x${"1".padStart(64, "0")}`);
    await world.mine(1);
  }

  async function softPauses(): Promise<number> {
    const guard = new Contract(world.addresses.SyncGuard, SOFT_PAUSED, provider);
    return (await guard.queryFilter("SoftPaused")).length;
  }

  async function untilContained(replica: Replica): Promise<void> {
    const end = Date.now() + 30_000;
    const isContained = (): boolean =>
      replica.lines.some(({ event, state }) => event === "incident" && state === "contained");
    while (!isContained()) {
      if (Date.now() > end)
        throw new Error(`not contained: ${JSON.stringify(replica.lines.slice(-8)).slice(0, 2_000)}`);
      await world.mine(1);
      await sleep(100);
    }
  }

  it("D7: one leads; the other follows, and says that it stands by", async () => {
    const [leader, standby] = await pair();
    expect((await leader.status()).isLeading).to.equal(true);
    expect((await standby.status()).isLeading).to.equal(false);
    const { api } = (await standby.until("ready")) as unknown as { api: string };
    const ready = await fetch(`${api}/readyz`);
    expect([ready.status, await ready.json()]).to.deep.equal([503, { ready: false, reason: "standby" }]);
    await diverge();
    await untilContained(leader);
    expect(await softPauses()).to.equal(1);
    expect(standby.lines.filter(({ event }) => event === "incident")).to.deep.equal([]);
  });

  it("goes on within five seconds when the leader is killed, and pauses in the next block", async () => {
    const [leader, standby] = await pair();
    leader.signal("SIGKILL");
    const killedAt = Date.now();
    await standby.until("leading");
    const tookMs = Date.now() - killedAt;
    console.log(`      the standby led after ${tookMs} ms`);
    expect(tookMs).to.be.lessThan(TAKE_OVER_MS);
    await diverge();
    await untilContained(standby);
    expect(await softPauses()).to.equal(1);
  });

  it("D1: finds the divergence again that the leader died of, and is not outbid by its transaction", async () => {
    const [leader, standby] = await pair();
    await world.send("evm_setAutomine", false);
    await diverge();
    // The leader's pause waits in the node when it dies.
    await leader.line("acting", ({ event, state }) => event === "incident" && state === "acting");
    leader.signal("SIGKILL");
    await standby.until("leading");
    await standby.line("acting", ({ event, state }) => event === "incident" && state === "acting");
    await untilContained(standby);
    expect(await softPauses()).to.equal(1);
    expect(await provider.getTransactionCount(world.keys.pause.address)).to.equal(1);
  });

  it("G12: a leader that was stopped in the midst of acting, and wakes, is harmless", async () => {
    const [leader, standby] = await pair();
    await world.send("evm_setAutomine", false);
    await diverge();
    await leader.line("opened", ({ event, state }) => event === "incident" && state === "opened");
    leader.signal("SIGSTOP");
    await standby.until("leading");
    await untilContained(standby);
    leader.signal("SIGCONT");
    // It finds that it leads no more, and ends to start again as a standby.
    expect(await leader.ended).to.equal(75);
    await world.mine(3);
    expect(await softPauses()).to.equal(1);
    const { isLeading, state } = await standby.status();
    expect([isLeading, state]).to.deep.equal([true, "PAUSED"]);
  });
});
