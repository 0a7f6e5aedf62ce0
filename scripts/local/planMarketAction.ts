import { equityOf, markOf } from "./marketState.ts";
import type { InstrumentState, MarketState, TraderState } from "./marketState.ts";
import type { SeededRandom } from "./SeededRandom.ts";

/** One thing that somebody does in the market. Traders are indices of development accounts. */
export type MarketAction =
  | { readonly kind: "price"; readonly instrument: InstrumentState; readonly answer: bigint }
  | { readonly kind: "trade"; readonly trade: MarketTrade }
  | { readonly kind: "deposit" | "withdraw"; readonly trader: number; readonly amount: bigint }
  /** What trades have paid goes to the insurance fund: anybody may do so. 1e-18 quote. */
  | { readonly kind: "sweep"; readonly fees: bigint }
  | { readonly kind: "cancel"; readonly trader: number; readonly isBuy: boolean; readonly trade: MarketTrade };

/** Two traders agree. `size` 1e-18 underlying, `price` 1e-18 quote per underlying. */
export interface MarketTrade {
  readonly instrument: InstrumentState;
  readonly buyer: TraderState;
  readonly seller: TraderState;
  readonly size: bigint;
  readonly price: bigint;
}

const ONE = 10n ** 18n;
/** Settlement token units in 1 quote. */
const TOKEN = 10n ** 6n;
/** Sizes are whole multiples of it, so that positions can be closed to zero. */
const LOT = 10n ** 14n;
/** Prices are whole multiples of it: a cent. */
const TICK = 10n ** 16n;
/** No position is opened beyond it, in quote: with 10 % initial margin and the equity below, margin never binds. */
const MAX_NOTIONAL = 150_000n * ONE;
/** Below it a trader tops up. */
const LOW_EQUITY = 100_000n * ONE;
const TOP_UP = 100_000n * TOKEN;
/** Nothing leaves below it. */
const WITHDRAWAL_EQUITY = 150_000n * ONE;
/** The feeds' own limit is an hour; while trading is restricted they must stay fresh as well. */
const REFRESH_SECONDS = 600;

/** Chance of each kind. While restricted, increases and withdrawals are still tried, to be refused. */
const WEIGHTS = {
  open: [32, 10],
  reduce: [15, 32],
  close: [7, 10],
  deposit: [6, 15],
  withdraw: [8, 10],
  cancel: [4, 3],
  sweep: [2, 2],
  price: [28, 20],
} as const;

type Kind = keyof typeof WEIGHTS;

/**
 * Chooses what happens next: a pure function of the random stream and the state. What it chooses meets margin, price
 * band and bounds, so that outside a restriction every action is accepted.
 */
export function planMarketAction(random: SeededRandom, state: MarketState): MarketAction {
  const stale = state.instruments.find(({ ageSeconds }) => ageSeconds > REFRESH_SECONDS);
  if (stale !== undefined) return planPrice(random, stale);
  const poor = state.traders.find((trader) => equityOf(trader, state.instruments) < LOW_EQUITY);
  if (poor !== undefined) return { kind: "deposit", trader: poor.index, amount: TOP_UP };
  const kind = pickKind(random, state.isRestricted);
  return plan(kind, random, state) ?? planPrice(random, random.pick(state.instruments));
}

function pickKind(random: SeededRandom, isRestricted: boolean): Kind {
  const column = isRestricted ? 1 : 0;
  const entries = Object.entries(WEIGHTS) as [Kind, readonly [number, number]][];
  let rest = random.between(
    0,
    entries.reduce((sum, [, weights]) => sum + weights[column], 0),
  );
  return entries.find(([, weights]) => (rest -= weights[column]) < 0)?.[0] ?? "price";
}

