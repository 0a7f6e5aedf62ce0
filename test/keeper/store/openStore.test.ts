import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { openStore, type StoreSettings } from "../../../keeper/store/openStore.ts";
import { type PostgresServer, startPostgres } from "../../helpers/postgres.ts";
import { codeOf, faultOf } from "./StoreSubject.ts";

describe("openStore", () => {
  let server: PostgresServer;
  let dataDirectory: string;
  let sqlite: StoreSettings;
  let postgres: StoreSettings;

  before(async function () {
    this.timeout(90_000);
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "lockstep-open-"));
    sqlite = { dataDirectory, databaseUrl: undefined, databaseSchema: "lockstep", leaseMs: 1_000 };
    postgres = { ...sqlite, databaseUrl: server.url };
  });

  afterEach(() => rm(dataDirectory, { recursive: true, force: true }));

  it("opens SQLite in the data directory, in files that only their owner reads", async () => {
    const store = await openStore(sqlite);
    await store.append("note", 1);
    expect([store.kind, store.place]).to.deep.equal(["sqlite", join(dataDirectory, "store.sqlite")]);
    expect([await store.lease.tryAcquire(), await store.lease.renew(), store.lease.token]).to.deep.equal([
      true,
      true,
      1,
    ]);
    expect(await store.refresh()).to.deep.equal([]);
    expect(await readdir(dataDirectory)).to.have.members(["store.sqlite", "store.sqlite-journal"]);
    for (const name of await readdir(dataDirectory)) {
      expect((await stat(join(dataDirectory, name))).mode & 0o777, name).to.equal(0o600);
    }
    await store.close();
  });

  it("opens PostgreSQL where a database is set", async () => {
    const store = await openStore(postgres);
    expect(store.kind).to.equal("postgresql");
    expect(store.place).to.match(/^postgresql:\/\/127\.0\.0\.1:\d+\/postgres \(schema lockstep\)$/);
    expect(store.lease.ttlMs).to.equal(1_000);
    await store.close();
  });

  it("refuses a directory that holds the journal of an earlier version, whichever the database", async () => {
    await writeFile(join(dataDirectory, "journal.ndjson"), "");
    for (const settings of [sqlite, postgres]) {
      const fault = await faultOf(openStore(settings));
      expect([fault.code, fault.payload["file"]]).to.deep.equal(["StoreLegacy", join(dataDirectory, "journal.ndjson")]);
    }
    expect(await readdir(dataDirectory)).to.deep.equal(["journal.ndjson"]);
  });

  it("refuses a directory whose store is in the other database: a setting was changed, or forgotten", async () => {
    await (await openStore(sqlite)).close();
    expect(await codeOf(openStore(postgres))).to.equal("StoreElsewhere");
    await rm(dataDirectory, { recursive: true });
    dataDirectory = await mkdtemp(join(tmpdir(), "lockstep-open-"));
    await (await openStore({ ...postgres, dataDirectory })).close();
    const fault = await faultOf(openStore({ ...sqlite, dataDirectory }));
    expect(fault.code).to.equal("StoreElsewhere");
    expect(fault.message).to.include("(schema lockstep): set --database-url");
    expect(fault.message).to.not.include(new URL(server.url).password);
    await (await openStore({ ...postgres, dataDirectory })).close();
  });

  it("makes a store complete or not at all: what a process that died left unfinished is made anew", async () => {
    await writeFile(join(dataDirectory, "store.sqlite.new"), "half");
    await writeFile(join(dataDirectory, "store.sqlite.new-journal"), "half");
    const store = await openStore(sqlite);
    await store.append("note", 1);
    await store.close();
    expect(await readdir(dataDirectory)).to.have.members(["store.sqlite", "store.sqlite-journal"]);
    await writeFile(join(dataDirectory, "store.sqlite"), "");
    expect(await codeOf(openStore(sqlite))).to.equal("StoreCorrupt");
  });

  it("names a data directory that is not there", async () => {
    expect(await codeOf(openStore({ ...sqlite, dataDirectory: join(dataDirectory, "missing") }))).to.equal(
      "StoreFailed",
    );
  });
});
