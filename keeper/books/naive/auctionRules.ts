import type { Address, Hash } from "../../lib/hex.ts";
import { abs, divideUp, max, min, ONE, PPM } from "./arithmetic.ts";
import type { Derivation } from "./Derivation.ts";
import { has, LIQUIDATE } from "./flags.ts";
import { debtAt, hot, positionAt, totalDebt } from "./ledgerStorage.ts";
import { evaluate, markOf, type Valuation } from "./margin.ts";
import { portfolioOf } from "./portfolio.ts";
import { readFeed, type Reading } from "./readings.ts";
import { collateralIdAt, collateralTermsAt, debtCaps, instrumentAt, optionAt, PERPETUAL } from "./riskStorage.ts";
import { auctionTerms, type AuctionPlaces } from "./tradingStorage.ts";
import { assetAt } from "./vaultStorage.ts";

/** A position on sale, at known prices. */
export interface PositionLot {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  readonly spot: bigint;
  /** The price of a perpetual is that of its underlying. */
  readonly mark: bigint;
  /** What the account lacks to its initial requirement, 1e-18 quote. */
  readonly need: bigint;
  readonly initialPpm: bigint;
}

/** Collateral on sale, at known prices. */
export interface CollateralLot {
  readonly price: bigint;
  readonly decimals: bigint;
  /** Negative cash of the account, 1e-18 quote. */
  readonly owed: bigint;
}

/** The flags that were pushed count, the stale grade restricts no liquidation. Nothing in grace. */
export function requireOpen(state: Derivation): void {
  state.require(!has(state.get(hot.flags), LIQUIDATE), "auctions while liquidations are restricted");
  state.require(state.timestamp >= state.get(hot.graceUntil), "auctions in grace");
}

/** One that was started before a grace ended is over, and so is one that has lasted its time. */
export function isRunning(state: Derivation, { startedAt }: AuctionPlaces): boolean {
  const start = state.get(startedAt);
  const isOpen = start !== 0n && start >= state.get(hot.graceUntil);
  return isOpen && state.timestamp <= start + state.get(auctionTerms.duration);
}

/** The discount of a running auction, parts per million of the underlying's or the asset's price. */
export function discountPpm(state: Derivation, { startedAt }: AuctionPlaces): bigint {
  const elapsed = state.timestamp - state.get(startedAt);
  return (state.get(auctionTerms.maxDiscountPpm) * elapsed) / max(1n, state.get(auctionTerms.duration));
}

/** Nothing is sold unless each price of the account satisfies every rule, the one it is sold at among them. */
function requireValid(state: Derivation, value: Valuation, reading: Reading): void {
  state.require(value.isValid && reading.status === "valid", "auctions at prices that are not valid");
}

/**
 * What must be so for a position to be auctioned, the auction itself apart: `_readPosition`. Reported to `state`.
 *
 * @param books as the auction found them
 * @returns undefined when a price is not known, and then nothing is reported
 */
export function judgePosition(
  state: Derivation,
  books: Derivation,
  account: Hash,
  instrument: bigint,
): PositionLot | undefined {
  const { kind, feed, initialPpm } = instrumentAt(instrument);
  const position = positionAt(account, instrument);
  const size = books.get(position.size);
  state.require(size !== 0n, `auctions a position in ${instrument} that account ${account} does not have`);
  const isLive = books.get(kind) === PERPETUAL || books.timestamp < books.get(optionAt(instrument).expiry);
  state.require(isLive, `auctions instrument ${instrument} after its expiry`);
  const reading = readFeed(books, books.get(feed));
  const value = evaluate(books, portfolioOf(books, account), "strict");
  if (reading === undefined || value === undefined) return undefined;
  requireValid(state, value, reading);
  const isBelow = value.equity < value.maintenance;
  state.require(isBelow, `auctions account ${account} with equity ${value.equity} of maintenance ${value.maintenance}`);
  const isNewer = reading.updatedAt > books.get(position.increasedAt);
  state.require(isNewer, `auctions at a price of ${reading.updatedAt}, which is not newer than the position`);
  const mark = markOf(books, instrument);
  if (mark === undefined) return undefined;
  const need = max(0n, value.initial - value.equity);
  return { size, spot: reading.value, mark, need, initialPpm: books.get(initialPpm) };
}

/** What a bid may take: enough to restore the account; all when no part of it would. */
export function liquidatable({ size, spot, need, initialPpm }: PositionLot, discount: bigint): bigint {
  const whole = abs(size);
  const relief = initialPpm - discount;
  if (relief <= 0n) return need === 0n ? 0n : whole;
  return min(whole, divideUp(need * ONE * PPM, spot * relief));
}

/** The price per unit that a bidder pays, or is paid for a short position. */
export function auctionPrice({ size, spot, mark }: PositionLot, discount: bigint): bigint {
  const amount = (spot * discount) / PPM;
  return size > 0n ? max(0n, mark - amount) : mark + amount;
}

/** What a bidder pays for collateral, rounded up. */
export function collateralQuote({ price, decimals }: CollateralLot, amount: bigint, discount: bigint): bigint {
  return divideUp(amount * price * (PPM - discount), 10n ** decimals * PPM);
}

/**
 * Whether one that owes must pay although it is above maintenance: a cap is exceeded, or the vault does not hold what
 * all have lent. Except for its own cap its debt was recorded first.
 */
export function isDebtDue(books: Derivation, account: Hash, owed: bigint): boolean {
  if (owed > books.get(debtCaps.account)) return true;
  const { settlementAsset, settlementScale } = books.input.immutables;
  const total = books.get(totalDebt.amount);
  const held = books.get(assetAt(settlementAsset).held) * settlementScale;
  return books.get(debtAt(account).amount) === owed && (total > books.get(debtCaps.total) || held < total);
}

/** What must be so for collateral to be auctioned, the auction itself apart: `_readCollateral`. As {@link judgePosition}. */
export function judgeCollateral(
  state: Derivation,
  books: Derivation,
  account: Hash,
  asset: Address,
): CollateralLot | undefined {
  const id = books.get(collateralIdAt(asset));
  const portfolio = portfolioOf(books, account);
  const isHeld = id !== 0n && portfolio.collateral.some((balance) => balance.id === id);
  state.require(isHeld, `auctions an asset ${asset} that account ${account} does not have`);
  const { feed, decimals } = collateralTermsAt(id);
  const reading = readFeed(books, books.get(feed));
  const value = evaluate(books, portfolio, "strict");
  if (reading === undefined || value === undefined) return undefined;
  requireValid(state, value, reading);
  const owed = -value.cash;
  state.require(owed > 0n, `auctions collateral of account ${account}, which owes nothing`);
  const isDue = value.equity < value.maintenance || isDebtDue(books, account, owed);
  state.require(isDue, `auctions collateral of account ${account}, which need not pay`);
  return { price: reading.value, decimals: books.get(decimals), owed };
}
