/*
 * The normal distribution of contracts/libraries/NormalDistribution.sol and the exponential and logarithm of solady's
 * FixedPointMathLib, in whole numbers of any length. "X96" is a number times 2^96; every product of two of them is
 * shifted back, which rounds down, as `>>` and `sar` do in the contracts.
 */

const WAD = 10n ** 18n;
const END = 12n << 96n;
const CENTRE = 52521141212330972034136220117n;
const SQRT_32 = 448182167798289119349855505820n;
const INVERSE_SQRT_2PI = 31607463825455920808620519744n;
const LN_OF_SCALE_WAD = 27175039201541763320n;

// Coefficients from the highest power down, as the contract's loops take them.
/** `A4, A0, A1, A2, A3` */
const CENTRE_NUMERATOR = [
  5203890942900566529033788668n,
  177094911525819218304649482683n,
  12757970860484054856742070167726n,
  84591076068825540852234273925138n,
  1438385805183326120566629188321439n,
];
/** One, then `B0` to `B3`. */
const CENTRE_DENOMINATOR = [
  1n << 96n,
  3739773830237513102291045766738n,
  77334494687018628505703780948524n,
  812954804572313706857907959445381n,
  3605498529100403173008286083070635n,
];
/** `C8`, then `C0` to `C7`. */
const MIDDLE_NUMERATOR = [
  852936866188092947912n,
  31607402953405084178169459138n,
  703795635548356084741660368696n,
  7408360548205619162718620132525n,
  47320626523146814190462632508209n,
  197637629205326181927835665021035n,
  542569545943721689284445222083929n,
  919256753698287010405487007998606n,
  779820210797046855399292387608739n,
];
/** One, then `D0` to `D7`. */
const MIDDLE_DENOMINATOR = [
  1n << 96n,
  1764148779030454708639772951021n,
  18649350936325505562898682935159n,
  120377495366394570828213556988878n,
  513838866850814582494850171295373n,
  1474877535259974993764575734441835n,
  2765138354093609645002696319515515n,
  3082926520106185648821238270254183n,
  1559640421601385449651948841511810n,
];
/** `P5`, then `P0` to `P4`. */
const TAIL_NUMERATOR = [
  1828066393916094194379040561n,
  17105244142935250397484819813n,
  10093759900910059859865101624n,
  1761660208685668399622843420n,
  112632276474456899158600487n,
  2306559587888656494126801n,
];
/** One, then `Q0` to `Q4`. */
const TAIL_DENOMINATOR = [
  1n << 96n,
  101749567607953768463279850059n,
  37097653193822617646510299429n,
  5228118911093152054863337464n,
  299672311287238634231090290n,
  5781687480122959817537969n,
];

/** `((c0 * x >> 96) + c1) * x >> 96 …`: a polynomial by Horner's rule, the highest power first. */
function polynomial(coefficients: readonly bigint[], x: bigint): bigint {
  return coefficients.reduce((sum, coefficient) => ((sum * x) >> 96n) + coefficient);
}

/** N(-z) = 1 - N(z), X96, for z >= 0. */
export function upperTail(z: bigint): bigint {
  if (z <= CENTRE) {
    const s = (z * z) >> 96n;
    return (1n << 95n) - (z * polynomial(CENTRE_NUMERATOR, s)) / polynomial(CENTRE_DENOMINATOR, s);
  }
  if (z <= SQRT_32) {
    const numerator = polynomial(MIDDLE_NUMERATOR, z);
    return ((exponentialX99(z) * numerator) / polynomial(MIDDLE_DENOMINATOR, z)) >> 3n;
  }
  if (z >= END) return 0n;
  const inverse = (1n << 192n) / z;
  const s = (inverse * inverse) >> 96n;
  const correction = (s * polynomial(TAIL_NUMERATOR, s)) / polynomial(TAIL_DENOMINATOR, s);
  const mills = ((INVERSE_SQRT_2PI - correction) * inverse) >> 96n;
  return (exponentialX99(z) * mills) >> 99n;
}

/** N(x), X96. */
export function cumulative(x: bigint): bigint {
  return x < 0n ? upperTail(-x) : (1n << 96n) - upperTail(x);
}

/** e^(-z*z/2) times 2^99. */
function exponentialX99(z: bigint): bigint {
  const half = (((z * z) >> 97n) * WAD + (1n << 95n)) >> 96n;
  return expWad(LN_OF_SCALE_WAD - half);
}

/** e^x, 1e18, for x below 135e18. Source: solady, `expWad`. */
export function expWad(wad: bigint): bigint {
  if (wad <= -41446531673892822313n) return 0n;
  const scaled = (wad << 78n) / 5n ** 18n;
  const LN_2 = 54916777467707473351141471128n;
  const k = ((scaled << 96n) / LN_2 + (1n << 95n)) >> 96n;
  const x = scaled - k * LN_2;

  let y = x + 1346386616545796478920950773328n;
  y = ((y * x) >> 96n) + 57155421227552351082224309758442n;
  let p = y + x - 94201549194550492254356042504812n;
  p = ((p * y) >> 96n) + 28719021644029726153956944680412240n;
  p = p * x + (4385272521454847904659076985693276n << 96n);

  let q = x - 2855989394907223263936484059900n;
  q = ((q * x) >> 96n) + 50020603652535783019961831881945n;
  q = ((q * x) >> 96n) - 533845033583426703283633433725380n;
  q = ((q * x) >> 96n) + 3604857256930695427073651918091429n;
  q = ((q * x) >> 96n) - 14423608567350463180887372962807573n;
  q = ((q * x) >> 96n) + 26449188498355588339934803723976023n;
  return ((p / q) * 3822833074963236453042738258902158003155416615667n) >> (195n - k);
}

/** ln(x), 1e18, for x of at least 1. Source: solady, `lnWad`; there `r` is 255 less the place of the highest bit. */
export function lnWad(wad: bigint): bigint {
  const r = 256n - BigInt(wad.toString(2).length);
  // From 1 to 2, X96: the highest bit comes to bit 255, then down to bit 96.
  const x = (wad << r) >> 159n;

  let p = ((x + 3273285459638523848632254066296n) * x) >> 96n;
  p = ((p + 24828157081833163892658089445524n) * x) >> 96n;
  p = ((p + 43456485725739037958740375743393n) * x) >> 96n;
  p -= 11111509109440967052023855526967n;
  p = ((p * x) >> 96n) - 45023709667254063763336534515857n;
  p = ((p * x) >> 96n) - 14706773417378608786704636184526n;
  p = p * x - (795164235651350426258249787498n << 96n);

  let q = x + 5573035233440673466300451813936n;
  q = ((q * x) >> 96n) + 71694874799317883764090561454958n;
  q = ((q * x) >> 96n) + 283447036172924575727196451306956n;
  q = ((q * x) >> 96n) + 401686690394027663651624208769553n;
  q = ((q * x) >> 96n) + 204048457590392012362485061816622n;
  q = ((q * x) >> 96n) + 31853899698501571402653359427138n;
  q = ((q * x) >> 96n) + 909429971244387300277376558375n;

  const fraction = 1677202110996718588342820967067443963516166n * (p / q);
  const powers = 16597577552685614221487285958193947469193820559219878177908093499208371n * (159n - r);
  const scale = 600920179829731861736702779321621459595472258049074101567377883020018308n;
  return (fraction + powers + scale) >> 174n;
}
