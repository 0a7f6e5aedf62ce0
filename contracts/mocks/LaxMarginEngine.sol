// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {Portfolio} from "../interfaces/IPositionLedger.sol";
import {Greeks} from "../libraries/OptionPricing.sol";

/// @title LaxMarginEngine: forgets to ask for margin, for drills and tests.
/// @dev Every trade it lets through emits correct events, so only recomputing the legality finds it.
contract LaxMarginEngine is IMarginEngine {
    function evaluate(Portfolio calldata, Pricing) external pure returns (Valuation memory value) {
        value.isValid = true;
    }

    function evaluatePerpetual(
        int256,
        int256,
        uint256,
        uint256,
        uint256,
        uint256,
        uint256,
        uint256
    ) external pure returns (Valuation memory value) {
        value.isValid = true;
    }

    function markOf(uint16) external pure returns (uint256) {
        return 1e18;
    }

    function greeksOf(uint16) external pure returns (Greeks memory greeks) {}

    function lagPremiumPpm(uint16, uint40) external pure returns (uint256) {
        return 0;
    }
}
