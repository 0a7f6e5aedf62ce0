import type { Address, Hash } from "../../lib/hex.ts";
import { abs, divideUp, ONE } from "./arithmetic.ts";
import {
  auctionPrice,
  collateralQuote,
  discountPpm,
  isRunning,
  judgeCollateral,
  judgePosition,
  liquidatable,
  requireNoWorse,
  requireOpen,
  requirePaid,
  requireSecured,
} from "./auctionRules.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { COLLATERAL_SALE, COVER, FEE_SWEEP, LIQUIDATION, SOCIALISATION } from "./entryKinds.ts";
import { expectEvent } from "./expectations.ts";
import { accountAt, hot, positionAt } from "./ledgerStorage.ts";
import type { Sale } from "./NaiveTransaction.ts";
import { auctionAt, auctionTerms, collateralAuctionAt, windowAt, type AuctionPlaces } from "./tradingStorage.ts";

const MINUTE = 60n;
const DAY = 86_400n;
const MAX_DISCOUNT_PPM = 200_000n;

function setTerms(state: Derivation, event: NaiveEvent): void {
  for (const name of ["duration", "maxDiscountPpm", "window", "capacity"] as const) {
    state.set(auctionTerms[name], event.number(name));
  }
  const [duration, window] = [event.number("duration"), event.number("window")];
  state.require(duration >= MINUTE && duration <= DAY, `auctions of ${duration} seconds`);
  state.require(window >= MINUTE && window <= 7n * DAY, `windows of ${window} seconds`);
  state.require(event.number("maxDiscountPpm") <= MAX_DISCOUNT_PPM, "a discount that is too large");
  state.require(event.number("capacity") !== 0n, "windows without capacity");
}

function start(state: Derivation, event: NaiveEvent, auction: AuctionPlaces): void {
  requireOpen(state);
  state.require(!isRunning(state, auction), "starts an auction that runs");
  state.set(auction.startedAt, state.timestamp);
  state.set(auction.isUsed, true);
  state.compare("startedAt", event.number("startedAt"), state.timestamp);
}

function stop(state: Derivation, auction: AuctionPlaces): void {
  state.set(auction.startedAt, 0n);
  state.set(auction.isUsed, true);
}

/** Because nothing is left to sell, or by anyone when the account has what it needs, or lost the position otherwise. */
function stopPosition(state: Derivation, account: Hash, instrument: bigint): void {
  const auction = auctionAt(account, instrument);
  if (!state.transaction.isExpected) {
    state.require(state.isSet(auction.startedAt), "stops an auction that does not run");
    if (state.isSet(positionAt(account, instrument).size)) requireSecured(state, account, instrument);
  }
  stop(state, auction);
}

function stopCollateral(state: Derivation, account: Hash, asset: Address): void {
  const auction = collateralAuctionAt(account, asset);
  if (!state.transaction.isExpected) {
    state.require(state.isSet(auction.startedAt), "stops an auction that does not run");
    requirePaid(state, account, asset);
  }
  stop(state, auction);
}

/** The sale that the ledger has just posted; it must be the one that the event names. */
function confirmedSale(state: Derivation, event: NaiveEvent, kind: bigint, key: bigint): Sale | undefined {
  const { sale } = state.transaction;
  state.transaction.sale = undefined;
  const isMeant =
    sale?.sold.kind === kind &&
    sale.sold.key === key &&
    sale.sold.account === event.hex("account") &&
    sale.bought.account === event.hex("bidder");
  state.require(isMeant, "sells what the ledger did not move");
  return isMeant ? sale : undefined;
}

/** Who is left with nothing but a loss: its shortfall is covered at once, by fees that nobody has swept yet as well. */
function expectCover(state: Derivation, account: Hash): void {
  const { quote, openCount, assets } = accountAt(account);
  if (state.isSet(openCount) || state.isSet(assets) || state.get(quote) >= 0n) return;
  if (state.isSet(hot.fees)) {
    expectEvent(state, "PositionLedger", "EntryPosted", (event) => event.number("kind") === FEE_SWEEP);
  }
  expectEvent(state, "PositionLedger", "EntryPosted", (event) => {
    const isShortfall = event.number("kind") === COVER || event.number("kind") === SOCIALISATION;
    return isShortfall && event.hex("account") === account;
  });
}

