import { appendFile, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { Journal } from "../../../keeper/store/Journal.ts";
import { formatHeader, formatRecord, parseJournal } from "../../../keeper/store/journalFormat.ts";

const BODIES = [
  { nonce: 7n, text: 'quotes " and \\ and \n', list: [1, [2n], null] },
  // A body may look like the seal of a line.
  { note: "tricky", chain: "ab".repeat(32) },
  "plain",
];

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
  return "no error";
}

describe("Journal", () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-journal-"));
    path = join(directory, "intents.ndjson");
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function writeSample(): Promise<Buffer> {
    const journal = await Journal.open(path, { now: () => 1_700_000_000_000 });
    for (const body of BODIES) await journal.append("sample", body);
    await journal.close();
    return readFile(path);
  }

  /** Bodies of the journal in the file, or the code of the refusal. */
  async function reopen(): Promise<unknown[] | string> {
    let journal: Journal;
    try {
      journal = await Journal.open(path);
    } catch (error: unknown) {
      if (error instanceof KeeperError) return error.code;
      throw error;
    }
    const bodies = journal.records().map(({ body }) => body);
    await journal.close();
    return bodies;
  }

  describe("append", () => {
    it("refuses a body that would come back changed, and stays usable", async () => {
      const journal = await Journal.open(path);
      const tooDeep = JSON.parse("[".repeat(40) + "]".repeat(40)) as unknown;
      const reserved = [{ $bigint: "1" }, JSON.parse('{"__proto__":1}') as unknown];
      const bodies = [
        undefined,
        NaN,
        -0,
        [undefined],
        () => 1,
        new Map(),
        new Date(0),
        Symbol("s"),
        tooDeep,
        ...reserved,
      ];
      for (const body of bodies) expect(await codeOf(journal.append("bad", body))).to.equal("JournalBodyInvalid");
      await journal.append("good", { absent: undefined });
      expect(journal.records().map(({ seq, body }) => [seq, body])).to.deep.equal([[1, {}]]);
      await journal.close();
    });

    it("refuses after close", async () => {
      const journal = await Journal.open(path);
      await journal.close();
      await journal.close();
      expect(await codeOf(journal.append("late", 1))).to.equal("JournalClosed");
    });

    it("refuses everything after one write or sync failed, and never lists what failed", async () => {
      for (const step of ["write", "datasync"] as const) {
        const journal = await Journal.open(path);
        await journal.append("kind", step);
        const probe = await open(path, "r");
        const fileHandle = Object.getPrototypeOf(probe) as Record<typeof step, unknown>;
        await probe.close();
        const original = fileHandle[step];
        fileHandle[step] = () => Promise.reject(new Error("no space left on device"));
        try {
          const appends = [journal.append("kind", 1), journal.append("kind", 2)];
          expect(await Promise.all(appends.map(codeOf))).to.deep.equal(["JournalFailed", "JournalFailed"]);
        } finally {
          fileHandle[step] = original;
        }
        expect(await codeOf(journal.append("kind", 3))).to.equal("JournalFailed");
        expect(journal.records().at(-1)?.body).to.equal(step);
        await journal.close();
      }
    });

    it("does not write on behind a gap when the disk recovers between two appends", async () => {
      const journal = await Journal.open(path);
      const probe = await open(path, "r");
      const fileHandle = Object.getPrototypeOf(probe) as Record<"datasync", unknown>;
      await probe.close();
      const original = fileHandle.datasync;
      fileHandle.datasync = () => {
        fileHandle.datasync = original;
        return Promise.reject(new Error("input/output error"));
      };
      const appends = [journal.append("kind", 1), journal.append("kind", 2)];
      expect(await Promise.all(appends.map(codeOf))).to.deep.equal(["JournalFailed", "JournalFailed"]);
      await journal.close();
      expect(await readFile(path, "utf8")).to.not.include('"seq":2');
    });

    it("is on the disk when it resolves, and is listed only then", async () => {
      const journal = await Journal.open(path);
      const append = journal.append("kind", { amount: 2n ** 200n });
      expect(journal.records()).to.deep.equal([]);
      await append;
      expect(await readFile(path, "utf8")).to.include(`{"$bigint":"${2n ** 200n}"}`);
      expect(journal.records()[0]?.body).to.deep.equal({ amount: 2n ** 200n });
      await journal.close();
    });

    it("keeps the order of the calls when many come at once", async () => {
      const journal = await Journal.open(path);
      await Promise.all(Array.from({ length: 200 }, (_, index) => journal.append("many", index)));
      expect(journal.records().map(({ body }) => body)).to.deep.equal(Array.from({ length: 200 }, (_, index) => index));
      const last = journal.append("last", "awaited by close");
      await journal.close();
      await last;
      expect(((await reopen()) as unknown[]).length).to.equal(201);
    });

    it("does not follow later changes of the body", async () => {
      const journal = await Journal.open(path);
      const body = { list: [1] };
      const append = journal.append("kind", body);
      body.list.push(2);
      await append;
      expect(journal.records()[0]?.body).to.deep.equal({ list: [1] });
      expect(() => (journal.records()[0]!.body as typeof body).list.push(3)).to.throw(TypeError);
      await journal.close();
    });
  });

  describe("open", () => {
    it("gives back every record, and continues the chain", async () => {
      await writeSample();
      const journal = await Journal.open(path);
      expect(journal.tornTail).to.equal(undefined);
      expect(journal.records().map(({ seq, kind, at }) => [seq, kind, at])).to.deep.equal(
        [1, 2, 3].map((seq) => [seq, "sample", 1_700_000_000_000]),
      );
      await journal.append("more", 1n);
      await journal.close();
      expect(await reopen()).to.deep.equal([...BODIES, 1n]);
    });

    it("makes a file that only its owner reads", async () => {
      await writeSample();
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
    });

    it("opens with the earlier records when the last is cut at any byte, and tells what it dropped", async () => {
      const whole = await writeSample();
      const lastStart = whole.lastIndexOf("\n", whole.length - 2) + 1;
      for (let cut = lastStart; cut < whole.length; cut++) {
        await writeFile(path, whole.subarray(0, cut));
        const journal = await Journal.open(path);
        // A record that misses only its newline verifies, so it is kept: it may have been acknowledged.
        const kept = cut === whole.length - 1 ? 3 : 2;
        expect(journal.records().length, `cut at ${cut}`).to.equal(kept);
        expect(journal.tornTail?.droppedBytes ?? 0, `cut at ${cut}`).to.equal(kept === 3 ? 0 : cut - lastStart);
        await journal.append("after", "the cut");
        await journal.close();
        expect(await reopen(), `cut at ${cut}`).to.deep.equal([...BODIES.slice(0, kept), "the cut"]);
      }
    }).timeout(20_000);

    it("reads what was whole when the file is cut at any byte at all, zeros behind the cut or not", async () => {
      const whole = await writeSample();
      for (let cut = 0; cut < whole.length; cut++) {
        for (const zeros of [0, 3]) {
          const bytes = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(zeros)]);
          const isLineWhole = whole[cut] === 0x0a;
          if (isLineWhole && zeros > 0) continue;
          const bodies = parseJournal(path, bytes).records.map(({ body }) => body);
          const lines = whole.subarray(0, cut).toString("utf8").split("\n").length - 1 + (isLineWhole ? 1 : 0);
          expect(bodies, `cut at ${cut}`).to.deep.equal(BODIES.slice(0, Math.max(0, lines - 1)));
        }
      }
    });

    it("writes its first line anew when the process died while making the file", async () => {
      const whole = await writeSample();
      for (const cut of [0, 1, 20, whole.indexOf("\n") - 1]) {
        await writeFile(path, whole.subarray(0, cut));
        const journal = await Journal.open(path);
        await journal.append("first", 1);
        await journal.close();
        expect(await reopen()).to.deep.equal([1]);
      }
    });

    it("P6: refuses the file when any bit of it is changed", async () => {
      const whole = await writeSample();
      for (let index = 0; index < whole.length; index++) {
        for (let bit = 0; bit < 8; bit++) {
          const damaged = Buffer.from(whole);
          damaged[index]! ^= 1 << bit;
          const place = `bit ${bit} of byte ${index}`;
          expect(() => parseJournal(path, damaged), place).to.throw(KeeperError);
        }
      }
    });

    it("refuses a last line that was complete once, though its newline is gone and its text changed", async () => {
      const whole = await writeSample();
      const damaged = Buffer.from(whole.subarray(0, -1));
      damaged[damaged.lastIndexOf("plain")]! ^= 1;
      expect(() => parseJournal(path, damaged)).to.throw(KeeperError, "damaged, not just cut short");
    });

    it("refuses a sealed line that has another number than its place", () => {
      const header = formatHeader(0);
      for (const seq of [0, 2]) {
        const { line } = formatRecord(seq, 0, "kind", "1", header.chain);
        const bytes = Buffer.from(`${header.line}\n${line}\n`);
        expect(() => parseJournal(path, bytes)).to.throw(KeeperError, `the number ${seq} instead of 1`);
      }
    });

    it("leaves a file as it is that it refuses", async () => {
      const whole = await writeSample();
      whole[whole.length - 1]! ^= 1;
      await writeFile(path, whole);
      expect(await reopen()).to.equal("JournalCorrupt");
      expect(await readFile(path)).to.deep.equal(whole);
    });

    it("refuses lines that are removed, doubled or exchanged", async () => {
      const lines = (await writeSample()).toString("utf8").split("\n").slice(0, -1);
      const [header, one, two, three] = lines as [string, string, string, string];
      for (const order of [
        [one, two],
        [header, two, three],
        [header, one, one, two],
        [header, two, one],
        [header, ""],
      ]) {
        await writeFile(path, `${order.join("\n")}\n`);
        expect(await reopen()).to.equal("JournalCorrupt");
      }
    });

    it("names file, line and reason of the damage", async () => {
      const whole = await writeSample();
      await writeFile(path, whole.toString("utf8").replace("tricky", "trickY"));
      const error = await Journal.open(path).catch((reason: unknown) => reason as KeeperError);
      expect((error as KeeperError).payload).to.deep.equal({
        file: path,
        line: 3,
        reason: "the checksum does not fit the line",
      });
    });

    it("refuses bytes behind the end that no append of its own can have left", async () => {
      for (const tail of ["garbage", '{"seq":9,"at":1', "\n"]) {
        await rm(path, { force: true });
        await writeSample();
        await appendFile(path, tail);
        expect(await reopen(), tail).to.equal("JournalCorrupt");
      }
    });

    it("refuses a newer version by its number, whatever its lines look like", async () => {
      await writeFile(path, '{"lockstepJournal":2,"sealed":"otherwise"}\nbinary\n');
      const error = await Journal.open(path).catch((reason: unknown) => reason as KeeperError);
      expect((error as KeeperError).code).to.equal("JournalVersion");
      expect((error as KeeperError).payload).to.deep.equal({ file: path, found: 2, supported: 1 });
    });

    it("refuses a directory that does not exist", async () => {
      expect(await codeOf(Journal.open(join(directory, "missing", "file")))).to.equal("JournalFailed");
    });
  });
});
