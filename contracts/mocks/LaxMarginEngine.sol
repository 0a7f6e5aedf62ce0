// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Position} from "../interfaces/IPositionLedger.sol";

/// @title LaxMarginEngine: forgets to ask for margin, for drills and tests.
/// @dev Every trade it lets through emits correct events, so only recomputing the legality finds it.
contract LaxMarginEngine is IMarginEngine {
    function evaluate(int256, Position[] calldata) external pure returns (Valuation memory) {
        return Valuation(0, 0, 0);
    }

    function evaluateAtLastPrice(int256, Position[] calldata) external pure returns (Valuation memory) {
        return Valuation(0, 0, 0);
    }
}
