import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";

import { expect } from "chai";

import { isRetryable, type KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { openPostgresStore } from "../../../../keeper/store/postgres/openPostgresStore.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { type PostgresServer, startPostgres } from "../../../helpers/postgres.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { describeStore } from "../describeStore.ts";
import { StoreChild } from "../StoreChild.ts";
import { codeOf, faultOf, signatureBody } from "../StoreSubject.ts";
import { NEXT_MIGRATIONS } from "../testMigrations.ts";
import { LossyProxy } from "./LossyProxy.ts";
import { PostgresSubject } from "./PostgresSubject.ts";

const CRASHES = 5;
const STOPS = 6;

describe("openPostgresStore", function () {
  let server: PostgresServer;

  before(async function () {
    this.timeout(90_000);
    server = await startPostgres();
  });

  after(() => server.stop());

  describeStore(() => Promise.resolve(new PostgresSubject(server.url)));

  describe("between replicas", () => {
    let subject: PostgresSubject;

    beforeEach(() => {
      subject = new PostgresSubject(server.url, 500);
    });

    afterEach(() => subject.remove());

    it("lets one lead, and the next when its time is over; the token grows with each change", async () => {
      const [one, two] = await Promise.all([subject.standBy(), subject.standBy()]);
      expect([one.lease.token, two.lease.token, one.lease.ttlMs]).to.deep.equal([null, null, 500]);
      expect(await one.lease.tryAcquire()).to.equal(true);
      for (let turn = 0; turn < 10; turn++) {
        expect(await two.lease.tryAcquire()).to.equal(false);
        await sleep(100);
        expect(await one.lease.renew()).to.equal(true);
      }
      expect([one.lease.token, two.lease.token]).to.deep.equal([1, null]);
      expect(await two.lease.renew()).to.equal(false);
      await sleep(550);
      // Its time is over, but nobody took its place.
      expect(await one.lease.tryAcquire()).to.equal(true);
      expect(one.lease.token).to.equal(1);
      await sleep(550);
      expect(await two.lease.tryAcquire()).to.equal(true);
      expect([await one.lease.renew(), one.lease.token, two.lease.token]).to.deep.equal([false, null, 2]);
      await two.lease.release();
      await two.lease.release();
      expect(await one.lease.tryAcquire()).to.equal(true);
      expect(one.lease.token).to.equal(3);
      await Promise.all([one.close(), two.close()]);
    });

    it("lets the next lead at once when the leader closes", async () => {
      const [one, two] = [await subject.open(), await subject.standBy()];
      await one.close();
      expect(await two.lease.tryAcquire()).to.equal(true);
      await two.close();
    });

    it("fences who does not lead: never led, or led until another one did", async () => {
      const [one, two] = [await subject.open(), await subject.standBy()];
      await one.append("note", "one");
      expect(await codeOf(two.append("note", "never led"))).to.equal("StoreFenced");
      await sleep(550);
      expect(await two.lease.tryAcquire()).to.equal(true);
      // It knows nothing of the take-over, and its own record would continue the chain that it knows.
      expect(one.lease.token).to.equal(1);
      const fault = await faultOf(one.append("note", "led once"));
      expect(fault.code).to.equal("StoreFenced");
      expect(fault.message).to.include(`process ${process.pid} on`);
      expect(isRetryable(fault)).to.equal(true);
      expect(one.lease.token).to.equal(null);
      await two.append("note", "two");
      expect((await one.refresh()).map(({ body }) => body)).to.deep.equal(["two"]);
      await two.close();
      expect(await one.lease.tryAcquire()).to.equal(true);
      await one.append("note", "again");
      expect(one.records().map(({ body }) => body)).to.deep.equal(["one", "two", "again"]);
      await one.close();
    });

    it("tells a standby what the leader wrote, each record once, and refuses what does not continue the chain", async () => {
      const [leader, standby] = [await subject.open(), await subject.standBy()];
      await leader.append("note", 1);
      await leader.append("signature", signatureBody(1, 101));
      expect((await standby.refresh()).map(({ seq }) => seq)).to.deep.equal([1, 2]);
      expect(await standby.refresh()).to.deep.equal([]);
      await leader.append("note", 3);
      expect((await standby.refresh()).map(({ seq }) => seq)).to.deep.equal([3]);
      expect(await leader.refresh()).to.deep.equal([]);
      await leader.append("note", 4);
      await leader.close();
      expect(await standby.lease.tryAcquire()).to.equal(true);
      // Before it leads it has everything, and never signs what the other has signed otherwise.
      expect(standby.records()).to.have.length(4);
      expect((await standby.refresh()).map(({ seq }) => seq)).to.deep.equal([4]);
      expect(await codeOf(standby.append("signature", signatureBody(1, 999)))).to.equal("SecondRoot");
      await subject.tamper("update head set count = 5; insert into journal values (5, 1, 'note', '5', 'none')");
      expect(await codeOf(standby.refresh())).to.equal("StoreCorrupt");
      await standby.close();
    });

    it("D5: refuses a database that was put back to an earlier state", async () => {
      const store = await subject.open();
      for (const number of [1, 2]) await store.append("note", number);
      await subject.tamper(
        "update head set count = 1, chain = (select chain from journal where seq = 1); delete from journal where seq = 2",
      );
      expect(await codeOf(store.append("note", 3))).to.equal("StoreCorrupt");
      expect(await codeOf(store.refresh())).to.equal("StoreCorrupt");
      await store.close();
    });

    it("D7: never breaks the chain of hashes when processes compete for the lead and write as fast as they can", async () => {
      const children = [1, 2, 3].map(() => new StoreChild("compete", subject.childArguments));
      await sleep(4_000);
      for (const child of children) child.stop();
      for (const child of children) await child.end();
      const counts = children.map(({ newest }) => newest);
      const store = await subject.open();
      const turns = store.records().map(({ body }) => body as { pid: number; token: number });
      console.log(
        `      ${turns.length} records of ${counts.join(" + ")} appends, ${turns.at(-1)?.token ?? 0} leaders`,
      );
      expect(turns.length).to.equal(counts.reduce((sum, count) => sum + count, 0));
      expect(new Set(turns.map(({ pid }) => pid)).size).to.equal(3);
      for (const [index, { token }] of turns.entries()) expect(token).to.be.at.least(turns[index - 1]?.token ?? 0);
      await store.close();
    }).timeout(60_000);

    it(`D7: fences a leader that was stopped and wakes, in each of ${STOPS} cases`, async () => {
      const random = new SeededRandom(chooseSeed(54));
      let reached = 0;
      for (let stop = 0; stop < STOPS; stop++) {
        const child = new StoreChild("write", subject.childArguments);
        const from = reached;
        await child.until(() => child.newest > from + 1);
        await sleep(random.below(30));
        child.signal("SIGSTOP");
        const stoppedAt = performance.now();
        const store = await subject.open();
        const tookMs = performance.now() - stoppedAt;
        expect(tookMs, "the time until another replica leads").to.be.below(5_000);
        const before = store.records().length;
        expect(before).to.be.at.least(child.newest);
        await store.append("number", { number: before + 1 });
        child.signal("SIGCONT");
        await child.until((lines) => lines.includes("StoreFenced"));
        await child.end();
        expect(await store.refresh(), "what the woken one wrote").to.have.length(0);
        reached = store.records().length;
        const numbers = store.records().map(({ body }) => (body as { number: number }).number);
        expect(numbers).to.deep.equal(Array.from(numbers, (_, index) => index + 1));
        await store.close();
      }
    }).timeout(120_000);

    it("D16: fences the leader whose tables were migrated under it", async () => {
      const old = await subject.open();
      const next = await subject.standBy(NEXT_MIGRATIONS);
      expect(await codeOf(old.append("note", "by the old version"))).to.equal("StoreFenced");
      expect(await next.lease.tryAcquire()).to.equal(true);
      await Promise.all([old.close(), next.close()]);
    });

    it("makes the tables once when replicas start at once, and keeps keepers apart by their schemas", async () => {
      const replicas = await Promise.all([1, 2, 3, 4].map(() => subject.standBy()));
      const other = new PostgresSubject(server.url);
      const [keeper] = [await other.open(), await replicas[0]?.lease.tryAcquire()];
      await replicas[0]?.append("signature", signatureBody(1, 101));
      await keeper.append("signature", signatureBody(1, 102));
      expect([replicas[0]?.records().length, keeper.records().length]).to.deep.equal([1, 1]);
      await Promise.all([...replicas, keeper].map((store) => store.close()));
      await other.remove();
    });
  });

  describe("with a server in trouble", () => {
    let subject: PostgresSubject;

    beforeEach(() => {
      subject = new PostgresSubject(server.url);
    });

    afterEach(() => subject.remove());

    it(`D3: has each acknowledged record once after each of ${CRASHES} crashes of the server, and writes on`, async () => {
      const random = new SeededRandom(chooseSeed(55));
      // However long the server takes to recover on this machine.
      const store = await subject.standBy(undefined, 60_000);
      await store.lease.tryAcquire();
      let next = 1;
      const end = new AbortController();
      const writing = (async (): Promise<void> => {
        while (!end.signal.aborted) {
          const group = Array.from({ length: 3 }, () => next++);
          await Promise.all(group.map((number) => store.append("number", number)));
        }
      })();
      for (let crash = 0; crash < CRASHES; crash++) {
        await sleep(100 + random.below(100));
        await server.crash();
        await server.revive();
      }
      await sleep(200);
      end.abort();
      await writing;
      const expected = Array.from({ length: next - 1 }, (_, index) => index + 1);
      expect(store.records().map(({ body }) => body)).to.deep.equal(expected);
      await store.close();
      const again = await subject.open();
      expect(again.records().map(({ body }) => body)).to.deep.equal(expected);
      console.log(`      ${expected.length} records, each once`);
      await again.close();
    }).timeout(90_000);

    it("D2: writes a record once when it was committed and the answer was lost", async () => {
      const proxy = await LossyProxy.start(server.url);
      const [direct, behind] = [subject, new PostgresSubject(proxy.url, 3_000, subject.schema)];
      const store = await behind.open();
      await store.append("note", 1);
      proxy.loseNextCommit();
      await Promise.all([store.append("note", 2), store.append("signature", signatureBody(1, 101))]);
      expect(proxy.lost).to.equal(1);
      await store.append("note", 4);
      expect(await store.refresh(), "own records are no news").to.deep.equal([]);
      expect(store.records()).to.have.length(4);
      await store.close();
      // Told to be unavailable, for it is not tried again: the record is there, and is found before the next one.
      const impatient = await behind.standBy(undefined, 0);
      await impatient.lease.tryAcquire();
      proxy.loseNextCommit();
      expect(await codeOf(impatient.append("note", 5))).to.equal("StoreUnavailable");
      await impatient.append("note", 6);
      expect((await impatient.refresh()).map(({ body }) => body)).to.deep.equal([5]);
      await impatient.close();
      const again = await direct.open();
      expect(again.records().map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5, 6]);
      await again.close();
      await proxy.stop();
    });

    it("is unavailable while the server is, for no longer than it was told to wait, and goes on afterwards", async () => {
      const store = await subject.standBy(undefined, 300);
      await store.lease.tryAcquire();
      await store.append("note", 1);
      await server.crash();
      const startedAt = performance.now();
      try {
        const attempts = [
          () => store.append("note", 2),
          () => store.refresh(),
          () => store.lease.renew(),
          () => subject.standBy(),
        ];
        for (const attempt of attempts) {
          const fault = await faultOf(attempt());
          expect([fault.code, isRetryable(fault)]).to.deep.equal(["StoreUnavailable", true]);
        }
        expect(performance.now() - startedAt).to.be.below(5_000);
      } finally {
        await server.revive();
      }
      await store.append("note", 3);
      expect(store.records().map(({ body }) => body)).to.deep.equal([1, 3]);
      await store.close();
    }).timeout(30_000);

    it("is unavailable while a statement waits too long, and goes on afterwards", async () => {
      const store = await subject.standBy(undefined, 300);
      await store.lease.tryAcquire();
      const other = await subject.connect();
      await other.query("begin; lock table head in access exclusive mode");
      const fault = await faultOf(store.append("note", 1));
      expect(fault.code).to.equal("StoreUnavailable");
      expect(fault.message).to.match(/timeout/);
      await other.query("commit");
      await other.end();
      await store.append("note", 2);
      expect(store.records().map(({ body }) => body)).to.deep.equal([2]);
      expect(await store.refresh()).to.deep.equal([]);
      await store.close();
    }).timeout(30_000);

    it("refuses a wrong password, a database that is not there and a server that is not there, and shows no secret", async () => {
      const password = decodeURIComponent(new URL(server.url).password);
      const urlWith = (change: (url: URL) => void): string => {
        const url = new URL(server.url);
        change(url);
        return url.href;
      };
      const cases = [
        ["StoreRefused", urlWith((url) => (url.password = "hunter2"))],
        ["StoreRefused", urlWith((url) => (url.pathname = "/nowhere"))],
        ["StoreUnavailable", urlWith((url) => (url.port = "1"))],
        ["StoreUnavailable", urlWith((url) => (url.hostname = "nowhere.invalid"))],
      ] as const;
      for (const [code, url] of cases) {
        const fault: KeeperError = await faultOf(openPostgresStore({ url, schema: "nobody", now: Date.now }));
        expect(fault.code, fault.message).to.equal(code);
        const shown = `${fault.stack ?? ""} ${inspect(fault, { depth: 9 })} ${JSON.stringify(fault.payload)}`;
        for (const secret of ["hunter2", password, url]) expect(shown).to.not.include(secret);
      }
    }).timeout(30_000);
  });
});
