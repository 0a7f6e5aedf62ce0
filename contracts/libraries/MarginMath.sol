// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {OptionPricing} from "./OptionPricing.sol";

/// @notice What a valuation needs of an instrument, in one word: kind, feed, initialPpm, maintenancePpm, lagVolatilityPpm
/// from the lowest bits up. Zero once its position is dealt with.
type Terms is uint256;

Terms constant DONE = Terms.wrap(0);

/// @notice What a valuation needs of an option beyond that, in one word: strike, expiry, volatilityPpm, shockPpm from the
/// lowest bits up. Zero for a perpetual.
type OptionWord is uint256;

using MarginMath for Terms global;
using MarginMath for OptionWord global;

/// @notice One option of a portfolio with the market it is valued in.
/// @param magnitude size without its sign, at most 2^127, 1e-18 underlying
/// @param price of the underlying, at most 2^128 - 1, 1e-18 quote
/// @param secondsLeft to expiry, at most `MarginMath.FULL_GAIN`
/// @param base, down, up deviation of the log price at expiry at the volatility of the mark and at the shocked ones, X96
struct OptionLeg {
    bool isCall;
    bool isShort;
    uint256 magnitude;
    uint256 price;
    uint256 strike;
    uint256 secondsLeft;
    uint256 base;
    uint256 down;
    uint256 up;
}

