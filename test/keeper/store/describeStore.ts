import { expect } from "chai";

import { MIGRATIONS } from "../../../keeper/store/migrations.ts";
import { StoreChild } from "./StoreChild.ts";
import { codeOf, faultOf, hashOf, signatureBody, type StoreSubject } from "./StoreSubject.ts";
import { interrupted, NEXT_MIGRATIONS } from "./testMigrations.ts";

const BODIES = [
  { nonce: 7n, text: 'quotes " and \\ and \n, \u0000, \ud800 and \u{1f512}', list: [1, [2n], null] },
  // A body may look like the seal of a record.
  { note: "tricky", chain: "ab".repeat(32) },
  "plain",
];

/** Bodies that would come back changed. */
const REFUSED = [
  ...[undefined, NaN, -0, [undefined], () => 1, new Map(), new Date(0), Symbol("s")],
  ...[
    JSON.parse("[".repeat(40) + "]".repeat(40)) as unknown,
    { $bigint: "1" },
    JSON.parse('{"__proto__":1}') as unknown,
  ],
];

/** What a change behind the store's back is found in: the table, and the record where one can be named. */
const DAMAGES: readonly (readonly [statement: string, table: string, record: number | null])[] = [
  ["update journal set body = '\"plaim\"' where seq = 3", "journal", 3],
  ["update journal set kind = 'other' where seq = 2", "journal", 2],
  ["update journal set at = at + 1 where seq = 1", "journal", 1],
  ["update journal set chain = (select chain from journal where seq = 2) where seq = 3", "journal", 3],
  ["update journal set seq = 9 where seq = 5", "journal", 5],
  ["delete from journal where seq = 1", "journal", 1],
  ["delete from journal where seq = 3", "journal", 3],
  ["delete from journal where seq = 5", "head", null],
  ["delete from journal", "head", null],
  [
    "insert into journal (seq, at, kind, body, chain) select 6, at, kind, body, chain from journal where seq = 5",
    "journal",
    6,
  ],
  ["update head set count = 4", "head", null],
  ["update head set chain = (select chain from journal where seq = 4)", "head", null],
  ["delete from head", "head", null],
  ["delete from signatures where seq = 5", "signatures", null],
  ["delete from signatures where seq = 4", "signatures", 1],
  [`update signatures set books_root = '${hashOf(3)}' where seq = 4`, "signatures", 1],
  [`update signatures set block_hash = '${hashOf(3)}' where seq = 5`, "signatures", 2],
  ["update signatures set chain_id = 2 where seq = 5", "signatures", 2],
  [`insert into signatures values (1, '${hashOf(9)}', '${hashOf(9)}', 9)`, "signatures", 3],
  ["update schema_versions set name = 'another'", "schema_versions", null],
  ["update schema_versions set version = 2", "schema_versions", null],
  ["delete from schema_versions", "schema_versions", null],
];

