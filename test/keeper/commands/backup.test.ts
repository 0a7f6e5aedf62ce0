import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { expect } from "chai";

import { backup } from "../../../keeper/commands/backup.ts";
import type { CommandContext } from "../../../keeper/commands/CommandContext.ts";
import { restoreBackup } from "../../../keeper/commands/restoreBackup.ts";
import { run as runKeeper } from "../../../keeper/commands/run.ts";
import { CONTRACT_NAMES } from "../../../keeper/config/deployment.ts";
import { readOwnPast } from "../../../keeper/loop/OwnPast.ts";
import { readLatch } from "../../../keeper/readLatch.ts";
import { acquireLock } from "../../../keeper/store/lockFile.ts";
import { openStore, type StoreSettings } from "../../../keeper/store/openStore.ts";
import type { Store, StoreRecord } from "../../../keeper/store/Store.ts";
import { CONTEXT, type Ran } from "../../helpers/commandContext.ts";
import { type PostgresServer, startPostgres } from "../../helpers/postgres.ts";
import { codeOf, faultOf, hashOf, signatureBody } from "../store/StoreSubject.ts";

const CHAIN = { chainId: 1, genesisHash: "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3" };
const PRIVATE_KEY = `0x${"5e".repeat(32)}`;

describe("lockstep backup and restore", function () {
  this.timeout(90_000);
  let server: PostgresServer;
  let directory: string;
  let data: string;
  let file: string;
  let target: string;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.stop());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-backup-"));
    [data, file, target] = [join(directory, "data"), join(directory, "keeper.backup"), join(directory, "target")];
    mkdirSync(data);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  function settings(dataDirectory: string, databaseUrl?: string, databaseSchema = "lockstep"): StoreSettings {
    return { dataDirectory, databaseUrl, databaseSchema, leaseMs: 1_000 };
  }

  async function fill(store: Store): Promise<void> {
    await store.lease.tryAcquire();
    await store.append("chain", CHAIN);
    for (const block of [5, 9]) await store.append("signature", signatureBody(block, block));
    await store.append("intent", { nonce: 3, maxFeePerGas: 7n });
  }

  /** A store with a past, closed. */
  async function past(where = settings(data)): Promise<readonly StoreRecord[]> {
    const store = await openStore(where);
    await fill(store);
    const records = [...store.records()];
    await store.close();
    return records;
  }

  async function recordsOf(where: StoreSettings): Promise<readonly StoreRecord[]> {
    const store = await openStore(where);
    await store.close();
    return store.records();
  }

  async function run(
    command: typeof backup,
    flags: Record<string, unknown> = {},
    context: Partial<CommandContext> = {},
  ): Promise<Ran> {
    let [stdout, stderr] = ["", ""];
    const dataDirectory = command === backup ? data : target;
    const code = await command(
      { dataDirectory, ...flags },
      {
        ...CONTEXT,
        stdout: { write: (text) => (stdout += text) },
        stderr: { write: (text) => (stderr += text) },
        ...context,
      },
      file,
    );
    return { code, stdout, stderr };
  }

  /** A deployment file of a chain. */
  function deploymentOf(chainId: number): string {
    const path = join(directory, `deployment-${chainId}.json`);
    const contracts = Object.fromEntries(
      CONTRACT_NAMES.map((name, index) => [name, `0x${String(index + 1).padStart(40, "0")}`]),
    );
    writeFileSync(path, JSON.stringify({ chainId, deploymentBlock: 1, contracts }));
    return path;
  }

  it("takes everything that was written when it began, beside the keeper that goes on, and gives it back as it was", async () => {
    const store = await openStore(settings(data));
    await fill(store);
    const lock = await acquireLock(data);
    const done = new AbortController();
    const writing = (async () => {
      for (let index = 0; !done.signal.aborted; index += 1) {
        await store.append("more", index);
        await turn();
      }
    })();
    const { code, stdout } = await run(backup);
    done.abort();
    await writing;
    expect(code).to.equal(0);
    expect(stdout).to.contain("newest signature in it is of block 9");
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect((await run(restoreBackup, { yes: true })).code).to.equal(0);
    const restored = await recordsOf(settings(target));
    const count = restored.length - 2;
    expect(count).to.be.at.least(4);
    expect(restored.slice(0, count)).to.deep.equal(store.records().slice(0, count));
    expect(restored.slice(count).map(({ kind }) => kind)).to.deep.equal(["restored", "latch"]);
    expect(readOwnPast(restored).newestSigned).to.equal(9);
    await store.close();
    await lock.release();
  });

  it("does not sign a second root for what the backup knows to be signed", async () => {
    await past();
    await run(backup);
    await run(restoreBackup, { yes: true });
    const store = await openStore(settings(target));
    expect(await codeOf(store.append("signature", signatureBody(9, 8)))).to.equal("SecondRoot");
    expect(await codeOf(store.append("signature", signatureBody(9, 9)))).to.equal("ok");
    await store.close();
  });

  it("leaves the keeper latched, with what a person has to make sure of, and with why it was latched before", async () => {
    const store = await openStore(settings(data));
    await fill(store);
    await store.append("latch", { detail: "consensus fault: two chains" });
    await store.close();
    await run(backup);
    const { stdout } = await run(restoreBackup, { yes: true });
    const latch = readLatch(await recordsOf(settings(target)));
    expect(stdout).to.contain(latch?.detail);
    for (const part of [/after block 9/, /runs nowhere/, /peers answer/, /latched already.*two chains/])
      expect(latch?.detail).to.match(part);
    const flags = { sources: "http://127.0.0.1:1|a|geth", deployment: deploymentOf(1), dataDirectory: target };
    const started = runKeeper({ ...flags, apiPort: "0", mode: "watch", json: true }, CONTEXT);
    expect((await faultOf(started)).code).to.equal("Latched");
    expect(readOwnPast(await recordsOf(settings(target))).hadConsensusFault).to.equal(true);
  });

  it("moves a keeper from SQLite to PostgreSQL and back", async () => {
    const records = await past();
    await run(backup);
    const flags = { databaseUrl: server.url, databaseSchema: "moved" };
    expect((await run(restoreBackup, { ...flags, yes: true })).code).to.equal(0);
    const moved = await recordsOf(settings(target, server.url, "moved"));
    expect(moved.slice(0, -2)).to.deep.equal(records);
    const again = await faultOf(run(restoreBackup, { ...flags, dataDirectory: join(directory, "other"), yes: true }));
    expect(again.code).to.equal("StoreNotEmpty");
    expect(existsSync(join(directory, "other"))).to.equal(false);
    expect((await run(backup, { ...flags, dataDirectory: target, force: true })).code).to.equal(0);
    await run(restoreBackup, { dataDirectory: join(directory, "back"), yes: true });
    expect((await recordsOf(settings(join(directory, "back")))).slice(0, -4)).to.deep.equal(records);
  });

  it("takes snapshots and evidence where they are wanted, and nothing that is not theirs", async () => {
    await past();
    const files = ["snapshots/books-00000001-7.snapshot", `evidence/${hashOf(1)}/opened/exchanges-1.ndjson`];
    const others = ["snapshots/books-00000002-8.snapshot.unfinished", "keeper.key", "evidence/a b"];
    for (const name of [...files, ...others]) {
      mkdirSync(join(data, name, ".."), { recursive: true });
      writeFileSync(join(data, name), `content of ${name}`);
    }
    await run(backup, { withSnapshots: true, withEvidence: true });
    await run(restoreBackup, { yes: true });
    for (const name of files) expect(readFileSync(join(target, name), "utf8")).to.equal(`content of ${name}`);
    for (const name of others) expect(existsSync(join(target, name)), name).to.equal(false);
    expect(readFileSync(file, "latin1")).not.to.contain("content of keeper.key");
    await run(backup, { force: true });
    expect(readFileSync(file, "latin1")).not.to.contain("content of");
  });

  it("has no secret of the settings in it, and the addresses of the keys", async () => {
    await past();
    await run(backup, { pauseKey: PRIVATE_KEY, alerts: "slack|https://hooks.example/services/t0p/s3cret" });
    const text = readFileSync(file, "latin1");
    for (const secret of [PRIVATE_KEY.slice(2), "s3cret"]) expect(text).not.to.contain(secret);
    expect(text).to.match(/"keys":\{"pause":"0x[0-9a-f]{40}"/);
  });

  it("replaces no file unless told to, and leaves no half of one", async () => {
    await past();
    writeFileSync(file, "precious");
    expect((await faultOf(run(backup))).code).to.equal("BackupExists");
    expect(readFileSync(file, "utf8")).to.equal("precious");
    await rm(join(data, "store.sqlite"));
    expect((await faultOf(run(backup, { force: true }))).code).to.equal("StoreMissing");
    expect(readFileSync(file, "utf8")).to.equal("precious");
    expect(readdirSync(directory)).to.have.members(["data", "keeper.backup"]);
  });

  it("restores nothing of a file that was cut off, wherever", async () => {
    await past();
    await run(backup);
    const whole = readFileSync(file);
    const lengths = [...Array(64).keys()].map((index) => index + 1);
    for (let length = 65; length < whole.length; length += Math.ceil(whole.length / 97)) lengths.push(length);
    for (const length of [...lengths, whole.length - 1]) {
      truncateSync(file, length);
      expect((await faultOf(run(restoreBackup, { yes: true }))).code, `${length} bytes`).to.equal("BackupTruncated");
      writeFileSync(file, whole);
    }
    expect(existsSync(target)).to.equal(false);
  });

  it("restores nothing of a file in which one byte is another one, wherever", async () => {
    await past();
    await run(backup);
    const whole = readFileSync(file);
    for (let index = 0; index < whole.length; index += Math.ceil(whole.length / 211)) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ 1;
      writeFileSync(file, changed);
      expect((await faultOf(run(restoreBackup, { yes: true }))).code, `byte ${index}`).to.match(
        /^Backup(Altered|Truncated|Invalid|Version)$/,
      );
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.from("\n")]));
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("BackupAltered");
    writeFileSync(file, "lockstep-backup 2\n");
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("BackupVersion");
    writeFileSync(file, "PK something else");
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("BackupInvalid");
    expect(existsSync(target)).to.equal(false);
  });

  it("restores into nothing but an empty directory of the right chain, when somebody is sure", async () => {
    await past();
    await run(backup);
    const lock = await acquireLock(target);
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("DataDirectoryLocked");
    await lock.release();
    writeFileSync(join(target, "notes.txt"), "x");
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("DirectoryNotEmpty");
    await rm(target, { recursive: true });
    const other = { deployment: deploymentOf(10), yes: true };
    expect((await faultOf(run(restoreBackup, other))).message).to.match(/is of chain 1 .* settings are of chain 10/);
    const fork = { deployment: deploymentOf(1), genesisHash: hashOf(1), yes: true };
    expect((await faultOf(run(restoreBackup, fork))).code).to.equal("BackupOtherChain");
    expect((await faultOf(run(restoreBackup))).code).to.equal("NotConfirmed");
    let asked = "";
    const ask = (question: string): Promise<string> => Promise.resolve((asked = question).slice(0, 0));
    expect((await faultOf(run(restoreBackup, {}, { ask }))).code).to.equal("NotConfirmed");
    expect(asked).to.match(/0\.0 hours old: 4 records, signatures up to block 9\..*forgotten/);
    expect(existsSync(target)).to.equal(false);
    expect((await run(restoreBackup, { deployment: deploymentOf(1), yes: true })).code).to.equal(0);
  });

  it("keeps a keeper from starting on a directory in which a restore was killed", async () => {
    await past();
    mkdirSync(target);
    writeFileSync(join(target, "store.restoring"), "");
    expect((await faultOf(openStore(settings(target)))).code).to.equal("StoreUnfinished");
    expect((await faultOf(openStore(settings(target, server.url)))).code).to.equal("StoreUnfinished");
    await run(backup);
    writeFileSync(join(target, "notes.txt"), "mine");
    expect((await faultOf(run(restoreBackup, { yes: true }))).code).to.equal("DirectoryNotEmpty");
    expect(readdirSync(target)).to.have.members(["store.restoring", "notes.txt"]);
  });
});
