// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InstrumentKind} from "../../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../../interfaces/IMarginEngine.sol";
import {EntryKind, IPositionLedger} from "../../interfaces/IPositionLedger.sol";
import {AccountId} from "../../types/AccountId.sol";
import {INCREASE_RISK, LIQUIDATE} from "../../types/ActionFamily.sol";
import {InstrumentTerms} from "./LedgerReads.sol";
import {LedgerTrading} from "./LedgerTrading.sol";

/// @title LedgerLiquidation: what the auction sells to its bidders.
abstract contract LedgerLiquidation is LedgerTrading {
    /// @inheritdoc IPositionLedger
    function liquidate(
        AccountId account,
        AccountId bidder,
        uint16 instrument,
        int128 size,
        int128 quote,
        uint128 mark
    ) external only(_modules.auction) conserves(0, 0) {
        require(size != 0, LedgerZeroAmount());
        Work memory work;
        _beginIn(work, instrument);
        _requireLiquidation(work, account, bidder);
        InstrumentTerms memory terms = _terms(instrument);
        if (terms.kind == uint256(InstrumentKind.Perpetual)) {
            _accrue(work, terms, mark, _inForce(work.hot).has(INCREASE_RISK));
            _emitFunding(work, mark, 0, 0);
        }
        Entry memory sale = _entry(EntryKind.Liquidation, account, instrument, -int256(size), quote);
        (sale.state.lastInstrument, sale.state.lastWasLong) = (instrument, size > 0);
        _postPosition(work, sale);
        require(sale.sizeBefore != 0, LedgerNoPosition(account, instrument));
        require(sale.isReducing, LedgerNotReducing(account, instrument));
        Entry memory purchase = _entry(EntryKind.Liquidation, bidder, instrument, size, -int256(quote));
        _postPosition(work, purchase);
        _completeSale(work, sale, purchase);
    }

    /// @inheritdoc IPositionLedger
    function sellCollateral(
        AccountId account,
        AccountId bidder,
        address asset,
        uint128 amount,
        uint128 quote
    ) external only(_modules.auction) conserves(0, 0) {
        require(amount != 0, LedgerZeroAmount());
        Work memory work;
        _begin(work);
        _requireLiquidation(work, account, bidder);
        int256 size = int256(uint256(amount));
        int256 paid = int256(uint256(quote));
        Entry memory sale = _entry(EntryKind.CollateralSale, account, uint160(asset), -size, paid);
        _changeCollateral(sale);
        _post(work, sale);
        Entry memory purchase = _entry(EntryKind.CollateralSale, bidder, uint160(asset), size, -paid);
        _changeCollateral(purchase);
        _post(work, purchase);
        _completeSale(work, sale, purchase);
    }

    function _requireLiquidation(Work memory work, AccountId account, AccountId bidder) private view {
        require(!_inForce(work.hot).has(LIQUIDATE), LedgerLiquidationRestricted(account));
        _requireOwnersDiffer(account, bidder);
    }

    /// @dev The bidder carries away what it can secure; that prices and checkpoints are old is no reason to refuse it.
    /// Its debt is capped like that of any account that takes risk: the auction is no way around the caps.
    function _completeSale(Work memory work, Entry memory sale, Entry memory purchase) private {
        _finish(work);
        IMarginEngine.Valuation memory value = _valueOf(work, purchase);
        _requireEquity(purchase.account, value, value.initial);
        _refreshDebt(work, sale);
        _recordDebt(purchase.account, purchase.state, value.cash, value.isValid, true);
    }
}
