// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {NormalDistribution} from "./NormalDistribution.sol";

/// @notice First derivatives, and the second by the spot, of the price of one option on one unit of underlying.
struct Greeks {
    /// Change of the price per change of the spot, 1e18: 0 to 1e18 for a call, -1e18 to 0 for a put.
    int256 delta;
    /// Change of the delta, 1e18, per 1 quote (1e18) of spot.
    uint256 gamma;
    /// Change of the price, 1e-18 quote, per 1.0 (1,000,000 ppm) of volatility.
    uint256 vega;
    /// Change of the price, 1e-18 quote, per year that passes: never positive. A day is a 365th of it.
    int256 theta;
}

/// @title Black-Scholes prices and Greeks of European, cash-settled options at rate zero.
/// @notice At rate zero the forward is the spot and nothing is discounted: a clearing account earns no interest and an
/// option is settled in the same unit it was paid in. With s = volatility * sqrt(T) and d = ln(spot / strike) / s:
/// call = spot * N(d + s/2) - strike * N(d - s/2), put = call - spot + strike.
/// @dev Only the option that is out of the money is computed; the other one is that plus the intrinsic value. Hence,
/// exactly and not up to rounding: call - put == spot - strike, price >= intrinsic value, call <= spot, put <= strike.
/// `keeper/books/model/optionPricing.ts` is this file bit for bit: change both or neither. Errors: docs/decisions/0011.
///
/// Several points of one option share their work: `sqrtYears` once per expiry, `deviation` once per volatility,
/// `logMoneyness` once per spot, `priceAt` once per point. `price` is the four in a row, so both ways agree to the bit.
/// "X96" is a number times 2^96; amounts are in 1e-18 quote.
library OptionPricing {
    uint256 internal constant SECONDS_PER_YEAR = 31_536_000;
    /// @dev Spot and strike: a quarter of a word, 3.4e20 quote.
    uint256 internal constant MAX_AMOUNT = type(uint128).max;
    uint256 internal constant MAX_SECONDS = 10 * SECONDS_PER_YEAR;
    /// @dev 10,000 %: fifty times what Bitcoin has shown in its worst month, so that no shocked volatility gets there.
    uint256 internal constant MAX_VOLATILITY_PPM = 100_000_000;

    error OptionPricingSpotOutOfRange(uint256 spot, uint256 max);
    error OptionPricingStrikeOutOfRange(uint256 strike, uint256 max);
    error OptionPricingExpiryTooFar(uint256 secondsToExpiry, uint256 max);
    error OptionPricingVolatilityTooHigh(uint256 volatilityPpm, uint256 max);

    // ------------------------------------------------------------------ one option

    /// @notice Price of one option. The intrinsic value at zero time or zero volatility.
    /// @dev Rounds down, but for the errors of the approximations (docs/decisions/0011).
    /// @param isCall Whether it pays `max(0, spot - strike)`, or else `max(0, strike - spot)`.
    /// @param spot 1e-18 quote, 1 to `MAX_AMOUNT`.
    /// @param strike 1e-18 quote, 1 to `MAX_AMOUNT`.
    /// @param secondsToExpiry At most `MAX_SECONDS`.
    /// @param volatilityPpm Parts per million per square root of a year of 365 days, at most `MAX_VOLATILITY_PPM`.
    /// @return 1e-18 quote.
    function price(
        bool isCall,
        uint256 spot,
        uint256 strike,
        uint256 secondsToExpiry,
        uint256 volatilityPpm
    ) internal pure returns (uint256) {
        int256 log = logMoneyness(spot, strike);
        return priceAt(isCall, spot, strike, log, deviation(volatilityPpm, sqrtYears(secondsToExpiry)));
    }

    /// @notice Greeks of one option; parameters as in `price`.
    /// @dev At zero time or zero volatility those of the payoff: delta 0 or 1, and half of it at the strike; the others
    /// zero, at the strike too, where they have no finite value. Gamma, vega and theta round towards zero, delta to the
    /// nearest; a call's delta less the put's is exactly 1e18. Let g be the density, at most 2^95:
    /// gamma: s >= 2^63 unless zero (1 ppm and one second), so the divisor is not zero, and below 2^105 * 2^128; the
    /// dividend is below 2^95 * 2^120. vega: g * sqrtYears < 2^95 * 2^98, shifted 2^127, times the spot below 2^255.
    /// theta: spot * g < 2^223, times a volatility of at most 2^27 below 2^250; the divisor is at least 2^104.
    function greeks(
        bool isCall,
        uint256 spot,
        uint256 strike,
        uint256 secondsToExpiry,
        uint256 volatilityPpm
    ) internal pure returns (Greeks memory result) {
        int256 log = logMoneyness(spot, strike);
        uint256 root = sqrtYears(secondsToExpiry);
        uint256 s = deviation(volatilityPpm, root);
        if (s == 0) {
            result.delta = _payoffDelta(isCall, spot, strike);
            return result;
        }
        unchecked {
            int256 d = int256(s >> 1);
            d = log < 0 ? d - int256(_distance(uint256(-log), s)) : d + int256(_distance(uint256(log), s));
            // N(d) is at most 2^96, so below 2^156 in wad.
            result.delta =
                int256((NormalDistribution.cdfX96(d) * 1e18 + (1 << 95)) >> 96) - (isCall ? int256(0) : int256(1e18));
            uint256 g = NormalDistribution.densityX96(uint256(d < 0 ? -d : d));
            result.gamma = (g * 1e36) / (s * spot);
            result.vega = (spot * ((g * root) >> 66)) >> 126;
            result.theta = -int256((spot * g * volatilityPpm) / (2e6 * root));
        }
    }

    // ------------------------------------------------------------------ shared work

    /// @notice Price of one option from what several prices share.
    /// @dev Checks nothing: the values come from the functions below, for the same spot and strike.
    /// @param logWad `logMoneyness(spot, strike)`.
    /// @param deviationX96 `deviation(...)`.
    function priceAt(
        bool isCall,
        uint256 spot,
        uint256 strike,
        int256 logWad,
        uint256 deviationX96
    ) internal pure returns (uint256) {
        unchecked {
            // |log| <= 88.8e18, so its negation is a number; the sums of two amounts are below 2^129.
            if (spot < strike) {
                uint256 call = _outOfTheMoney(spot, strike, uint256(-logWad), deviationX96);
                return isCall ? call : call + (strike - spot);
            }
            uint256 put = _outOfTheMoney(strike, spot, uint256(logWad), deviationX96);
            return isCall ? put + (spot - strike) : put;
        }
    }

    /// @notice ln(spot / strike), 1e18, within 88.8e18 of zero; the sign is that of spot - strike.
    /// @dev The ratio is taken the way round that is at least one, so that it always has 18 decimals: below 2^188, and
    /// `lnWad` of 1e18 or more is not negative.
    function logMoneyness(uint256 spot, uint256 strike) internal pure returns (int256) {
        if (spot == 0 || spot > MAX_AMOUNT) revert OptionPricingSpotOutOfRange(spot, MAX_AMOUNT);
        if (strike == 0 || strike > MAX_AMOUNT) revert OptionPricingStrikeOutOfRange(strike, MAX_AMOUNT);
        unchecked {
            if (spot < strike) return -FixedPointMathLib.lnWad(int256((strike * 1e18) / spot));
            return FixedPointMathLib.lnWad(int256((spot * 1e18) / strike));
        }
    }

    /// @notice Square root of the time to expiry in years, X96, rounded down: below 2^98.
    /// @dev `MAX_SECONDS` is below 2^29, so the shift stays below 2^221.
    function sqrtYears(uint256 secondsToExpiry) internal pure returns (uint256) {
        if (secondsToExpiry > MAX_SECONDS) revert OptionPricingExpiryTooFar(secondsToExpiry, MAX_SECONDS);
        unchecked {
            return Math.sqrt((secondsToExpiry << 192) / SECONDS_PER_YEAR);
        }
    }

    /// @notice Standard deviation of the log price at expiry, volatility * sqrt(T), X96, rounded down: below 2^105.
    /// @dev The product is below 2^27 * 2^98.
    /// @param sqrtYearsX96 `sqrtYears(...)`.
    function deviation(uint256 volatilityPpm, uint256 sqrtYearsX96) internal pure returns (uint256) {
        if (volatilityPpm > MAX_VOLATILITY_PPM) {
            revert OptionPricingVolatilityTooHigh(volatilityPpm, MAX_VOLATILITY_PPM);
        }
        unchecked {
            return (volatilityPpm * sqrtYearsX96) / 1e6;
        }
    }

    // ------------------------------------------------------------------ internals

    /// @dev Price of the option out of the money: `low * N(s/2 - m) - high * N(-s/2 - m)`, with `low` and `high` the lesser
    /// and the greater of spot and strike and m = ln(high / low) / s; the call below the strike and the put above it are
    /// the same number. As N is from 0 to 2^96, the products are below 2^225, and the result is at most `low`.
    function _outOfTheMoney(uint256 low, uint256 high, uint256 logWad, uint256 s) private pure returns (uint256) {
        if (s == 0) return 0;
        unchecked {
            uint256 m = _distance(logWad, s);
            uint256 half = s >> 1;
            uint256 gain = low * NormalDistribution.cdfX96(int256(half) - int256(m));
            uint256 cost = high * NormalDistribution.upperTailX96(half + m);
            // The exact difference is not negative; that of the approximations can be by a hair.
            return gain > cost ? (gain - cost) >> 96 : 0;
        }
    }

    /// @dev ln / s, X96. A logarithm below 88.8e18 < 2^67 is below 2^103 in X96, shifted below 2^199; s is not zero.
    function _distance(uint256 logWad, uint256 s) private pure returns (uint256) {
        unchecked {
            return (((logWad << 96) / 1e18) << 96) / s;
        }
    }

    /// @dev Slope of the payoff, 1e18; at the kink the mean of both sides.
    function _payoffDelta(bool isCall, uint256 spot, uint256 strike) private pure returns (int256) {
        int256 call =
            spot > strike
                ? int256(1e18)
                : spot == strike
                    ? int256(0.5e18)
                    : int256(0);
        return isCall ? call : call - 1e18;
    }
}
