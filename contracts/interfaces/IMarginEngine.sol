// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Position} from "./IPositionLedger.sol";

/// @title MarginEngine: what a portfolio is worth and what it must be worth. View only, no storage.
interface IMarginEngine {
    /// @param equity quote + Σ size × mark, rounded down, 1e-18 quote
    /// @param initial requirement for taking risk, rounded up, 1e-18 quote
    /// @param maintenance requirement for keeping it, rounded up, 1e-18 quote
    struct Valuation {
        int256 equity;
        uint256 initial;
        uint256 maintenance;
    }

    error MarginUnlistedInstrument(uint16 instrument);

    /// @notice Values a portfolio at prices that satisfy every rule of the oracle.
    /// @param quote signed settlement balance, 1e-18 quote
    /// @dev Reverts with the oracle's error when a price is not acceptable.
    function evaluate(int256 quote, Position[] calldata positions) external view returns (Valuation memory);

    /// @notice Values a portfolio at the last prices within bounds, however old: for trades that only reduce risk.
    function evaluateAtLastPrice(int256 quote, Position[] calldata positions) external view returns (Valuation memory);
}