function plan(kind: Kind, random: SeededRandom, state: MarketState): MarketAction | undefined {
  if (kind === "price") return undefined;
  if (kind === "deposit") {
    return { kind, trader: random.pick(state.traders).index, amount: randomAmount(random) };
  }
  if (kind === "withdraw") {
    const rich = state.traders.filter((trader) => equityOf(trader, state.instruments) > WITHDRAWAL_EQUITY);
    return rich.length === 0 ? undefined : { kind, trader: random.pick(rich).index, amount: randomAmount(random) };
  }
  if (kind === "sweep") return state.fees === 0n ? undefined : { kind, fees: state.fees };
  const instrument = random.pick(state.instruments);
  if (kind === "reduce" || kind === "close") return planReduction(random, state, instrument, kind === "close");
  const trade = planOpening(random, state, instrument);
  if (trade === undefined || kind === "open") return trade && { kind: "trade", trade };
  const isBuy = random.next() < 0.5;
  return { kind, trader: (isBuy ? trade.buyer : trade.seller).index, isBuy, trade };
}

/** 500 to 10,000 quote, in token units. */
function randomAmount(random: SeededRandom): bigint {
  return (BigInt(Math.floor(random.between(50_000, 1_000_000))) * TOKEN) / 100n;
}

/** A step of at most half a percent, and two percent of the way home: the price stays within some percent of base. */
function planPrice(random: SeededRandom, instrument: InstrumentState): MarketAction {
  const { answer, baseAnswer } = instrument;
  if (answer <= 0n) return { kind: "price", instrument, answer: baseAnswer };
  const stepPpm = BigInt(Math.floor(random.between(-5_000, 5_000)));
  return { kind: "price", instrument, answer: answer + (answer * stepPpm) / 1_000_000n + (baseAnswer - answer) / 50n };
}

/** Within 0.3 % of the mark; the band is 2 %. */
function randomPrice(random: SeededRandom, instrument: InstrumentState): bigint {
  const mark = markOf(instrument);
  const offsetPpm = BigInt(Math.floor(random.between(-3_000, 3_000)));
  return ((mark + (mark * offsetPpm) / 1_000_000n) / TICK) * TICK;
}

function planOpening(random: SeededRandom, state: MarketState, instrument: InstrumentState): MarketTrade | undefined {
  const mark = markOf(instrument);
  const notional = BigInt(Math.floor(random.between(1_000, 30_000))) * ONE;
  const size = ((notional * ONE) / mark / LOT) * LOT;
  const first = random.pick(state.traders);
  const second = random.pick(state.traders.filter((trader) => trader !== first));
  const isWithinLimit = (trader: TraderState, delta: bigint): boolean => {
    const after = (trader.sizes.get(instrument.id) ?? 0n) + delta;
    return ((after < 0n ? -after : after) * mark) / ONE <= MAX_NOTIONAL;
  };
  for (const [buyer, seller] of [
    [first, second],
    [second, first],
  ] as const) {
    if (!isWithinLimit(buyer, size) || !isWithinLimit(seller, -size)) continue;
    return { instrument, buyer, seller, size, price: randomPrice(random, instrument) };
  }
  return undefined;
}

/** A long and a short who both shrink: the only trade that is open in every grade. */
function planReduction(
  random: SeededRandom,
  state: MarketState,
  instrument: InstrumentState,
  isFull: boolean,
): MarketAction | undefined {
  const sizeOf = (trader: TraderState): bigint => trader.sizes.get(instrument.id) ?? 0n;
  const longs = state.traders.filter((trader) => sizeOf(trader) > 0n);
  const shorts = state.traders.filter((trader) => sizeOf(trader) < 0n);
  if (longs.length === 0 || shorts.length === 0) return undefined;
  const seller = random.pick(longs);
  const buyer = random.pick(shorts);
  const largest = sizeOf(seller) < -sizeOf(buyer) ? sizeOf(seller) : -sizeOf(buyer);
  const part = ((largest * BigInt(Math.floor(random.between(20, 80)))) / 100n / LOT) * LOT;
  const size = isFull || part === 0n ? largest : part;
  return { kind: "trade", trade: { instrument, buyer, seller, size, price: randomPrice(random, instrument) } };
}