/** What is liquidated of an instrument in a window. The notional rests on the price, so the event is what is stored. */
function useWindow(state: Derivation, event: NaiveEvent, spot: bigint | undefined): void {
  const { start: startedAt, used } = windowAt(event.number("instrument"));
  const isOver = state.timestamp >= state.get(startedAt) + state.get(auctionTerms.window);
  const windowStart = isOver ? state.timestamp : state.get(startedAt);
  const usedBefore = isOver ? 0n : state.get(used);
  const windowUsed = event.number("windowUsed");
  const capacity = state.get(auctionTerms.capacity);
  state.require(windowUsed <= capacity, `liquidates ${windowUsed} in a window of ${capacity}`);
  if (spot !== undefined) {
    const notional = divideUp(abs(event.number("size")) * spot, ONE);
    const computed = usedBefore + notional;
    state.require(windowUsed === computed, `liquidated ${windowUsed} in the window, computed ${computed}`);
  }
  state.set(startedAt, windowStart);
  state.set(used, windowUsed);
  state.compare("windowStart", event.number("windowStart"), windowStart);
}

function sellPosition(state: Derivation, event: NaiveEvent): void {
  const [account, instrument] = [event.hex("account"), event.number("instrument")];
  const [size, price] = [event.number("size"), event.number("price")];
  const auction = auctionAt(account, instrument);
  const sale = confirmedSale(state, event, LIQUIDATION, instrument);
  requireOpen(state);
  state.require(isRunning(state, auction), "sells in an auction that does not run");
  const lot = sale === undefined ? undefined : judgePosition(state, sale.before, account, instrument);
  if (lot !== undefined) {
    const discount = discountPpm(state, auction);
    const [most, asked] = [liquidatable(lot, discount), auctionPrice(lot, discount)];
    state.require(abs(size) <= most, `sells ${size}, of which ${most} may be sold`);
    state.require(price === asked, `sells at ${price} what costs ${asked}`);
    requireNoWorse(state, account, lot);
  }
  useWindow(state, event, lot?.spot);
  if (sale === undefined) return;
  const { sold } = sale;
  const product = abs(size) * price;
  const quote = size > 0n ? divideUp(product, ONE) : -(product / ONE);
  state.require(sold.sizeDelta === -size, `sells ${size}, where the ledger moved ${sold.sizeDelta}`);
  state.require(sold.quoteDelta === quote, `the bidder pays ${sold.quoteDelta} for ${quote}`);
  if (sold.sizeBefore !== size) return;
  expectEvent(state, "LiquidationAuction", "AuctionStopped", (next) => {
    return next.hex("account") === account && next.number("instrument") === instrument;
  });
  expectCover(state, account);
}

function sellCollateral(state: Derivation, event: NaiveEvent): void {
  const [account, asset] = [event.hex("account"), event.hex("asset")];
  const [amount, quote] = [event.number("amount"), event.number("quote")];
  const auction = collateralAuctionAt(account, asset);
  const sale = confirmedSale(state, event, COLLATERAL_SALE, BigInt(asset));
  requireOpen(state);
  state.require(isRunning(state, auction), "sells in an auction that does not run");
  if (sale === undefined) return;
  const { sold, before } = sale;
  state.require(sold.sizeDelta === -amount, `sells ${amount}, where the ledger moved ${sold.sizeDelta}`);
  state.require(sold.quoteDelta === quote, `the bidder pays ${sold.quoteDelta} for ${quote}`);
  const lot = judgeCollateral(state, before, account, asset);
  if (lot !== undefined) {
    const discount = discountPpm(state, auction);
    const asked = collateralQuote(lot, amount, discount);
    const most = lot.owed + collateralQuote(lot, 1n, discount);
    state.require(quote === asked, `sells for ${quote} what costs ${asked}`);
    state.require(quote <= most, `sells for ${quote}, where ${most} is owed`);
  }
  if (sold.sizeBefore !== amount) return;
  expectEvent(state, "LiquidationAuction", "CollateralAuctionStopped", (next) => {
    return next.hex("account") === account && next.hex("asset") === asset;
  });
  expectCover(state, account);
}

/** Applies an event of LiquidationAuction. */
export function applyAuction(state: Derivation, event: NaiveEvent): void {
  if (event.name === "AuctionTermsSet") return setTerms(state, event);
  if (event.name === "PositionSold") return sellPosition(state, event);
  if (event.name === "CollateralSold") return sellCollateral(state, event);
  const account = event.hex("account");
  if (event.name === "AuctionStarted") {
    const instrument = event.number("instrument");
    judgePosition(state, state, account, instrument);
    start(state, event, auctionAt(account, instrument));
  }
  if (event.name === "CollateralAuctionStarted") {
    const asset = event.hex("asset");
    judgeCollateral(state, state, account, asset);
    start(state, event, collateralAuctionAt(account, asset));
  }
  if (event.name === "AuctionStopped") stopPosition(state, account, event.number("instrument"));
  if (event.name === "CollateralAuctionStopped") stopCollateral(state, account, event.hex("asset"));
}
