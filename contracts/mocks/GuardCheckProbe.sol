// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PositionLedger} from "../clearing/PositionLedger.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {HotWord} from "../interfaces/IPositionLedger.sol";
import {LedgerWords} from "../libraries/LedgerWords.sol";
import {DEGRADED_FLAGS, Flags, INCREASE_RISK} from "../types/ActionFamily.sol";

/// @title GuardCheckProbe: what the guard costs a trade, for the gas bench.
contract GuardCheckProbe is PositionLedger {
    using LedgerWords for HotWord;

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
        HotWord memory hot;
        _hot.load(hot);
        uint256 before = gasleft();
        uint256 measuring = before - gasleft();
        before = gasleft();
        bool isRestricted = _isRestricted(hot);
        gasUsed = before - gasleft() - measuring;
        assert(!isRestricted);
    }

    /// @dev As `PositionLedger._inForce` says.
    function _isRestricted(HotWord memory hot) private view returns (bool) {
        bool isStale = block.timestamp > uint256(hot.checkpointTime) + STALE_LIMIT;
        Flags inForce = isStale ? hot.flags | DEGRADED_FLAGS : hot.flags;
        return inForce.has(INCREASE_RISK);
    }
}
