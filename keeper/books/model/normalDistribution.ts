import { expWad, ONE_X96, WAD } from "./fixedPoint.ts";

/** From here on tail and density are below 2^-96. */
const END_X96 = 12n << 96n;
const END_WAD = 12n * WAD;
const CENTRE_X96 = 52521141212330972034136220117n; // 0.66291
const SQRT_32_X96 = 448182167798289119349855505820n;
const INVERSE_SQRT_2PI_X96 = 31607463825455920808620519744n;
/** ln(2^99 / 1e18): makes the result of `expWad` a number times 2^99. */
const LN_OF_SCALE_WAD = 27175039201541763320n;

// Cody's coefficients (ANORM, ACM Algorithm 715) in X96.
const A = [
  177094911525819218304649482683n, // 2.2352520354606839287
  12757970860484054856742070167726n, // 161.02823106855587881
  84591076068825540852234273925138n, // 1067.6894854603709582
  1438385805183326120566629188321439n, // 18154.981253343561249
  5203890942900566529033788668n, // 0.065682337918207449113
] as const;
const B = [
  3739773830237513102291045766738n, // 47.20258190468824187
  77334494687018628505703780948524n, // 976.09855173777669322
  812954804572313706857907959445381n, // 10260.932208618978205
  3605498529100403173008286083070635n, // 45507.789335026729956
] as const;
const C = [
  31607402953405084178169459138n, // 0.39894151208813466764
  703795635548356084741660368696n, // 8.8831497943883759412
  7408360548205619162718620132525n, // 93.506656132177855979
  47320626523146814190462632508209n, // 597.27027639480026226
  197637629205326181927835665021035n, // 2494.5375852903726711
  542569545943721689284445222083929n, // 6848.1904505362823326
  919256753698287010405487007998606n, // 11602.651437647350124
  779820210797046855399292387608739n, // 9842.7148383839780218
  852936866188092947912n, // 1.0765576773720192317e-8
] as const;
const D = [
  1764148779030454708639772951021n, // 22.266688044328115691
  18649350936325505562898682935159n, // 235.38790178262499861
  120377495366394570828213556988878n, // 1519.377599407554805
  513838866850814582494850171295373n, // 6485.558298266760755
  1474877535259974993764575734441835n, // 18615.571640885098091
  2765138354093609645002696319515515n, // 34900.952721145977266
  3082926520106185648821238270254183n, // 38912.003286093271411
  1559640421601385449651948841511810n, // 19685.429676859990727
] as const;
const P = [
  17105244142935250397484819813n, // 0.21589853405795699
  10093759900910059859865101624n, // 0.1274011611602473639
  1761660208685668399622843420n, // 0.022235277870649807
  112632276474456899158600487n, // 0.001421619193227893466
  2306559587888656494126801n, // 2.9112874951168792e-5
  1828066393916094194379040561n, // 0.02307344176494017303
] as const;
const Q = [
  101749567607953768463279850059n, // 1.28426009614491121
  37097653193822617646510299429n, // 0.468238212480865118
  5228118911093152054863337464n, // 0.0659881378689285515
  299672311287238634231090290n, // 0.00378239633202758244
  5781687480122959817537969n, // 7.29751555083966205e-5
] as const;

/** N(x), wad to wad, as `NormalDistribution.cdf`; `cdf(x) + cdf(-x)` is exactly one. */
export function cdf(x: bigint): bigint {
  if (x <= -END_WAD) return 0n;
  if (x >= END_WAD) return WAD;
  if (x < 0n) return toWad(upperTailX96((-x << 96n) / WAD));
  return WAD - toWad(upperTailX96((x << 96n) / WAD));
}

/** Density e^(-x²/2) / √(2π), wad to wad, as `NormalDistribution.density`. */
export function density(x: bigint): bigint {
  if (x <= -END_WAD || x >= END_WAD) return 0n;
  return toWad(densityX96(((x < 0n ? -x : x) << 96n) / WAD));
}

