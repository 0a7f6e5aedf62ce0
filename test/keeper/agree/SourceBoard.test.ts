import { expect } from "chai";

import { SourceBoard, type SourceReport } from "../../../keeper/chain/agree/SourceBoard.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BlockTree, hashOf } from "../../helpers/keeper/blockTree.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const QUARANTINE_MS = 500;
const MAX_QUARANTINE_MS = 60_000;
const OFFENCE_MEMORY_MS = 600_000;
const SUSPENSION_MS = 10_000;
/** Names the reason of every offence here. */
const LIE = "forged";

const VOTERS = [
  { id: "a1", operator: "a" },
  { id: "a2", operator: "a" },
  { id: "b", operator: "b" },
  { id: "c", operator: "c" },
];

const HEAD = { number: 7, hash: hashOf("head") };

describe("SourceBoard", () => {
  const seed = chooseSeed(61);
  let board: SourceBoard;

  beforeEach(() => {
    board = new SourceBoard(VOTERS);
  });

  const report = (source: string): SourceReport => board.reports().find(({ id }) => id === source)!;
  const stateOf = (source: string): string => report(source).state;

  /** Connected and of this chain. */
  function join(...sources: string[]): void {
    for (const source of sources) {
      board.setUp(source);
      board.identify(source, null);
    }
  }

  /** How long a source is in quarantine from `fromMs` on, by trying; it is released then. */
  function quarantineOf(source: string, fromMs: number): number {
    for (let ms = 0; ms <= 2 * MAX_QUARANTINE_MS; ms += 250) {
      board.release(fromMs + ms);
      if (board.trusted().includes(source)) return ms;
    }
    return Infinity;
  }

  /** Makes a source go back and forth until it is suspended. */
  function oscillate(source: string, nowMs: number): void {
    const tree = new BlockTree(new SeededRandom(seed));
    const [one, other] = [tree.extend(tree.root, 2), tree.extend(tree.root, 2)];
    const moves = [one, other, one, other].map((head) => board.serve(source, head, nowMs, tree.ancestry().relate));
    expect(moves.at(-1)).to.equal("oscillate");
  }

  describe("states", () => {
    it("begin as down, with a reason for each, in the configured order", () => {
      expect(board.reports().map(({ id, operator, state, reason }) => [id, operator, state, reason])).to.deep.equal(
        VOTERS.map(({ id, operator }) => [id, operator, "down", "not connected yet"]),
      );
      expect([board.connected(), board.trusted(), board.voting(), board.heads()]).to.deep.equal([[], [], [], []]);
    });

    it("go from down over unidentified to up, and back with the reason of the loss", () => {
      board.setUp("a1");
      expect(report("a1")).to.include({ state: "unidentified", reason: "its chain is not known yet" });
      expect([board.connected(), board.trusted()]).to.deep.equal([["a1"], []]);
      board.identify("a1", null);
      expect(report("a1")).to.include({ state: "up", reason: "" });
      expect([board.trusted(), board.voting()]).to.deep.equal([["a1"], ["a1"]]);
      board.setDown("a1", "timeout");
      expect(report("a1")).to.include({ state: "down", reason: "timeout", head: null });
    });

    it("give a foreign source no say, whatever it announces, until it serves this chain again", () => {
      join("a1", "b");
      board.announce("b", HEAD);
      board.identify("b", "it serves chain 5, not 1");
      expect(report("b")).to.include({ state: "foreign", reason: "it serves chain 5, not 1" });
      board.announce("b", HEAD);
      expect([board.trusted(), board.voting(), board.heads()]).to.deep.equal([["a1"], ["a1"], []]);
      expect([...board.trustedOperators()]).to.deep.equal(["a"]);
      // It is still asked what it serves.
      expect(board.connected()).to.deep.equal(["a1", "b"]);
      board.identify("b", null);
      expect([stateOf("b"), board.heads()]).to.deep.equal(["up", [["b", HEAD]]]);
    });

    it("are unknown again after a reconnect: behind the URL may stand another chain", () => {
      for (const foreign of [null, "it serves chain 5, not 1"]) {
        for (const isDown of [true, false]) {
          board.setUp("a1");
          board.identify("a1", foreign);
          if (isDown) board.setDown("a1", "timeout");
          board.setUp("a1");
          expect(stateOf("a1")).to.equal("unidentified");
          expect([board.isOurs("a1"), board.trusted()]).to.deep.equal([false, []]);
        }
      }
    });

    it("take an announced head for a sign of life, not for an identity", () => {
      board.announce("a1", HEAD);
      expect([stateOf("a1"), board.connected(), board.heads()]).to.deep.equal(["unidentified", ["a1"], []]);
      expect(report("a1").head).to.deep.equal(HEAD);
    });

    it("name what weighs most: down, foreign, unidentified, quarantined, suspended, limited, up", () => {
      join("a1");
      const seen: string[] = [stateOf("a1")];
      board.limit("a1", 99_000);
      seen.push(stateOf("a1"));
      oscillate("a1", 1);
      seen.push(stateOf("a1"));
      board.distrust("a1", LIE, 2);
      seen.push(stateOf("a1"));
      board.setUp("a1");
      seen.push(stateOf("a1"));
      board.identify("a1", "other");
      seen.push(stateOf("a1"));
      board.setDown("a1", "timeout");
      seen.push(stateOf("a1"));
      const all = ["up", "limited", "suspended", "quarantined", "unidentified", "foreign", "down"];
      expect(seen).to.deep.equal(all);
    });

    it("let a suspended source be asked, and not vote, until its time is over", () => {
      join("a1", "b");
      oscillate("b", 100);
      expect(report("b")).to.include({ state: "suspended", reason: "it goes back and forth between branches" });
      expect([board.trusted(), board.voting()]).to.deep.equal([["a1", "b"], ["a1"]]);
      expect(board.branchesOf("b").length).to.be.greaterThan(1);
      board.release(100 + SUSPENSION_MS - 1);
      expect(stateOf("b")).to.equal("suspended");
      board.release(100 + SUSPENSION_MS);
      expect([stateOf("b"), board.branchesOf("b")]).to.deep.equal(["up", []]);
    });

    it("keep the vote of one that limits the rate, and end with the time that it said", () => {
      join("a1", "b");
      board.limit("b", 900);
      board.limit("b", 400);
      expect(report("b")).to.include({ state: "limited", reason: "it limits the rate of requests" });
      expect(board.voting()).to.deep.equal(["a1", "b"]);
      board.release(899);
      expect(stateOf("b")).to.equal("limited");
      board.release(900);
      expect(stateOf("b")).to.equal("up");
    });

    it("do not change for a source that was not declared", () => {
      board.setUp("stranger");
      board.identify("stranger", null);
      board.announce("stranger", HEAD);
      board.distrust("stranger", LIE, 1);
      board.limit("stranger", 1);
      board.answered("stranger", 1);
      board.missed("stranger");
      board.forgive("stranger");
      board.setDown("stranger", "gone");
      const { relate } = new BlockTree(new SeededRandom(seed)).ancestry();
      expect(board.serve("stranger", HEAD, 1, relate)).to.equal("stay");
      expect([board.connected(), board.isOurs("stranger")]).to.deep.equal([[], false]);
      expect(board.reports().map(({ id }) => id)).to.deep.equal(VOTERS.map(({ id }) => id));
    });
  });

  describe("quarantine", () => {
    beforeEach(() => join("a1", "b"));

    it("says why, ends by itself, and doubles with each offence in a row up to a minute", () => {
      let nowMs = 5_000;
      const times: number[] = [];
      for (let offence = 0; offence < 12; offence += 1) {
        board.distrust("b", LIE, nowMs);
        expect(report("b")).to.include({ state: "quarantined", reason: LIE });
        expect([board.trusted(), board.voting()]).to.deep.equal([["a1"], ["a1"]]);
        times.push(quarantineOf("b", nowMs));
        nowMs += 2 * MAX_QUARANTINE_MS;
      }
      const doubled = times.map((_, index) => Math.min(MAX_QUARANTINE_MS, QUARANTINE_MS * 2 ** index));
      expect(times).to.deep.equal(doubled);
      expect(times.at(-1)).to.equal(MAX_QUARANTINE_MS);
    });

    it("ends for ever so many offences", () => {
      for (let offence = 0; offence < 2_000; offence += 1) board.distrust("b", LIE, 1);
      expect(quarantineOf("b", 1)).to.equal(MAX_QUARANTINE_MS);
      expect(report("b").score).to.be.within(0, 100);
    });

    it("begins small again after a block was proven with the source's help", () => {
      for (let offence = 0; offence < 4; offence += 1) board.distrust("b", LIE, 0);
      board.forgive("b");
      expect(stateOf("b")).to.equal("quarantined");
      expect(quarantineOf("b", 0)).to.equal(8 * QUARANTINE_MS);
      board.distrust("b", LIE, 10_000);
      expect(quarantineOf("b", 10_000)).to.equal(QUARANTINE_MS);
    });

    it("begins small again after a long time without an offence, and not before", () => {
      for (let offence = 0; offence < 4; offence += 1) board.distrust("b", LIE, 1_000);
      board.release(1_000 + OFFENCE_MEMORY_MS);
      board.distrust("b", LIE, 1_000 + OFFENCE_MEMORY_MS);
      expect(quarantineOf("b", 1_000 + OFFENCE_MEMORY_MS)).to.equal(16 * QUARANTINE_MS);
      const late = 1_000 + 2 * OFFENCE_MEMORY_MS + 1;
      board.distrust("b", LIE, late);
      expect(quarantineOf("b", late)).to.equal(QUARANTINE_MS);
    });

    it("stands through a reconnect", () => {
      board.distrust("b", LIE, 1);
      board.setDown("b", "closed");
      join("b");
      expect(stateOf("b")).to.equal("quarantined");
    });

    it("concerns one source, not its operator", () => {
      join("a2");
      board.distrust("a1", LIE, 1);
      expect([...board.trustedOperators()]).to.deep.equal(["a", "b"]);
      board.distrust("a2", LIE, 1);
      expect([...board.trustedOperators()]).to.deep.equal(["b"]);
    });
  });

  describe("scores and order", () => {
    beforeEach(() => join("a1", "a2", "b", "c"));

    it("stay between 0 and 100 and follow the newest answers", () => {
      const random = new SeededRandom(seed);
      for (let count = 0; count < 2_000; count += 1) {
        const event = random.below(3);
        if (event === 0) board.answered("b", random.below(500));
        else if (event === 1) board.missed("b");
        else board.distrust("b", LIE, count);
        expect(report("b").score).to.be.within(0, 100);
      }
      for (let count = 0; count < 100; count += 1) board.missed("b");
      expect(report("b").score).to.equal(0);
      for (let count = 0; count < 100; count += 1) board.answered("b", 1);
      expect(report("b").score).to.equal(100);
    });

    it("measure latency from the first answer on", () => {
      expect(report("b").latencyMs).to.equal(null);
      board.answered("b", 40);
      expect(report("b").latencyMs).to.equal(40);
      for (let count = 0; count < 200; count += 1) board.answered("b", 10);
      expect(Math.round(100 * report("b").latencyMs!)).to.equal(1_000);
    });

    it("rank whoever is silent behind, whoever limits the rate last, and otherwise as they were given", () => {
      const given = ["c", "b", "a2", "a1"];
      expect(board.ranked(given)).to.deep.equal(given);
      board.missed("c");
      expect(board.ranked(given)).to.deep.equal(["b", "a2", "a1", "c"]);
      board.limit("b", 100);
      for (let count = 0; count < 50; count += 1) board.missed("c");
      expect(board.ranked(given)).to.deep.equal(["a2", "a1", "c", "b"]);
      expect(board.ranked([...given, "stranger"]).at(-1)).to.equal("stranger");
      board.answered("c", 1);
      board.release(100);
      expect(board.ranked(given)).to.deep.equal(given);
    });

    it("rank neither more nor fewer than were given", () => {
      board.missed("a1");
      expect(board.ranked(["b", "a1"])).to.deep.equal(["b", "a1"]);
      expect(board.ranked([])).to.deep.equal([]);
    });
  });
});
