import { PPM } from "./arithmetic.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { feedAt } from "./riskStorage.ts";

const PRICE_DECIMALS = 18n;

/** The decimals are the aggregator's word, of which the event is the only record. */
function setFeed(state: Derivation, event: NaiveEvent): void {
  const feed = event.number("feed");
  const aggregator = event.hex("aggregator");
  const [decimals, maxAge] = [event.number("decimals"), event.number("maxAge")];
  const [minPrice, maxPrice] = [event.number("minPrice"), event.number("maxPrice")];
  const rules = feedAt(feed);
  state.require(feed !== 0n && BigInt(aggregator) !== 0n && maxAge !== 0n, "sets a feed with a zero");
  state.require(minPrice !== 0n && minPrice < maxPrice, `bounds of ${minPrice} and ${maxPrice}`);
  state.require(decimals <= PRICE_DECIMALS, `${decimals} decimals`);
  const isCompared = state.isSet(rules.hasSecondary) && state.getAddress(rules.secondary) === aggregator;
  state.require(!isCompared, "compares a feed with itself");

  state.set(rules.aggregator, aggregator);
  state.set(rules.decimals, decimals);
  state.set(rules.maxAge, maxAge);
  state.set(rules.minPrice, minPrice);
  state.set(rules.maxPrice, maxPrice);
}

/** Removing leaves the secondary's own word as it is. */
function setSecondary(state: Derivation, event: NaiveEvent): void {
  const rules = feedAt(event.number("feed"));
  const secondary = event.hex("secondary");
  const [decimals, maxAge] = [event.number("secondaryDecimals"), event.number("secondaryMaxAge")];
  const maxDeviationPpm = event.number("maxDeviationPpm");
  state.require(state.isSet(rules.aggregator), "compares a feed that is not set");
  if (BigInt(secondary) === 0n) {
    state.set(rules.hasSecondary, false);
    state.set(rules.maxDeviationPpm, 0n);
    state.compare("secondaryDecimals", decimals, 0n);
    state.compare("secondaryMaxAge", maxAge, 0n);
    state.compare("maxDeviationPpm", maxDeviationPpm, 0n);
    return;
  }
  state.require(secondary !== state.getAddress(rules.aggregator), "compares a feed with itself");
  state.require(maxAge !== 0n && decimals <= PRICE_DECIMALS, `a secondary of ${decimals} decimals, ${maxAge} seconds`);
  state.require(maxDeviationPpm !== 0n && maxDeviationPpm < PPM, `a deviation of ${maxDeviationPpm} ppm`);
  state.set(rules.hasSecondary, true);
  state.set(rules.maxDeviationPpm, maxDeviationPpm);
  state.set(rules.secondary, secondary);
  state.set(rules.secondaryDecimals, decimals);
  state.set(rules.secondaryMaxAge, maxAge);
}

/** Applies an event of PriceOracle. */
export function applyOracle(state: Derivation, event: NaiveEvent): void {
  if (event.name === "FeedSet") setFeed(state, event);
  if (event.name === "SecondarySet") setSecondary(state, event);
}
