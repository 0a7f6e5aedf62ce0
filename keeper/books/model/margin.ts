import { ceilDiv } from "./fixedPoint.ts";
import { deviation, logMoneyness, optionPriceAt, sqrtYears } from "./optionPricing.ts";
import { premiumPpm } from "./syncLag.ts";

/** As `Pricing` of IMarginEngine: which prices a valuation may rest on. */
export type Pricing = "strict" | "last" | "favourable";

/** What the oracle's status is worth: "valid" is `Valid`, "usable" any other below `OutOfBounds`, "unusable" the rest. */
export type PriceQuality = "valid" | "usable" | "unusable";

/** As `Reading` of IPriceOracle. Prices in 1e-18 quote per underlying, uint128 each. */
export interface MarginReading {
  readonly quality: PriceQuality;
  /** The last price; not looked at when unusable. */
  readonly value: bigint;
  /** Bounds of the feed. */
  readonly low: bigint;
  readonly high: bigint;
  /** Seconds; zero when the answer has none. */
  readonly updatedAt: bigint;
}

/** What margin takes from the `Instrument` of a perpetual or option. */
export interface MarginTerms {
  readonly feed: bigint;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly lagVolatilityPpm: bigint;
}

/** What margin takes from `OptionTerms` and `Settlement`. */
export interface MarginOption {
  /** 1e-18 quote per underlying. */
  readonly strike: bigint;
  /** Seconds. */
  readonly expiry: bigint;
  readonly volatilityPpm: bigint;
  readonly volatilityShockPpm: bigint;
  /** `Settlement.price` once `settledAt` is not zero, else null. 1e-18 quote per underlying. */
  readonly settlementPrice: bigint | null;
}

/** A position with all that values it. Positions of one feed carry equal readings. */
export type MarginPosition = {
  /** Signed, 1e-18 underlying, int128. */
  readonly size: bigint;
  readonly terms: MarginTerms;
  /** Of the instrument's feed; not looked at when the option is settled. */
  readonly reading: MarginReading;
} & ({ readonly kind: "perpetual" } | { readonly kind: "call" | "put"; readonly option: MarginOption });

/** A balance of another asset than the settlement asset, with its `CollateralTerms` and the reading of its feed. */
export interface MarginCollateral {
  /** Asset units, uint128. */
  readonly balance: bigint;
  readonly decimals: bigint;
  readonly haircutPpm: bigint;
  readonly reading: MarginReading;
}

/** As `Portfolio` of IPositionLedger, with the state of registry and oracle at `now`. */
export interface MarginPortfolio {
  /** With pending funding, 1e-18 quote. */
  readonly quote: bigint;
  readonly positions: readonly MarginPosition[];
  readonly collateral: readonly MarginCollateral[];
  /** `block.timestamp`, seconds. */
  readonly now: bigint;
  /** When the newest checkpoint was posted, seconds. */
  readonly checkpointTime: bigint;
  readonly pricing: Pricing;
}

/** As `IMarginEngine.Valuation`, 1e-18 quote. */
export interface Valuation {
  readonly equity: bigint;
  readonly cash: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  readonly lagPremium: bigint;
  readonly isValid: boolean;
}

const ONE = 10n ** 18n;
const PPM = 1_000_000n;
const MAX_UINT128 = (1n << 128n) - 1n;
const MAX_VOLATILITY_PPM = 100_000_000n;
const MAX_SECONDS = 315_360_000n;
/** The moves of the scenario grid, in halves of the price move that the requirement covers. */
const MOVES = [-2n, -1n, 0n, 1n, 2n] as const;

/**
 * Values a portfolio exactly as `MarginEngine.evaluate` does, bit for bit. See docs/decisions/0014.
 *
 * @throws OptionRangeError for an option without a strike, where the contract reverts too.
 */
export function evaluatePortfolio(portfolio: MarginPortfolio): Valuation {
  const { quote, positions, collateral, now, pricing } = portfolio;
  const groups = new Map<bigint, Group>();
  let cash = quote;
  let lagPremium = 0n;
  let isValid = true;
  for (const position of positions) {
    const payoff = payoffOf(position, now);
    if (payoff !== null) {
      cash += valueOf(position.size, payoff);
      continue;
    }
    const { feed } = position.terms;
    const group = groups.get(feed) ?? newGroup();
    groups.set(feed, group);
    cash += addPosition(group, position, portfolio);
    lagPremium += lagPremiumOf(position, portfolio);
    isValid &&= position.reading.quality === "valid";
  }
  let equity = cash;
  for (const held of collateral) {
    equity += collateralValue(held, pricing);
    isValid &&= held.reading.quality === "valid";
  }
  let initial = 0n;
  let maintenance = 0n;
  for (const group of groups.values()) {
    const kept = requirement(group.maintenance);
    maintenance += kept;
    // The two grids look at different points: what is kept can exceed what is asked at the start.
    initial += max(requirement(group.initial) + group.timeValue, kept);
  }
  return { equity, cash, initial, maintenance, lagPremium, isValid };
}

