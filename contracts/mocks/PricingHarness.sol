// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {NormalDistribution} from "../libraries/NormalDistribution.sol";
import {Greeks, OptionPricing} from "../libraries/OptionPricing.sol";
import {SyncLag} from "../libraries/SyncLag.sol";

/// @title PricingHarness: the pricing libraries, many inputs in one call, for tests.
/// @dev Inputs and outputs are flat rows of words, so that a test can write and read them without an ABI coder.
contract PricingHarness {
    /// @notice Rows of (isCall, spot, strike, seconds, volatility) to rows of (price, delta, gamma, vega, theta).
    function options(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        results = new uint256[](rows.length);
        for (uint256 i = 0; i < rows.length; i += 5) {
            bool isCall = rows[i] != 0;
            results[i] = OptionPricing.price(isCall, rows[i + 1], rows[i + 2], rows[i + 3], rows[i + 4]);
            Greeks memory greeks = _greeks(isCall, rows[i:i + 5]);
            results[i + 1] = uint256(greeks.delta);
            results[i + 2] = greeks.gamma;
            results[i + 3] = greeks.vega;
            results[i + 4] = uint256(greeks.theta);
        }
    }

    /// @notice One option at several spots and volatilities, with the shared work done once: spot-major prices.
    function grid(
        bool isCall,
        uint256 strike,
        uint256 secondsToExpiry,
        uint256[] calldata spots,
        uint256[] calldata volatilities
    ) public view returns (uint256[] memory prices, uint256 gasUsed) {
        prices = new uint256[](spots.length * volatilities.length);
        gasUsed = gasleft();
        uint256[] memory deviations = new uint256[](volatilities.length);
        uint256 root = OptionPricing.sqrtYears(secondsToExpiry);
        for (uint256 j = 0; j < volatilities.length; j++) {
            deviations[j] = OptionPricing.deviation(volatilities[j], root);
        }
        for (uint256 i = 0; i < spots.length; i++) {
            int256 log = OptionPricing.logMoneyness(spots[i], strike);
            for (uint256 j = 0; j < deviations.length; j++) {
                prices[i * deviations.length + j] = OptionPricing.priceAt(isCall, spots[i], strike, log, deviations[j]);
            }
        }
        gasUsed -= gasleft();
    }

    /// @notice Arguments to rows of (cdf, density).
    function normals(int256[] calldata arguments) external pure returns (uint256[] memory results) {
        results = new uint256[](2 * arguments.length);
        for (uint256 i = 0; i < arguments.length; i++) {
            results[2 * i] = NormalDistribution.cdf(arguments[i]);
            results[2 * i + 1] = NormalDistribution.density(arguments[i]);
        }
    }

    /// @notice Rows of (volatility, lag, cap) to premiums.
    function premiums(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        results = new uint256[](rows.length / 3);
        for (uint256 i = 0; i < results.length; i++) {
            results[i] = SyncLag.premiumPpm(rows[3 * i], rows[3 * i + 1], rows[3 * i + 2]);
        }
    }

    function logarithms(int256[] calldata arguments) external pure returns (int256[] memory results) {
        results = new int256[](arguments.length);
        for (uint256 i = 0; i < arguments.length; i++) results[i] = FixedPointMathLib.lnWad(arguments[i]);
    }

    function exponentials(int256[] calldata arguments) external pure returns (int256[] memory results) {
        results = new int256[](arguments.length);
        for (uint256 i = 0; i < arguments.length; i++) results[i] = FixedPointMathLib.expWad(arguments[i]);
    }

    // ------------------------------------------------------------------ gas of one internal call

    function gasOfPrice(
        bool isCall,
        uint256 spot,
        uint256 strike,
        uint256 secondsToExpiry,
        uint256 volatilityPpm
    ) external view returns (uint256 gasUsed) {
        gasUsed = gasleft();
        OptionPricing.price(isCall, spot, strike, secondsToExpiry, volatilityPpm);
        gasUsed -= gasleft();
    }

    function gasOfGreeks(
        bool isCall,
        uint256 spot,
        uint256 strike,
        uint256 secondsToExpiry,
        uint256 volatilityPpm
    ) external view returns (uint256 gasUsed) {
        gasUsed = gasleft();
        OptionPricing.greeks(isCall, spot, strike, secondsToExpiry, volatilityPpm);
        gasUsed -= gasleft();
    }

    function gasOfCdf(int256 x) external view returns (uint256 gasUsed) {
        gasUsed = gasleft();
        NormalDistribution.cdf(x);
        gasUsed -= gasleft();
    }

    function gasOfPremium(
        uint256 volatilityPpm,
        uint256 lagSeconds,
        uint256 capPpm
    ) external view returns (uint256 gasUsed) {
        gasUsed = gasleft();
        SyncLag.premiumPpm(volatilityPpm, lagSeconds, capPpm);
        gasUsed -= gasleft();
    }

    function _greeks(bool isCall, uint256[] calldata row) private pure returns (Greeks memory) {
        return OptionPricing.greeks(isCall, row[1], row[2], row[3], row[4]);
    }
}
