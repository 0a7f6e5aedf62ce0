import { abs, divideUp, max, min, ONE, PPM, squareRootUp, UINT128_MAX, worth } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { optionLoss, type GridOption } from "./optionGrid.ts";
import { boundedSpot, intrinsicOf, optionPrice } from "./optionPrice.ts";
import type { Balance, Portfolio, Position } from "./portfolio.ts";
import { isUsable, readFeed, type Reading } from "./readings.ts";
import { CALL, collateralTermsAt, instrumentAt, optionAt, PERPETUAL, settlementAt } from "./riskStorage.ts";

/*
 * MarginEngine.evaluate and MarginMath in whole numbers, point by point. A price that nobody has told us is no offence
 * of the protocol: what depends on it is undefined, and nothing is reported.
 */

const SECONDS_PER_YEAR = 31_536_000n;

/**
 * `strict`: a price that breaks a rule is replaced by the worst bound; `last`: the last one within bounds will do;
 * `favourable`: as `strict`, by the best bound.
 */
export type Pricing = "strict" | "last" | "favourable";

/** As `IMarginEngine.Valuation`, 1e-18 quote. */
export interface Valuation {
  readonly equity: bigint;
  readonly cash: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  readonly lagPremium: bigint;
  readonly isValid: boolean;
}

/** A position with all that is known of its instrument and its price. */
interface Leg {
  readonly size: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly lagVolatilityPpm: bigint;
  readonly lag: bigint;
  /** What it is valued at. */
  readonly price: bigint;
  /** For what nothing nets: the price, or the upper bound, whatever the pricing. */
  readonly upperPrice: bigint;
  /** Undefined for a perpetual. */
  readonly option: GridOption | undefined;
}

