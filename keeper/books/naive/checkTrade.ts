import { divideUp, max, ONE, PPM } from "./arithmetic.ts";
import { requireInitial } from "./checkMargin.ts";
import { claimDebt } from "./debts.ts";
import type { Derivation } from "./Derivation.ts";
import { flagsInForce, has, INCREASE_RISK } from "./flags.ts";
import { marketAt } from "./ledgerStorage.ts";
import { evaluate, optionNow } from "./margin.ts";
import type { Entry, Fill } from "./NaiveTransaction.ts";
import { optionPrice } from "./optionPrice.ts";
import { portfolioOf } from "./portfolio.ts";
import { isUsable, readFeed, type Reading } from "./readings.ts";
import { instrumentAt, optionAt, PERPETUAL } from "./riskStorage.ts";

/**
 * As `_requireHealthKept`: a side that reduces may be below its initial requirement if it is solvent and its maintenance
 * excess has not fallen, at last prices. Before the trade means with the funding that it settled. Without any price of
 * what it trades only who is left without positions may.
 */
function checkReduction(state: Derivation, side: Entry, reading: Reading | undefined): void {
  const { account, key, quoteDelta, fee, sizeBefore } = side;
  const portfolio = portfolioOf(state, account);
  const now = evaluate(state, portfolio, "last");
  if (now === undefined || now.equity >= now.initial) return;
  state.require(now.equity >= 0n, `account ${account} reduces to equity ${now.equity}`);
  if (reading !== undefined && !isUsable(reading)) {
    const isFlat = portfolio.positions.length === 0;
    return state.require(isFlat, `account ${account} reduces below its initial margin without a price`);
  }

  const others = portfolio.positions.filter(({ instrument }) => instrument !== key);
  const positions = [...others, { instrument: key, size: sizeBefore }];
  const before = evaluate(state, { ...portfolio, quote: portfolio.quote - quoteDelta + fee, positions }, "last");
  if (before === undefined) return;
  const excessNow = now.equity - now.maintenance;
  const excessBefore = before.equity - before.maintenance;
  const detail = `account ${account} reduces from an excess of ${excessBefore} to ${excessNow}`;
  state.require(excessNow >= excessBefore, detail);
}

function checkSide(state: Derivation, side: Entry, reading: Reading | undefined): void {
  const { account, isReducing } = side;
  if (!isReducing) {
    const isRestricted = has(flagsInForce(state), INCREASE_RISK);
    state.require(!isRestricted, `account ${account} takes risk while that is restricted`);
    const isMarked = reading === undefined || reading.status === "valid";
    state.require(isMarked, `account ${account} takes risk at a price that is ${reading?.status}`);
    requireInitial(state, account, "with lag");
  } else {
    checkReduction(state, side, reading);
  }
  claimDebt(state, account, isReducing ? "last" : "strict", !isReducing);
}

/** The prices at which orders may meet: `OrderSettlement._venueOf`. */
function bandOf(state: Derivation, instrument: bigint, reading: Reading): readonly [bigint, bigint] {
  const { kind, priceBandPpm } = instrumentAt(instrument);
  const band = state.get(priceBandPpm);
  const { value, low, high } = reading;
  if (state.get(kind) === PERPETUAL) {
    const [lowest, highest] = isUsable(reading) ? [value, value] : [low, high];
    return [lowest - (lowest * band) / PPM, highest + (highest * band) / PPM];
  }
  if (!isUsable(reading)) return [0n, high];
  const fair = optionPrice(optionNow(state, instrument), value);
  const width = (value * band) / PPM;
  return [max(0n, fair - width), fair + width];
}

