import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareDecisions } from "../../../keeper/evidence/compareDecisions.ts";
import { AnswerBook } from "../../../keeper/evidence/AnswerBook.ts";
import { readRecording, type Recording } from "../../../keeper/evidence/readRecording.ts";
import { Recorder } from "../../../keeper/evidence/Recorder.ts";
import type { RecorderOptions, RecorderStop } from "../../../keeper/evidence/RecorderOptions.ts";
import { exchangeOf, optionsOf } from "./samples.ts";

const MEBIBYTE = 1024 * 1024;

describe("Recorder under a flood of one source", () => {
  let directory: string;
  let stops: RecorderStop[];

  const open = async (options: Partial<RecorderOptions>): Promise<Recorder> => {
    const recorder = await Recorder.open({
      directory,
      flushMs: 0,
      now: () => 1,
      wallNow: () => 1_700_000_000_000,
      onStop: (stop) => void stops.push(stop),
      ...options,
    });
    recorder.start(optionsOf(), "1");
    return recorder;
  };

  /** What is kept of a source: the exchange's time, and whether its text is whole. */
  const keptOf = ({ exchanges }: Recording, wanted: string): [number, boolean][] =>
    exchanges
      .filter(({ source }) => source === wanted)
      .map(({ sentAtMs, cut }): [number, boolean] => [sentAtMs, cut === undefined]);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-flood-"));
    stops = [];
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("goes on when a few huge answers would fill what may wait, and keeps every text of the others", async () => {
    const recorder = await open({ maxWaitingBytes: 16 * MEBIBYTE, flushMs: 60_000 });
    const honest = "y".repeat(10_000);
    const junk = "x".repeat(6 * MEBIBYTE);
    for (let n = 0; n < 50; n += 1) {
      recorder.exchange(exchangeOf(honest, n, { source: "b" }));
      if (n % 5 === 0) recorder.exchange(exchangeOf(junk, n, { source: "liar" }));
    }
    await recorder.close();
    expect(stops).to.deep.equal([]);
    const recording = await readRecording(directory);
    expect(recording.end).to.equal("closed");
    expect(keptOf(recording, "b")).to.deep.equal(Array.from({ length: 50 }, (_, n) => [n, true]));
    const ofLiar = keptOf(recording, "liar");
    expect(ofLiar).to.have.length(10);
    expect(ofLiar.filter(([, isWhole]) => isWhole).length).to.be.within(1, 2);
  });

  it("goes on when what waits is all of one source, where there is another", async () => {
    const recorder = await open({ maxWaitingBytes: 4 * MEBIBYTE });
    recorder.exchange(exchangeOf("y", 1, { source: "b" }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    recorder.exchange(exchangeOf("x".repeat(5 * MEBIBYTE), 2, { source: "liar" }));
    recorder.exchange(exchangeOf("y", 3, { source: "b" }));
    await recorder.close();
    expect(stops).to.deep.equal([]);
    expect(keptOf(await readRecording(directory), "liar")).to.deep.equal([[2, false]]);
  });

  it("gives a source at most half of the room for long texts, and keeps every text of the others", async () => {
    const recorder = await open({ maxBytes: 16 * MEBIBYTE });
    const junk = "x".repeat(2 * MEBIBYTE);
    const honest = "y".repeat(50_000);
    for (let n = 0; n < 30; n += 1) {
      recorder.exchange(exchangeOf(honest, n, { source: "b" }));
      recorder.exchange(exchangeOf(junk, n, { source: "liar" }));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await recorder.close();
    expect(stops).to.deep.equal([]);
    const recording = await readRecording(directory);
    expect(keptOf(recording, "b")).to.deep.equal(Array.from({ length: 30 }, (_, n) => [n, true]));
    expect(keptOf(recording, "liar").map(([, isWhole]) => isWhole)).to.deep.equal(
      Array.from({ length: 30 }, (_, n) => n < 3),
    );
  });

  it("keeps the texts of an only source whole until its bound, and names it at the end", async () => {
    const recorder = await open({ maxBytes: 8 * MEBIBYTE });
    for (let n = 0; n < 6; n += 1) {
      recorder.exchange(exchangeOf("x".repeat(1.5 * MEBIBYTE), n));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await recorder.close();
    const recording = await readRecording(directory);
    expect(keptOf(recording, "a")).to.deep.equal(Array.from({ length: 5 }, (_, n) => [n, true]));
    expect([recording.end, recording.filledBy?.source]).to.deep.equal(["full", "a"]);
    expect(recording.filledBy?.bytes).to.be.within(9 * MEBIBYTE, 9.1 * MEBIBYTE);
    expect(stops).to.have.length(1);
    expect(stops[0]).to.deep.include({ reason: "full", filledBy: recording.filledBy });
  });

  it("says so when the room ends in a write that is under way when it is closed", async () => {
    const recorder = await open({ maxBytes: 8 * MEBIBYTE, flushMs: 1 });
    for (let n = 0; n < 6; n += 1) recorder.exchange(exchangeOf("x".repeat(1.5 * MEBIBYTE), n));
    // Set after the recorder's own timer, so that this ends right after the write has begun.
    await new Promise((resolve) => setTimeout(resolve, 1));
    await recorder.close();
    const recording = await readRecording(directory);
    expect([recording.end, recording.filledBy?.source]).to.deep.equal(["full", "a"]);
    expect(stops.map(({ reason }) => reason)).to.deep.equal(["full"]);
  });

  it("cuts nothing of an only source when too much waits: it ends", async () => {
    const recorder = await open({ maxWaitingBytes: 4 * MEBIBYTE, flushMs: 60_000 });
    for (let n = 0; n < 4; n += 1) recorder.exchange(exchangeOf("x".repeat(1.5 * MEBIBYTE), n));
    await recorder.close();
    expect(stops.map(({ reason, filledBy }) => [reason, filledBy?.source])).to.deep.equal([["overrun", "a"]]);
  });

  it("names who filled what waits when it has to end", async () => {
    const recorder = await open({ maxWaitingBytes: 10_000, flushMs: 60_000 });
    recorder.exchange(exchangeOf("y", 0, { source: "b" }));
    for (let n = 0; n < 100; n += 1) recorder.exchange(exchangeOf("x".repeat(500), n, { source: "liar" }));
    await recorder.close();
    expect(stops.map(({ reason, filledBy }) => [reason, filledBy?.source])).to.deep.equal([["overrun", "liar"]]);
  });

  it("says in a replay that a text which was cut cannot be replayed, and takes it for no fault of its source", async () => {
    const recorder = await open({ maxWaitingBytes: MEBIBYTE, flushMs: 60_000 });
    recorder.exchange(exchangeOf("y", 0, { source: "b" }));
    recorder.exchange(exchangeOf("x".repeat(2 * MEBIBYTE), 10, { calls: [{ method: "echo", params: [1] }] }));
    await recorder.close();
    const recording = await readRecording(directory);
    const call = { method: "echo", params: [1] };
    const recalled = new AnswerBook(recording).recall("a", call, 10);
    expect(recalled).to.deep.include({ isRecorded: false, isCut: true, atMs: 15 });
    expect(recalled.answer).to.deep.equal({
      ok: false,
      code: "NotKept",
      message: `of the answer of a, ${2 * MEBIBYTE + 36} bytes long, only the beginning was kept`,
    });
    const unanswered = [{ atMs: 10, source: "a", call, isCut: true }];
    const { notes } = compareDecisions([], { decisions: [], unanswered, failure: null });
    expect(notes).to.deep.equal([
      "1 call has an answer too long to be recorded whole, which cannot be replayed, the first is echo to source a",
    ]);
  });
});
