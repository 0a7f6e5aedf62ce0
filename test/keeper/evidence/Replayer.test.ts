import { expect } from "chai";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { compareDecisions } from "../../../keeper/evidence/compareDecisions.ts";
import { readRecording, type Recording } from "../../../keeper/evidence/readRecording.ts";
import { Replayer } from "../../../keeper/evidence/Replayer.ts";
import { LocalWorld } from "../../helpers/keeper/LocalWorld.ts";
import { BROKEN_REDUCERS } from "./brokenReducers.ts";
import { RecordedKeeper } from "./RecordedKeeper.ts";

const TAMPERED = ledger.accounts.slot(`0x${"07".repeat(32)}`);

describe("Replayer", function () {
  this.timeout(120_000);
  let world: LocalWorld;
  let keeper: RecordedKeeper;
  let recording: Recording;
  let tamperedBlock: number;

  async function height(): Promise<number> {
    return Number(await world.send("eth_blockNumber"));
  }

  before(async () => {
    world = await LocalWorld.open("anvil", 11);
    keeper = await RecordedKeeper.start(world, [world.node.wsUrl, world.node.url]);
    await keeper.untilVerdict("InSync", await height());
    for (let round = 0; round < 3; round += 1) {
      await world.trade(2);
      await keeper.untilVerdict("InSync", await height());
    }
    // A block that is heard of when all before it are judged.
    await world.mine();
    await keeper.untilVerdict("InSync", await height());
    await world.send("anvil_setStorageAt", world.addresses.PositionLedger, TAMPERED, `0x${"00".repeat(31)}01`);
    await world.mine();
    tamperedBlock = await height();
    await keeper.untilVerdict("Diverged", tamperedBlock);
    await keeper.until("contained", () =>
      keeper.effects.some((effect) => effect.type === "incident" && effect.report.state === "contained"),
    );
    await keeper.stop();
    recording = await readRecording(await keeper.recording());
  });

  after(async () => {
    await keeper.stop();
    await keeper.remove();
    await world.close();
  });

  it("decides the same of the same answers, from the deployment to the contained pause", () => {
    const replayed = Replayer.replay(recording);
    const { difference, blockCount } = compareDecisions(recording.decisions, replayed);
    expect(difference).to.equal(null);
    // On a busy machine one of the two may go past a block because the next one is there.
    expect(blockCount).to.be.within(5, new Set(keeper.reports.map(({ hash }) => hash)).size);
    const verdicts = replayed.decisions.flatMap(({ decision }) => (decision.type === "block" ? [decision.report] : []));
    expect(verdicts.at(-1)?.verdict.kind).to.equal("Diverged");
    // From the incident on, a journal and keys that take no time let it look for the word a little earlier.
    const opened = recording.decisions.find(({ decision }) => decision.type === "incident")!;
    expect(replayed.unanswered.filter(({ atMs }) => atMs < opened.atMs)).to.deep.equal([]);
  });

  it("decides the same of whatever part of it a kill has left", () => {
    for (const share of [0.25, 0.5, 0.75]) {
      const untilMs = recording.inputs[Math.floor(recording.inputs.length * share)]!.atMs;
      const cut: Recording = {
        ...recording,
        inputs: recording.inputs.filter(({ atMs }) => atMs <= untilMs),
        exchanges: recording.exchanges.filter(({ settledAtMs }) => settledAtMs <= untilMs),
        decisions: recording.decisions.filter(({ atMs }) => atMs <= untilMs),
        end: null,
      };
      expect(compareDecisions(cut.decisions, Replayer.replay(cut)).difference, `at ${share}`).to.equal(null);
    }
  });

  it("is a function of the recording alone", () => {
    const [first, second] = [Replayer.replay(recording), Replayer.replay(recording)];
    expect(first).to.deep.equal(second);
  });

  it("names the block at which a core with a broken reducer decides differently", () => {
    const replacements = { reducers: BROKEN_REDUCERS };
    const { difference } = compareDecisions(recording.decisions, Replayer.replay(recording, { replacements }));
    expect(difference?.what).to.equal("verdict");
    const judged = keeper.reports.map(({ hash }) => hash);
    expect(judged).to.include(difference?.blockHash);
    expect(difference?.blockNumber).to.be.below(tamperedBlock);
    expect(difference?.recorded).to.match(/^InSync/);
    expect(difference?.replayed).to.match(/^OwnFault: PositionLedger/);
  });

  it("names the block at which a core breaks down, and why", () => {
    const secondOpinion = (): never => {
      throw new RangeError("the opinion breaks down");
    };
    // It is asked as soon as something is found.
    const replayed = Replayer.replay(recording, { replacements: { reducers: BROKEN_REDUCERS, secondOpinion } });
    const { difference } = compareDecisions(recording.decisions, replayed);
    const judged = replayed.decisions.filter(({ decision }) => decision.type === "block").length;
    const first = keeper.reports[judged]!;
    expect(difference).to.deep.include({ what: "failure", blockNumber: first.number, blockHash: first.hash });
    expect(difference?.replayed).to.match(/RangeError: the opinion breaks down/);
  });

  it("names the block at which a second opinion that always agrees turns a divergence into an own fault", () => {
    const replacements = { secondOpinion: () => ({ agreesWithChain: true, detail: "fine" }) };
    const replayed = Replayer.replay(recording, { replacements });
    const { difference } = compareDecisions(recording.decisions, replayed);
    // The block may have been gone past in the verdicts, since the pause for it was mined at once.
    expect(difference?.blockNumber).to.equal(tamperedBlock);
    expect(difference?.recorded).to.match(/PositionLedger unexplained-write/);
    const judged = replayed.decisions.flatMap(({ decision }) => (decision.type === "block" ? [decision.report] : []));
    const faults = judged.filter(({ verdict }) => verdict.kind === "OwnFault");
    expect(faults[0]?.number).to.be.at.least(tamperedBlock);
  });

  it("explains what one changed byte of an answer does: the source is quarantined, and the block is not judged", () => {
    const { hash, number } = keeper.reports.find(({ number: height }) => height === tamperedBlock - 1)!;
    const isHeader = ({ calls }: Recording["exchanges"][number]): boolean =>
      calls.some(({ method, params }) => method === "eth_getBlockByHash" && params[0] === hash);
    let edits = 0;
    const edited: Recording = {
      ...recording,
      exchanges: recording.exchanges.map((exchange) => {
        if (exchange.text === null || !isHeader(exchange)) return exchange;
        edits += 1;
        const change = (_: string, name: string, digit: string): string => name + (digit === "0" ? "1" : "0");
        return { ...exchange, text: exchange.text.replace(/("stateRoot":"0x)(.)/, change) };
      }),
    };
    const { difference, notes } = compareDecisions(recording.decisions, Replayer.replay(edited));
    expect(edits).to.be.at.least(1);
    expect(difference).to.deep.include({ what: "verdict", blockNumber: number, blockHash: hash });
    expect(difference?.recorded).to.match(/^InSync/);
    expect(notes.join("\n")).to.match(/only in the replay: source operator-\d quarantined: /);
  });

  it("asks another source where an answer is pinned to a hash", () => {
    const other = (source: string): string => (source === "operator-1" ? "operator-2" : "operator-1");
    const isPinned = ({ calls }: Recording["exchanges"][number]): boolean =>
      calls.length > 0 &&
      calls.every(
        ({ method, params }) => method === "eth_getBlockByHash" || JSON.stringify(params).includes("blockHash"),
      );
    expect(recording.exchanges.filter(isPinned).length).to.be.greaterThan(5);
    const swapped: Recording = {
      ...recording,
      exchanges: recording.exchanges.map((exchange) =>
        isPinned(exchange) ? { ...exchange, source: other(exchange.source) } : exchange,
      ),
    };
    const { difference, notes } = compareDecisions(recording.decisions, Replayer.replay(swapped));
    expect(difference, JSON.stringify({ difference, notes })).to.equal(null);
  });

  it("says what nobody answered", () => {
    const nothing = Replayer.replay({ ...recording, exchanges: [] });
    const { difference, notes } = compareDecisions(recording.decisions, nothing);
    expect(difference).to.deep.include({ blockNumber: keeper.reports[0]!.number, replayed: "not judged" });
    expect(notes.join("\n")).to.match(/calls have no recorded answer/);
  });

  it("refuses a window: its beginning is gone", () => {
    const window: Recording = { ...recording, beginning: { ...recording.beginning, type: "window", options: null } };
    expect(() => Replayer.replay(window))
      .to.throw()
      .with.property("code", "RecordingIncomplete");
  });

  it("keeps no URL of a source, only its names", () => {
    expect(recording.beginning.options?.sources).to.deep.equal([
      { id: "operator-1", operator: "operator-1", client: "local" },
      { id: "operator-2", operator: "operator-2", client: "local" },
    ]);
    expect(BOOK_NAMES.every((name) => recording.beginning.options?.addresses[name] === world.addresses[name])).to.equal(
      true,
    );
  });

  it("left the raw answers of every source with the incident", async () => {
    const evidence = join(keeper.directory, "data", "evidence");
    const [incident] = await readdir(evidence);
    for (const state of ["opened", "contained"]) {
      const { beginning, exchanges } = await readRecording(join(evidence, incident!, state));
      expect(beginning.type).to.equal("window");
      expect(new Set(exchanges.map(({ source }) => source))).to.deep.equal(new Set(["operator-1", "operator-2"]));
      expect(exchanges.some(({ kind }) => kind === "push")).to.equal(true);
    }
  });
});
