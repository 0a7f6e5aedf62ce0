// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IInstrumentRegistry, Instrument} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {Position} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";

/// @title MarginEngine
/// @dev No storage. Equity rounds down, requirements round up, per position.
contract MarginEngine is IMarginEngine {
    uint256 private constant ONE = 1e18;
    uint256 private constant PPM = 1e6;

    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;

    constructor(IInstrumentRegistry instruments, IPriceOracle oracle) {
        INSTRUMENTS = instruments;
        ORACLE = oracle;
    }

    /// @inheritdoc IMarginEngine
    function evaluate(int256 quote, Position[] calldata positions) external view returns (Valuation memory) {
        return _evaluate(quote, positions, ORACLE.price);
    }

    /// @inheritdoc IMarginEngine
    function evaluateAtLastPrice(int256 quote, Position[] calldata positions) external view returns (Valuation memory) {
        return _evaluate(quote, positions, ORACLE.lastPrice);
    }

    function _evaluate(
        int256 quote,
        Position[] calldata positions,
        function(uint16) external view returns (uint256) priceOf
    ) private view returns (Valuation memory value) {
        value.equity = quote;
        for (uint256 i = 0; i < positions.length; ++i) {
            Instrument memory params = INSTRUMENTS.instrumentOf(positions[i].instrument);
            require(params.isListed, MarginUnlistedInstrument(positions[i].instrument));
            int128 size = positions[i].size;
            uint256 mark = priceOf(params.feed);
            uint256 magnitude = SignedMath.abs(size);
            uint256 notionalUp = Math.mulDiv(magnitude, mark, ONE, Math.Rounding.Ceil);
            // Sizes have 127 bits and marks at most 128 + 60: their product over 1e18 fits in 256 bits, signed.
            value.equity += size > 0 ? int256(Math.mulDiv(magnitude, mark, ONE)) : -int256(notionalUp);
            value.initial += Math.mulDiv(notionalUp, params.initialPpm, PPM, Math.Rounding.Ceil);
            value.maintenance += Math.mulDiv(notionalUp, params.maintenancePpm, PPM, Math.Rounding.Ceil);
        }
    }
}
