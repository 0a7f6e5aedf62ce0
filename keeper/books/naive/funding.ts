import { clamp, max, min } from "./arithmetic.ts";

/*
 * contracts/libraries/Funding.sol. Times are seconds; prices, sizes and indexes 1e-18.
 */

const TAU = 3_600n;
const PERIOD = 28_800n;
const BILLION = 1_000_000_000n;
const MAX_PREMIUM = 100_000_000n;

/** Of a market, what funding reads and changes. */
export interface FundingState {
  readonly longIndex: bigint;
  readonly shortIndex: bigint;
  readonly accruedAt: bigint;
  readonly observedAt: bigint;
  readonly premiumPpb: bigint;
}

/** When funding is accrued, and under which terms. */
export interface FundingMoment {
  readonly now: bigint;
  readonly graceUntil: bigint;
  readonly isRestricted: boolean;
  readonly maxFundingPpm: bigint;
  /** 1e-6 underlying. */
  readonly maxOpenInterest: bigint;
}

function fitsIndex(index: bigint): boolean {
  return BigInt.asIntN(96, index) === index;
}

/** Longs pay the premium to shorts for the time since the last accrual, without that of a grace or of an old premium. */
export function accrued(state: FundingState, mark: bigint, moment: FundingMoment): FundingState {
  const { longIndex, shortIndex, accruedAt, observedAt, premiumPpb } = state;
  const after = { ...state, accruedAt: moment.now };
  const from = max(accruedAt, moment.graceUntil);
  const to = min(moment.now, observedAt + TAU);
  if (moment.isRestricted || to <= from) return after;
  const rate = clamp(premiumPpb, moment.maxFundingPpm * 1_000n);
  const delta = (mark * rate * (to - from)) / (BILLION * PERIOD);
  const isPossible = fitsIndex(longIndex + delta) && fitsIndex(shortIndex + delta);
  return isPossible ? { ...after, longIndex: longIndex + delta, shortIndex: shortIndex + delta } : after;
}

/** A trade moves the premium towards its own, by as much of the time since the last one as its size pays for. */
export function observed(
  state: FundingState,
  trade: { readonly mark: bigint; readonly price: bigint; readonly size: bigint },
  { now, maxOpenInterest }: FundingMoment,
): FundingState {
  const fullSize = maxOpenInterest * BILLION;
  if (fullSize === 0n || trade.mark === 0n) return state;
  const credit = min(now - state.observedAt, TAU);
  const used = (credit * min(trade.size, fullSize)) / fullSize;
  if (used <= 0n) return state;
  const shown = clamp(((trade.price - trade.mark) * BILLION) / trade.mark, MAX_PREMIUM);
  const step = ((shown - state.premiumPpb) * used) / TAU;
  return { ...state, premiumPpb: state.premiumPpb + step, observedAt: now - (credit - used) };
}
