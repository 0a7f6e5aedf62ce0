import type { Address } from "../lib/hex.ts";
import { storage as oracle } from "./generated/PriceOracle.ts";

/** The last answer of an aggregator, as its `AnswerUpdated` logs give it. */
export interface Answer {
  readonly answer: bigint;
  /** Seconds. */
  readonly updatedAt: bigint;
}

/** A price by the rules of `PriceOracle`: its value, or why it is none. */
export type Price =
  | { readonly isKnown: false }
  | { readonly isKnown: true; readonly isWithinBounds: boolean; readonly isFresh: boolean; readonly value: bigint };

const PRICE_DECIMALS = 18n;
const MAX_ANSWER = (1n << 128n) - 1n;

/**
 * The price of a feed at a moment, as `PriceOracle._read` would decide it from the proven answer and settings.
 * A feed whose aggregator never logged an answer within sight is not known, which is no divergence.
 */
export function readPrice(
  feed: bigint,
  timestamp: bigint,
  readOracle: (slot: `0x${string}`) => bigint,
  answerOf: (aggregator: Address) => Answer | undefined,
): Price {
  const { aggregator, decimals, maxAge } = oracle.feeds.word0.decode(readOracle(oracle.feeds.word0.slot(feed)));
  const { minPrice, maxPrice } = oracle.feeds.word1.decode(readOracle(oracle.feeds.word1.slot(feed)));
  const last = answerOf(aggregator);
  if (last === undefined || decimals > PRICE_DECIMALS) return { isKnown: false };
  const value = last.answer * 10n ** (PRICE_DECIMALS - decimals);
  const isPositive = last.answer > 0n && last.answer <= MAX_ANSWER;
  return {
    isKnown: true,
    isWithinBounds: isPositive && value > minPrice && value < maxPrice && last.updatedAt <= timestamp,
    isFresh: timestamp - last.updatedAt <= maxAge,
    value,
  };
}
