import { expect } from "chai";

import { storage } from "../../../keeper/books/generated/PriceOracle.ts";
import { readPrice, type Answer, type Reading } from "../../../keeper/books/Prices.ts";
import type { Address, Hash } from "../../../keeper/lib/hex.ts";

const PRIMARY: Address = `0x${"11".repeat(20)}`;
const SECONDARY: Address = `0x${"22".repeat(20)}`;
const SEQUENCER: Address = `0x${"33".repeat(20)}`;
const NOBODY: Address = `0x${"00".repeat(20)}`;
const UNIT = 10n ** 18n;
const NOW = 1_000_000n;
const FEED = 7n;

interface Scene {
  readonly primary?: Answer | null;
  readonly secondary?: Answer | null;
  readonly sequencer?: Answer | null;
  readonly hasSecondary?: boolean;
}

const at = (answer: bigint, age = 0n): Answer => ({ answer: answer * 10n ** 8n, updatedAt: NOW - age });

/** A feed of 8 decimals within 10 and 100,000, for an hour; its secondary for a minute, at most 1 % away. */
function read(scene: Scene, sequencerFeed = NOBODY): Reading {
  const { primary = at(3_000n), secondary = at(3_000n), sequencer = null, hasSecondary = false } = scene;
  const { word0, word1, word2 } = storage.feeds;
  const rules = { aggregator: PRIMARY, decimals: 8n, maxAge: 3_600n, maxDeviationPpm: 10_000n, hasSecondary };
  const other = { secondary: SECONDARY, secondaryDecimals: 8n, secondaryMaxAge: 60n };
  const words = new Map<Hash, bigint>([
    [word0.slot(FEED), word0.encode(rules)],
    [word1.slot(FEED), word1.encode({ minPrice: 10n * UNIT, maxPrice: 100_000n * UNIT })],
    [word2.slot(FEED), word2.encode(other)],
  ]);
  const answers = new Map([
    [PRIMARY, primary],
    [SECONDARY, secondary],
    [SEQUENCER, sequencer],
  ]);
  return readPrice(FEED, {
    timestamp: NOW,
    immutables: { sequencerFeed, sequencerGrace: 600n },
    readOracle: (slot) => words.get(slot) ?? 0n,
    answerOf: (aggregator) => answers.get(aggregator) ?? undefined,
  });
}

describe("readPrice", () => {
  const bounds = { isKnown: true, low: 10n * UNIT, high: 100_000n * UNIT };
  const priced = (status: string, updatedAt: bigint) => ({ ...bounds, status, value: 3_000n * UNIT, updatedAt });
  const worthless = (status: string, updatedAt: bigint) => ({ ...bounds, status, value: 0n, updatedAt });
  const unknown = { isKnown: false };

  it("knows nothing of an aggregator that never answered, or of a feed that is not set", () => {
    expect(read({ primary: null })).to.deep.equal(unknown);
    const none = { timestamp: NOW, immutables: { sequencerFeed: NOBODY, sequencerGrace: 0n } };
    expect(readPrice(9n, { ...none, readOracle: () => 0n, answerOf: () => at(1n) })).to.deep.equal(unknown);
  });

  it("is valid up to the maximum age, and stale beyond it", () => {
    expect(read({ primary: at(3_000n, 3_600n) })).to.deep.equal(priced("valid", NOW - 3_600n));
    expect(read({ primary: at(3_000n, 3_601n) })).to.deep.equal(priced("stale", NOW - 3_601n));
  });

  it("has no value at or beyond the bounds, and keeps its time", () => {
    for (const answer of [10n, 100_000n, 0n, -5n]) {
      expect(read({ primary: at(answer, 5n) })).to.deep.equal(worthless("out-of-bounds", NOW - 5n));
    }
    const huge = { answer: 1n << 128n, updatedAt: NOW };
    expect(read({ primary: huge })).to.deep.equal(worthless("out-of-bounds", NOW));
  });

  it("has neither value nor time in the future, or without a time", () => {
    expect(read({ primary: at(3_000n, -1n) })).to.deep.equal(worthless("future", 0n));
    expect(read({ primary: { answer: 3_000n * 10n ** 8n, updatedAt: 0n } })).to.deep.equal(worthless("incomplete", 0n));
  });

  it("deviates from a secondary that is too far, unusable or stale, before it is stale itself", () => {
    const second = (secondary: Answer | null, age = 0n) =>
      read({ primary: at(3_000n, age), secondary, hasSecondary: true });
    expect(second(at(3_030n))).to.deep.equal(priced("valid", NOW));
    expect(second(at(2_970n, 60n))).to.deep.equal(priced("valid", NOW));
    expect(second(at(3_031n))).to.deep.equal(priced("deviating", NOW));
    expect(second(at(2_969n))).to.deep.equal(priced("deviating", NOW));
    expect(second(at(3_000n, 61n))).to.deep.equal(priced("deviating", NOW));
    expect(second(at(5n))).to.deep.equal(priced("deviating", NOW));
    expect(second(at(3_031n), 9_999n)).to.deep.equal(priced("deviating", NOW - 9_999n));
    expect(second(null)).to.deep.equal(unknown);
  });

  it("is not valid while the sequencer is down, or in its grace", () => {
    const under = (sequencer: Answer | null, primary = at(3_000n)) => read({ primary, sequencer }, SEQUENCER);
    expect(under({ answer: 0n, updatedAt: NOW - 600n })).to.deep.equal(priced("valid", NOW));
    expect(under({ answer: 0n, updatedAt: NOW - 599n })).to.deep.equal(priced("sequencer-down", NOW));
    expect(under({ answer: 1n, updatedAt: NOW - 9_999n })).to.deep.equal(priced("sequencer-down", NOW));
    expect(under({ answer: 0n, updatedAt: NOW + 1n })).to.deep.equal(priced("sequencer-down", NOW));
    expect(under(null)).to.deep.equal(unknown);
    expect(under(null, at(0n))).to.deep.equal(worthless("out-of-bounds", NOW));
  });
});
