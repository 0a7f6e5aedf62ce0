import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { feedAt, instrumentAt } from "./riskStorage.ts";

const PPM = 1_000_000n;
const PRICE_DECIMALS = 18n;

/** Applies an event of InstrumentRegistry. */
export function applyInstruments(state: Derivation, event: NaiveEvent): void {
  if (event.name !== "InstrumentSet") return;
  const instrument = event.number("instrument");
  const feed = event.number("feed");
  const initialPpm = event.number("initialPpm");
  const maintenancePpm = event.number("maintenancePpm");
  const priceBandPpm = event.number("priceBandPpm");
  state.require(instrument !== 0n && feed !== 0n, "sets instrument or feed zero");
  const isMargin = maintenancePpm !== 0n && maintenancePpm < initialPpm && initialPpm <= PPM;
  state.require(isMargin, `margins of ${initialPpm} and ${maintenancePpm} ppm`);
  state.require(priceBandPpm !== 0n && priceBandPpm <= maintenancePpm, `price band of ${priceBandPpm} ppm`);

  const terms = instrumentAt(instrument);
  state.set(terms.isListed, 1n);
  state.set(terms.feed, feed);
  state.set(terms.initialPpm, initialPpm);
  state.set(terms.maintenancePpm, maintenancePpm);
  state.set(terms.priceBandPpm, priceBandPpm);
}

/** Applies an event of PriceOracle. The decimals are the aggregator's word, of which the event is the only record. */
export function applyOracle(state: Derivation, event: NaiveEvent): void {
  if (event.name !== "FeedSet") return;
  const feed = event.number("feed");
  const aggregator = event.hex("aggregator");
  const decimals = event.number("decimals");
  const maxAge = event.number("maxAge");
  const minPrice = event.number("minPrice");
  const maxPrice = event.number("maxPrice");
  state.require(feed !== 0n && BigInt(aggregator) !== 0n && maxAge !== 0n, "sets a feed with a zero");
  state.require(minPrice !== 0n && minPrice < maxPrice, `bounds of ${minPrice} and ${maxPrice}`);
  state.require(decimals <= PRICE_DECIMALS, `${decimals} decimals`);

  const rules = feedAt(feed);
  state.set(rules.aggregator, aggregator);
  state.set(rules.decimals, decimals);
  state.set(rules.maxAge, maxAge);
  state.set(rules.minPrice, minPrice);
  state.set(rules.maxPrice, maxPrice);
}
