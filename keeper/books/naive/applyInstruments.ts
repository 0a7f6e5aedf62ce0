import { abs, min, PPM } from "./arithmetic.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { optionPrice } from "./optionPrice.ts";
import {
  CALL,
  collateralCount,
  collateralIdAt,
  collateralTermsAt,
  debtCaps,
  feedAt,
  instrumentAt,
  INSTRUMENT_FIELDS,
  optionAt,
  PERPETUAL,
  PUT,
  settlementAt,
  type InstrumentField,
} from "./riskStorage.ts";
import { halt, incident } from "./syncStorage.ts";

const DAY = 86_400n;
const HOUR = 3_600n;
const MAX_TIME_TO_EXPIRY = 730n * DAY;
const GOVERNANCE_DELAY = 7n * DAY;
const VOLATILITY_STEP_PPM = 100_000n;
const MAX_COLLATERALS = 31n;

function requireTerms(state: Derivation, terms: (field: InstrumentField) => bigint): void {
  const [initialPpm, maintenancePpm] = [terms("initialPpm"), terms("maintenancePpm")];
  const isMargin = maintenancePpm !== 0n && maintenancePpm < initialPpm && initialPpm < PPM;
  state.require(isMargin, `margins of ${initialPpm} and ${maintenancePpm} ppm`);
  const priceBandPpm = terms("priceBandPpm");
  state.require(priceBandPpm !== 0n && priceBandPpm <= maintenancePpm, `price band of ${priceBandPpm} ppm`);
  state.require(terms("lagVolatilityPpm") !== 0n, "terms without a lag volatility");
  const maxFundingPpm = terms("kind") === PERPETUAL ? 100_000n : 0n;
  state.require(terms("maxFundingPpm") <= maxFundingPpm, `funding of ${terms("maxFundingPpm")} ppm`);
  state.require(terms("makerFeePpm") <= 10_000n && terms("takerFeePpm") <= 10_000n, "fees that are too high");
  state.require(terms("maxOpenInterest") !== 0n, "terms without open interest");
  requireFeed(state, terms("feed"));
}

function requireFeed(state: Derivation, feed: bigint): void {
  state.require(feed !== 0n && state.isSet(feedAt(feed).aggregator), `refers to feed ${feed}, which is not set`);
}

/** Kind and feed of what is listed stay. An option's own terms follow when it is listed. */
function setInstrument(state: Derivation, event: NaiveEvent): void {
  const instrument = event.number("instrument");
  const given = event.struct("terms");
  const places = instrumentAt(instrument);
  const kind = given.number("kind");
  const kindBefore = state.get(places.kind);
  state.require(instrument !== 0n, "sets instrument zero");
  state.require(kind >= PERPETUAL && kind <= PUT, `sets an instrument of kind ${kind}`);
  if (kindBefore !== 0n) {
    state.require(kind === kindBefore, `changes the kind of instrument ${instrument}`);
    state.require(given.number("feed") === state.get(places.feed), `changes the feed of instrument ${instrument}`);
  }
  requireTerms(state, (field) => given.number(field));
  for (const field of Object.keys(INSTRUMENT_FIELDS) as InstrumentField[]) {
    state.set(places[field], given.number(field));
  }
  if (kindBefore !== 0n || kind === PERPETUAL) return;
  expectEvent(state, "InstrumentRegistry", "OptionListed", (next) => next.number("instrument") === instrument);
}

function listOption(state: Derivation, event: NaiveEvent): void {
  const instrument = event.number("instrument");
  const [strike, expiry] = [event.number("strike"), event.number("expiry")];
  const volatilityShockPpm = event.number("volatilityShockPpm");
  const option = optionAt(instrument);
  state.require(state.transaction.isExpected, `lists instrument ${instrument} as an option, which it is not`);
  state.require(strike !== 0n, "lists an option with strike zero");
  const isFuture = expiry > state.timestamp && expiry - state.timestamp <= MAX_TIME_TO_EXPIRY;
  state.require(isFuture, `lists an option that expires at ${expiry}`);
  state.require(volatilityShockPpm !== 0n && volatilityShockPpm < PPM, `a shock of ${volatilityShockPpm} ppm`);
  state.set(option.strike, strike);
  state.set(option.expiry, expiry);
  state.set(option.volatilityShockPpm, volatilityShockPpm);
  state.set(settlementAt(instrument).isUsed, true);
  expectEvent(state, "InstrumentRegistry", "VolatilitySet", (next) => next.number("instrument") === instrument);
}

/** The first one comes with the option; later ones move by a bounded step an hour. */
function setVolatility(state: Derivation, event: NaiveEvent): void {
  const { expiry, volatilityPpm, volatilityAt } = optionAt(event.number("instrument"));
  const volatility = event.number("volatilityPpm");
  state.require(volatility >= 50_000n && volatility <= 3_000_000n, `a volatility of ${volatility} ppm`);
  if (!state.transaction.isExpected) {
    state.require(state.timestamp < state.get(expiry), "sets the volatility of no option, or of an expired one");
    const elapsed = min(HOUR, state.timestamp - state.get(volatilityAt));
    const allowed = (VOLATILITY_STEP_PPM * elapsed) / HOUR;
    const step = abs(volatility - state.get(volatilityPpm));
    state.require(step <= allowed, `moves the volatility by ${step}, of which ${allowed} is allowed`);
  }
  state.set(volatilityPpm, volatility);
  state.set(volatilityAt, state.timestamp);
  state.compare("volatilityAt", event.number("volatilityAt"), state.timestamp);
}

