import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { openSqliteStore } from "../../../../keeper/store/sqlite/openSqliteStore.ts";
import { StoreChild } from "../StoreChild.ts";
import { codeOf, faultOf, hashOf, signatureBody } from "../StoreSubject.ts";
import { SqliteSubject } from "./SqliteSubject.ts";

/** Thousands of stores are opened: where memory can hold them, no disk has to. */
const FAST = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** What has become of a damaged store. */
type Fate = "unchanged" | "refused";

describe("a damaged SQLite store", () => {
  let subject: SqliteSubject;
  let expected: string;
  const fileOf = (suffix = ""): string => `${subject.file}${suffix}`;

  /** A store of two signatures and a long record, in pages so small that every kind of page is there. */
  beforeEach(async () => {
    subject = await SqliteSubject.create(FAST);
    let store = await subject.open();
    for (const block of [1, 2]) await store.append("signature", signatureBody(block, 100 + block));
    await store.close();
    await subject.tamper("pragma page_size = 512; vacuum");
    store = await subject.open();
    await store.append("note", "x".repeat(700));
    expected = JSON.stringify(store.records());
    await store.close();
  });

  afterEach(() => subject.remove());

  /** What the store in a directory is; that it goes on rightly is seen too, where wanted. */
  async function fateOf(directory: string, place: string, goesOn: boolean): Promise<Fate> {
    const open = (): ReturnType<typeof openSqliteStore> => openSqliteStore({ directory, now: Date.now });
    try {
      const store = await open();
      expect(JSON.stringify(store.records()), place).to.equal(expected);
      if (!goesOn) {
        await store.close();
        return "unchanged";
      }
      expect(await codeOf(store.append("signature", signatureBody(2, 999))), place).to.equal("SecondRoot");
      await store.append("note", "after the damage");
      await store.close();
      const again = await open();
      expect(
        again.records().map(({ seq }) => seq),
        place,
      ).to.deep.equal([1, 2, 3, 4]);
      expect(again.records()[3]?.body, place).to.equal("after the damage");
      await again.close();
      return "unchanged";
    } catch (error: unknown) {
      if (!KeeperError.is(error)) throw error;
      expect(error.code, `${place}: ${error.message}`).to.be.oneOf(["StoreCorrupt", "StoreFailed"]);
      return "refused";
    }
  }

  /** Damages one file in every way given, beside whole others, and counts what becomes of the store. */
  async function damage(
    suffix: string,
    ways: Iterable<readonly [place: string, bytes: Buffer, goesOn: boolean]>,
  ): Promise<Record<Fate, number>> {
    const directory = join(subject.directory, "damaged");
    const counts: Record<Fate, number> = { unchanged: 0, refused: 0 };
    const others = ["", "-journal"].filter((other) => other !== suffix);
    const whole = others.map((other) => [other, readFileSync(fileOf(other))] as const);
    mkdirSync(directory);
    for (const [place, bytes, goesOn] of ways) {
      for (const [other, content] of whole) writeFileSync(join(directory, `store.sqlite${other}`), content);
      writeFileSync(join(directory, `store.sqlite${suffix}`), bytes);
      counts[await fateOf(directory, place, goesOn)] += 1;
    }
    rmSync(directory, { recursive: true });
    return counts;
  }

  function* flips(bytes: Buffer, masksOf: (index: number) => readonly number[]): Generator<[string, Buffer, boolean]> {
    for (let index = 0; index < bytes.length; index++) {
      for (const mask of masksOf(index)) {
        const copy = Buffer.from(bytes);
        copy[index]! ^= mask;
        yield [`byte ${index} xor ${mask}`, copy, mask !== 0xff];
      }
    }
  }

  /** Each byte is flipped, by turns in one bit and in all. */
  function onceEach(index: number): readonly number[] {
    return [index % 2 === 0 ? 1 : 255];
  }

  function* cuts(bytes: Buffer): Generator<[string, Buffer, boolean]> {
    for (let length = 0; length < bytes.length; length++) yield [`cut at ${length}`, bytes.subarray(0, length), true];
  }

  function report(what: string, size: number, { unchanged, refused }: Record<Fate, number>): void {
    console.log(`      ${what} of ${size} bytes: ${refused} refused, ${unchanged} harmless, 0 silent`);
  }

  it("D5: refuses each flipped byte of its file, or has every record unchanged and goes on", async () => {
    const bytes = readFileSync(fileOf());
    // The header of the file says how all the rest is read: each of its bits, and the way to a write-ahead log.
    const masksOf = (index: number): readonly number[] =>
      index < 100 ? [1, 2, 3, 4, 8, 16, 32, 64, 128, 255] : onceEach(index);
    const counts = await damage("", flips(bytes, masksOf));
    report("flips in a file", bytes.length, counts);
    // The long record alone is more than 700 bytes, each under its checksum.
    expect(counts.refused).to.be.greaterThan(700);
    expect(counts.refused + counts.unchanged).to.equal(100 * 10 + (bytes.length - 100));
  }).timeout(300_000);

  it("D5: refuses its file cut at any length, an empty one too", async () => {
    const bytes = readFileSync(fileOf());
    const counts = await damage("", cuts(bytes));
    report("cuts in a file", bytes.length, counts);
    expect(counts).to.deep.equal({ unchanged: 0, refused: bytes.length });
  }).timeout(120_000);

  it("D5: is unchanged by any flip or cut of a journal that is not in use", async () => {
    const bytes = readFileSync(fileOf("-journal"));
    const flipped = await damage("-journal", flips(bytes, onceEach));
    report("flips in a journal", bytes.length, flipped);
    const cut = await damage("-journal", cuts(bytes));
    expect([flipped.refused, cut.refused]).to.deep.equal([0, 0]);
  }).timeout(120_000);

  it("D3: of a crash within a transaction, refuses each flip and cut of the journal in use, or has what was durable", async () => {
    spill();
    const bytes = readFileSync(fileOf("-journal"));
    expect(bytes.subarray(0, 8).toString("hex"), "the journal is in use").to.equal("d9d505f920a163d7");
    const undamaged = await damage("-journal", [["nothing", bytes, true]]);
    expect(undamaged).to.deep.equal({ unchanged: 1, refused: 0 });
    const flipped = await damage(
      "-journal",
      flips(bytes, () => [1]),
    );
    report("flips in a journal in use", bytes.length, flipped);
    expect(flipped.refused).to.be.greaterThan(100);
    const cut = await damage("-journal", cuts(bytes));
    report("cuts in a journal in use", bytes.length, cut);
    expect(cut.refused).to.be.greaterThan(100);
  }).timeout(200_000);

  /** Leaves both files as a crash does that comes when SQLite has written half of a transaction. */
  function spill(): void {
    const before = readFileSync(fileOf());
    const database = new DatabaseSync(fileOf());
    database.exec("pragma journal_mode = persist; pragma cache_size = 1; begin immediate");
    const insert = database.prepare("insert into journal values (?, 1, 'note', ?, 'none')");
    database.exec("update journal set body = body || ' '");
    for (let seq = 4; seq < 12; seq++) insert.run(seq, "y".repeat(300));
    const copies = join(subject.directory, "copies");
    mkdirSync(copies);
    for (const suffix of ["", "-journal"]) cpSync(fileOf(suffix), join(copies, `copy${suffix}`));
    database.exec("rollback");
    database.close();
    for (const suffix of ["", "-journal"]) cpSync(join(copies, `copy${suffix}`), fileOf(suffix));
    expect(readFileSync(fileOf()).equals(before), "some of it is in the file").to.equal(false);
  }

  it("P6: is refused when its file is gone and its journal is there, and when its tables are not those of a store", async () => {
    const whole = readFileSync(fileOf());
    rmSync(fileOf());
    expect((await faultOf(subject.open())).payload).to.include({
      reason: "it is missing, though its journal is there",
    });
    for (const statement of [
      "create index more on journal (kind)",
      "drop table signatures",
      "drop table schema_versions",
    ]) {
      writeFileSync(fileOf(), whole);
      await subject.tamper(statement);
      expect(await codeOf(subject.open()), statement).to.equal("StoreCorrupt");
    }
    writeFileSync(fileOf(), "no database at all, but long enough to be looked at as one; ".repeat(20));
    expect(await codeOf(subject.open())).to.equal("StoreCorrupt");
  });

  it("names a file that takes no writes when it is opened", async () => {
    const whole = readFileSync(fileOf());
    // The format's version for writing: SQLite opens what is newer for reading only.
    whole[18] = 9;
    writeFileSync(fileOf(), whole);
    const fault = await faultOf(subject.open());
    expect(fault.code).to.equal("StoreFailed");
    expect(fault.message).to.include("writable");
  });

  it("D7: lets nobody write behind another's record, should the lock of the directory be gone", async () => {
    const [one, two] = [await subject.open(), await subject.open()];
    await one.append("note", "one");
    expect(await codeOf(two.append("signature", signatureBody(5, hashOf(5).length)))).to.equal("StoreCorrupt");
    expect(await codeOf(two.append("note", 1))).to.equal("StoreCorrupt");
    await one.append("note", "again");
    for (const store of [one, two]) await store.close();
    const store = await subject.open();
    expect(
      store
        .records()
        .slice(3)
        .map(({ body }) => body),
    ).to.deep.equal(["one", "again"]);
    await store.close();
  });

  it("D16: has half of a migration in its file after kill -9, and none when it is opened", async () => {
    const store = await subject.open();
    await Promise.all(
      Array.from({ length: 4_000 }, (_, number) => store.append("number", { number, filler: "x".repeat(1_000) })),
    );
    const records = JSON.stringify(store.records());
    await store.close();
    const before = readFileSync(fileOf());
    const child = new StoreChild("migrate", subject.childArguments);
    await child.until((lines) => lines.includes("midway"));
    await child.kill();
    expect(readFileSync(fileOf()).equals(before)).to.equal(false);
    const again = await subject.open();
    expect(JSON.stringify(again.records())).to.equal(records);
    await again.close();
  }).timeout(60_000);
});
