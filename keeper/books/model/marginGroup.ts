import { ceilDiv } from "./fixedPoint.ts";
import { intrinsic, max, MAX_UINT128, min, notionalUp, PPM, shareUp, valueOf } from "./marginAmounts.ts";
import type { MarginOption } from "./marginTypes.ts";
import { deviation, logMoneyness, optionPriceAt, sqrtYears } from "./optionPricing.ts";

const MAX_VOLATILITY_PPM = 100_000_000n;
const MAX_SECONDS = 315_360_000n;
/** Seconds to expiry from which on what an option gains on the grid counts in full. */
const FULL_GAIN = 86_400n;
/** The moves of the scenario grid, in halves of the price move that the requirement covers. */
const MOVES = [-2n, -1n, 0n, 1n, 2n] as const;

/** What one requirement knows of a group. */
interface Requirement {
  /** What the group moves by: the largest share of its instruments, parts per million. */
  readonly ppm: bigint;
  /** Sum of the signed shares of the perpetuals. */
  shares: bigint;
  /** Sum of the shares, without sign, of perpetuals and short options. */
  gross: bigint;
  /** Losses of the options per point: five moves, each with the volatility down and up. */
  readonly losses: bigint[];
}

/** An unsettled option of a group. */
export interface OptionLeg {
  /** Signed, 1e-18 underlying. */
  readonly size: bigint;
  readonly isCall: boolean;
  /** What it is valued at, 1e-18 quote per underlying. */
  readonly price: bigint;
  /** What its notional is taken at, as nothing nets that. 1e-18 quote per underlying. */
  readonly upper: bigint;
  readonly option: MarginOption;
  /** To its expiry, not negative. */
  readonly secondsLeft: bigint;
}

/** The unsettled positions of a portfolio on one feed, as in `MarginMath`: what they must be worth together. */
export class MarginGroup {
  readonly #initial: Requirement;
  readonly #maintenance: Requirement;
  /** What the long options are worth beyond their intrinsic value. */
  #timeValue = 0n;

  /** @param initialPpm, maintenancePpm the largest of all positions that will be added */
  constructor(initialPpm: bigint, maintenancePpm: bigint) {
    this.#initial = requirementOf(initialPpm);
    this.#maintenance = requirementOf(maintenancePpm);
  }

  /** Adds a perpetual of a signed size at a price; returns its value. */
  addPerpetual(size: bigint, price: bigint): bigint {
    for (const requirement of [this.#initial, this.#maintenance]) {
      const share = shareUp(notionalUp(size, price), requirement.ppm);
      requirement.shares += size > 0n ? share : -share;
      requirement.gross += share;
    }
    return valueOf(size, price);
  }

  /**
   * Adds an option; returns its value.
   *
   * @throws OptionRangeError for an option without a strike, where the contract reverts too.
   */
  addOption(leg: OptionLeg): bigint {
    const { size, isCall, price, upper, option, secondsLeft } = leg;
    const { strike } = option;
    const { base, down, up } = deviations(option, secondsLeft);
    const value = valueOf(size, optionAt(isCall, clampSpot(price), strike, base));
    const intrinsicValue = valueOf(size, intrinsic(isCall, clampSpot(price), strike));
    if (size > 0n) this.#timeValue += value - intrinsicValue;
    for (const requirement of [this.#initial, this.#maintenance]) {
      if (size < 0n) requirement.gross += shareUp(notionalUp(size, upper), requirement.ppm);
      const isIntrinsic = requirement === this.#initial && size > 0n;
      for (const [i, move] of MOVES.entries()) {
        const spot = movedSpot(price, move, requirement.ppm);
        for (const [j, shocked] of [down, up].entries()) {
          const loss = isIntrinsic
            ? intrinsicValue - valueOf(size, intrinsic(isCall, spot, strike))
            : value - valueOf(size, optionAt(isCall, spot, strike, shocked));
          const point = 2 * i + j;
          requirement.losses[point] = (requirement.losses[point] ?? 0n) + counted(loss, secondsLeft);
        }
      }
    }
    return value;
  }

  /** What the group adds to the requirements. The two grids look at different points: what is kept can exceed the other. */
  requirements(): { readonly initial: bigint; readonly maintenance: bigint } {
    const maintenance = greatestLoss(this.#maintenance);
    return { initial: max(greatestLoss(this.#initial) + this.#timeValue, maintenance), maintenance };
  }
}

function requirementOf(ppm: bigint): Requirement {
  return { ppm, shares: 0n, gross: 0n, losses: new Array<bigint>(10).fill(0n) };
}

/** Greatest loss over the grid, at least a tenth of what perpetuals and short options would ask for one by one. */
function greatestLoss({ shares, gross, losses }: Requirement): bigint {
  let greatest = ceilDiv(gross, 10n);
  for (const [i, move] of MOVES.entries()) {
    // `/` truncates towards zero, as SDIV does.
    const loss = -(move * shares) / 2n;
    greatest = max(greatest, loss + max(losses[2 * i] ?? 0n, losses[2 * i + 1] ?? 0n));
  }
  return greatest;
}

/** All of a loss; of a gain what the time that is left lets count, truncated. */
function counted(loss: bigint, secondsLeft: bigint): bigint {
  return loss < 0n ? (loss * min(secondsLeft, FULL_GAIN)) / FULL_GAIN : loss;
}

/** Deviations of the log price at expiry at the volatility of the mark and at the shocked ones, X96. */
function deviations(
  { volatilityPpm, volatilityShockPpm }: MarginOption,
  secondsLeft: bigint,
): { readonly base: bigint; readonly down: bigint; readonly up: bigint } {
  const time = sqrtYears(min(secondsLeft, MAX_SECONDS));
  const at = (volatility: bigint): bigint => deviation(max(0n, min(volatility, MAX_VOLATILITY_PPM)), time);
  const shock = (volatilityPpm * volatilityShockPpm) / PPM;
  return { base: at(volatilityPpm), down: at(volatilityPpm - shock), up: at(volatilityPpm + shock) };
}

/** Black-Scholes price per unit at the volatility of the mark. */
export function optionMark(isCall: boolean, spot: bigint, option: MarginOption, secondsLeft: bigint): bigint {
  return optionAt(isCall, spot, option.strike, deviations(option, secondsLeft).base);
}

function optionAt(isCall: boolean, spot: bigint, strike: bigint, deviationX96: bigint): bigint {
  return optionPriceAt(isCall, spot, strike, logMoneyness(spot, strike), deviationX96);
}

function movedSpot(price: bigint, move: bigint, ppm: bigint): bigint {
  return clampSpot(price + (price * move * ppm) / (2n * PPM));
}

/** Where Black-Scholes is defined: 1 to 2^128 - 1. */
function clampSpot(spot: bigint): bigint {
  return max(1n, min(spot, MAX_UINT128));
}
