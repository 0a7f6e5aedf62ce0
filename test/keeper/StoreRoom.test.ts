import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import type { KeeperError } from "../../keeper/errors/KeeperError.ts";
import { StoreRoom } from "../../keeper/StoreRoom.ts";
import { createLogger } from "../../keeper/telemetry/log.ts";
import { type PostgresServer, startPostgres } from "../helpers/postgres.ts";
import { codeOf, hashOf } from "./store/StoreSubject.ts";

const CHAIN = { chainId: 1, genesisHash: hashOf(0) };

describe("StoreRoom", () => {
  let server: PostgresServer;
  let directory: string;
  let lines: string[];
  let lost: KeeperError[];
  let abort: AbortController;
  const rooms: StoreRoom[] = [];

  before(async function () {
    this.timeout(90_000);
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-room-"));
    [lines, lost, abort] = [[], [], new AbortController()];
  });

  afterEach(async () => {
    for (const room of rooms.splice(0)) await room.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function open(databaseSchema: string | null): Promise<StoreRoom> {
    const dataDirectory = databaseSchema === null ? directory : await mkdtemp(join(directory, "replica-"));
    const databaseUrl = databaseSchema === null ? undefined : server.url;
    const log = createLogger({ level: "debug", output: { write: (line) => lines.push(line) }, now: () => 0 });
    const config = { dataDirectory, databaseUrl, databaseSchema: databaseSchema ?? "lockstep", leaseMs: 600 };
    const room = await StoreRoom.open({ config, log, signal: abort.signal, onLost: (error) => lost.push(error) });
    rooms.push(room);
    return room;
  }

  const events = (): string[] => lines.map((line) => (JSON.parse(line) as { event: string }).event);

  it("leads at once on SQLite, and takes the keys of the host; one key that serves twice is taken once", async () => {
    const room = await open(null);
    await room.lead();
    await room.store.append("note", 1);
    const address = `0x${hashOf(process.pid).slice(-40)}` as const;
    await room.lockKeys([address, address], CHAIN);
    const other = await mkdtemp(join(tmpdir(), "lockstep-room-"));
    const config = { dataDirectory: other, databaseUrl: undefined, databaseSchema: "lockstep", leaseMs: 600 };
    const log = createLogger({ level: "debug", output: { write: () => 0 }, now: () => 0 });
    const second = await StoreRoom.open({ config, log, signal: abort.signal, onLost: () => undefined });
    expect(await codeOf(second.lockKeys([address], CHAIN))).to.equal("KeyInUse");
    await room.close();
    expect(await codeOf(second.lockKeys([address], CHAIN))).to.equal("ok");
    await second.close();
    await rm(other, { recursive: true });
    expect(events()).to.deep.equal([]);
  });

  it("D7: stands by while another replica leads, beyond one lease, and continues with all its records", async () => {
    const [leader, standby] = [await open("pair"), await open("pair")];
    await leader.lead();
    for (const room of [leader, standby]) await room.lockKeys([`0x${"ab".repeat(20)}`], CHAIN);
    let isLeading = false;
    const leading = standby.lead().then(() => (isLeading = true));
    for (let turn = 0; turn < 10; turn++) {
      await sleep(150);
      await leader.store.append("note", turn);
    }
    expect(isLeading).to.equal(false);
    await leader.close();
    await leading;
    expect(standby.store.records()).to.have.length(10);
    await standby.store.append("note", "by the next");
    expect(events()).to.deep.equal(["leading", "standby", "leading"]);
    expect(lost).to.deep.equal([]);
  }).timeout(20_000);

  it("says that the lead was lost, once, when another replica has it", async () => {
    const room = await open("lost");
    await room.lead();
    const other = await open("lost");
    // As if this process had slept: its lease is over and another one took it.
    await room.store.lease.release();
    expect(await other.store.lease.tryAcquire()).to.equal(true);
    for (let turn = 0; turn < 100 && lost.length === 0; turn++) await sleep(50);
    await sleep(500);
    expect(lost.map(({ code }) => code)).to.deep.equal(["StoreFenced"]);
    expect(await codeOf(room.store.append("note", 1))).to.equal("StoreFenced");
  }).timeout(20_000);

  it("stops standing by when the keeper is stopped", async () => {
    const [leader, standby] = [await open("stopped"), await open("stopped")];
    await leader.lead();
    const waiting = codeOf(standby.lead());
    await sleep(100);
    abort.abort();
    expect(await waiting).to.equal("Stopped");
  });

  it("goes on standing by while the database is away", async () => {
    const [leader, standby] = [await open("away"), await open("away")];
    await leader.lead();
    const leading = standby.lead();
    await server.crash();
    for (let turn = 0; turn < 100 && !events().includes("store-unavailable"); turn++) await sleep(50);
    await server.revive();
    await leader.close();
    await leading;
    expect(standby.store.lease.token).to.be.greaterThan(0);
  }).timeout(30_000);
});
