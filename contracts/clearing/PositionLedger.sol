// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {HotWord, IPositionLedger, Market, Modules} from "../interfaces/IPositionLedger.sol";
import {IRepairable, Repair} from "../interfaces/IRepairable.sol";
import {LedgerWords} from "../libraries/LedgerWords.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags, FUND_SHORT, WIND_DOWN} from "../types/ActionFamily.sol";
import {Repairable} from "../sync/Repairable.sol";
import {LedgerStorage} from "./ledger/LedgerStorage.sol";
import {LedgerShortfall} from "./ledger/LedgerShortfall.sol";

/// @title PositionLedger
/// @dev Storage-transparent: every slot is a function of the events. Its parts, each on top of the one before:
/// `LedgerStorage` (layout, modules, hot word), `LedgerEntries` (the choke point, conservation), `LedgerMargin`
/// (portfolios, valuations, debt), `LedgerCustody`, `LedgerFunding`, `LedgerTrading`, `LedgerLiquidation` and
/// `LedgerShortfall` (expiry, shortfalls, insurance fund). Here: setup, guard, repair, views.
contract PositionLedger is LedgerShortfall, Repairable {
    using LedgerWords for *;
    using SafeCast for uint256;

    /// @dev Bits 64 to 151 of the hot word: flags and times, which are the guard's to say and not to repair.
    uint256 private constant GUARD_BITS = ((1 << 88) - 1) << 64;

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
    /// @dev That the fund is short is not the guard's to say, and no wind-down ends: those bits stay.
    function push(Flags newFlags, uint48 checkpointTime, uint48 graceUntil) external only(_modules.guard) {
        HotWord memory hot = _readHot();
        Flags others = hot.flags.without(FUND_SHORT | WIND_DOWN);
        hot.flags = newFlags.without(FUND_SHORT) | hot.flags.without(others);
        hot.checkpointTime = uint256(checkpointTime).toUint40();
        hot.graceUntil = uint256(graceUntil).toUint40();
        _setHot(hot);
    }

    /// @inheritdoc IPositionLedger
    function restrict(Flags added) external only(_modules.guard) {
        HotWord memory hot = _readHot();
        hot.flags = hot.flags | added.without(FUND_SHORT);
        _setHot(hot);
    }

    /// @inheritdoc IPositionLedger
    /// @dev Whatever else stands, liquidations wait for the grace once the stale grade ends.
    function checkpointed(uint48 grace) external only(_modules.guard) returns (Flags before) {
        HotWord memory hot = _readHot();
        before = hot.flags;
        if (_isStale(hot)) hot.graceUntil = (block.timestamp + grace).toUint40();
        hot.checkpointTime = uint40(block.timestamp);
        _setHot(hot);
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

    // ---- Repair ----

    /// @inheritdoc IRepairable
    /// @dev Accounts, markets and debts, and of the hot word sequence and fees. Never the modules.
    function repair(Repair calldata item) external {
        _requireGuard(_modules.guard);
        if (item.variable == 0) {
            uint256 changed = uint256(item.expected ^ item.value);
            require(changed & GUARD_BITS == 0, RepairForbidden(0, item.keys.length, item.offset));
        }
        _repair(item);
    }

    /// @inheritdoc Repairable
    function _repairable() internal pure override returns (bytes32) {
        return hex"10_11_12_12_12_21_11_11_10";
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
