/** A wad: a number times 1e18. */
export const WAD = 10n ** 18n;

/** One in X96: a number times 2^96. */
export const ONE_X96 = 1n << 96n;

/** Quotient rounded up, for a nonnegative numerator and a positive denominator. */
export function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** Square root rounded down. Newton's iteration from above, which decreases until it has arrived. */
export function sqrt(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(16).length * 4 + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Square root rounded up. */
export function sqrtUp(value: bigint): bigint {
  const root = sqrt(value);
  return root * root < value ? root + 1n : root;
}

/** ln 2 in X96. */
const LN_2_X96 = 54916777467707473351141471128n;
/** expWad: what rounds to zero, and what 255 bits cannot hold. */
const EXP_ZERO_AT = -41446531673892822313n;
const EXP_OVERFLOW_AT = 135305999368893231589n;
const FIVE_POW_18 = 5n ** 18n;

/**
 * e^x, wad to wad, as solady 0.1.26 `FixedPointMathLib.expWad` (by Remco Bloemen, https://2π.com/22/exp-ln), bit for bit.
 * `>>` of a bigint rounds down like SAR, `/` truncates like SDIV; nothing there wraps, so nothing is masked here.
 *
 * @throws RangeError where solady reverts with `ExpOverflow`.
 */
export function expWad(x: bigint): bigint {
  if (x <= EXP_ZERO_AT) return 0n;
  if (x >= EXP_OVERFLOW_AT) throw new RangeError("ExpOverflow");
  const scaled = (x << 78n) / FIVE_POW_18;
  const k = ((scaled << 96n) / LN_2_X96 + (1n << 95n)) >> 96n;
  const r = scaled - k * LN_2_X96;

  let y = r + 1346386616545796478920950773328n;
  y = ((y * r) >> 96n) + 57155421227552351082224309758442n;
  let p = y + r - 94201549194550492254356042504812n;
  p = ((p * y) >> 96n) + 28719021644029726153956944680412240n;
  p = p * r + (4385272521454847904659076985693276n << 96n);

  let q = r - 2855989394907223263936484059900n;
  q = ((q * r) >> 96n) + 50020603652535783019961831881945n;
  q = ((q * r) >> 96n) - 533845033583426703283633433725380n;
  q = ((q * r) >> 96n) + 3604857256930695427073651918091429n;
  q = ((q * r) >> 96n) - 14423608567350463180887372962807573n;
  q = ((q * r) >> 96n) + 26449188498355588339934803723976023n;
  return ((p / q) * 3822833074963236453042738258902158003155416615667n) >> (195n - k);
}

/**
 * ln x, wad to wad, as solady 0.1.26 `FixedPointMathLib.lnWad` (by Remco Bloemen), bit for bit.
 *
 * @throws RangeError where solady reverts with `LnWadUndefined`: x is not positive.
 */
export function lnWad(x: bigint): bigint {
  if (x <= 0n) throw new RangeError("LnWadUndefined");
  const log2 = bitLength(x) - 1n;
  // x is brought to [1, 2) in X96; in 256 bits `shr(159, shl(255 - log2, x))` loses nothing at the top.
  const m = (x << (255n - log2)) >> 159n;

  let p = ((m + 3273285459638523848632254066296n) * m) >> 96n;
  p = ((p + 24828157081833163892658089445524n) * m) >> 96n;
  p = ((p + 43456485725739037958740375743393n) * m) >> 96n;
  p -= 11111509109440967052023855526967n;
  p = ((p * m) >> 96n) - 45023709667254063763336534515857n;
  p = ((p * m) >> 96n) - 14706773417378608786704636184526n;
  p = p * m - (795164235651350426258249787498n << 96n);

  let q = m + 5573035233440673466300451813936n;
  q = ((m * q) >> 96n) + 71694874799317883764090561454958n;
  q = ((m * q) >> 96n) + 283447036172924575727196451306956n;
  q = ((m * q) >> 96n) + 401686690394027663651624208769553n;
  q = ((m * q) >> 96n) + 204048457590392012362485061816622n;
  q = ((m * q) >> 96n) + 31853899698501571402653359427138n;
  q = ((m * q) >> 96n) + 909429971244387300277376558375n;

  const fraction = (p / q) * 1677202110996718588342820967067443963516166n;
  const exponent = 16597577552685614221487285958193947469193820559219878177908093499208371n * (log2 - 96n);
  return (600920179829731861736702779321621459595472258049074101567377883020018308n + exponent + fraction) >> 174n;
}

/** Digits of a positive number in base two. */
function bitLength(x: bigint): bigint {
  const hex = x.toString(16);
  return BigInt(hex.length * 4 - Math.clz32(Number.parseInt(hex.slice(0, 1), 16)) + 28);
}
