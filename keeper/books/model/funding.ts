/** What funding reads and writes of an instrument's market, as `Market` in IPositionLedger. Times are seconds. */
export interface FundingMarket {
  /** Cumulative payment of a long position, 1e-18 quote per underlying. */
  readonly longIndex: bigint;
  /** The same that a short position refers to. */
  readonly shortIndex: bigint;
  /** Funding is accrued up to here. */
  readonly accruedAt: bigint;
  /** The premium's time credit is used up to here. */
  readonly observedAt: bigint;
  /** Weighted premium of trade prices over the mark, parts per billion. */
  readonly premiumPpb: bigint;
}

const ONE = 10n ** 18n;
/** Time that the premium averages over, and that it lives without an observation, seconds. */
const TAU = 3600n;
/** Time in which a constant premium is paid once, seconds. */
const PERIOD = 28_800n;
const BILLION = 10n ** 9n;
/** 10 %, the farthest that one observation counts, parts per billion. */
const MAX_PREMIUM = 10n ** 8n;

/**
 * Moves the indexes up to `now`, as `Funding.accrue` bit for bit. Indexes that would leave 96 bits stay. Total.
 *
 * @param mark 1e-18 quote
 * @param isRestricted whether increasing risk is restricted: nothing accrues then
 * @param maxFundingPpm clamps the premium, parts per million
 */
export function accrue<M extends FundingMarket>(
  market: M,
  mark: bigint,
  now: bigint,
  graceUntil: bigint,
  isRestricted: boolean,
  maxFundingPpm: bigint,
): M {
  const accrued = { ...market, accruedAt: now };
  const from = market.accruedAt > graceUntil ? market.accruedAt : graceUntil;
  const to = min(now, market.observedAt + TAU);
  if (isRestricted || to <= from) return accrued;
  const rate = clamp(market.premiumPpb, maxFundingPpm * 1000n);
  const delta = (mark * rate * (to - from)) / (BILLION * PERIOD);
  const longIndex = market.longIndex + delta;
  const shortIndex = market.shortIndex + delta;
  return fitsIndex(longIndex) && fitsIndex(shortIndex) ? { ...accrued, longIndex, shortIndex } : accrued;
}

/**
 * Lets a trade move the premium, as `Funding.observe` bit for bit. `now` is not before `observedAt`.
 *
 * @param price 1e-18 quote per underlying
 * @param mark 1e-18 quote, not zero
 * @param size 1e-18 underlying
 * @param maxOpenInterest 1e-6 underlying
 */
export function observe<M extends FundingMarket>(
  market: M,
  price: bigint,
  mark: bigint,
  size: bigint,
  now: bigint,
  maxOpenInterest: bigint,
): M {
  const capSize = maxOpenInterest * BILLION;
  if (capSize === 0n) return market;
  const credit = min(now - market.observedAt, TAU);
  const used = (credit * min(size, capSize)) / capSize;
  if (used === 0n) return market;
  const observed = clamp(((price - mark) * BILLION) / mark, MAX_PREMIUM);
  return {
    ...market,
    premiumPpb: market.premiumPpb + ((observed - market.premiumPpb) * used) / TAU,
    observedAt: now - (credit - used),
  };
}

/**
 * What a position gets for the change of its side's index since its snapshot, 1e-18 quote, rounded down; negative when it
 * pays. As `Funding.settled`.
 *
 * @param size signed, 1e-18 underlying
 */
export function settled(size: bigint, index: bigint, snapshot: bigint): bigint {
  return floorDiv(size * (snapshot - index), ONE);
}

/** Quotient rounded toward minus infinity, for a positive divisor; as `Funding.floorDiv`. */
export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

/** Whether a value fits the 96 bits of an index. */
export function fitsIndex(value: bigint): boolean {
  return BigInt.asIntN(96, value) === value;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function clamp(value: bigint, bound: bigint): bigint {
  if (value > bound) return bound;
  return value < -bound ? -bound : value;
}
