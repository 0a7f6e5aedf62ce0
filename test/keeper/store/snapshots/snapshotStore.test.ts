import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { decodeSnapshot, type Section } from "../../../../keeper/store/snapshots/snapshotFormat.ts";
import { SnapshotStore } from "../../../../keeper/store/snapshots/SnapshotStore.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const text = (kind: number, value: string): Section => ({ kind, bytes: Buffer.from(value) });
const SECTIONS = [text(1, "whose"), text(3, "words"), text(3, ""), text(9, "more words".repeat(40))];

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
  return "none";
}

const plain = (sections: readonly Section[]): [number, string][] =>
  sections.map(({ kind, bytes }) => [kind, Buffer.from(bytes).toString()]);

describe("SnapshotStore", () => {
  let directory: string;
  let store: SnapshotStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-snapshots-"));
    store = await SnapshotStore.open(join(directory, "snapshots"));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Bytes of a snapshot that was written. */
  async function written(): Promise<Buffer> {
    return readFile(store.pathOf(await store.write(7, SECTIONS)));
  }

  it("reads what it wrote, and says how long it is", async () => {
    const file = await store.write(7, SECTIONS);
    expect(plain(await store.read(file))).to.deep.equal(plain(SECTIONS));
    expect(file.bytes).to.equal((await readFile(store.pathOf(file))).length);
    expect((await store.list()).map(({ number }) => number)).to.deep.equal([7]);
  });

  it("reads a file of many pieces", async () => {
    const many = Array.from({ length: 3_000 }, (_, index) => text(1 + (index % 250), "x".repeat(index)));
    expect(plain(await store.read(await store.write(1, many)))).to.deep.equal(plain(many));
  });

  it("keeps the last two, the newest first, whatever their blocks", async () => {
    for (const number of [10, 12, 3]) await store.write(number, SECTIONS);
    expect((await store.list()).map(({ number }) => number)).to.deep.equal([3, 12]);
  });

  it("puts aside what must not be used, keeps two such, and gives no name twice", async () => {
    const asides: string[] = [];
    for (const number of [1, 2, 3]) asides.push(await store.setAside(await store.write(number, SECTIONS)));
    expect(await store.list()).to.deep.equal([]);
    expect((await readdir(store.directory)).map((name) => join(store.directory, name)).sort()).to.deep.equal(
      asides.slice(1),
    );
    expect((await store.write(1, SECTIONS)).sequence).to.equal(4);
  });

  it("leaves nothing of a snapshot whose sections fail, and removes at the start what was not finished", async () => {
    function* failing(): Generator<Section> {
      yield text(1, "some");
      throw new KeeperError("SnapshotOvertaken", "the block is gone");
    }
    expect(await codeOf(() => store.write(7, failing()))).to.equal("SnapshotOvertaken");
    expect(await readdir(store.directory)).to.deep.equal([]);
    await writeFile(store.pathOf({ name: "books-00000001-7.snapshot.unfinished" }), "half");
    await SnapshotStore.open(store.directory);
    expect(await readdir(store.directory)).to.deep.equal([]);
  });

  it("says it when the disk refuses, and leaves what is there", async () => {
    const file = await store.write(7, SECTIONS);
    // Root may write everywhere: a folder stands where the file would.
    await mkdir(store.pathOf({ name: "books-00000002-8.snapshot.unfinished" }));
    expect(await codeOf(() => store.write(8, SECTIONS))).to.equal("SnapshotFailed");
    expect(await store.list()).to.deep.equal([{ name: file.name, sequence: 1, number: 7 }]);
    await writeFile(join(directory, "file"), "");
    expect(await codeOf(() => SnapshotStore.open(join(directory, "file", "below")))).to.equal("SnapshotFailed");
    expect(await codeOf(() => store.read({ name: "books-00000009-9.snapshot", sequence: 9, number: 9 }))).to.equal(
      "SnapshotFailed",
    );
  });

  it("refuses a full disk in the middle of a snapshot, and goes on", async () => {
    if (process.platform !== "linux") return;
    // /dev/full takes no byte.
    const { symlink } = await import("node:fs/promises");
    await symlink("/dev/full", store.pathOf({ name: "books-00000001-8.snapshot.unfinished" }));
    expect(await codeOf(() => store.write(8, SECTIONS))).to.equal("SnapshotFailed");
    expect(await readdir(store.directory)).to.deep.equal([]);
    expect((await store.write(8, SECTIONS)).sequence).to.equal(1);
  });

  it("refuses a file that is cut at any length, or longer", async () => {
    const bytes = await written();
    for (let length = 0; length < bytes.length; length += 1) {
      const code = await codeOf(() => decodeSnapshot("f", bytes.subarray(0, length)));
      expect(code, `cut at ${length}`).to.equal("SnapshotCorrupt");
    }
    const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
    expect(await codeOf(() => decodeSnapshot("f", longer))).to.equal("SnapshotCorrupt");
    expect(await codeOf(() => decodeSnapshot("f", bytes))).to.equal("none");
  });

  it("refuses a file in which any byte is another", async () => {
    const random = new SeededRandom(chooseSeed(51));
    const bytes = await written();
    for (let at = 0; at < bytes.length; at += 1) {
      const other = Buffer.from(bytes);
      other[at]! ^= 1 << random.below(8);
      const isVersion = at >= 8 && at < 12;
      const code = await codeOf(() => decodeSnapshot("f", other));
      expect(code, `byte ${at}`).to.equal(isVersion ? "SnapshotVersion" : "SnapshotCorrupt");
    }
  });

  it("names another version, and does not call it damaged", async () => {
    const bytes = await written();
    bytes.writeUInt32BE(2, 8);
    expect(await codeOf(() => decodeSnapshot("f", bytes))).to.equal("SnapshotVersion");
  });
});
