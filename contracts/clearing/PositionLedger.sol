// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {HotWord, IPositionLedger, Market, Modules} from "../interfaces/IPositionLedger.sol";
import {LedgerWords} from "../libraries/LedgerWords.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags, FUND_SHORT, NO_FLAGS} from "../types/ActionFamily.sol";
import {LedgerStorage} from "./ledger/LedgerStorage.sol";
import {LedgerShortfall} from "./ledger/LedgerShortfall.sol";

/// @title PositionLedger
/// @dev Storage-transparent: every slot is a function of the events. Its parts, each on top of the one before:
/// `LedgerStorage` (layout, modules, hot word), `LedgerEntries` (the choke point, conservation), `LedgerMargin`
/// (portfolios, valuations, debt), `LedgerCustody`, `LedgerFunding`, `LedgerTrading`, `LedgerLiquidation` and
/// `LedgerShortfall` (expiry, shortfalls, insurance fund). Here: setup, guard, views.
contract PositionLedger is LedgerShortfall {
    using LedgerWords for *;
    using SafeCast for uint256;

    constructor(
        IMarginEngine margin,
        IInstrumentRegistry instruments,
        address settlementAsset,
        uint48 staleLimit
    ) LedgerStorage(margin, instruments, settlementAsset, staleLimit) {}

    // ---- Setup ----

    /// @inheritdoc IPositionLedger
    /// @dev The fund's account and the total debt are marked as used, so that asking for them never reads an empty word.
    function bind(Modules calldata modules_) external {
        require(msg.sender == DEPLOYER, LedgerNotDeployer(msg.sender));
        require(_modules.vault == address(0), LedgerAlreadyBound());
        Modules memory given = modules_;
        _requireNonZero(given.vault);
        _requireNonZero(given.settlement);
        _requireNonZero(given.guard);
        _requireNonZero(given.auction);
        _requireNonZero(given.fund);
        _modules = given;
        _accounts[fundAccount()].isUsed = true;
        _totalDebt.isUsed = true;
        emit ModulesBound(given.vault, given.settlement, given.guard, given.auction, given.fund);
    }

    // ---- Guard ----

    /// @inheritdoc IPositionLedger
    /// @dev That the fund is short is not the guard's to say: that bit stays.
    function push(Flags newFlags, uint48 checkpointTime, uint48 graceUntil) external only(_modules.guard) {
        Flags kept = _hot.flags.has(FUND_SHORT) ? FUND_SHORT : NO_FLAGS;
        uint40 time = uint256(checkpointTime).toUint40();
        _setHot(newFlags.without(FUND_SHORT) | kept, time, uint256(graceUntil).toUint40());
    }

    /// @inheritdoc IPositionLedger
    function flags() external view returns (Flags) {
        return _inForce(_readHot());
    }

    /// @inheritdoc IPositionLedger
    function isStale() external view returns (bool) {
        return _isStale(_readHot());
    }

    /// @inheritdoc IPositionLedger
    function hotWord() external view returns (HotWord memory) {
        return _readHot();
    }

    // ---- Views ----

    /// @inheritdoc IPositionLedger
    function quoteOf(AccountId account) external view returns (int128) {
        return _accounts[account].quote;
    }

    /// @inheritdoc IPositionLedger
    function openCountOf(AccountId account) external view returns (uint16) {
        return _accounts[account].openCount;
    }

    /// @inheritdoc IPositionLedger
    function epochOf(AccountId account) external view returns (uint32) {
        return _accounts[account].epoch;
    }

    /// @inheritdoc IPositionLedger
    function sizeOf(AccountId account, uint16 instrument) external view returns (int128) {
        return _positions[account][instrument].size;
    }

    /// @inheritdoc IPositionLedger
    function increasedAtOf(AccountId account, uint16 instrument) external view returns (uint40) {
        return _positions[account][instrument].increasedAt;
    }

    /// @inheritdoc IPositionLedger
    function collateralOf(AccountId account, address asset) external view returns (uint128) {
        return _collateral[account][asset].balance;
    }

    /// @inheritdoc IPositionLedger
    function marketOf(uint16 instrument) external view returns (Market memory market) {
        _markets[instrument].load(market);
    }

    /// @inheritdoc IPositionLedger
    function clearingSizeOf(uint16 instrument) external view returns (int96) {
        return _clearingSizes[instrument].size;
    }

    /// @inheritdoc IPositionLedger
    function uncoveredOf(uint16 instrument) external view returns (uint112) {
        return _clearingSizes[instrument].uncovered;
    }

    /// @inheritdoc IPositionLedger
    function debtOf(AccountId account) external view returns (uint128) {
        return _debts[account].amount;
    }

    /// @inheritdoc IPositionLedger
    function totalDebt() external view returns (uint128) {
        return _totalDebt.amount;
    }

    /// @inheritdoc IPositionLedger
    function modules() external view returns (Modules memory) {
        return _modules;
    }
}
