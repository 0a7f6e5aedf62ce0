import { expect } from "chai";
import { appendFile, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { readRecording } from "../../../keeper/evidence/readRecording.ts";
import { Recorder } from "../../../keeper/evidence/Recorder.ts";
import type { RecorderOptions, RecorderStop } from "../../../keeper/evidence/RecorderOptions.ts";
import type { Effect } from "../../../keeper/loop/ports.ts";
import { exchangeOf, hashOf, headAt, optionsOf } from "./samples.ts";

const UNKNOWN: Effect = { type: "unknown", reason: "no-source", detail: "nobody" };
const LATCH: Effect = { type: "latch", detail: "own fault" };
const REQUEST: Effect = { type: "request", id: 1, source: "a", calls: [], deadlineMs: 5 };

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
  throw new Error("it succeeded");
}

describe("Recorder", () => {
  let directory: string;
  let stops: RecorderStop[];
  let nowMs: number;

  const open = (options: Partial<RecorderOptions> = {}): Promise<Recorder> =>
    Recorder.open({
      directory,
      flushMs: 0,
      now: () => (nowMs += 1),
      wallNow: () => 1_700_000_000_000 + nowMs,
      onStop: (stop) => void stops.push(stop),
      ...options,
    });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-recorder-"));
    stops = [];
    nowMs = 0;
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("gives back what it was told, in order, with its times", async () => {
    const recorder = await open();
    recorder.start(optionsOf(), "1.2.3");
    recorder.input({ type: "source-up", source: "a", nowMs: 3 });
    recorder.input(headAt(9, 4));
    recorder.exchange(exchangeOf("é\u2028\n\"'", 5));
    recorder.effect(UNKNOWN);
    recorder.input({ type: "tick", nowMs: 50 });
    await recorder.close();
    const recording = await readRecording(directory);
    expect(recording.beginning).to.include({ type: "recording", format: 1, build: "1.2.3" });
    expect(recording.inputs.map(({ input }) => input)).to.deep.equal([
      { type: "source-up", source: "a", nowMs: 3 },
      headAt(9, 4),
      { type: "tick", nowMs: 50 },
    ]);
    expect(recording.inputs.map(({ atMs }) => atMs)).to.deep.equal([2, 3, 5]);
    expect(recording.exchanges).to.deep.equal([exchangeOf("é\u2028\n\"'", 5)]);
    expect(recording.decisions).to.deep.equal([{ type: "decision", atMs: 4, decision: UNKNOWN }]);
    expect([recording.end, recording.tornBytes, recording.altered]).to.deep.equal(["closed", 0, []]);
    expect(stops).to.deep.equal([]);
  });

  it("keeps the core's options with their bigints and maps, and no URL", async () => {
    const recorder = await open();
    recorder.start(optionsOf({ note: "see https://host/v3/0123456789abcdef0123" }), "1");
    await recorder.close();
    const { options } = (await readRecording(directory)).beginning;
    const { sources, ...rest } = optionsOf({ note: "see https://host/v3/***" });
    expect(options).to.deep.equal({ ...rest, sources: sources.map(({ id, operator }) => ({ id, operator })) });
    const [name] = await readdir(recorder.directory);
    expect(await readFile(join(recorder.directory, name!), "utf8")).to.not.match(/hunter2|0123456789abcdef|wss:/);
  });

  it("leaves out answers, acknowledgements and effects that decide nothing", async () => {
    const recorder = await open();
    recorder.start(optionsOf(), "1");
    recorder.input({ type: "answers", id: 1, answers: [], nowMs: 1 });
    recorder.input({ type: "journalled", id: 1, nowMs: 1 });
    recorder.input({ type: "signed", id: 1, raw: "0x00", hash: hashOf(1), nowMs: 1 });
    recorder.effect(REQUEST);
    recorder.effect(LATCH);
    await recorder.close();
    const { inputs, decisions } = await readRecording(directory);
    expect([inputs, decisions.map(({ decision }) => decision)]).to.deep.equal([[], [LATCH]]);
  });

  it("notes when the core took the answers of an exchange", async () => {
    const recorder = await open();
    recorder.start(optionsOf(), "1");
    const calls = [{ method: "echo", params: [] }];
    recorder.effect({ type: "request", id: 5, source: "a", calls, deadlineMs: 9 });
    recorder.exchange(exchangeOf("x", 10, { calls, firstId: 44 }));
    recorder.exchange(exchangeOf("x", 10, { firstId: 45 }));
    recorder.input({ type: "answers", id: 5, answers: [], nowMs: 20 });
    recorder.input({ type: "answers", id: 6, answers: [], nowMs: 20 });
    await recorder.close();
    const { taken } = await readRecording(directory);
    expect(taken).to.deep.equal([{ type: "taken", source: "a", firstId: 44, atMs: 2, nowMs: 20 }]);
  });

  it("puts the beginning first, whatever came before the start", async () => {
    const recorder = await open();
    recorder.exchange(exchangeOf("early", 1));
    recorder.input(headAt(1, 2));
    await new Promise((resolve) => setTimeout(resolve, 2));
    recorder.start(optionsOf(), "1");
    await recorder.close();
    const { exchanges, inputs } = await readRecording(directory);
    expect([exchanges.length, inputs.length]).to.deep.equal([1, 1]);
  });

  it("remembers an effect as it was, not as it became", async () => {
    const recorder = await open();
    recorder.start(optionsOf(), "1");
    const slots: unknown[] = [];
    const located = { type: "located", incidentId: hashOf(1), slots, note: "" } as unknown as Effect;
    recorder.effect(located);
    slots.push("later");
    await recorder.close();
    const [decision] = (await readRecording(directory)).decisions;
    expect(decision?.decision).to.deep.include({ slots: [] });
  });

  for (const gzip of [false, true]) {
    it(`spreads over files${gzip ? ", packs the complete ones" : ""}, and reads them as one`, async () => {
      const recorder = await open({ segmentBytes: 4_000, gzip });
      recorder.start(optionsOf(), "1");
      for (let n = 0; n < 50; n += 1) recorder.exchange(exchangeOf("x".repeat(300), n));
      await recorder.close();
      const names = (await readdir(recorder.directory)).sort();
      expect(names.length).to.be.within(6, 15);
      expect(names.every((name) => name.endsWith(gzip ? ".ndjson.gz" : ".ndjson"))).to.equal(true);
      const { exchanges, end } = await readRecording(directory);
      expect(exchanges.map(({ sentAtMs }) => sentAtMs)).to.deep.equal(Array.from({ length: 50 }, (_, n) => n));
      expect(end).to.equal("closed");
    });
  }

  it("stops at its bound and says so once; what is there can be read", async () => {
    const recorder = await open({ maxBytes: 6_000, segmentBytes: 1_500 });
    recorder.start(optionsOf(), "1");
    for (let n = 0; n < 100; n += 1) {
      recorder.exchange(exchangeOf("y".repeat(200), n));
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await recorder.close();
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["full"]);
    const recording = await readRecording(directory);
    expect(recording.end).to.equal("full");
    expect(recording.exchanges.length).to.be.within(5, 20);
    const sizes = await Promise.all(
      (await readdir(recorder.directory)).map(async (name) => (await readFile(join(recorder.directory, name))).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.within(4_500, 6_000);
    recorder.exchange(exchangeOf("more", 1));
    recorder.input(headAt(1, 1));
    recorder.effect(LATCH);
    expect(stops).to.have.length(1);
  });

  it("counts the recordings of earlier starts", async () => {
    const first = await open();
    first.start(optionsOf(), "1");
    first.exchange(exchangeOf("z".repeat(5_000), 1));
    await first.close();
    const second = await open({ maxBytes: 6_000 });
    second.start(optionsOf(), "1");
    for (let n = 0; n < 5; n += 1) second.exchange(exchangeOf("z".repeat(100), n));
    await second.close();
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["full"]);
    expect(await codeOf(readRecording(directory))).to.equal("RecordingAmbiguous");
    expect((await readRecording(first.directory)).end).to.equal("closed");
  });

  it("ends when the disk cannot keep up, and holds no more than its bound", async () => {
    const recorder = await open({ maxWaitingBytes: 10_000, flushMs: 60_000 });
    recorder.start(optionsOf(), "1");
    for (let n = 0; n < 10; n += 1) recorder.exchange(exchangeOf("w".repeat(2_000), n));
    await recorder.close();
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["overrun"]);
    // Nothing was written but the beginning that was never reached: there is nothing to decide again.
    expect(await codeOf(readRecording(directory))).to.equal("RecordingCorrupt");
  });

  it("never throws at the keeper when the disk refuses, and says it once", async () => {
    const recorder = await open({ segmentBytes: 10 });
    recorder.start(optionsOf(), "1");
    await rm(recorder.directory, { recursive: true, maxRetries: 5 });
    for (let n = 0; n < 5; n += 1) {
      recorder.exchange(exchangeOf("v", n));
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    await recorder.close();
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["failed"]);
    expect(stops[0]?.error).to.have.property("code", "ENOENT");
  });

  it("refuses a directory that it cannot write", async () => {
    await writeFile(join(directory, "file"), "");
    expect(await codeOf(open({ directory: join(directory, "file") }))).to.equal("RecorderFailed");
  });

  it("is not fatal for what it cannot encode", async () => {
    const recorder = await open();
    recorder.start(optionsOf({ odd: () => 1 }), "1");
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["failed"]);
    recorder.exchange(exchangeOf("v", 1));
    await recorder.close();
  });

  describe("read back", () => {
    let path: string;
    let lines: string[];

    beforeEach(async () => {
      const recorder = await open();
      recorder.start(optionsOf(), "1");
      for (let n = 0; n < 4; n += 1) recorder.exchange(exchangeOf(`answer ${n}`, n));
      await recorder.close();
      path = join(recorder.directory, "000001.ndjson");
      lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
    });

    const rewrite = (changed: readonly string[]): Promise<void> => writeFile(path, `${changed.join("\n")}\n`);

    it("drops a line that a kill cut short, and says how much", async () => {
      await truncate(path, Buffer.byteLength(lines.slice(0, 4).join("\n")) - 9);
      const recording = await readRecording(directory);
      expect(recording.exchanges).to.have.length(2);
      expect(recording.tornBytes).to.equal(Buffer.byteLength(lines[3]!) - 9);
      expect(recording.end).to.equal(null);
    });

    it("names a line that was changed; goes on over it only when told so", async () => {
      await rewrite(lines.map((line) => line.replace("answer 1", "answer 7")));
      expect(await codeOf(readRecording(directory))).to.equal("RecordingCorrupt");
      const { altered, exchanges } = await readRecording(directory, { mayBeAltered: true });
      expect(altered).to.deep.equal(["000001.ndjson:3"]);
      expect(exchanges[1]?.text).to.include("answer 7");
    });

    it("notices lines that were dropped, moved or added", async () => {
      const [first, second, third, ...rest] = lines as [string, string, string, ...string[]];
      for (const changed of [
        [first, third, ...rest],
        [first, third, second, ...rest],
        [first, second, second, third, ...rest],
      ]) {
        await rewrite(changed);
        expect(await codeOf(readRecording(directory))).to.equal("RecordingCorrupt");
      }
    });

    it("refuses what follows the end, what has no beginning, what is no line, and a later format", async () => {
      await appendFile(path, `${lines[1]!}\n`);
      expect(await codeOf(readRecording(directory, { mayBeAltered: true }))).to.equal("RecordingCorrupt");
      await rewrite(lines.slice(1));
      expect(await codeOf(readRecording(directory, { mayBeAltered: true }))).to.equal("RecordingCorrupt");
      await rewrite(["{}", ...lines.slice(1)]);
      expect(await codeOf(readRecording(directory, { mayBeAltered: true }))).to.equal("RecordingCorrupt");
      await rewrite(lines.map((line) => line.replace('"format":1', '"format":2')));
      expect(await codeOf(readRecording(directory, { mayBeAltered: true }))).to.equal("RecordingVersion");
    });

    it("refuses a missing file, and a directory without a recording", async () => {
      await rename(path, path.replace("000001", "000002"));
      expect(await codeOf(readRecording(directory))).to.equal("RecordingCorrupt");
      await rm(path.replace("000001", "000002"));
      expect(await codeOf(readRecording(directory))).to.equal("RecordingMissing");
      expect(await codeOf(readRecording(join(directory, "nothing")))).to.equal("RecordingMissing");
    });
  });
});