/** Every trade is that of two orders, filled just before for the same accounts, size and price. */
function checkFills(state: Derivation, buyer: Entry, seller: Entry, reading: Reading | undefined): Fill | undefined {
  const [buy, sell, surplus] = state.transaction.fills;
  state.transaction.fills = [];
  if (buy === undefined || sell === undefined || surplus !== undefined) {
    state.report("illegal", "trades without two orders filled for it");
    return undefined;
  }
  const isOfBoth = buy.account === buyer.account && sell.account === seller.account;
  state.require(isOfBoth, "trades for other accounts than the orders'");
  state.require(buy.size === sell.size && buy.size === buyer.sizeDelta, "trades another size than the orders'");
  state.require(buy.price === sell.price, "fills two orders at two prices");
  const quote = (buy.size * buy.price) / ONE;
  state.require(seller.quoteDelta === quote, `trades for ${seller.quoteDelta} quote what costs ${quote}`);
  if (reading === undefined) return buy;
  const [lowest, highest] = bandOf(state, buyer.key, reading);
  if (buy.price >= lowest && buy.price <= highest) return buy;
  const detail = `price ${buy.price} is outside the band from ${lowest} to ${highest}`;
  state.report("illegal", detail, "OrderSettlement", buy.logIndex);
  return buy;
}

/** One side at most is the maker; which one, the orders say, which are in calldata. */
function checkFees(state: Derivation, buyer: Entry, seller: Entry): void {
  const { makerFeePpm, takerFeePpm } = instrumentAt(buyer.key);
  const feeOf = (ppm: bigint): bigint => divideUp(seller.quoteDelta * ppm, PPM);
  const [maker, taker] = [feeOf(state.get(makerFeePpm)), feeOf(state.get(takerFeePpm))];
  const isEither = (fee: bigint): boolean => fee === maker || fee === taker;
  state.require(isEither(buyer.fee) && isEither(seller.fee), `fees of ${buyer.fee} and ${seller.fee}`);
  state.require(buyer.fee === taker || seller.fee === taker, "both sides pay the maker's fee");
}

/** A trade in a perpetual at a valid mark accrues funding, and observes its price while risk may grow. */
function checkFunding(state: Derivation, buyer: Entry, fill: Fill, reading: Reading | undefined): void {
  const { funding } = state.transaction;
  const isUpdated = funding !== undefined && funding.logIndex === buyer.logIndex - 1;
  const isPerpetual = state.get(instrumentAt(buyer.key).kind) === PERPETUAL;
  const isMarked = reading === undefined ? isUpdated : reading.status === "valid";
  state.require(isUpdated === (isPerpetual && isMarked), "trades with funding that is not accrued so far");
  if (!isUpdated) return;
  const isRestricted = has(flagsInForce(state), INCREASE_RISK);
  const [price, size] = isRestricted ? [0n, 0n] : [fill.price, fill.size];
  const isSame = funding.instrument === buyer.key && funding.price === price && funding.size === size;
  state.require(isSame, "observes another trade than its own");
}

function checkOpenInterest(state: Derivation, buyer: Entry): void {
  const cap = state.get(instrumentAt(buyer.key).maxOpenInterest) * 10n ** 12n;
  const open = state.get(marketAt(buyer.key).openInterest);
  const isWithin = open <= cap || open <= buyer.openInterestBefore;
  state.require(isWithin, `open interest of ${open} in instrument ${buyer.key}, capped at ${cap}`);
}

/** Reports what makes a trade illegal, once both of its entries are posted. */
export function checkTrade(state: Derivation, buyer: Entry, seller: Entry): void {
  const { kind, feed } = instrumentAt(buyer.key);
  state.require(buyer.sizeDelta > 0n && seller.quoteDelta >= 0n, "trades nothing, or the wrong way round");
  if (!state.isSet(kind)) return state.report("illegal", `trades instrument ${buyer.key}, which is not listed`);
  const isLive = state.get(kind) === PERPETUAL || state.timestamp < state.get(optionAt(buyer.key).expiry);
  state.require(isLive, `trades instrument ${buyer.key} after its expiry`);
  const reading = readFeed(state, state.get(feed));
  const fill = checkFills(state, buyer, seller, reading);
  checkFees(state, buyer, seller);
  if (fill !== undefined) checkFunding(state, buyer, fill, reading);
  checkOpenInterest(state, buyer);
  for (const side of [buyer, seller]) checkSide(state, side, reading);
}
