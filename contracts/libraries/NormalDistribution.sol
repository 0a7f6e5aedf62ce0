// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title The standard normal distribution in fixed point.
/// @notice Cody's rational Chebyshev approximations, with the coefficients of ANORM (ACM Algorithm 715, 1993; from
/// "Rational Chebyshev approximations for the error function", Math. Comp. 23, 1969, pages 631-637).
/// @dev "X96" is a number times 2^96, "wad" a number times 1e18. `keeper/books/model/normalDistribution.ts` is this file
/// bit for bit: change both or neither. Measured errors: docs/decisions/0011.
///
/// Nothing here can overflow. For 0 <= z < 12 every intermediate value is nonnegative, and the greatest are: z * z < 2^200;
/// the polynomials, below 2^25 in value (D at z = sqrt(32) is 3.3e7), so 2^121 in X96 and 2^217 before their last shift;
/// e^(-z*z/2), at most 2^99, times C, below 2^118 (2.3e6 in value).
library NormalDistribution {
    uint256 internal constant ONE_X96 = 1 << 96;

    /// @dev From here on both the tail and the density are below 2^-96: N(-12) = 1.8e-33, 2^-96 = 1.3e-29.
    uint256 private constant END_X96 = 12 << 96;
    uint256 private constant CENTRE_X96 = 52521141212330972034136220117; // 0.66291
    uint256 private constant SQRT_32_X96 = 448182167798289119349855505820;
    uint256 private constant INVERSE_SQRT_2PI_X96 = 31607463825455920808620519744;
    /// @dev ln(2^99 / 1e18) in wad: added to the argument of `expWad`, it makes the result a number times 2^99 instead of
    /// 1e18. 99 is the exponent for which that logarithm is nearest to a whole wad (0.018 of one off).
    uint256 private constant LN_OF_SCALE_WAD = 27175039201541763320;

    // Centre: 0.5 - N(-z) = z * A(z*z) / B(z*z).
    // Middle: N(-z) = e^(-z*z/2) * C(z) / D(z).
    // Tail: N(-z) = e^(-z*z/2) / z * (1/sqrt(2 pi) - s * P(s) / Q(s)), s = 1/(z*z).
    uint256 private constant A0 = 177094911525819218304649482683; // 2.2352520354606839287
    uint256 private constant A1 = 12757970860484054856742070167726; // 161.02823106855587881
    uint256 private constant A2 = 84591076068825540852234273925138; // 1067.6894854603709582
    uint256 private constant A3 = 1438385805183326120566629188321439; // 18154.981253343561249
    uint256 private constant A4 = 5203890942900566529033788668; // 0.065682337918207449113
    uint256 private constant B0 = 3739773830237513102291045766738; // 47.20258190468824187
    uint256 private constant B1 = 77334494687018628505703780948524; // 976.09855173777669322
    uint256 private constant B2 = 812954804572313706857907959445381; // 10260.932208618978205
    uint256 private constant B3 = 3605498529100403173008286083070635; // 45507.789335026729956
    uint256 private constant C0 = 31607402953405084178169459138; // 0.39894151208813466764
    uint256 private constant C1 = 703795635548356084741660368696; // 8.8831497943883759412
    uint256 private constant C2 = 7408360548205619162718620132525; // 93.506656132177855979
    uint256 private constant C3 = 47320626523146814190462632508209; // 597.27027639480026226
    uint256 private constant C4 = 197637629205326181927835665021035; // 2494.5375852903726711
    uint256 private constant C5 = 542569545943721689284445222083929; // 6848.1904505362823326
    uint256 private constant C6 = 919256753698287010405487007998606; // 11602.651437647350124
    uint256 private constant C7 = 779820210797046855399292387608739; // 9842.7148383839780218
    uint256 private constant C8 = 852936866188092947912; // 1.0765576773720192317e-8
    uint256 private constant D0 = 1764148779030454708639772951021; // 22.266688044328115691
    uint256 private constant D1 = 18649350936325505562898682935159; // 235.38790178262499861
    uint256 private constant D2 = 120377495366394570828213556988878; // 1519.377599407554805
    uint256 private constant D3 = 513838866850814582494850171295373; // 6485.558298266760755
    uint256 private constant D4 = 1474877535259974993764575734441835; // 18615.571640885098091
    uint256 private constant D5 = 2765138354093609645002696319515515; // 34900.952721145977266
    uint256 private constant D6 = 3082926520106185648821238270254183; // 38912.003286093271411
    uint256 private constant D7 = 1559640421601385449651948841511810; // 19685.429676859990727
    uint256 private constant P0 = 17105244142935250397484819813; // 0.21589853405795699
    uint256 private constant P1 = 10093759900910059859865101624; // 0.1274011611602473639
    uint256 private constant P2 = 1761660208685668399622843420; // 0.022235277870649807
    uint256 private constant P3 = 112632276474456899158600487; // 0.001421619193227893466
    uint256 private constant P4 = 2306559587888656494126801; // 2.9112874951168792e-5
    uint256 private constant P5 = 1828066393916094194379040561; // 0.02307344176494017303
    uint256 private constant Q0 = 101749567607953768463279850059; // 1.28426009614491121
    uint256 private constant Q1 = 37097653193822617646510299429; // 0.468238212480865118
    uint256 private constant Q2 = 5228118911093152054863337464; // 0.0659881378689285515
    uint256 private constant Q3 = 299672311287238634231090290; // 0.00378239633202758244
    uint256 private constant Q4 = 5781687480122959817537969; // 7.29751555083966205e-5

    /// @notice N(x): the probability that a standard normal variable is at most `x`.
    /// @dev `cdf(x) + cdf(-x) == 1e18` exactly; zero below -12, one above 12; rounded to nearest.
    /// @param x 1e18, any value.
    /// @return 1e18, from 0 to 1e18.
    function cdf(int256 x) internal pure returns (uint256) {
        unchecked {
            // Compared before negated: `-type(int256).min` is no number.
            if (x <= -12e18) return 0;
            if (x >= 12e18) return 1e18;
            // |x| < 2^64, so the shift stays below 2^160; the tail is at most 2^95, so its product is below 2^155.
            if (x < 0) return _toWad(upperTailX96((uint256(-x) << 96) / 1e18));
            return 1e18 - _toWad(upperTailX96((uint256(x) << 96) / 1e18));
        }
    }

    /// @notice The density e^(-x*x/2) / sqrt(2 pi).
    /// @param x 1e18, any value.
    /// @return 1e18, at most 398942280401432678.
    function density(int256 x) internal pure returns (uint256) {
        unchecked {
            if (x <= -12e18 || x >= 12e18) return 0;
            return _toWad(densityX96((uint256(x < 0 ? -x : x) << 96) / 1e18));
        }
    }

    /// @notice N(x) for a number times 2^96.
    /// @param x Any value above `type(int256).min`.
    /// @return From 0 to 2^96, both included.
    function cdfX96(int256 x) internal pure returns (uint256) {
        unchecked {
            return x < 0 ? upperTailX96(uint256(-x)) : ONE_X96 - upperTailX96(uint256(x));
        }
    }

    /// @notice N(-z) = 1 - N(z) for z >= 0.
    /// @param z Number times 2^96, any value.
    /// @return From 0 to 2^95, both included.
    function upperTailX96(uint256 z) internal pure returns (uint256) {
        if (z <= CENTRE_X96) return _centre(z);
        if (z <= SQRT_32_X96) return _middle(z);
        return z < END_X96 ? _tail(z) : 0;
    }

    /// @notice The density at z >= 0.
    /// @param z Number times 2^96, any value.
    /// @return Number times 2^96, below 2^95.
    function densityX96(uint256 z) internal pure returns (uint256) {
        if (z >= END_X96) return 0;
        unchecked {
            return (_exponentialX99(z) * INVERSE_SQRT_2PI_X96) >> 99;
        }
    }

    /// @notice A number from 0 to 1 times 2^96 as a wad, rounded to nearest.
    function _toWad(uint256 x) private pure returns (uint256) {
        unchecked {
            return (x * 1e18 + (1 << 95)) >> 96;
        }
    }

    /// @dev e^(-z*z/2) times 2^99 for z < 12. The argument is from -72e18 to 27.2e18, inside what `expWad` takes (up to
    /// 135e18); it rounds to zero below -41.4e18.
    function _exponentialX99(uint256 z) private pure returns (uint256) {
        unchecked {
            // z*z/2 <= 72, so below 2^103 after the first shift, and 2^163 times 1e18. Rounded to nearest.
            uint256 half = (((z * z) >> 97) * 1e18 + (1 << 95)) >> 96;
            return uint256(FixedPointMathLib.expWad(int256(LN_OF_SCALE_WAD) - int256(half)));
        }
    }

    /// @dev For z <= 0.66291.
    function _centre(uint256 z) private pure returns (uint256) {
        unchecked {
            uint256 s = (z * z) >> 96;
            uint256 numerator = ((((A4 * s) >> 96) + A0) * s) >> 96;
            numerator = ((numerator + A1) * s) >> 96;
            numerator = (((numerator + A2) * s) >> 96) + A3;
            uint256 denominator = ((s + B0) * s) >> 96;
            denominator = ((denominator + B1) * s) >> 96;
            denominator = (((denominator + B2) * s) >> 96) + B3;
            return (1 << 95) - (z * numerator) / denominator;
        }
    }

    /// @dev For 0.66291 < z <= sqrt(32).
    function _middle(uint256 z) private pure returns (uint256) {
        unchecked {
            uint256 numerator = ((((C8 * z) >> 96) + C0) * z) >> 96;
            numerator = ((numerator + C1) * z) >> 96;
            numerator = ((numerator + C2) * z) >> 96;
            numerator = ((numerator + C3) * z) >> 96;
            numerator = ((numerator + C4) * z) >> 96;
            numerator = ((numerator + C5) * z) >> 96;
            numerator = (((numerator + C6) * z) >> 96) + C7;
            uint256 denominator = ((z + D0) * z) >> 96;
            denominator = ((denominator + D1) * z) >> 96;
            denominator = ((denominator + D2) * z) >> 96;
            denominator = ((denominator + D3) * z) >> 96;
            denominator = ((denominator + D4) * z) >> 96;
            denominator = ((denominator + D5) * z) >> 96;
            denominator = (((denominator + D6) * z) >> 96) + D7;
            return ((_exponentialX99(z) * numerator) / denominator) >> 3;
        }
    }

    /// @dev For sqrt(32) < z < 12. `s * P(s) / Q(s)` is below 0.012, so the subtraction cannot go below zero.
    function _tail(uint256 z) private pure returns (uint256) {
        unchecked {
            uint256 inverse = (1 << 192) / z;
            uint256 s = (inverse * inverse) >> 96;
            uint256 numerator = ((((P5 * s) >> 96) + P0) * s) >> 96;
            numerator = ((numerator + P1) * s) >> 96;
            numerator = ((numerator + P2) * s) >> 96;
            numerator = (((numerator + P3) * s) >> 96) + P4;
            uint256 denominator = ((s + Q0) * s) >> 96;
            denominator = ((denominator + Q1) * s) >> 96;
            denominator = ((denominator + Q2) * s) >> 96;
            denominator = (((denominator + Q3) * s) >> 96) + Q4;
            uint256 mills = ((INVERSE_SQRT_2PI_X96 - (s * numerator) / denominator) * inverse) >> 96;
            return (_exponentialX99(z) * mills) >> 99;
        }
    }
}