/** What holds for a store in either database. */
export function describeStore(create: () => Promise<StoreSubject>): void {
  let subject: StoreSubject;

  beforeEach(async () => {
    subject = await create();
  });

  afterEach(() => subject.remove());

  async function writeSample(): Promise<void> {
    const store = await subject.open();
    for (const body of BODIES) await store.append("sample", body);
    for (const block of [1, 2]) await store.append("signature", signatureBody(block, 100 + block));
    await store.close();
  }

  /** Bodies of the store, or the code of the refusal. */
  async function reopen(): Promise<unknown[] | string> {
    try {
      const store = await subject.open();
      const bodies = store.records().map(({ body }) => body);
      await store.close();
      return bodies;
    } catch (error: unknown) {
      return (await faultOf(Promise.reject(error as Error))).code;
    }
  }

  describe("append", () => {
    it("refuses a body that would come back changed, and a kind that is no word, and stays usable", async () => {
      const store = await subject.open();
      for (const body of REFUSED) expect(await codeOf(store.append("bad", body))).to.equal("JournalBodyInvalid");
      for (const kind of ["", "Kind", "two words", "a".repeat(64), "a\0"]) {
        expect(await codeOf(store.append(kind, 1)), kind).to.equal("JournalBodyInvalid");
      }
      await store.append("good", { absent: undefined });
      expect(store.records().map(({ seq, body }) => [seq, body])).to.deep.equal([[1, {}]]);
      await store.close();
    });

    it("refuses after close, which waits for what was appended", async () => {
      const store = await subject.open();
      const last = store.append("last", "awaited by close");
      const closed = store.close();
      expect(await codeOf(store.append("late", 1))).to.equal("StoreClosed");
      await Promise.all([last, closed, store.close()]);
      expect(await reopen()).to.deep.equal(["awaited by close"]);
    });

    it("lists a record only when it is durable, as it was when it was appended", async () => {
      const store = await subject.open();
      const body = { list: [1], amount: 2n ** 200n };
      const append = store.append("kind", body);
      body.list.push(2);
      expect(store.records()).to.deep.equal([]);
      await append;
      const expected = { list: [1], amount: 2n ** 200n };
      expect(store.records()[0]?.body).to.deep.equal(expected);
      expect(() => (store.records()[0]!.body as typeof body).list.push(3)).to.throw(TypeError);
      await store.close();
      expect(await reopen()).to.deep.equal([expected]);
    });

    it("keeps the order of the calls when many come at once, beyond what one transaction takes", async () => {
      const numbers = Array.from({ length: 2_500 }, (_, index) => index);
      const store = await subject.open();
      await Promise.all(numbers.map((number) => store.append("many", number)));
      expect(store.records().map(({ body }) => body)).to.deep.equal(numbers);
      await store.close();
      expect(await reopen()).to.deep.equal(numbers);
    });
  });

  describe("signatures", () => {
    it("refuses a second root for a block by name, and writes nothing", async () => {
      await writeSample();
      const store = await subject.open();
      const fault = await faultOf(store.append("signature", signatureBody(1, 200)));
      expect(fault.code).to.equal("SecondRoot");
      expect(fault.payload).to.deep.equal({
        ...{ chainId: 1, blockHash: hashOf(1), booksRoot: hashOf(200), signedRoot: hashOf(101) },
      });
      expect(store.records()).to.have.length(5);
      await store.append("signature", signatureBody(1, 200, 2));
      await store.close();
      expect((await reopen()) as unknown[]).to.have.length(6);
    });

    it("takes the same root again, once it is durable and before, and writes it once", async () => {
      const store = await subject.open();
      const same = [1, 2, 3].map(() => store.append("signature", signatureBody(1, 101)));
      const other = codeOf(store.append("signature", signatureBody(1, 102)));
      await Promise.all(same);
      expect(await other).to.equal("SecondRoot");
      await store.append("signature", signatureBody(1, 101));
      expect(store.records()).to.have.length(1);
      await store.close();
      expect(await reopen()).to.deep.equal([signatureBody(1, 101)]);
    });

    it("is refused a second root by the database itself, and loses nothing that came with it", async () => {
      const store = await subject.open();
      await subject.tamper(`insert into signatures values (1, '${hashOf(1)}', '${hashOf(101)}', 77)`);
      const codes = await Promise.all([
        codeOf(store.append("sample", "before")),
        codeOf(store.append("signature", signatureBody(1, 102))),
        codeOf(store.append("sample", "after")),
      ]);
      expect(codes).to.deep.equal(["ok", "SecondRoot", "ok"]);
      expect(store.records().map(({ seq, body }) => [seq, body])).to.deep.equal([
        [1, "before"],
        [2, "after"],
      ]);
      await store.close();
      expect(await reopen()).to.equal("StoreCorrupt");
    });

    it("refuses a record that is no signature's by its field", async () => {
      const store = await subject.open();
      const good = signatureBody(1, 101);
      for (const [field, value] of [
        ...[["chainId", "1"] as const, ["chainId", 0] as const, ["blockHash", "0x12"] as const],
        ...[["booksRoot", `0x${"AB".repeat(32)}`] as const, ["blockNumber", -1] as const],
      ]) {
        const fault = await faultOf(store.append("signature", { ...good, [field]: value }));
        expect([fault.code, fault.payload["path"]]).to.deep.equal(["JournalBodyInvalid", `body.${field}`]);
      }
      expect(await codeOf(store.append("signature", null))).to.equal("JournalBodyInvalid");
      await store.close();
    });
  });

  describe("open", () => {
    it("gives back every record as it was", async () => {
      const before = Date.now();
      await writeSample();
      const store = await subject.open();
      expect(store.records().map(({ seq, kind }) => [seq, kind])).to.deep.equal([
        ...[1, 2, 3].map((seq) => [seq, "sample"]),
        ...[4, 5].map((seq) => [seq, "signature"]),
      ]);
      expect(store.records().map(({ body }) => body)).to.deep.equal([
        ...BODIES,
        signatureBody(1, 101),
        signatureBody(2, 102),
      ]);
      for (const { at } of store.records()) expect(at).to.be.within(before, Date.now());
      await store.close();
    });

    it("D5: refuses what was changed behind its back, and names table and record", async () => {
      for (const [statement, table, record] of DAMAGES) {
        await writeSample();
        await subject.tamper(statement);
        const fault = await faultOf(subject.open());
        expect([fault.code, fault.payload["table"], fault.payload["record"]], statement).to.deep.equal([
          "StoreCorrupt",
          table,
          record,
        ]);
        expect(fault.message, statement).to.include("restore a backup");
        await subject.remove();
        subject = await create();
      }
    }).timeout(120_000);

    it("D16: refuses a store of a newer version, by its number, and leaves it as it is", async () => {
      await writeSample();
      const newer = await subject.open(NEXT_MIGRATIONS);
      await newer.append("sample", "by the newer version");
      await newer.close();
      const fault = await faultOf(subject.open());
      expect(fault.code).to.equal("StoreVersion");
      expect(fault.payload).to.include({ found: MIGRATIONS.length + 1, supported: MIGRATIONS.length });
      const again = await subject.open(NEXT_MIGRATIONS);
      expect(again.records()).to.have.length(6);
      await again.close();
    });

    it("D16: migrates an older store, or leaves it as it was when a step fails", async () => {
      await writeSample();
      const broken = interrupted(() => ["insert into notes values (1)", "insert into nowhere values (1)"]);
      expect(await codeOf(subject.open(broken))).to.be.oneOf(["StoreFailed", "StoreCorrupt"]);
      expect((await reopen()) as unknown[]).to.have.length(5);
      const whole = await subject.open(interrupted(() => ["insert into notes values (1)"]));
      expect(
        whole
          .records()
          .map(({ body }) => body)
          .slice(0, 3),
      ).to.deep.equal(BODIES);
      await whole.append("signature", signatureBody(3, 103));
      expect(await codeOf(whole.append("signature", signatureBody(1, 103)))).to.equal("SecondRoot");
      await whole.close();
    });

    it("D16: is of the older version, whole, after kill -9 in the midst of a migration", async () => {
      const store = await subject.open();
      // More than SQLite keeps in memory: the change is on its way into the file.
      const filler = "x".repeat(1_000);
      await Promise.all(Array.from({ length: 5_000 }, (_, number) => store.append("sample", { number, filler })));
      await store.close();
      for (let kill = 0; kill < 2; kill++) {
        const child = new StoreChild("migrate", subject.childArguments);
        await child.until((lines) => lines.includes("midway"));
        await child.kill();
        const old = await subject.open();
        expect(old.records()).to.have.length(5_000 + kill);
        await old.append("sample", "between");
        await old.close();
      }
      const next = await subject.open(NEXT_MIGRATIONS);
      expect(next.records().map(({ body }) => (body as { number?: number }).number)).to.deep.equal([
        ...Array.from({ length: 5_000 }, (_, number) => number),
        ...[undefined, undefined],
      ]);
      await next.close();
    }).timeout(120_000);
  });
}
