// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PositionLedger} from "../clearing/PositionLedger.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {HotWord} from "../interfaces/IPositionLedger.sol";
import {INCREASE_RISK} from "../types/ActionFamily.sol";

/// @title GuardCheckProbe: what the guard costs a trade, for the gas bench.
contract GuardCheckProbe is PositionLedger {
    constructor(
        IMarginEngine margin,
        IInstrumentRegistry instruments,
        address settlementAsset,
        uint48 staleLimit
    ) PositionLedger(margin, instruments, settlementAsset, staleLimit) {}

    /// @notice Gas of asking whether increasing risk is restricted, staleness included.
    /// @dev A trade has the hot word in memory at that point, as its entries take their sequence from it: reading it is
    /// the trade's cost and not the guard's.
    function guardCheckGas() external view returns (uint256 gasUsed) {
        HotWord memory hot = _readHot();
        uint256 before = gasleft();
        uint256 measuring = before - gasleft();
        before = gasleft();
        bool isRestricted = _inForce(hot).has(INCREASE_RISK);
        gasUsed = before - gasleft() - measuring;
        assert(!isRestricted);
    }
}