/** Part per million of a notional that is rounded up itself. */
function share(size: bigint, price: bigint, ppm: bigint): bigint {
  return divideUp(divideUp(abs(size) * price, ONE) * ppm, PPM);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

/** SyncLag.premiumPpm: volatility times the root of the lag in years, every step rounded up, and at most the cap. */
export function lagPremiumPpm(volatilityPpm: bigint, lag: bigint, cap: bigint): bigint {
  if (volatilityPpm === 0n || lag === 0n) return 0n;
  const years = divideUp(lag * ONE, SECONDS_PER_YEAR);
  return min(cap, divideUp(volatilityPpm * squareRootUp(years), 10n ** 9n));
}

/** Whether a reading's value is the price, or else one of the bounds. */
function isPriced(reading: Reading, pricing: Pricing): boolean {
  return reading.status === "valid" || (pricing === "last" && isUsable(reading));
}

/** The price for who loses when it falls, or when it rises. */
function priceFor(reading: Reading, pricing: Pricing, isFallBad: boolean): bigint {
  if (isPriced(reading, pricing)) return reading.value;
  const isLowPrice = pricing === "favourable" ? !isFallBad : isFallBad;
  return isLowPrice ? reading.low : reading.high;
}

/** Seconds since a time; nothing for one that is yet to come. */
function age(state: Derivation, time: bigint): bigint {
  return max(0n, state.timestamp - time);
}

/**
 * What a unit of an instrument with its final price pays: that of a wind-down, or the payoff of an option. Undefined for every
 * other instrument. Source: `InstrumentRegistry.payoffOf`.
 */
export function payoffOf(state: Derivation, instrument: bigint): bigint | undefined {
  const { price, settledAt, isWindDown } = settlementAt(instrument);
  if (!state.isSet(settledAt)) return undefined;
  if (state.isSet(isWindDown)) return state.get(price);
  const isCall = state.get(instrumentAt(instrument).kind) === CALL;
  return intrinsicOf({ isCall, strike: state.get(optionAt(instrument).strike) }, state.get(price));
}

/** What an option pays per unit that has expired and has its final price; undefined for every other instrument. */
export function finalPayoff(state: Derivation, instrument: bigint): bigint | undefined {
  const kind = state.get(instrumentAt(instrument).kind);
  const { strike, expiry } = optionAt(instrument);
  const { price, settledAt, isWindDown } = settlementAt(instrument);
  if (kind === PERPETUAL || state.timestamp < state.get(expiry) || !state.isSet(settledAt)) return undefined;
  if (state.isSet(isWindDown)) return state.get(price);
  return intrinsicOf({ isCall: kind === CALL, strike: state.get(strike) }, state.get(price));
}

/** The option that an instrument is, as it is valued now. */
export function optionNow(state: Derivation, instrument: bigint): GridOption {
  const { strike, expiry, volatilityPpm, volatilityShockPpm } = optionAt(instrument);
  return {
    isCall: state.get(instrumentAt(instrument).kind) === CALL,
    strike: state.get(strike),
    secondsLeft: max(0n, state.get(expiry) - state.timestamp),
    volatilityPpm: state.get(volatilityPpm),
    shockPpm: state.get(volatilityShockPpm),
  };
}

/** The valid price of a perpetual's underlying or of an option: `MarginEngine.markOf`; undefined when not known or not valid. */
export function markOf(state: Derivation, instrument: bigint): bigint | undefined {
  const { kind, feed } = instrumentAt(instrument);
  const payoff = finalPayoff(state, instrument);
  if (payoff !== undefined) return payoff;
  const reading = readFeed(state, state.get(feed));
  if (reading?.status !== "valid") return undefined;
  return state.get(kind) === PERPETUAL ? reading.value : optionPrice(optionNow(state, instrument), reading.value);
}

function legOf(
  state: Derivation,
  { instrument, size }: Position,
  reading: Reading,
  pricing: Pricing,
  time: bigint,
): Leg {
  const terms = instrumentAt(instrument);
  const isLikeUnderlying = state.get(terms.kind) === PERPETUAL || state.get(terms.kind) === CALL;
  return {
    size,
    initialPpm: state.get(terms.initialPpm),
    maintenancePpm: state.get(terms.maintenancePpm),
    lagVolatilityPpm: state.get(terms.lagVolatilityPpm),
    lag: age(state, reading.updatedAt) + age(state, time),
    price: priceFor(reading, pricing, isLikeUnderlying === size > 0n),
    upperPrice: isPriced(reading, pricing) ? reading.value : reading.high,
    option: state.get(terms.kind) === PERPETUAL ? undefined : optionNow(state, instrument),
  };
}

function valueOf({ size, option, price }: Leg): bigint {
  return worth(size, option === undefined ? price : optionPrice(option, boundedSpot(price)));
}

/**
 * The greatest loss of the legs of one feed over the grid of a requirement, and at least a tenth of what its perpetuals
 * and its short options would ask for one by one. All of them move by the largest share of any.
 */
function requirement(legs: readonly Leg[], which: "initial" | "maintenance"): bigint {
  const shares = legs.map((leg) => (which === "initial" ? leg.initialPpm : leg.maintenancePpm));
  const ppm = shares.reduce(max, 0n);
  let [net, gross] = [0n, 0n];
  for (const { size, option, price, upperPrice } of legs) {
    if (option === undefined) net += (size < 0n ? -1n : 1n) * share(size, price, ppm);
    if (option === undefined) gross += share(size, price, ppm);
    else if (size < 0n) gross += share(size, upperPrice, ppm);
  }
  let greatest = divideUp(gross, 10n);
  if (legs.every(({ option }) => option === undefined)) return max(greatest, abs(net));

  for (const move of [-2n, -1n, 0n, 1n, 2n]) {
    for (const shock of [-1n, 1n]) {
      const point = { move, shock, ppm, isInitial: which === "initial" };
      const ofOptions = legs.map(({ option, size, price }) => {
        return option === undefined ? 0n : optionLoss(option, size, price, point);
      });
      greatest = max(greatest, -(move * net) / 2n + sum(ofOptions));
    }
  }
  return greatest;
}

/** What a long option is worth beyond its intrinsic value. */
function timeValue(leg: Leg): bigint {
  if (leg.option === undefined || leg.size < 0n) return 0n;
  return valueOf(leg) - worth(leg.size, intrinsicOf(leg.option, boundedSpot(leg.price)));
}

function collateralWorth(state: Derivation, { id, amount }: Balance, reading: Reading, pricing: Pricing): bigint {
  const { haircutPpm, decimals } = collateralTermsAt(id);
  const counted = amount * priceFor(reading, pricing, true) * (PPM - state.get(haircutPpm));
  return min(UINT128_MAX, counted / (10n ** state.get(decimals) * PPM));
}

/** What a portfolio is worth and must be worth: `MarginEngine.evaluate`. Undefined when a price is not known. */
export function evaluate(state: Derivation, portfolio: Portfolio, pricing: Pricing): Valuation | undefined {
  let cash = portfolio.quote;
  let isValid = true;
  const groups = new Map<bigint, Leg[]>();
  for (const position of portfolio.positions) {
    const { kind, feed } = instrumentAt(position.instrument);
    if (!state.isSet(kind)) return undefined;
    const payoff = finalPayoff(state, position.instrument);
    if (payoff !== undefined) {
      cash += worth(position.size, payoff);
      continue;
    }
    const reading = readFeed(state, state.get(feed));
    if (reading === undefined) return undefined;
    if (reading.status !== "valid") isValid = false;
    const leg = legOf(state, position, reading, pricing, portfolio.checkpointTime);
    const group = groups.get(state.get(feed)) ?? [];
    groups.set(state.get(feed), [...group, leg]);
  }

  let [initial, maintenance, lagPremium] = [0n, 0n, 0n];
  for (const legs of groups.values()) {
    cash += sum(legs.map(valueOf));
    const kept = requirement(legs, "maintenance");
    const asked = requirement(legs, "initial") + sum(legs.map(timeValue));
    maintenance += kept;
    initial += max(asked, kept);
    for (const { size, upperPrice, lagVolatilityPpm, lag, initialPpm } of legs) {
      lagPremium += share(size, upperPrice, lagPremiumPpm(lagVolatilityPpm, lag, initialPpm));
    }
  }

  let equity = cash;
  for (const balance of portfolio.collateral) {
    const reading = readFeed(state, state.get(collateralTermsAt(balance.id).feed));
    if (reading === undefined) return undefined;
    if (reading.status !== "valid") isValid = false;
    equity += collateralWorth(state, balance, reading, pricing);
  }
  return { equity, cash, initial, maintenance, lagPremium, isValid };
}
