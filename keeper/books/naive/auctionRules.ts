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
  /** Equity less the maintenance requirement, so negative, 1e-18 quote. */
  readonly excess: bigint;
  /** Whether a sale may lower it. */
  readonly mayWorsen: boolean;
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

/** Nothing is sold, and no sale is called off, unless the price of what is sold satisfies every rule. */
function requireValid(state: Derivation, { status }: Reading): void {
  state.require(status === "valid", `auctions at a price that is ${status}`);
}

/**
 * What an account is worth to those who may sell it: every other price that breaks a rule counts at its best.
 *
 * @param feed of what is sold; what is wrong with its price is reported to `state`
 * @param books as the auction found them
 * @returns undefined when a price is not known, and then nothing is reported
 */
function judge(state: Derivation, books: Derivation, account: Hash, feed: bigint) {
  const reading = readFeed(books, feed);
  const portfolio = portfolioOf(books, account);
  const value = evaluate(books, portfolio, "favourable");
  if (reading === undefined || value === undefined) return undefined;
  requireValid(state, reading);
  return { reading, portfolio, value };
}

/** Equity less the maintenance requirement. */
function excessOf({ equity, maintenance }: Valuation): bigint {
  return equity - maintenance;
}

/** What stops the auction of a position that is still there: the account has what it needs. */
export function requireSecured(state: Derivation, account: Hash, instrument: bigint): void {
  const judged = judge(state, state, account, state.get(instrumentAt(instrument).feed));
  if (judged === undefined) return;
  const { equity, initial } = judged.value;
  state.require(equity >= initial, `stops the auction of account ${account} below its initial margin`);
}

/** What stops the auction of collateral: the account owes nothing, or is safe at prices that satisfy every rule. */
export function requirePaid(state: Derivation, account: Hash, asset: Address): void {
  const judged = judge(state, state, account, state.get(collateralTermsAt(state.get(collateralIdAt(asset))).feed));
  if (judged === undefined) return;
  const { cash, equity, initial, isValid } = judged.value;
  const isSafe = isValid && equity >= initial && !isDebtDue(state, account, judged.value);
  state.require(cash >= 0n || isSafe, `stops the auction of account ${account}, which must pay`);
}

/**
 * A bid takes no hedge from an account that is solvent: what is missing to maintenance must not grow by it, the funding
 * that it settled counted in. What has nothing beside it hedges nothing.
 *
 * @param state with the books as the bid left them
 */
export function requireNoWorse(state: Derivation, account: Hash, { excess, mayWorsen }: PositionLot): void {
  const value = mayWorsen ? undefined : evaluate(state, portfolioOf(state, account), "favourable");
  if (value === undefined) return;
  const detail = `the bid takes account ${account} from an excess of ${excess} to ${excessOf(value)}`;
  state.require(excessOf(value) >= excess, detail);
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
  const isPerpetual = books.get(kind) === PERPETUAL;
  const isLive = isPerpetual || books.timestamp < books.get(optionAt(instrument).expiry);
  state.require(isLive, `auctions instrument ${instrument} after its expiry`);
  const judged = judge(state, books, account, books.get(feed));
  if (judged === undefined) return undefined;
  const { reading, portfolio, value } = judged;
  const excess = excessOf(value);
  state.require(
    excess < 0n,
    `auctions account ${account} with equity ${value.equity} of maintenance ${value.maintenance}`,
  );
  const isNewer = reading.updatedAt > books.get(position.increasedAt);
  state.require(isNewer, `auctions at a price of ${reading.updatedAt}, which is not newer than the position`);
  const mark = markOf(books, instrument);
  if (mark === undefined) return undefined;
  const need = max(0n, value.initial - value.equity);
  const isAlone = isPerpetual && portfolio.positions.length === 1 && portfolio.collateral.length === 0;
  const mayWorsen = isAlone || value.equity < 0n;
  return { size, spot: reading.value, mark, need, excess, mayWorsen, initialPpm: books.get(initialPpm) };
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
 * all have lent. Except for its own cap its debt was recorded first, unless a price breaks a rule: then the old one stays.
 */
export function isDebtDue(books: Derivation, account: Hash, { cash, isValid }: Valuation): boolean {
  if (-cash > books.get(debtCaps.account)) return true;
  const { settlementAsset, settlementScale } = books.input.immutables;
  const total = books.get(totalDebt.amount);
  const held = books.get(assetAt(settlementAsset).held) * settlementScale;
  const isRecorded = !isValid || books.get(debtAt(account).amount) === max(0n, -cash);
  return isRecorded && (total > books.get(debtCaps.total) || held < total);
}

/** What must be so for collateral to be auctioned, the auction itself apart: `_readCollateral`. As {@link judgePosition}. */
export function judgeCollateral(
  state: Derivation,
  books: Derivation,
  account: Hash,
  asset: Address,
): CollateralLot | undefined {
  const id = books.get(collateralIdAt(asset));
  const isHeld = id !== 0n && portfolioOf(books, account).collateral.some((balance) => balance.id === id);
  state.require(isHeld, `auctions an asset ${asset} that account ${account} does not have`);
  const { feed, decimals } = collateralTermsAt(id);
  const judged = judge(state, books, account, books.get(feed));
  if (judged === undefined) return undefined;
  const { reading, value } = judged;
  const owed = -value.cash;
  state.require(owed > 0n, `auctions collateral of account ${account}, which owes nothing`);
  const isDue = excessOf(value) < 0n || isDebtDue(books, account, value);
  state.require(isDue, `auctions collateral of account ${account}, which need not pay`);
  return { price: reading.value, decimals: books.get(decimals), owed };
}
