import type { Hash } from "../../lib/hex.ts";
import { accountAt, openIdAt, positionAt } from "./clearingStorage.ts";
import type { Derivation } from "./Derivation.ts";
import { feedAt, instrumentAt } from "./riskStorage.ts";

/*
 * MarginEngine and PriceOracle in whole numbers. A price that nobody has told us is no offence of the protocol: what
 * depends on it has the outcome "unknown", and nothing is reported.
 */

const ONE = 10n ** 18n;
const PPM = 1_000_000n;
const PRICE_DECIMALS = 18n;
const UINT128_MAX = (1n << 128n) - 1n;

/** `valid`: PriceOracle.price, for new risk; `last`: PriceOracle.lastPrice, however old. */
export type PriceRule = "valid" | "last";

/** A value, or that it cannot be known, or why the contracts refuse to give one. */
export type Outcome<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly reason: string };

/** What the margin engine says of a portfolio, 1e-18 quote. */
export interface Valuation {
  /** Rounded down. */
  readonly equity: bigint;
  /** Rounded up. */
  readonly initial: bigint;
  /** Rounded up. */
  readonly maintenance: bigint;
}

/** A position: its instrument, and its signed size in 1e-18 underlying. */
export type Position = readonly [instrument: bigint, size: bigint];

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

function refused(reason: string): { readonly kind: "refused"; readonly reason: string } {
  return { kind: "refused", reason };
}

/** The price of a feed, 1e-18 quote per underlying, by the rules that the oracle stores. */
export function priceOfFeed(state: Derivation, feed: bigint, rule: PriceRule): Outcome<bigint> {
  const rules = feedAt(feed);
  if (!state.isSet(rules.aggregator)) return refused(`feed ${feed} is unknown`);
  const price = state.priceOf(state.getAddress(rules.aggregator));
  if (price === undefined) return { kind: "unknown" };
  const { answer, updatedAt } = price;
  if (updatedAt === 0n) return refused(`feed ${feed} has an incomplete round`);
  if (updatedAt > state.timestamp) return refused(`feed ${feed} has a price of the future, ${updatedAt}`);
  if (answer <= 0n || answer > UINT128_MAX) return refused(`feed ${feed} answers ${answer}`);
  const decimals = state.get(rules.decimals);
  if (decimals > PRICE_DECIMALS) return refused(`feed ${feed} has ${decimals} decimals`);
  const value = answer * 10n ** (PRICE_DECIMALS - decimals);
  const isInside = value > state.get(rules.minPrice) && value < state.get(rules.maxPrice);
  if (!isInside) return refused(`feed ${feed} is out of bounds at ${value}`);
  if (rule === "valid" && state.timestamp - updatedAt > state.get(rules.maxAge)) {
    return refused(`feed ${feed} is stale since ${updatedAt}`);
  }
  return { kind: "known", value };
}

/** The open positions of an account. */
export function positionsOf(state: Derivation, account: Hash): Position[] {
  const positions: Position[] = [];
  const count = state.get(accountAt(account).openCount);
  for (let index = 0n; index < count; index += 1n) {
    const instrument = state.get(openIdAt(account, index).id);
    positions.push([instrument, state.get(positionAt(account, instrument).size)]);
  }
  return positions;
}

/** Equity and requirements of a portfolio. Refused when a single instrument or price is; else unknown likewise. */
export function valuePortfolio(
  state: Derivation,
  quote: bigint,
  positions: readonly Position[],
  rule: PriceRule,
): Outcome<Valuation> {
  let [equity, initial, maintenance] = [quote, 0n, 0n];
  let isUnknown = false;
  for (const [instrument, size] of positions) {
    const terms = instrumentAt(instrument);
    if (!state.isSet(terms.isListed)) return refused(`instrument ${instrument} is not listed`);
    const mark = priceOfFeed(state, state.get(terms.feed), rule);
    if (mark.kind === "refused") return mark;
    if (mark.kind === "unknown") {
      isUnknown = true;
      continue;
    }
    const magnitude = size < 0n ? -size : size;
    const notionalUp = divideUp(magnitude * mark.value, ONE);
    equity += size > 0n ? (magnitude * mark.value) / ONE : -notionalUp;
    initial += divideUp(notionalUp * state.get(terms.initialPpm), PPM);
    maintenance += divideUp(notionalUp * state.get(terms.maintenancePpm), PPM);
  }
  return isUnknown ? { kind: "unknown" } : { kind: "known", value: { equity, initial, maintenance } };
}

/**
 * Reports an account that is below its initial requirement at valid prices, as `_requireInitialMargin` refuses it. A
 * flat account owes nothing if its quote is not negative, whatever the oracle says.
 */
export function checkInitialMargin(state: Derivation, account: Hash): void {
  const quote = state.get(accountAt(account).quote);
  const positions = positionsOf(state, account);
  if (positions.length === 0) return state.require(quote >= 0n, `flat account ${account} has quote ${quote}`);
  const outcome = valuePortfolio(state, quote, positions, "valid");
  if (outcome.kind === "unknown") return;
  if (outcome.kind === "refused") return state.report("illegal", `account ${account}: ${outcome.reason}`);
  const { equity, initial } = outcome.value;
  state.require(equity >= initial, `account ${account} has equity ${equity} of initial margin ${initial}`);
}
