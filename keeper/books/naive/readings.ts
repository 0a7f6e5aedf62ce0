import type { Address } from "../../lib/hex.ts";
import { abs, PPM, UINT128_MAX } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import type { NaivePrice } from "./naiveTypes.ts";
import { feedAt } from "./riskStorage.ts";

const PRICE_DECIMALS = 18n;

/**
 * What PriceOracle.read finds wrong. Which round an answer belongs to, and that an aggregator cannot be reached, no log
 * tells: such an answer counts as the last one that was logged.
 */
export type Status = "valid" | "stale" | "deviating" | "sequencer down" | "out of bounds" | "incomplete" | "future";

/** As `IPriceOracle.Reading`. */
export interface Reading {
  readonly status: Status;
  /** Zero unless usable, 1e-18 quote. */
  readonly value: bigint;
  readonly low: bigint;
  readonly high: bigint;
  /** Seconds; zero for an answer without a time of the past. */
  readonly updatedAt: bigint;
}

/** Whether there is a last price within bounds: `status < OutOfBounds`. */
export function isUsable({ status }: Reading): boolean {
  return status !== "out of bounds" && status !== "incomplete" && status !== "future";
}

/** What is wrong with an answer by itself, and its value. */
function screen(
  state: Derivation,
  { answer, updatedAt }: NaivePrice,
  decimals: bigint,
  bounds: Pick<Reading, "low" | "high">,
): Pick<Reading, "status" | "value"> {
  if (updatedAt === 0n) return { status: "incomplete", value: 0n };
  if (updatedAt > state.timestamp) return { status: "future", value: 0n };
  if (answer <= 0n || answer > UINT128_MAX) return { status: "out of bounds", value: 0n };
  const value = answer * 10n ** (PRICE_DECIMALS - decimals);
  const isInside = value > bounds.low && value < bounds.high;
  return isInside ? { status: "valid", value } : { status: "out of bounds", value: 0n };
}

/** Undefined when nobody has told us. */
function isSequencerUp(state: Derivation): boolean | undefined {
  const { sequencerFeed, sequencerGrace } = state.input.immutables;
  if (BigInt(sequencerFeed) === 0n) return true;
  const last = state.priceOf(sequencerFeed);
  if (last === undefined) return undefined;
  const isUp = last.answer === 0n && last.updatedAt !== 0n && last.updatedAt <= state.timestamp;
  return isUp && state.timestamp - last.updatedAt >= sequencerGrace;
}

/** Undefined when nobody has told us what the other feed says. */
function isDeviating(state: Derivation, feed: bigint, reading: Pick<Reading, "value" | "low" | "high">) {
  const rules = feedAt(feed);
  if (!state.isSet(rules.hasSecondary)) return false;
  const last = state.priceOf(state.getAddress(rules.secondary));
  if (last === undefined) return undefined;
  const other = screen(state, last, state.get(rules.secondaryDecimals), reading);
  if (other.status !== "valid") return true;
  if (state.timestamp - last.updatedAt > state.get(rules.secondaryMaxAge)) return true;
  return abs(reading.value - other.value) * PPM > reading.value * state.get(rules.maxDeviationPpm);
}

function aggregatorOf(state: Derivation, feed: bigint): Address {
  return state.getAddress(feedAt(feed).aggregator);
}

/**
 * The price of a feed and what is wrong with it, by the rules that the oracle stores. Undefined when an answer that
 * decides it was never told: that is no offence of the protocol.
 */
export function readFeed(state: Derivation, feed: bigint): Reading | undefined {
  const rules = feedAt(feed);
  const last = state.priceOf(aggregatorOf(state, feed));
  if (last === undefined) return undefined;
  const bounds = { low: state.get(rules.minPrice), high: state.get(rules.maxPrice) };
  const screened = screen(state, last, state.get(rules.decimals), bounds);
  if (screened.status === "incomplete" || screened.status === "future") {
    return { ...bounds, ...screened, updatedAt: 0n };
  }
  const reading = { ...bounds, ...screened, updatedAt: last.updatedAt };
  if (reading.status !== "valid") return reading;

  const isUp = isSequencerUp(state);
  if (isUp === undefined) return undefined;
  if (!isUp) return { ...reading, status: "sequencer down" };
  const deviates = isDeviating(state, feed, reading);
  if (deviates === undefined) return undefined;
  if (deviates) return { ...reading, status: "deviating" };
  if (state.timestamp - last.updatedAt > state.get(rules.maxAge)) return { ...reading, status: "stale" };
  return reading;
}
