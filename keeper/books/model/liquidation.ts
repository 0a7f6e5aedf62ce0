import { ceilDiv } from "./fixedPoint.ts";

const ONE = 10n ** 18n;
const PPM = 1_000_000n;

/** How auctions run, as `AuctionTerms` of ILiquidationAuction: seconds, parts per million and 1e-18 quote. */
export interface AuctionTerms {
  readonly duration: number;
  readonly maxDiscountPpm: bigint;
  readonly window: number;
  readonly capacity: bigint;
}

/** What was liquidated of an instrument since `start` (seconds), 1e-18 quote. */
export interface CapacityWindow {
  readonly start: number;
  readonly used: bigint;
}

/** What decides how much of a position may be sold. `need` is what the account lacks to its initial requirement. */
export interface PositionLot {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  /** Valid price of the underlying, positive, 1e-18 quote. */
  readonly spot: bigint;
  /** Not negative, 1e-18 quote. */
  readonly need: bigint;
  readonly initialPpm: bigint;
}

/**
 * Whether an auction takes bids. One that was started before a grace ended is over, as is one that was stopped
 * (`startedAt` zero). All in seconds.
 */
export function isRunning(startedAt: number, graceUntil: number, now: number, duration: number): boolean {
  return startedAt !== 0 && startedAt >= graceUntil && now <= startedAt + duration;
}

/** Discount after `elapsed` seconds, at most the duration, rounded down, parts per million. */
export function discountPpm(terms: AuctionTerms, elapsed: number): bigint {
  return (terms.maxDiscountPpm * BigInt(elapsed)) / BigInt(terms.duration);
}

/**
 * Price of a position, rounded in favour of the account: the mark less (long) or plus (short) a part of the underlying's
 * price. All in 1e-18 quote per underlying; never negative.
 */
export function auctionPrice(isLong: boolean, mark: bigint, spot: bigint, discount: bigint): bigint {
  const off = (spot * discount) / PPM;
  if (!isLong) return mark + off;
  return mark > off ? mark - off : 0n;
}

/** What the bidder pays for `size` (a magnitude) of a long position, rounded up, or minus what he is paid, rounded down. */
export function positionQuote(size: bigint, price: bigint, isLong: boolean): bigint {
  return isLong ? ceilDiv(size * price, ONE) : -((size * price) / ONE);
}

/** What a sale takes of the window's capacity, rounded up, 1e-18 quote. */
export function soldNotional(size: bigint, spot: bigint): bigint {
  return ceilDiv(size * spot, ONE);
}

/** What an account lacks to its initial requirement, 1e-18 quote. */
export function needOf(equity: bigint, initial: bigint): bigint {
  return initial > equity ? initial - equity : 0n;
}

/**
 * Largest size (a magnitude) that a bid may take: what restores the account to its initial requirement, rounded up; all of
 * it when no part would.
 */
export function liquidatableSize({ size, spot, need, initialPpm }: PositionLot, discount: bigint): bigint {
  const whole = size < 0n ? -size : size;
  if (discount >= initialPpm) return need === 0n ? 0n : whole;
  const restoring = ceilDiv(need * ONE * PPM, spot * (initialPpm - discount));
  return restoring < whole ? restoring : whole;
}

/** Price of `amount` (asset units) of collateral, rounded up, 1e-18 quote. */
export function collateralQuote(amount: bigint, price: bigint, decimals: number, discount: bigint): bigint {
  return ceilDiv(amount * price * (PPM - discount), 10n ** BigInt(decimals) * PPM);
}

/** What a collateral bid may cost at most: the debt, and the price of one unit, so that the last one can be sold. */
export function mostCollateralQuote(owed: bigint, price: bigint, decimals: number, discount: bigint): bigint {
  return owed + collateralQuote(1n, price, decimals, discount);
}

/** The window that a sale at `now` counts in, and what it has left; nothing when the capacity was lowered below its use. */
export function windowAt(
  window: CapacityWindow,
  now: number,
  terms: AuctionTerms,
): { readonly window: CapacityWindow; readonly available: bigint } {
  const current = now >= window.start + terms.window ? { start: now, used: 0n } : window;
  return { window: current, available: terms.capacity > current.used ? terms.capacity - current.used : 0n };
}
