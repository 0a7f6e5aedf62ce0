import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate as turn } from "node:timers/promises";

import { expect } from "chai";

import { openStore, type StoreSettings } from "../../../keeper/store/openStore.ts";
import { readAllRecords, readJournal } from "../../../keeper/store/readJournal.ts";
import { type PostgresServer, startPostgres } from "../../helpers/postgres.ts";
import { codeOf, faultOf, signatureBody } from "./StoreSubject.ts";

/** Leaves a transaction half written, as a kill in the middle of a commit does. */
const DYING = `
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(process.argv[1]);
  database.exec("pragma journal_mode = persist; pragma cache_size = 1; begin immediate");
  database.exec("with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) " +
    "insert into journal select 100000 + i, 1, 'note', hex(randomblob(100)), 'x' from n");
  process.stdout.write("half");
  setInterval(() => undefined, 1000);
`;

describe("reading a journal beside its keeper", function () {
  this.timeout(90_000);
  let server: PostgresServer;
  let directory: string;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-read-"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  function settings(databaseUrl?: string): StoreSettings {
    return { dataDirectory: directory, databaseUrl, databaseSchema: "reading", leaseMs: 1_000 };
  }

  for (const kind of ["SQLite", "PostgreSQL"]) {
    it(`has every record of ${kind}, while the keeper goes on writing`, async () => {
      const where = settings(kind === "SQLite" ? undefined : server.url);
      const store = await openStore(where);
      await store.lease.tryAcquire();
      await Promise.all(Array.from({ length: 2_600 }, (_, index) => store.append("note", { index, text: "é\n" })));
      await store.append("signature", signatureBody(7, 1));
      let pages = 0;
      const done = new AbortController();
      const writing = (async () => {
        for (let index = 0; !done.signal.aborted; index += 1) {
          await store.append("more", index);
          await turn();
        }
      })();
      const seen: number[] = [];
      const { end } = await readJournal(where, (rows, records) => {
        pages += 1;
        expect(rows.map(({ seq }) => seq)).to.deep.equal(records.map(({ seq }) => seq));
        seen.push(...rows.map(({ seq }) => seq));
      });
      done.abort();
      await writing;
      expect(pages).to.be.above(1);
      expect(end.count).to.be.within(2_601, store.records().length);
      expect(seen).to.deep.equal(Array.from({ length: end.count }, (_, index) => index + 1));
      expect(await readAllRecords(where)).to.deep.equal(store.records());
      await store.close();
    });
  }

  it("keeps no commit waiting for a reader that takes its time", async () => {
    const store = await openStore(settings());
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => store.append("note", index)));
    const waits: number[] = [];
    await readJournal(settings(), async () => {
      const startedAt = performance.now();
      await store.append("intent", { nonce: 1 });
      waits.push(performance.now() - startedAt);
    });
    await store.close();
    expect(waits).to.have.length(3);
    // A lock that were held between two pages would cost the second that the keeper waits at most, and then the append.
    expect(Math.max(...waits)).to.be.below(900);
  });

  it("names what is damaged, and what is no store", async () => {
    expect(await codeOf(readAllRecords({ ...settings(), dataDirectory: join(directory, "none") }))).to.equal(
      "DataDirectoryMissing",
    );
    expect(await codeOf(readAllRecords(settings()))).to.equal("StoreMissing");
    expect(await codeOf(readAllRecords({ ...settings(server.url), databaseSchema: "nobody" }))).to.equal(
      "StoreMissing",
    );
    const store = await openStore(settings());
    for (const text of ["one", "two", "three"]) await store.append("note", text);
    await store.close();
    const file = join(directory, "store.sqlite");
    const copy = join(directory, "copy.sqlite");
    await cp(file, copy);
    const tamper = async (statement: string): Promise<void> => {
      await cp(copy, file);
      const database = new DatabaseSync(file);
      database.exec(statement);
      database.close();
    };
    await tamper("update journal set body = '\"TWO\"' where seq = 2");
    expect((await faultOf(readAllRecords(settings()))).payload).to.include({ table: "journal", record: 2 });
    await tamper("delete from journal where seq = 3");
    expect((await faultOf(readAllRecords(settings()))).payload).to.include({ table: "head" });
    await tamper("insert into schema_versions values (99, 'later', 'x')");
    expect(await codeOf(readAllRecords(settings()))).to.equal("StoreVersion");
    await writeFile(file, "no database");
    expect(await codeOf(readAllRecords(settings()))).to.equal("StoreCorrupt");
    await rm(file);
    await writeFile(join(directory, "store.postgresql"), "postgresql://db/lockstep\n");
    expect(await codeOf(readAllRecords(settings()))).to.equal("StoreElsewhere");
  });

  it("leaves what a dead keeper had half written to a keeper, and says so", async () => {
    const store = await openStore(settings());
    await store.append("note", "whole");
    await store.close();
    const child = spawn(process.execPath, ["-e", DYING, join(directory, "store.sqlite")], { stdio: "pipe" });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const fault = await faultOf(readAllRecords(settings()));
    expect(fault.code).to.equal("StoreFailed");
    expect(fault.message).to.contain("latch show");
    const again = await openStore(settings());
    await again.close();
    expect(await readAllRecords(settings())).to.have.length(1);
  });
});
