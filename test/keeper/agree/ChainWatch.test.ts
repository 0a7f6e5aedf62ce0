import { expect } from "chai";

import { ChainWatch, type Sight } from "../../../keeper/chain/agree/ChainWatch.ts";
import { PROFILES, type ChainProfile } from "../../../keeper/domain/chainProfile.ts";
import { CONDITION_KINDS, type ConditionKind } from "../../../keeper/domain/conditions.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";

const PROFILE = PROFILES.ethereum;
const SECOND = 1_000;
const BURST_BLOCKS = 32;
const DEGRADED_MS = 5_000;
/** Seconds since the epoch at monotonic zero. */
const EPOCH = 1_800_000_000;

describe("ChainWatch", () => {
  const seed = chooseSeed(71);
  let watch: ChainWatch;
  let nowMs: number;
  let number: number;
  let finalNumber: number | null;
  let usual: Partial<Sight>;

  function start(profile: ChainProfile = PROFILE): void {
    watch = new ChainWatch(profile);
    nowMs = 0;
    number = 1_000;
    finalNumber = 900;
    usual = {};
  }

  beforeEach(() => {
    start();
  });

  /** What is seen while nothing is unusual: the newest block is of now. */
  function sight(changes: Partial<Sight> = {}): Sight {
    const wallSeconds = EPOCH + nowMs / SECOND;
    return {
      nowMs,
      wallSeconds,
      tip: { number, timestamp: Math.floor(wallSeconds) },
      behind: 0,
      finalNumber,
      operators: 3,
      operatorCount: 3,
      split: null,
      oscillating: [],
      regression: null,
      ...usual,
      ...changes,
    };
  }

  const look = (changes?: Partial<Sight>): ConditionKind[] => watch.look(sight(changes)).map(({ kind }) => kind);
  const detailOf = (changes?: Partial<Sight>): string => watch.look(sight(changes)).map(({ detail }) => detail)[0]!;

  /** Time passes, and so many blocks. */
  function pass(ms: number, blocks = 0): void {
    nowMs += ms;
    number += blocks;
  }

  it("sees nothing unusual in an ordinary hour", () => {
    for (let step = 0; step < 300; step += 1) {
      expect(look()).to.deep.equal([]);
      pass(12 * SECOND, 1);
      finalNumber = number - 64 - (number % 32);
    }
  });

  it("sees nothing at all before the first block, nor while nobody told the time", () => {
    for (let step = 0; step < 100; step += 1) {
      expect(look({ tip: null, finalNumber: null, behind: 400, wallSeconds: null })).to.deep.equal([]);
      pass(60 * SECOND);
    }
    // Nobody told the time: neither skew nor age is known.
    start();
    expect(look({ wallSeconds: null, tip: { number, timestamp: 2 * EPOCH } })).to.deep.equal([]);
    expect(look({ wallSeconds: null, tip: { number, timestamp: 1 } })).to.deep.equal([]);
  });

  it("reports several at once, in the order of their kinds", () => {
    look();
    watch.consensusFault("k operators");
    watch.rolledBack(PROFILE.confirmations + 1, number);
    usual = { split: "a and b", oscillating: ["c"], regression: "c at 9", operators: 2, behind: BURST_BLOCKS };
    look();
    pass(PROFILE.finalityStallSeconds * SECOND, 1);
    usual = { ...usual, tip: { number, timestamp: EPOCH + 10 * PROFILE.finalityStallSeconds } };
    const all = CONDITION_KINDS.filter((kind) => kind !== "halted-chain" && kind !== "custody-suspect");
    expect(look()).to.deep.equal(all);
  });

  describe("split", () => {
    const split = "a at 5, b at 5";
    const patienceMs = 2 * PROFILE.blockSeconds * SECOND;

    it("begins when branches compete for two block times, and ends at once", () => {
      expect(look({ split })).to.deep.equal([]);
      pass(patienceMs - 1);
      expect(look({ split })).to.deep.equal([]);
      pass(1);
      expect(look({ split })).to.deep.equal(["split"]);
      expect(detailOf({ split })).to.equal(split);
      expect(look()).to.deep.equal([]);
    });

    it("counts the time anew when it came to one branch in between", () => {
      look({ split });
      pass(patienceMs - 1);
      look();
      look({ split });
      pass(patienceMs - 1);
      expect(look({ split })).to.deep.equal([]);
    });

    it("goes on when the branches change, and names those of now", () => {
      look({ split });
      pass(patienceMs);
      expect(detailOf({ split: "a at 6, b at 7" })).to.equal("a at 6, b at 7");
    });
  });

  it("oscillation and height-regression hold as long as they are said to", () => {
    expect(look({ oscillating: ["b", "c"] })).to.deep.equal(["oscillation"]);
    expect(detailOf({ oscillating: ["b", "c"] })).to.equal("b, c: back and forth between branches");
    expect(look({ regression: "b at 9" })).to.deep.equal(["height-regression"]);
    expect(detailOf({ regression: "b at 9" })).to.equal("b at 9");
    expect(look()).to.deep.equal([]);
  });

  describe("deep-reorg", () => {
    it("does not begin with as many blocks as the confirmations, and begins with one more", () => {
      watch.rolledBack(PROFILE.confirmations, number);
      expect(look()).to.deep.equal([]);
      watch.rolledBack(PROFILE.confirmations + 1, number);
      expect(look()).to.deep.equal(["deep-reorg"]);
    });

    it("ends when so many blocks lie on top of the height that was reached before", () => {
      const from = number;
      watch.rolledBack(PROFILE.confirmations + 1, from);
      for (number = from - PROFILE.confirmations; number <= from + PROFILE.confirmations; number += 1) {
        pass(SECOND);
        expect(look()).to.deep.equal(["deep-reorg"]);
      }
      expect(look()).to.deep.equal([]);
      number = from;
      expect(look()).to.deep.equal([]);
    });

    it("is prolonged by a higher one, and not ended by a lower or a shallow one", () => {
      watch.rolledBack(9, number);
      watch.rolledBack(9, number + 5);
      watch.rolledBack(9, number + 2);
      watch.rolledBack(1, number + 6);
      number += PROFILE.confirmations + 5;
      expect(look()).to.deep.equal(["deep-reorg"]);
      number += 1;
      expect(look()).to.deep.equal([]);
    });
  });

  it("consensus-fault is for good, with its first reason", () => {
    watch.consensusFault("first");
    watch.consensusFault("second");
    for (let step = 0; step < 100; step += 1) {
      expect(watch.look(sight())).to.deep.equal([{ kind: "consensus-fault", detail: "first" }]);
      pass(12 * SECOND, 1);
      finalNumber = number - 70;
    }
  });

  describe("finality-stall", () => {
    const stallMs = PROFILE.finalityStallSeconds * SECOND;

    /** Heads move up to a time. */
    function goOn(untilMs: number): ConditionKind[] {
      while (nowMs < untilMs) {
        pass(Math.min(12 * SECOND, untilMs - nowMs), 1);
        const seen = look();
        if (nowMs < untilMs) expect(seen).to.deep.equal([]);
        else return seen;
      }
      return look();
    }

    it("begins when heads moved and the final block did not for so long, and ends when it moves", () => {
      look();
      expect(goOn(stallMs - 1)).to.deep.equal([]);
      expect(goOn(stallMs)).to.deep.equal(["finality-stall"]);
      expect(detailOf()).to.match(/^block 900 is the newest final one for 1800 s, the head is \d+$/);
      finalNumber = 901;
      expect(look()).to.deep.equal([]);
      expect(goOn(nowMs + stallMs - 1)).to.deep.equal([]);
    });

    it("does not begin where there is no final block, nor where it is the head", () => {
      finalNumber = null;
      expect(goOn(3 * stallMs)).to.deep.equal([]);
      start();
      finalNumber = number;
      look();
      nowMs = 3 * stallMs;
      expect(look()).to.deep.equal(["halted-chain"]);
    });

    it("is not ended by a final block that goes back", () => {
      look();
      goOn(stallMs);
      finalNumber = 899;
      expect(look()).to.deep.equal(["finality-stall"]);
    });
  });

  describe("clock-skew", () => {
    const head = (aheadSeconds: number) => ({ number, timestamp: EPOCH + aheadSeconds });

    it("begins beyond what the profile allows, not at it, and ends when time has caught up (D9)", () => {
      expect(look({ tip: head(PROFILE.futureSeconds) })).to.deep.equal([]);
      const tip = head(PROFILE.futureSeconds + 1);
      expect(look({ tip })).to.deep.equal(["clock-skew"]);
      expect(detailOf({ tip })).to.equal("block 1000 is 16 s in the future of this machine's clock");
      pass(SECOND);
      expect(look({ tip })).to.deep.equal([]);
      expect(look({ tip: head(900) })).to.deep.equal(["clock-skew"]);
    });
  });

  describe("halted-chain", () => {
    const haltMs = PROFILE.haltSeconds * SECOND;

    it("begins by silence, and ends with the next block", () => {
      look();
      // Its time says that it is of now: only the silence is left to tell.
      usual = { wallSeconds: null };
      pass(haltMs - 1);
      expect(look()).to.deep.equal([]);
      pass(1);
      expect(look()).to.deep.equal(["halted-chain"]);
      expect(detailOf()).to.equal("no block since 1000, 120 s ago");
      pass(SECOND, 1);
      expect(look()).to.deep.equal([]);
    });

    it("begins by age, however new the blocks are here", () => {
      const old = { number, timestamp: EPOCH - PROFILE.haltSeconds };
      expect(look({ tip: { ...old, timestamp: old.timestamp + 1 } })).to.deep.equal([]);
      expect(look({ tip: old })).to.deep.equal(["halted-chain"]);
      expect(detailOf({ tip: old })).to.equal("the newest block, 1000, was made 120 s ago");
    });

    it("begins although blocks were announced that never came", () => {
      look();
      usual = { wallSeconds: null, behind: 2 };
      expect(look()).to.deep.equal([]);
      pass(haltMs - 1);
      expect(look()).to.deep.equal([]);
      pass(1);
      expect(look()).to.deep.equal(["halted-chain"]);
      // One of them came.
      number += 1;
      usual = { wallSeconds: null, behind: 1 };
      expect(look()).to.deep.equal([]);
    });

    it("is not ended by another block of the same height, or by a lower one", () => {
      look();
      pass(haltMs);
      number -= 2;
      expect(look()).to.deep.equal(["halted-chain"]);
      number += 2;
      expect(look()).to.deep.equal(["halted-chain"]);
    });

    it("does not hold while blocks are being caught up with", () => {
      look();
      pass(haltMs);
      expect(look({ behind: 1, tip: { number, timestamp: EPOCH } })).to.deep.equal([]);
      // What was announced counts as a sign of life.
      number += 1;
      expect(look()).to.deep.equal([]);
    });
  });

  describe("blocks that were taken back without k operators behind them", () => {
    const haltMs = PROFILE.haltSeconds * SECOND;
    const INVENTED = 600;

    beforeEach(() => {
      // Its time says that it is of now: only the silence is left to tell.
      usual = { wallSeconds: null };
      look();
    });

    /** So many invented blocks come and are taken back; `agreed` is the highest that k operators have served. */
    function invent(agreed: number): void {
      number = agreed + INVENTED;
      look();
      watch.rolledBack(0, agreed);
      number = agreed;
    }

    it("are no height that the chain has reached: those of the chain are signs of life", () => {
      invent(number);
      for (let waited = 0; waited <= 3 * haltMs; waited += 12 * SECOND) {
        pass(12 * SECOND, 1);
        expect(look()).to.deep.equal([]);
      }
    });

    it("do not end a deep reorg: they are not the chain's", () => {
      const from = number;
      watch.rolledBack(PROFILE.confirmations + 1, from);
      invent(from);
      number = from + PROFILE.confirmations;
      expect(look()).to.deep.equal(["deep-reorg"]);
    });

    it("nor are those that were only announced", () => {
      look({ behind: INVENTED });
      watch.rolledBack(0, number);
      pass(haltMs - 1, 1);
      expect(look()).to.deep.equal([]);
      pass(haltMs - 1, 1);
      expect(look()).to.deep.equal([]);
    });

    it("keep neither an announced block from being a sign of life, nor one that came", () => {
      invent(number);
      pass(haltMs - 1);
      // Announced, no more.
      expect(look({ behind: 2 })).to.deep.equal([]);
      pass(haltMs - 1);
      expect(look({ behind: 2 })).to.deep.equal([]);
      // One of them came.
      number += 1;
      expect(look({ behind: 1 })).to.deep.equal([]);
      pass(haltMs - 1);
      expect(look({ behind: 1 })).to.deep.equal([]);
      pass(1);
      expect(look({ behind: 1 })).to.deep.equal(["halted-chain"]);
    });

    it("give no more time than they took: to take them back is no sign of life", () => {
      invent(number);
      pass(haltMs - 1);
      expect(look()).to.deep.equal([]);
      pass(1);
      expect(look()).to.deep.equal(["halted-chain"]);
    });

    it("begin no deep reorg, and prolong none", () => {
      const from = number;
      invent(from);
      expect(look()).to.deep.equal([]);
      watch.rolledBack(PROFILE.confirmations + 1, from);
      watch.rolledBack(0, from + INVENTED);
      number = from + PROFILE.confirmations;
      expect(look()).to.deep.equal(["deep-reorg"]);
      number += 1;
      expect(look()).to.deep.equal([]);
    });

    it("leave the height of a reorg of agreed blocks as it was: a lower block of it is no sign of life", () => {
      watch.rolledBack(2, number);
      number -= 1;
      pass(haltMs - 1);
      expect(look()).to.deep.equal([]);
      pass(1);
      expect(look()).to.deep.equal(["halted-chain"]);
      number += 1;
      expect(look()).to.deep.equal(["halted-chain"]);
      number += 1;
      expect(look()).to.deep.equal([]);
    });
  });

  describe("burst", () => {
    it("begins with many blocks at once after silence, and lasts until the books are level", () => {
      look();
      pass(500 * SECOND);
      expect(watch.look(sight({ behind: 500 }))).to.deep.equal([
        { kind: "burst", detail: "500 blocks at once after 500 s" },
      ]);
      for (let behind = 499; behind > 0; behind -= 1) {
        pass(10, 1);
        expect(look({ behind })).to.deep.equal(["burst"]);
      }
      pass(10, 1);
      expect(look()).to.deep.equal([]);
    });

    it("does not begin before the books have been level once: at the start they catch up with everything", () => {
      for (let behind = 500; behind > 0; behind -= 1) {
        expect(look({ behind, ...(behind === 500 ? { tip: null } : {}) })).to.deep.equal([]);
        pass(10, 1);
      }
      expect(look()).to.deep.equal([]);
      expect(look({ behind: BURST_BLOCKS })).to.deep.equal(["burst"]);
    });

    it("does not begin with one block fewer", () => {
      look();
      expect(look({ behind: BURST_BLOCKS - 1 })).to.deep.equal([]);
      expect(look({ behind: BURST_BLOCKS })).to.deep.equal(["burst"]);
    });
  });

  describe("source-degraded", () => {
    it("begins when operators are away for five seconds, and ends when all are back", () => {
      expect(look({ operators: 2 })).to.deep.equal([]);
      pass(DEGRADED_MS - 1);
      expect(look({ operators: 2 })).to.deep.equal([]);
      pass(1);
      expect(look({ operators: 2 })).to.deep.equal(["source-degraded"]);
      expect(detailOf({ operators: 2 })).to.equal("2 of 3 operators are up and believed");
      expect(look()).to.deep.equal([]);
      expect(look({ operators: 2 })).to.deep.equal([]);
    });

    it("does not begin for one that reconnects", () => {
      for (let step = 0; step < 10; step += 1) {
        expect(look({ operators: 2 })).to.deep.equal([]);
        pass(DEGRADED_MS - 1);
        expect(look()).to.deep.equal([]);
      }
    });
  });

  it("never calls a development chain halted, skewed or without finality, whatever its time does", () => {
    start(PROFILES.local);
    const random = new SeededRandom(seed);
    const quiet: ConditionKind[] = ["halted-chain", "clock-skew", "finality-stall"];
    for (let step = 0; step < 500; step += 1) {
      const timestamp = random.below(2 ** 40);
      const seen = look({ tip: { number, timestamp }, behind: random.below(4), finalNumber: 1 });
      expect(seen.filter((kind) => quiet.includes(kind))).to.deep.equal([]);
      pass(random.below(10_000_000), random.below(2));
    }
  });
});
