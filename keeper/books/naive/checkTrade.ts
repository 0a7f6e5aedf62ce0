import { accountAt } from "./clearingStorage.ts";
import { ownerOf } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { flagsInForce, has, INCREASE_RISK } from "./flags.ts";
import { checkInitialMargin, positionsOf, priceOfFeed, valuePortfolio } from "./margin.ts";
import type { Fill, TradeSide } from "./NaiveTransaction.ts";
import { instrumentAt } from "./riskStorage.ts";

const ONE = 10n ** 18n;
const PPM = 1_000_000n;

/** The two entries of a trade, buyer first: size one way, quote the other, between two owners. */
function checkSides(state: Derivation, buyer: TradeSide, seller: TradeSide): void {
  state.require(buyer.instrument === seller.instrument, `trades ${buyer.instrument} against ${seller.instrument}`);
  state.require(buyer.sizeDelta + seller.sizeDelta === 0n, "creates or destroys size");
  state.require(buyer.quoteDelta + seller.quoteDelta === 0n, "creates or destroys quote");
  state.require(buyer.sizeDelta > 0n && seller.quoteDelta > 0n, "trades nothing, or the wrong way round");
  state.require(buyer.account !== seller.account, "trades an account with itself");
  state.require(ownerOf(buyer.account) !== ownerOf(seller.account), "trades two accounts of one owner");
}

/**
 * As `_requireTradeMargin`: a side that takes risk meets its initial requirement at valid prices; one that reduces may
 * also be below it if it is solvent and its maintenance excess has not fallen, at last prices.
 */
function checkSideMargin(state: Derivation, side: TradeSide): void {
  const { account, instrument, sizeDelta, quoteDelta } = side;
  if (!side.isReducing) return checkInitialMargin(state, account);
  const quote = state.get(accountAt(account).quote);
  const positions = positionsOf(state, account);
  const outcome = valuePortfolio(state, quote, positions, "last");
  if (outcome.kind === "unknown") return;
  if (outcome.kind === "refused") return state.report("illegal", `account ${account}: ${outcome.reason}`);
  const now = outcome.value;
  if (now.equity >= now.initial) return;
  state.require(now.equity >= 0n, `account ${account} reduces to equity ${now.equity}`);

  const sizeNow = positions.find(([id]) => id === instrument)?.[1] ?? 0n;
  const others = positions.filter(([id]) => id !== instrument);
  const before = valuePortfolio(state, quote - quoteDelta, [...others, [instrument, sizeNow - sizeDelta]], "last");
  if (before.kind === "unknown") return;
  if (before.kind === "refused") return state.report("illegal", `account ${account}: ${before.reason}`);
  const excessNow = now.equity - now.maintenance;
  const excessBefore = before.value.equity - before.value.maintenance;
  const detail = `account ${account} reduces from an excess of ${excessBefore} to ${excessNow}`;
  state.require(excessNow >= excessBefore, detail);
}

/** Around the last price, however old. */
function checkBand(state: Derivation, instrument: bigint, { price, logIndex }: Fill): void {
  const terms = instrumentAt(instrument);
  const mark = priceOfFeed(state, state.get(terms.feed), "last");
  if (mark.kind === "unknown") return;
  if (mark.kind === "refused") return state.report("illegal", mark.reason, "OrderSettlement", logIndex);
  const distance = price > mark.value ? price - mark.value : mark.value - price;
  if (distance * PPM <= mark.value * state.get(terms.priceBandPpm)) return;
  state.report("illegal", `price ${price} is outside the band around ${mark.value}`, "OrderSettlement", logIndex);
}

/** Every trade is that of two orders, filled just before for the same accounts, size and price. */
function checkFills(state: Derivation, buyer: TradeSide, seller: TradeSide): void {
  const [maker, taker, surplus] = state.transaction.fills;
  state.transaction.fills = [];
  if (maker === undefined || taker === undefined || surplus !== undefined) {
    return state.report("illegal", "trades without two orders filled for it");
  }
  const accounts = [buyer.account, seller.account];
  const isOfBoth =
    maker.account !== taker.account && accounts.includes(maker.account) && accounts.includes(taker.account);
  state.require(isOfBoth, "trades for other accounts than the orders'");
  state.require(maker.size === taker.size && maker.size === buyer.sizeDelta, "trades another size than the orders'");
  state.require(maker.price === taker.price, "fills two orders at two prices");
  const quote = (maker.size * maker.price) / ONE;
  state.require(seller.quoteDelta === quote, `trades for ${seller.quoteDelta} quote what costs ${quote}`);
  checkBand(state, buyer.instrument, maker);
  if (taker.price !== maker.price) checkBand(state, buyer.instrument, taker);
}

/** Reports what makes a trade illegal, once both of its entries are posted. */
export function checkTrade(state: Derivation, buyer: TradeSide, seller: TradeSide): void {
  checkSides(state, buyer, seller);
  checkFills(state, buyer, seller);
  const isRestricted = has(flagsInForce(state), INCREASE_RISK);
  for (const side of [buyer, seller]) {
    state.require(!isRestricted || side.isReducing, `account ${side.account} takes risk while that is restricted`);
    checkSideMargin(state, side);
  }
}