/** Not checked: that a proven round is the last valid one before expiry; the rounds of a feed are in no event. */
function settleExpiry(state: Derivation, event: NaiveEvent): void {
  const instrument = event.number("instrument");
  const price = event.number("price");
  const expiry = state.get(optionAt(instrument).expiry);
  const settlement = settlementAt(instrument);
  const isOfGovernance = event.number("roundId") === 0n;
  state.require(expiry !== 0n, `settles instrument ${instrument}, which is no option`);
  state.require(!state.isSet(settlement.settledAt), `settles instrument ${instrument} again`);
  if (isOfGovernance) {
    state.require(price !== 0n && state.timestamp >= expiry + GOVERNANCE_DELAY, "governance settles too early");
  } else {
    const { minPrice, maxPrice } = feedAt(state.get(instrumentAt(instrument).feed));
    const isInside = price > state.get(minPrice) && price < state.get(maxPrice);
    state.require(state.timestamp > expiry, "settles before expiry");
    state.require(isInside, `settles at ${price}, which is out of bounds`);
  }
  state.set(settlement.price, price);
  state.set(settlement.settledAt, state.timestamp);
  state.set(settlement.isUsed, true);
  state.compare("settledAt", event.number("settledAt"), state.timestamp);
}

/** What an option that has not expired was worth at a time, with the volatility that it has now. */
function optionValueAt(state: Derivation, instrument: bigint, time: bigint, spot: bigint): bigint {
  const { strike, expiry, volatilityPpm } = optionAt(instrument);
  const secondsLeft = state.get(expiry) - time;
  const isLive = secondsLeft > 0n && state.timestamp < state.get(expiry);
  state.require(isLive, `winds down instrument ${instrument}, which has expired`);
  const isCall = state.get(instrumentAt(instrument).kind) === CALL;
  const option = { isCall, strike: state.get(strike), secondsLeft, volatilityPpm: state.get(volatilityPpm) };
  return optionPrice(option, spot);
}

/**
 * Not checked: that the spot is the average of the feed's rounds, which are in no event; only that it can be, as long as
 * governance may not name one.
 */
function fixWindDownPrice(state: Derivation, event: NaiveEvent): void {
  const [instrument, spot, time] = [event.number("instrument"), event.number("spot"), event.number("time")];
  const { kind, feed } = instrumentAt(instrument);
  const settlement = settlementAt(instrument);
  const windDownAt = state.get(halt.windDownAt);
  state.require(windDownAt !== 0n, "fixes a price without a wind-down");
  state.require(time === state.get(incident.startedAt), `fixes a price of ${time}`);
  state.require(state.isSet(kind), `fixes the price of instrument ${instrument}, which is not listed`);
  state.require(!state.isSet(settlement.settledAt), `settles instrument ${instrument} again`);
  const { minPrice, maxPrice } = feedAt(state.get(feed));
  const isInside = spot > state.get(minPrice) && spot < state.get(maxPrice);
  const isOfGovernance = state.timestamp >= windDownAt + GOVERNANCE_DELAY;
  state.require(spot !== 0n && (isInside || isOfGovernance), `a spot price of ${spot}, which is out of bounds`);

  const isPerpetual = state.get(kind) === PERPETUAL;
  const price = isPerpetual ? spot : optionValueAt(state, instrument, time, spot);
  state.set(settlement.price, price);
  state.set(settlement.settledAt, state.timestamp);
  state.set(settlement.isUsed, true);
  state.set(settlement.isWindDown, true);
  state.compare("price", event.number("price"), price);
  state.compare("settledAt", event.number("settledAt"), state.timestamp);
}

/** The next number for a new asset, of which the event is the only record of the decimals; its own for a known one. */
function setCollateral(state: Derivation, event: NaiveEvent): void {
  const asset = event.hex("asset");
  const haircutPpm = event.number("haircutPpm");
  const known = state.get(collateralIdAt(asset));
  const id = known === 0n ? state.get(collateralCount) + 1n : known;
  const terms = collateralTermsAt(id);
  const decimals = known === 0n ? event.number("decimals") : state.get(terms.decimals);
  state.require(BigInt(asset) !== 0n, "takes the zero address as collateral");
  state.require(haircutPpm < PPM, `a haircut of ${haircutPpm} ppm`);
  state.require(id <= MAX_COLLATERALS, `takes collateral number ${id}`);
  state.require(decimals <= 18n, `${decimals} decimals`);
  requireFeed(state, event.number("feed"));
  if (known === 0n) {
    state.set(collateralCount, id);
    state.set(collateralIdAt(asset), id);
  }
  state.set(terms.asset, asset);
  state.set(terms.feed, event.number("feed"));
  state.set(terms.haircutPpm, haircutPpm);
  state.set(terms.decimals, decimals);
  state.compare("id", event.number("id"), id);
  state.compare("decimals", event.number("decimals"), decimals);
}

function setDebtCaps(state: Derivation, event: NaiveEvent): void {
  state.require(event.number("total") !== 0n, "sets a total debt cap of zero");
  state.set(debtCaps.account, event.number("account"));
  state.set(debtCaps.total, event.number("total"));
}

/** Applies an event of InstrumentRegistry. */
export function applyInstruments(state: Derivation, event: NaiveEvent): void {
  if (event.name === "InstrumentSet") setInstrument(state, event);
  if (event.name === "OptionListed") listOption(state, event);
  if (event.name === "VolatilitySet") setVolatility(state, event);
  if (event.name === "ExpirySettled") settleExpiry(state, event);
  if (event.name === "WindDownPriceFixed") fixWindDownPrice(state, event);
  if (event.name === "CollateralSet") setCollateral(state, event);
  if (event.name === "DebtCapsSet") setDebtCaps(state, event);
}