/** N(x), X96 to X96, as `NormalDistribution.cdfX96`. */
export function cdfX96(x: bigint): bigint {
  return x < 0n ? upperTailX96(-x) : ONE_X96 - upperTailX96(x);
}

/** N(-z) for z ≥ 0, X96 to X96, as `NormalDistribution.upperTailX96`. */
export function upperTailX96(z: bigint): bigint {
  if (z <= CENTRE_X96) return centre(z);
  if (z <= SQRT_32_X96) return middle(z);
  return z < END_X96 ? tail(z) : 0n;
}

/** Density at z ≥ 0, X96 to X96, as `NormalDistribution.densityX96`. */
export function densityX96(z: bigint): bigint {
  return z >= END_X96 ? 0n : (exponentialX99(z) * INVERSE_SQRT_2PI_X96) >> 99n;
}

/** A number from 0 to 1 in X96 as a wad, rounded to nearest. */
export function toWad(x: bigint): bigint {
  return (x * WAD + (1n << 95n)) >> 96n;
}

/** e^(-z²/2) times 2^99. */
function exponentialX99(z: bigint): bigint {
  const half = (((z * z) >> 97n) * WAD + (1n << 95n)) >> 96n;
  return expWad(LN_OF_SCALE_WAD - half);
}

function centre(z: bigint): bigint {
  const s = (z * z) >> 96n;
  let numerator = ((((A[4] * s) >> 96n) + A[0]) * s) >> 96n;
  numerator = ((numerator + A[1]) * s) >> 96n;
  numerator = (((numerator + A[2]) * s) >> 96n) + A[3];
  let denominator = ((s + B[0]) * s) >> 96n;
  denominator = ((denominator + B[1]) * s) >> 96n;
  denominator = (((denominator + B[2]) * s) >> 96n) + B[3];
  return (1n << 95n) - (z * numerator) / denominator;
}

function middle(z: bigint): bigint {
  let numerator = ((((C[8] * z) >> 96n) + C[0]) * z) >> 96n;
  numerator = ((numerator + C[1]) * z) >> 96n;
  numerator = ((numerator + C[2]) * z) >> 96n;
  numerator = ((numerator + C[3]) * z) >> 96n;
  numerator = ((numerator + C[4]) * z) >> 96n;
  numerator = ((numerator + C[5]) * z) >> 96n;
  numerator = (((numerator + C[6]) * z) >> 96n) + C[7];
  let denominator = ((z + D[0]) * z) >> 96n;
  denominator = ((denominator + D[1]) * z) >> 96n;
  denominator = ((denominator + D[2]) * z) >> 96n;
  denominator = ((denominator + D[3]) * z) >> 96n;
  denominator = ((denominator + D[4]) * z) >> 96n;
  denominator = ((denominator + D[5]) * z) >> 96n;
  denominator = (((denominator + D[6]) * z) >> 96n) + D[7];
  return ((exponentialX99(z) * numerator) / denominator) >> 3n;
}

function tail(z: bigint): bigint {
  const inverse = (1n << 192n) / z;
  const s = (inverse * inverse) >> 96n;
  let numerator = ((((P[5] * s) >> 96n) + P[0]) * s) >> 96n;
  numerator = ((numerator + P[1]) * s) >> 96n;
  numerator = ((numerator + P[2]) * s) >> 96n;
  numerator = (((numerator + P[3]) * s) >> 96n) + P[4];
  let denominator = ((s + Q[0]) * s) >> 96n;
  denominator = ((denominator + Q[1]) * s) >> 96n;
  denominator = ((denominator + Q[2]) * s) >> 96n;
  denominator = (((denominator + Q[3]) * s) >> 96n) + Q[4];
  const mills = ((INVERSE_SQRT_2PI_X96 - (s * numerator) / denominator) * inverse) >> 96n;
  return (exponentialX99(z) * mills) >> 99n;
}
