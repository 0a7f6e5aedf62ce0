import { divide, exponential, multiply, PI, SCALE, squareRoot } from "./decimal.ts";

const SQRT_2PI = squareRoot(2n * PI);

/** From here on the tail is below 10^-80. */
const END = 20n * SCALE;
/** Where the series, whose terms grow with e^(z²/2), hands over to the continued fraction. */
const SEAM = 7n * SCALE;

/** Density of the standard normal distribution. */
export function referenceDensity(x: bigint): bigint {
  return divide(exponential(-multiply(x, x) / 2n), SQRT_2PI);
}

/** Probability that a standard normal variable is at most `x`, to 60 digits at least. */
export function referenceCdf(x: bigint): bigint {
  const z = x < 0n ? -x : x;
  const tail = z >= END ? 0n : z <= SEAM ? tailBySeries(z) : tailByFraction(z);
  return x < 0n ? tail : SCALE - tail;
}

/** 1/2 - φ(z) (z + z³/3 + z⁵/(3·5) + …): all terms of one sign, so nothing cancels inside the sum. */
export function tailBySeries(z: bigint): bigint {
  const square = multiply(z, z);
  let sum = 0n;
  let term = z;
  for (let n = 1n; term !== 0n; n += 2n) {
    sum += term;
    term = multiply(term, square) / (n + 2n);
  }
  return SCALE / 2n - multiply(referenceDensity(z), sum);
}

/** φ(z) / (z + 1/(z + 2/(z + 3/(z + …)))) (Laplace), from the 800th level up. */
export function tailByFraction(z: bigint): bigint {
  let fraction = z;
  for (let n = 800n; n > 0n; n--) fraction = z + (n * SCALE * SCALE) / fraction;
  return divide(referenceDensity(z), fraction);
}
