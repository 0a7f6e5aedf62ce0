import { intrinsic, max, MAX_UINT128, min, notionalUp, PPM, shareUp, valueOf } from "./marginAmounts.ts";
import { MarginGroup, optionMark } from "./marginGroup.ts";
import type {
  MarginCollateral,
  MarginPortfolio,
  MarginPosition,
  MarginReading,
  Pricing,
  Valuation,
} from "./marginTypes.ts";
import { premiumPpm } from "./syncLag.ts";

export type {
  MarginCollateral,
  MarginOption,
  MarginPortfolio,
  MarginPosition,
  MarginReading,
  MarginTerms,
  PriceQuality,
  Pricing,
  Valuation,
} from "./marginTypes.ts";

/**
 * Values a portfolio exactly as `MarginEngine.evaluate` does, bit for bit. See docs/decisions/0014.
 *
 * @throws OptionRangeError for an option without a strike, where the contract reverts too.
 */
export function evaluatePortfolio(portfolio: MarginPortfolio): Valuation {
  const { quote, positions, collateral, now, pricing } = portfolio;
  const groups = new Map<bigint, MarginPosition[]>();
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
    groups.set(feed, [...(groups.get(feed) ?? []), position]);
    lagPremium += lagPremiumOf(position, portfolio);
    isValid &&= position.reading.quality === "valid";
  }
  let initial = 0n;
  let maintenance = 0n;
  for (const members of groups.values()) {
    const group = new MarginGroup(
      members.reduce((ppm, { terms }) => max(ppm, terms.initialPpm), 0n),
      members.reduce((ppm, { terms }) => max(ppm, terms.maintenancePpm), 0n),
    );
    for (const position of members) cash += addPosition(group, position, portfolio);
    const required = group.requirements();
    initial += required.initial;
    maintenance += required.maintenance;
  }
  let equity = cash;
  for (const held of collateral) {
    equity += collateralValue(held, pricing);
    isValid &&= held.reading.quality === "valid";
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
  return payoffOf(position, now) ?? optionMark(kind === "call", price, option, age(option.expiry, now));
}

/** Adds an unsettled position to its group; returns its value. */
function addPosition(group: MarginGroup, position: MarginPosition, { now, pricing }: MarginPortfolio): bigint {
  const { size, reading } = position;
  const price = priceFor(position, pricing);
  if (position.kind === "perpetual") return group.addPerpetual(size, price);
  const { kind, option } = position;
  const upper = exposurePrice(reading, pricing);
  return group.addOption({ size, isCall: kind === "call", price, upper, option, secondsLeft: age(option.expiry, now) });
}

/** At most what the instrument itself asks for, whatever its group moves by. */
function lagPremiumOf({ size, terms, reading }: MarginPosition, portfolio: MarginPortfolio): bigint {
  const { now, checkpointTime, pricing } = portfolio;
  const lag = age(now, reading.updatedAt) + age(now, checkpointTime);
  const notional = notionalUp(size, exposurePrice(reading, pricing));
  return shareUp(notional, premiumPpm(terms.lagVolatilityPpm, lag, terms.initialPpm));
}

/** floor(balance · price · (1 - haircut)), at most 2^128 - 1. */
function collateralValue({ balance, decimals, haircutPpm, reading }: MarginCollateral, pricing: Pricing): bigint {
  const price = priceOf(reading, pricing, true);
  return min((balance * price * (PPM - haircutPpm)) / (10n ** decimals * PPM), MAX_UINT128);
}

/** The price that a position is valued at. */
function priceFor({ kind, size, reading }: MarginPosition, pricing: Pricing): bigint {
  return priceOf(reading, pricing, size > 0n === (kind !== "put"));
}

/** The price, or the bound that is worse (favourable: better) for what gains when the price rises, or when it falls. */
function priceOf(reading: MarginReading, pricing: Pricing, gainsOnRise: boolean): bigint {
  if (isUsed(reading, pricing)) return reading.value;
  return gainsOnRise === (pricing === "favourable") ? reading.high : reading.low;
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
  const { strike, expiry, settlementPrice, isWindDown } = position.option;
  if (now < expiry || settlementPrice === null) return null;
  return isWindDown ? settlementPrice : intrinsic(position.kind === "call", settlementPrice, strike);
}

/** From `before` to `now`, zero when that is yet to come. */
function age(now: bigint, before: bigint): bigint {
  return max(now - before, 0n);
}
