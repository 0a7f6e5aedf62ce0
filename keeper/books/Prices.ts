import type { Immutables } from "../domain/bookSet.ts";
import type { Address, Hash } from "../lib/hex.ts";
import { storage as oracle, type FeedsWord0, type FeedsWord1 } from "./generated/PriceOracle.ts";

/** The last answer of an aggregator, as its `AnswerUpdated` logs give it. */
export interface Answer {
  readonly answer: bigint;
  /** Seconds. */
  readonly updatedAt: bigint;
}

/** `PriceStatus` of the contract, as far as logs tell it: that a feed cannot be reached is not logged. */
export type PriceStatus =
  "valid" | "stale" | "deviating" | "sequencer-down" | "out-of-bounds" | "incomplete" | "future";

/** A price as `PriceOracle.read` gives it, or that the keeper does not know it, which is no divergence. */
export type Reading =
  | { readonly isKnown: false }
  | {
      readonly isKnown: true;
      readonly status: PriceStatus;
      /** The last price; zero from `out-of-bounds` on. 1e-18 quote per underlying. */
      readonly value: bigint;
      /** The feed's bounds. */
      readonly low: bigint;
      readonly high: bigint;
      /** Seconds; zero where the answer has no time of the past. */
      readonly updatedAt: bigint;
    };

/** What a price is decided from. */
export interface PriceSources {
  /** Seconds. */
  readonly timestamp: bigint;
  readonly immutables: Pick<Immutables, "sequencerFeed" | "sequencerGrace">;
  /** A word of the oracle, as the books have it. */
  readonly readOracle: (slot: Hash) => bigint;
  readonly answerOf: (aggregator: Address) => Answer | undefined;
}

const PRICE_DECIMALS = 18n;
const PPM = 1_000_000n;
const MAX_ANSWER = (1n << 128n) - 1n;
const UNKNOWN: Reading = { isKnown: false };

/** Whether the status leaves a price that reductions may rest on. */
export function isUsable(status: PriceStatus): boolean {
  return status !== "out-of-bounds" && status !== "incomplete" && status !== "future";
}

/**
 * The price of a feed at a moment, as `PriceOracle._read` decides it from the proven settings and the answers that the
 * receipts prove.
 *
 * Not known: a feed that is not set, or one of which an aggregator, its secondary or the sequencer's feed, as far as the
 * decision needs it, never logged an answer within sight. Whether a call to the aggregator succeeds, and whether a round
 * is complete, no log shows: such a feed reads here as its last answer does.
 */
export function readPrice(feed: bigint, sources: PriceSources): Reading {
  const { timestamp, readOracle, answerOf } = sources;
  const { word0, word1 } = oracle.feeds;
  const rules = word0.decode(readOracle(word0.slot(feed)));
  const bounds = word1.decode(readOracle(word1.slot(feed)));
  const last = answerOf(rules.aggregator);
  if (BigInt(rules.aggregator) === 0n || last === undefined || rules.decimals > PRICE_DECIMALS) return UNKNOWN;
  const { status, value } = screen(last, rules.decimals, bounds, timestamp);
  const reading = { isKnown: true, low: bounds.minPrice, high: bounds.maxPrice, status, value } as const;
  if (status === "incomplete" || status === "future") return { ...reading, updatedAt: 0n };
  const screened = { ...reading, updatedAt: last.updatedAt };
  if (status !== "valid") return screened;

  const isUp = isSequencerUp(sources);
  if (isUp === null) return UNKNOWN;
  if (!isUp) return { ...screened, status: "sequencer-down" };
  const hasDeviated = rules.hasSecondary ? deviates(feed, rules, bounds, value, sources) : false;
  if (hasDeviated === null) return UNKNOWN;
  if (hasDeviated) return { ...screened, status: "deviating" };
  return timestamp - last.updatedAt > rules.maxAge ? { ...screened, status: "stale" } : screened;
}

/** What is wrong with an answer by itself; its value when nothing is. */
function screen(
  { answer, updatedAt }: Answer,
  decimals: bigint,
  { minPrice, maxPrice }: FeedsWord1,
  timestamp: bigint,
): { readonly status: PriceStatus; readonly value: bigint } {
  if (updatedAt === 0n) return { status: "incomplete", value: 0n };
  if (updatedAt > timestamp) return { status: "future", value: 0n };
  const value = answer * 10n ** (PRICE_DECIMALS - decimals);
  const isWithin = answer > 0n && answer <= MAX_ANSWER && value > minPrice && value < maxPrice;
  return isWithin ? { status: "valid", value } : { status: "out-of-bounds", value: 0n };
}

/** Null when the feed never answered within sight. Its time is that of the change, which is what an answer logs. */
function isSequencerUp({ timestamp, immutables, answerOf }: PriceSources): boolean | null {
  const { sequencerFeed, sequencerGrace } = immutables;
  if (BigInt(sequencerFeed) === 0n) return true;
  const last = answerOf(sequencerFeed);
  if (last === undefined) return null;
  const isUp = last.answer === 0n && last.updatedAt !== 0n && last.updatedAt <= timestamp;
  return isUp && timestamp - last.updatedAt >= sequencerGrace;
}

/** Null when the secondary never answered within sight. One that is not usable or stale deviates. */
function deviates(
  feed: bigint,
  { maxDeviationPpm }: FeedsWord0,
  bounds: FeedsWord1,
  value: bigint,
  { timestamp, readOracle, answerOf }: PriceSources,
): boolean | null {
  const { word2 } = oracle.feeds;
  const { secondary, secondaryDecimals, secondaryMaxAge } = word2.decode(readOracle(word2.slot(feed)));
  const last = answerOf(secondary);
  if (last === undefined || secondaryDecimals > PRICE_DECIMALS) return null;
  const other = screen(last, secondaryDecimals, bounds, timestamp);
  if (other.status !== "valid" || timestamp - last.updatedAt > secondaryMaxAge) return true;
  const distance = value > other.value ? value - other.value : other.value - value;
  return distance * PPM > value * maxDeviationPpm;
}
