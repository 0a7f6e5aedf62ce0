// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PositionLedger} from "../clearing/PositionLedger.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {AccountId} from "../types/AccountId.sol";

/// @title FlawedPositionLedger: a ledger with bugs of the kind that audits miss, for drills and tests.
/// @dev Each bug is reached by an ordinary transaction of anyone.
contract FlawedPositionLedger is PositionLedger {
    constructor(
        IMarginEngine margin,
        IInstrumentRegistry instruments,
        address settlementAsset,
        uint48 staleLimit
    ) PositionLedger(margin, instruments, settlementAsset, staleLimit) {}

    /// @notice A left-over migration helper: writes an account and posts no entry.
    function migrateQuote(AccountId account, int128 quote) external {
        _accounts[account].quote = quote;
    }

    /// @notice The same for a position.
    function migrateSize(AccountId account, uint16 instrument, int96 size) external {
        _positions[account][instrument].size = size;
    }
}
