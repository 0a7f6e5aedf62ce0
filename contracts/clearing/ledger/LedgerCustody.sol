// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarginEngine} from "../../interfaces/IMarginEngine.sol";
import {EntryKind, IPositionLedger} from "../../interfaces/IPositionLedger.sol";
import {AccountId} from "../../types/AccountId.sol";
import {Flags, HALT, WITHDRAW} from "../../types/ActionFamily.sol";
import {LedgerMargin} from "./LedgerMargin.sol";

/// @title LedgerCustody: what comes in and goes out through the vault.
abstract contract LedgerCustody is LedgerMargin {
    /// @inheritdoc IPositionLedger
    function credit(AccountId account, address asset, uint256 amount) external only(_modules.vault) {
        Work memory work;
        _begin(work);
        _move(work, EntryKind.Credit, account, asset, _toInt(amount));
    }

    /// @inheritdoc IPositionLedger
    function debit(
        AccountId account,
        address asset,
        uint256 amount
    ) external only(_modules.vault) returns (Flags inForce) {
        Work memory work;
        _begin(work);
        inForce = _inForce(work.hot);
        require(!inForce.has(WITHDRAW), LedgerWithdrawalRestricted(account));
        _withdraw(work, account, asset, amount);
    }

    /// @inheritdoc IPositionLedger
    function debitWitnessed(
        AccountId account,
        address asset,
        uint256 amount
    ) external only(_modules.vault) returns (Flags inForce) {
        Work memory work;
        _begin(work);
        inForce = _inForce(work.hot);
        if (inForce.has(HALT)) {
            uint16 openCount = _accounts[account].openCount;
            require(openCount == 0, LedgerNotFlat(account, openCount));
        }
        _withdraw(work, account, asset, amount);
    }

    /// @dev What other assets back may be traded with, and never be withdrawn in the settlement currency.
    function _withdraw(Work memory work, AccountId account, address asset, uint256 amount) private {
        Entry memory entry = _move(work, EntryKind.Debit, account, asset, -_toInt(amount));
        IMarginEngine.Valuation memory value = _valueOf(work, entry);
        _requireEquity(account, value, value.initial + value.lagPremium);
        require(asset != SETTLEMENT_ASSET || value.cash >= 0, LedgerDebtCap(account, _shortOf(value.cash), 0));
        _recordDebt(account, entry.state, value.cash, value.isValid, true);
    }

    /// @param amount signed, units of the asset
    function _move(
        Work memory work,
        EntryKind kind,
        AccountId account,
        address asset,
        int256 amount
    ) internal returns (Entry memory entry) {
        require(amount != 0, LedgerZeroAmount());
        entry = _entry(kind, account, uint160(asset), amount, 0);
        if (asset == SETTLEMENT_ASSET) {
            // At most 128 bits times 10^18.
            (entry.sizeDelta, entry.quoteDelta) = (0, amount * int256(SETTLEMENT_SCALE));
        }
        _moveConserved(work, entry);
    }

    function _moveConserved(Work memory work, Entry memory entry) private conserves(entry.quoteDelta, entry.sizeDelta) {
        if (entry.sizeDelta != 0) _changeCollateral(entry);
        _post(work, entry);
        _finish(work);
    }
}