/**
 * Mark of an instrument at a valid price, as `MarginEngine.markOf`: the price for a perpetual, Black-Scholes for an
 * option, the payoff once it is settled. 1e-18 quote per underlying.
 */
export function markOf(position: MarginPosition, price: bigint, now: bigint): bigint {
  if (position.kind === "perpetual") return price;
  const { kind, option } = position;
  const isCall = kind === "call";
  const payoff = payoffOf(position, now);
  if (payoff !== null) return payoff;
  return optionAt(isCall, price, option.strike, deviation(baseVolatility(option), root(option, now)));
}

/** What one requirement knows of a group of positions that share a feed. */
interface Requirement {
  /** Sum of the signed shares of the perpetuals. */
  shares: bigint;
  /** Sum of the shares of the short options. */
  shortShares: bigint;
  /** Losses of the options per point: five moves, each with the volatility down and up. */
  readonly losses: bigint[];
}

interface Group {
  readonly initial: Requirement;
  readonly maintenance: Requirement;
  /** What the long options are worth beyond their intrinsic value. */
  timeValue: bigint;
}

function newGroup(): Group {
  const empty = (): Requirement => ({ shares: 0n, shortShares: 0n, losses: new Array<bigint>(10).fill(0n) });
  return { initial: empty(), maintenance: empty(), timeValue: 0n };
}

/** Adds an unsettled position to its group and returns its value. */
function addPosition(group: Group, position: MarginPosition, { now, pricing }: MarginPortfolio): bigint {
  const { size, terms, reading } = position;
  const price = priceFor(position, pricing);
  if (position.kind === "perpetual") {
    const notional = notionalUp(size, price);
    group.initial.shares += signed(size, share(notional, terms.initialPpm));
    group.maintenance.shares += signed(size, share(notional, terms.maintenancePpm));
    return valueOf(size, price);
  }
  if (size < 0n) {
    const notional = notionalUp(size, exposurePrice(reading, pricing));
    group.initial.shortShares += share(notional, terms.initialPpm);
    group.maintenance.shortShares += share(notional, terms.maintenancePpm);
  }
  return addOption(group, size, position.kind === "call", price, terms, position.option, now);
}

function addOption(
  group: Group,
  size: bigint,
  isCall: boolean,
  price: bigint,
  { initialPpm, maintenancePpm }: MarginTerms,
  option: MarginOption,
  now: bigint,
): bigint {
  const { strike } = option;
  const time = root(option, now);
  const volatility = baseVolatility(option);
  const shock = (option.volatilityPpm * option.volatilityShockPpm) / PPM;
  const down = deviation(
    option.volatilityPpm > shock ? min(option.volatilityPpm - shock, MAX_VOLATILITY_PPM) : 0n,
    time,
  );
  const up = deviation(min(option.volatilityPpm + shock, MAX_VOLATILITY_PPM), time);
  const spot = clampSpot(price);
  const value = valueOf(size, optionAt(isCall, spot, strike, deviation(volatility, time)));
  const intrinsicValue = valueOf(size, intrinsic(isCall, spot, strike));
  if (size > 0n) group.timeValue += value - intrinsicValue;
  for (const [i, move] of MOVES.entries()) {
    const maintained = movedSpot(price, move, maintenancePpm);
    addLoss(group.maintenance, 2 * i, value - valueOf(size, optionAt(isCall, maintained, strike, down)));
    addLoss(group.maintenance, 2 * i + 1, value - valueOf(size, optionAt(isCall, maintained, strike, up)));
    const started = movedSpot(price, move, initialPpm);
    if (size > 0n) {
      const loss = intrinsicValue - valueOf(size, intrinsic(isCall, started, strike));
      addLoss(group.initial, 2 * i, loss);
      addLoss(group.initial, 2 * i + 1, loss);
    } else {
      addLoss(group.initial, 2 * i, value - valueOf(size, optionAt(isCall, started, strike, down)));
      addLoss(group.initial, 2 * i + 1, value - valueOf(size, optionAt(isCall, started, strike, up)));
    }
  }
  return value;
}

