import { max, min, PPM, worth } from "./arithmetic.ts";
import { boundedSpot, intrinsicOf, optionPrice, type Option } from "./optionPrice.ts";

/** An option with the relative move of the volatility that its margin covers. */
export interface GridOption extends Option {
  readonly shockPpm: bigint;
}

/** A point of a requirement's grid. */
export interface GridPoint {
  /** Halves of what the requirement covers: -2 to 2. */
  readonly move: bigint;
  /** The volatility down (-1) or up (1). */
  readonly shock: bigint;
  /** What the requirement covers, parts per million. */
  readonly ppm: bigint;
  /** In the initial requirement a long option counts with its intrinsic value only. */
  readonly isInitial: boolean;
}

/** So long before its expiry what an option gains at a point begins to count for less: nothing is left at the end. */
const DAY = 86_400n;

/** All of a loss; of a gain, which is a negative loss, what the time that is left lets count, rounded down. */
function counted({ secondsLeft }: GridOption, loss: bigint): bigint {
  return loss >= 0n ? loss : -((-loss * min(secondsLeft, DAY)) / DAY);
}

function fullLoss(option: GridOption, size: bigint, price: bigint, point: GridPoint): bigint {
  const base = boundedSpot(price);
  const distance = (price * (point.move < 0n ? -point.move : point.move) * point.ppm) / (2n * PPM);
  const spot = boundedSpot(point.move < 0n ? price - distance : price + distance);
  if (point.isInitial && size > 0n) {
    return worth(size, intrinsicOf(option, base)) - worth(size, intrinsicOf(option, spot));
  }
  const step = (option.volatilityPpm * option.shockPpm) / PPM;
  const shocked = { ...option, volatilityPpm: max(0n, option.volatilityPpm + point.shock * step) };
  return worth(size, optionPrice(option, base)) - worth(size, optionPrice(shocked, spot));
}

/** What `size` of an option loses when `price` and volatility go to a point of the grid, as it counts. 1e-18 quote. */
export function optionLoss(option: GridOption, size: bigint, price: bigint, point: GridPoint): bigint {
  return counted(option, fullLoss(option, size, price, point));
}
