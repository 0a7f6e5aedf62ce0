// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Portfolio} from "./IPositionLedger.sol";
import {Greeks} from "../libraries/OptionPricing.sol";

/// @notice Which prices a valuation may rest on.
enum Pricing {
    Strict, // a price that breaks a rule is replaced by the worst one within the feed's bounds
    Last, // the last price within bounds is good enough, however old: for trades that only reduce risk
    Favourable // as Strict, but the best one within the bounds: whether others may take a position from its owner
}

/// @title MarginEngine: what a portfolio is worth and what it must be worth. View only, no storage.
/// @notice Never reverts because of a price: a bad feed costs its instruments their credit and blocks nothing else.
interface IMarginEngine {
    /// @param equity quote + Σ mark value of positions + haircut collateral, rounded down, 1e-18 quote
    /// @param cash equity without the collateral, 1e-18 quote
    /// @param initial requirement for taking risk, without the lag premium, rounded up, 1e-18 quote
    /// @param maintenance requirement for keeping it, rounded up, 1e-18 quote
    /// @param lagPremium added to `initial` because prices and the newest checkpoint are old, rounded up, 1e-18 quote
    /// @param isValid whether every price satisfies every rule of the oracle
    struct Valuation {
        int256 equity;
        int256 cash;
        uint256 initial;
        uint256 maintenance;
        uint256 lagPremium;
        bool isValid;
    }

    error MarginZeroAddress();
    error MarginUnlistedInstrument(uint16 instrument);
    error MarginNotOption(uint16 instrument);

    /// @notice Values a portfolio now.
    function evaluate(Portfolio calldata portfolio, Pricing pricing) external view returns (Valuation memory);

    /// @notice Values an account that has one position, in a perpetual, and no collateral, at a price and terms that the
    /// caller has just read and that satisfy every rule: what `evaluate` says, for less than half of its gas.
    /// @param quote as in a portfolio, 1e-18 quote
    /// @param size signed, 1e-18 underlying
    /// @param price of the underlying, 1e-18 quote
    /// @param priceTime, checkpointTime of the price and of the newest checkpoint, seconds
    /// @param initialPpm, maintenancePpm, lagVolatilityPpm of the instrument
    function evaluatePerpetual(
        int256 quote,
        int256 size,
        uint256 price,
        uint256 priceTime,
        uint256 checkpointTime,
        uint256 initialPpm,
        uint256 maintenancePpm,
        uint256 lagVolatilityPpm
    ) external view returns (Valuation memory);

    /// @notice The oracle's price of a perpetual's underlying, or the Black-Scholes price of an option, 1e-18 quote per
    /// underlying. Reverts with the oracle's error when the price breaks a rule.
    function markOf(uint16 instrument) external view returns (uint256);

    /// @notice Sensitivities of an option at its mark.
    function greeksOf(uint16 instrument) external view returns (Greeks memory);

    /// @notice What lag costs now: the part of the notional by which initial requirements grow, parts per million.
    /// @param checkpointTime when the newest checkpoint was posted, seconds
    function lagPremiumPpm(uint16 instrument, uint40 checkpointTime) external view returns (uint256);
}