function addLoss({ losses }: Requirement, point: number, loss: bigint): void {
  losses[point] = (losses[point] ?? 0n) + loss;
}

/** Greatest loss of a group over the grid, at least a tenth of what its short options alone would ask for. */
function requirement({ shares, shortShares, losses }: Requirement): bigint {
  let greatest = ceilDiv(shortShares, 10n);
  for (const [i, move] of MOVES.entries()) {
    // `/` truncates towards zero, as SDIV does.
    const loss = -(move * shares) / 2n;
    greatest = max(greatest, loss + max(losses[2 * i] ?? 0n, losses[2 * i + 1] ?? 0n));
  }
  return greatest;
}

function lagPremiumOf({ size, terms, reading }: MarginPosition, portfolio: MarginPortfolio): bigint {
  const { now, checkpointTime, pricing } = portfolio;
  const lag = age(now, reading.updatedAt) + age(now, checkpointTime);
  const notional = notionalUp(size, exposurePrice(reading, pricing));
  return share(notional, premiumPpm(terms.lagVolatilityPpm, lag, terms.initialPpm));
}

/** floor(balance · price · (1 - haircut)), at most 2^128 - 1. */
function collateralValue({ balance, decimals, haircutPpm, reading }: MarginCollateral, pricing: Pricing): bigint {
  const price = isUsed(reading, pricing) ? reading.value : reading.low;
  return min((balance * price * (PPM - haircutPpm)) / (10n ** decimals * PPM), MAX_UINT128);
}

/** The price, or the bound that is worse for this position. */
function priceFor({ kind, size, reading }: MarginPosition, pricing: Pricing): bigint {
  if (isUsed(reading, pricing)) return reading.value;
  return size > 0n === (kind !== "put") ? reading.low : reading.high;
}

/** The price of a notional that nothing nets: where there is no price, the upper bound. */
function exposurePrice(reading: MarginReading, pricing: Pricing): bigint {
  return isUsed(reading, pricing) ? reading.value : reading.high;
}

function isUsed({ quality }: MarginReading, pricing: Pricing): boolean {
  return quality === "valid" || (quality === "usable" && pricing === "last");
}

/** What an option pays per unit at its final price; null while it has none, and for a perpetual. */
function payoffOf(position: MarginPosition, now: bigint): bigint | null {
  if (position.kind === "perpetual") return null;
  const { strike, expiry, settlementPrice } = position.option;
  return now < expiry || settlementPrice === null ? null : intrinsic(position.kind === "call", settlementPrice, strike);
}

/** Square root of the years to expiry, X96. */
function root({ expiry }: MarginOption, now: bigint): bigint {
  return sqrtYears(min(age(expiry, now), MAX_SECONDS));
}

function baseVolatility({ volatilityPpm }: MarginOption): bigint {
  return min(volatilityPpm, MAX_VOLATILITY_PPM);
}

function optionAt(isCall: boolean, spot: bigint, strike: bigint, deviationX96: bigint): bigint {
  return optionPriceAt(isCall, spot, strike, logMoneyness(spot, strike), deviationX96);
}

function intrinsic(isCall: boolean, spot: bigint, strike: bigint): bigint {
  return isCall ? max(spot - strike, 0n) : max(strike - spot, 0n);
}

function movedSpot(price: bigint, move: bigint, ppm: bigint): bigint {
  return clampSpot(price + (price * move * ppm) / (2n * PPM));
}

/** Where Black-Scholes is defined: 1 to 2^128 - 1. */
function clampSpot(spot: bigint): bigint {
  return max(1n, min(spot, MAX_UINT128));
}

/** Assets down, debts up. */
function valueOf(size: bigint, price: bigint): bigint {
  return size > 0n ? (size * price) / ONE : -ceilDiv(-size * price, ONE);
}

function notionalUp(size: bigint, price: bigint): bigint {
  return ceilDiv((size < 0n ? -size : size) * price, ONE);
}

function share(notional: bigint, ppm: bigint): bigint {
  return ceilDiv(notional * ppm, PPM);
}

function signed(size: bigint, amount: bigint): bigint {
  return size > 0n ? amount : -amount;
}

/** From `before` to `now`, zero when that is yet to come. */
function age(now: bigint, before: bigint): bigint {
  return max(now - before, 0n);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