/// @title Values, shares and scenario losses of positions.
/// @dev Amounts in 1e-18 quote. `keeper/books/model/margin.ts` and `marginGroup.ts` are the engine and this file bit for
/// bit: change both or neither.
///
/// Nothing here can overflow. Magnitudes are at most 2^127 and prices below 2^128 (a call is worth at most the spot, a put
/// at most the strike), so their product is below 2^255, with 1e18 added still below 2^256, and a value or notional below
/// 2^196. Shares multiply that by a uint24: below 2^220. Sums over the positions of a portfolio (fewer than 2^32: each
/// costs gas) stay below 2^254.
library MarginMath {
    uint256 private constant ONE = 1e18;
    uint256 private constant PPM = 1e6;
    /// @dev A grid has five moves of the price (-2 to 2 halves of what a requirement covers), each with the volatility
    /// down and up; the initial requirement's grid comes first, the maintenance requirement's second.
    uint256 internal constant POINTS = 10;
    /// @dev Seconds to expiry from which on what an option gains at a point counts in full; less of it before, nothing at
    /// the end: the hedge that it is ends when it does, and what it hedged stays.
    uint256 internal constant FULL_GAIN = 1 days;

    // ------------------------------------------------------------------ terms

    /// @dev Each in its range, as the registry has checked.
    function packTerms(
        uint256 kind_,
        uint256 feed_,
        uint256 initialPpm_,
        uint256 maintenancePpm_,
        uint256 lagVolatilityPpm_
    ) internal pure returns (Terms) {
        uint256 ppms = (initialPpm_ << 24) | (maintenancePpm_ << 48) | (lagVolatilityPpm_ << 72);
        return Terms.wrap(kind_ | (feed_ << 8) | ppms);
    }

    function isDone(Terms terms) internal pure returns (bool) {
        return Terms.unwrap(terms) == 0;
    }

    function kind(Terms terms) internal pure returns (uint256) {
        return uint8(Terms.unwrap(terms));
    }

    function feed(Terms terms) internal pure returns (uint16) {
        return uint16(Terms.unwrap(terms) >> 8);
    }

    function initialPpm(Terms terms) internal pure returns (uint256) {
        return uint24(Terms.unwrap(terms) >> 24);
    }

    function maintenancePpm(Terms terms) internal pure returns (uint256) {
        return uint24(Terms.unwrap(terms) >> 48);
    }

    function lagVolatilityPpm(Terms terms) internal pure returns (uint256) {
        return uint24(Terms.unwrap(terms) >> 72);
    }

    /// @notice The terms with the larger ones of both shares: what a group moves by.
    function widened(Terms terms, Terms other) internal pure returns (Terms) {
        uint256 initial = Math.max(initialPpm(terms), initialPpm(other));
        uint256 maintenance = Math.max(maintenancePpm(terms), maintenancePpm(other));
        return packTerms(kind(terms), feed(terms), initial, maintenance, lagVolatilityPpm(terms));
    }

    /// @dev Each in its range, as the registry has checked.
    function packOption(
        uint256 strike_,
        uint256 expiry_,
        uint256 volatilityPpm_,
        uint256 shockPpm_
    ) internal pure returns (OptionWord) {
        return OptionWord.wrap(strike_ | (expiry_ << 128) | (volatilityPpm_ << 168) | (shockPpm_ << 200));
    }

    function strike(OptionWord option) internal pure returns (uint256) {
        return uint128(OptionWord.unwrap(option));
    }

    function expiry(OptionWord option) internal pure returns (uint256) {
        return uint40(OptionWord.unwrap(option) >> 128);
    }

    function volatilityPpm(OptionWord option) internal pure returns (uint256) {
        return uint32(OptionWord.unwrap(option) >> 168);
    }

    function shockPpm(OptionWord option) internal pure returns (uint256) {
        return uint24(OptionWord.unwrap(option) >> 200);
    }

    // ------------------------------------------------------------------ amounts

    /// @notice Absolute value of a size; that of the least int128 is 2^127.
    function magnitudeOf(int256 size) internal pure returns (uint256) {
        unchecked {
            return uint256(size < 0 ? -size : size);
        }
    }

    /// @notice What a position is worth: assets down, debts up (more negative).
    function valueOf(uint256 magnitude, bool isShort, uint256 price) internal pure returns (int256) {
        unchecked {
            uint256 product = magnitude * price;
            return isShort ? -int256((product + (ONE - 1)) / ONE) : int256(product / ONE);
        }
    }

    /// @notice Notional, rounded up.
    function notionalUp(uint256 magnitude, uint256 price) internal pure returns (uint256) {
        unchecked {
            return (magnitude * price + (ONE - 1)) / ONE;
        }
    }

    /// @notice Part per million of a notional, rounded up.
    function shareUp(uint256 notional, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return (notional * ppm + (PPM - 1)) / PPM;
        }
    }

    /// @notice What an option pays at `spot`, per unit.
    function intrinsic(bool isCall, uint256 spot, uint256 strike_) internal pure returns (uint256) {
        unchecked {
            if (isCall) return spot > strike_ ? spot - strike_ : 0;
            return strike_ > spot ? strike_ - spot : 0;
        }
    }

    /// @notice floor(balance * price * (1 - haircut) / 10^decimals), at most 2^128 - 1.
    /// @dev Balance and price are below 2^128, so their product fits; the next one need not, hence `mulDiv`, whose
    /// quotient fits as the haircut is at most 1e6. The bound keeps sums of it far from overflow; it costs only who holds more than 3.4e20 quote.
    function collateralValue(
        uint256 balance,
        uint256 decimals,
        uint256 price,
        uint256 haircutPpm
    ) internal pure returns (int256) {
        uint256 value = Math.mulDiv(balance * price, PPM - haircutPpm, 10 ** decimals * PPM);
        return int256(Math.min(value, type(uint128).max));
    }

    // ------------------------------------------------------------------ scenario grid

    /// @notice `price` moved by `move` halves of `ppm` parts per million, within what Black-Scholes takes.
    /// @dev price * 2 * ppm is below 2^153. The distance is truncated, so a move of zero is the price itself.
    function movedSpot(uint256 price, int256 move, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            uint256 distance = (price * magnitudeOf(move) * ppm) / (2 * PPM);
            if (move < 0) return distance < price ? price - distance : 1;
            uint256 spot = price + distance;
            if (spot > OptionPricing.MAX_AMOUNT) return OptionPricing.MAX_AMOUNT;
            return spot == 0 ? 1 : spot;
        }
    }

    /// @notice Deviations at an option's volatility and at the ones its shock (relative) below and above, within what
    /// Black-Scholes takes.
    /// @dev The product of a uint32 and a uint24 is below 2^56.
    function deviations(
        OptionWord option,
        uint256 sqrtYearsX96
    ) internal pure returns (uint256 base, uint256 down, uint256 up) {
        unchecked {
            uint256 volatility = volatilityPpm(option);
            uint256 shock = (volatility * shockPpm(option)) / PPM;
            base = _deviation(volatility, sqrtYearsX96);
            down = _deviation(shock < volatility ? volatility - shock : 0, sqrtYearsX96);
            up = _deviation(volatility + shock, sqrtYearsX96);
        }
    }

    /// @notice Adds what an option loses at every point of both grids.
    /// @dev In the initial grid a long option is worth its intrinsic value, before and after: its time value can vanish
    /// with the volatility that a role sets, so it must not carry new risk.
    /// @param losses of its group, `2 * POINTS` words
    /// @param grid terms with the shares that its group moves by
    /// @return value of the option
    /// @return timeValue what a long option is worth beyond its intrinsic value; zero for a short one
    function addOption(
        int256[] memory losses,
        OptionLeg memory leg,
        Terms grid
    ) internal pure returns (int256 value, int256 timeValue) {
        unchecked {
            uint256 spot = movedSpot(leg.price, 0, 0);
            int256 log = OptionPricing.logMoneyness(spot, leg.strike);
            uint256 unit = OptionPricing.priceAt(leg.isCall, spot, leg.strike, log, leg.base);
            value = valueOf(leg.magnitude, leg.isShort, unit);
            (int256 down, int256 up) = _values(leg, spot, log);
            _add(losses, POINTS + 4, leg, value - down, value - up);
            if (leg.isShort) {
                _add(losses, 4, leg, value - down, value - up);
            } else {
                timeValue = value - _intrinsicValue(leg, spot);
            }
            for (uint256 i = 0; i < 5; ++i) {
                if (i == 2) continue;
                int256 move = int256(i) - 2;
                (down, up) = _valuesAt(leg, movedSpot(leg.price, move, grid.maintenancePpm()));
                _add(losses, POINTS + 2 * i, leg, value - down, value - up);
                spot = movedSpot(leg.price, move, grid.initialPpm());
                if (leg.isShort) {
                    (down, up) = _valuesAt(leg, spot);
                    _add(losses, 2 * i, leg, value - down, value - up);
                } else {
                    int256 loss = value - timeValue - _intrinsicValue(leg, spot);
                    _add(losses, 2 * i, leg, loss, loss);
                }
            }
        }
    }

    /// @notice The greatest loss of a group over a grid, and at least a tenth of what its perpetuals and its short options
    /// would ask for one by one: a hedge can end first, and deep out of the money a short option loses nothing on the grid.
    /// @dev The perpetuals lose half of move * shares, truncated towards zero; without options that is |shares|.
    /// @param losses of the group's options, empty when it has none
    /// @param first point of the grid
    /// @param shares sum of the signed shares of the perpetuals
    /// @param gross sum of the shares, without sign, of perpetuals and short options
    function requirement(
        int256[] memory losses,
        uint256 first,
        int256 shares,
        uint256 gross
    ) internal pure returns (uint256) {
        unchecked {
            uint256 floor = (gross + 9) / 10;
            if (losses.length == 0) {
                uint256 net = magnitudeOf(shares);
                return net > floor ? net : floor;
            }
            int256 greatest = int256(floor);
            for (uint256 i = 0; i < 5; ++i) {
                int256 down = losses[first + 2 * i];
                int256 up = losses[first + 2 * i + 1];
                int256 loss = -((int256(i) - 2) * shares) / 2 + (down > up ? down : up);
                if (loss > greatest) greatest = loss;
            }
            return uint256(greatest);
        }
    }

    // ------------------------------------------------------------------ internals

    function _deviation(uint256 volatility, uint256 sqrtYearsX96) private pure returns (uint256) {
        return OptionPricing.deviation(Math.min(volatility, OptionPricing.MAX_VOLATILITY_PPM), sqrtYearsX96);
    }

    function _intrinsicValue(OptionLeg memory leg, uint256 spot) private pure returns (int256) {
        return valueOf(leg.magnitude, leg.isShort, intrinsic(leg.isCall, spot, leg.strike));
    }

    function _valuesAt(OptionLeg memory leg, uint256 spot) private pure returns (int256 down, int256 up) {
        return _values(leg, spot, OptionPricing.logMoneyness(spot, leg.strike));
    }

    function _values(OptionLeg memory leg, uint256 spot, int256 log) private pure returns (int256 down, int256 up) {
        uint256 unit = OptionPricing.priceAt(leg.isCall, spot, leg.strike, log, leg.down);
        down = valueOf(leg.magnitude, leg.isShort, unit);
        unit = OptionPricing.priceAt(leg.isCall, spot, leg.strike, log, leg.up);
        up = valueOf(leg.magnitude, leg.isShort, unit);
    }

    function _add(int256[] memory losses, uint256 point, OptionLeg memory leg, int256 down, int256 up) private pure {
        unchecked {
            losses[point] += _counted(leg, down);
            losses[point + 1] += _counted(leg, up);
        }
    }

    /// @dev All of a loss; of a gain what the time that is left lets count, rounded down. Below 2^197 * 2^17.
    function _counted(OptionLeg memory leg, int256 loss) private pure returns (int256) {
        unchecked {
            if (loss >= 0 || leg.secondsLeft == FULL_GAIN) return loss;
            return -int256((uint256(-loss) * leg.secondsLeft) / FULL_GAIN);
        }
    }
}
