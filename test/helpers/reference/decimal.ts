/**
 * Decimal arithmetic with 80 digits after the point, in bigint, for checking faster arithmetic against. It shares
 * nothing with what it checks: series and Newton's method only, slow and plain.
 */
export const SCALE = 10n ** 80n;

/** A literal such as "-0.25" or "3" as a decimal; at most 80 digits after the point. */
export function decimal(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,80}))?$/.exec(text);
  if (match === null) throw new RangeError(`not a decimal: ${text}`);
  const [, sign, whole, fraction = ""] = match;
  const value = BigInt(whole! + fraction.padEnd(80, "0"));
  return sign === "-" ? -value : value;
}

/** The quotient of two integers as a decimal. */
export function ratio(numerator: bigint, denominator: bigint): bigint {
  return (numerator * SCALE) / denominator;
}

/** Product of two decimals. */
export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) / SCALE;
}

/** Quotient of two decimals. */
export function divide(a: bigint, b: bigint): bigint {
  return (a * SCALE) / b;
}

/** Root of a decimal that is not negative: Newton's method from above. */
export function squareRoot(x: bigint): bigint {
  if (x === 0n) return 0n;
  const square = x * SCALE;
  let root = square;
  for (;;) {
    const next = (root + square / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

/** e^x: the Taylor series of x / 2^k, squared k times, with 20 guard digits. */
export function exponential(x: bigint): bigint {
  const guard = 10n ** 20n;
  const one = SCALE * guard;
  let halvings = 12n;
  for (let size = (x < 0n ? -x : x) / SCALE; size > 0n; size /= 2n) halvings++;
  const small = (x * guard) / 2n ** halvings;
  let sum = one;
  let term = one;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * small) / (one * n);
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) / one;
  return sum / guard;
}

/** 2 artanh(t), for |t| at most a third: t + t³/3 + t⁵/5 + …, twice. */
function twoArtanh(t: bigint): bigint {
  const square = multiply(t, t);
  let sum = 0n;
  let power = t;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = multiply(power, square);
  }
  return 2n * sum;
}

/** ln 2 = 2 artanh(1/3). */
export const LN_2 = twoArtanh(SCALE / 3n);

/** ln x of a positive decimal: powers of two taken out, then ln m = 2 artanh((m - 1) / (m + 1)). */
export function logarithm(x: bigint): bigint {
  if (x <= 0n) throw new RangeError("logarithm of a number that is not positive");
  let twos = 0n;
  let m = x;
  for (; m > (SCALE * 3n) / 2n; twos++) m = x / 2n ** (twos + 1n);
  for (; m < (SCALE * 3n) / 4n; twos--) m = x * 2n ** (1n - twos);
  return twos * LN_2 + twoArtanh(divide(m - SCALE, m + SCALE));
}

/** π by Machin's formula, 16 arctan(1/5) - 4 arctan(1/239). */
export const PI = 16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n);

function arctanOfInverse(n: bigint): bigint {
  let sum = 0n;
  let power = SCALE / n;
  for (let k = 1n, sign = 1n; power !== 0n; k += 2n, sign = -sign) {
    sum += (sign * power) / k;
    power /= n * n;
  }
  return sum;
}
