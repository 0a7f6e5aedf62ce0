// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarginEngine, Pricing} from "../../interfaces/IMarginEngine.sol";
import {CollateralBalance, IPositionLedger, Portfolio, Position} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {Account, Debt, LedgerWords, PositionWord} from "../../libraries/LedgerWords.sol";
import {AccountId} from "../../types/AccountId.sol";
import {LedgerEntries} from "./LedgerEntries.sol";
import {ILedgerReads} from "./LedgerReads.sol";

/// @title LedgerMargin: what an account is worth, and what it owes beyond its positions.
abstract contract LedgerMargin is LedgerEntries {
    using LedgerWords for *;
    using SafeCast for uint256;

    // ---- Portfolios ----

    /// @inheritdoc IPositionLedger
    function positionsOf(AccountId account) external view returns (Position[] memory) {
        return portfolioOf(account).positions;
    }

    /// @inheritdoc IPositionLedger
    function portfolioOf(AccountId account) public view returns (Portfolio memory portfolio) {
        portfolio = _read(account, _stateOf(account), 0, 0);
        portfolio.checkpointTime = _hot.checkpointTime;
    }

    /// @param state of the account, as stored
    /// @param instrument whose position is known to have just been settled: `size` and no funding; zero for none
    function _read(
        AccountId account,
        Account memory state,
        uint16 instrument,
        int256 size
    ) internal view returns (Portfolio memory portfolio) {
        portfolio.quote = state.quote;
        uint256 count = state.openCount;
        // Room for one that has just been closed: see `_setSize`.
        bool isClosed = size == 0 && instrument != 0;
        Position[] memory positions = new Position[](isClosed ? count + 1 : count);
        if (isClosed) positions.setLength(count);
        portfolio.positions = positions;
        uint256 ids;
        for (uint256 i = 0; i < count; ++i) {
            // The only position of an account that has just traded needs no list.
            if (count == 1 && size != 0 && instrument != 0) ids = instrument;
            else if (i % IDS_PER_PAGE == 0) ids = _openIds[account][i / IDS_PER_PAGE];
            uint16 id = uint16(ids);
            ids >>= 16;
            Position memory position = positions[i];
            position.instrument = id;
            if (id == instrument) {
                position.size = int128(size);
                continue;
            }
            PositionWord memory word = _positions[account][id].load();
            position.size = word.size;
            int256 index = word.size < 0 ? _markets[id].shortIndex : _markets[id].longIndex;
            portfolio.quote += Funding.settled(word.size, index, word.index);
        }
        if (state.assets != 0) portfolio.collateral = _readCollateral(account, state.assets);
    }

    /// @param assets one bit for each, from bit 1
    function _readCollateral(
        AccountId account,
        uint256 assets
    ) private view returns (CollateralBalance[] memory balances) {
        uint256 count;
        for (uint256 rest = assets; rest != 0; rest &= rest - 1) ++count;
        balances = new CollateralBalance[](count);
        uint8 id;
        for (uint256 i = 0; i < count; ++id) {
            if ((assets >> id) & 1 == 0) continue;
            address asset = ILedgerReads(address(INSTRUMENTS)).collateralOf(id);
            balances[i++] = CollateralBalance(id, _collateral[account][asset].balance);
        }
    }

    // ---- Valuations ----

    /// @inheritdoc IPositionLedger
    function valuationOf(AccountId account) public view returns (IMarginEngine.Valuation memory) {
        return _value(portfolioOf(account), Pricing.Strict);
    }

    /// @dev As its entry has left the account.
    function _valueOf(Work memory work, Entry memory entry) internal view returns (IMarginEngine.Valuation memory) {
        Account memory state = entry.state;
        if (state.openCount == 0 && state.assets == 0) return _valueOfQuote(state.quote);
        Portfolio memory portfolio = _read(entry.account, state, entry.instrument, entry.sizeAfter);
        portfolio.checkpointTime = work.hot.checkpointTime;
        return _value(portfolio, Pricing.Strict);
    }

    function _value(
        Portfolio memory portfolio,
        Pricing pricing
    ) internal view returns (IMarginEngine.Valuation memory) {
        if (portfolio.positions.length == 0 && portfolio.collateral.length == 0) return _valueOfQuote(portfolio.quote);
        return MARGIN.evaluate(portfolio, pricing);
    }

    /// @dev An account without positions and collateral is worth its quote and owes nothing, whatever the oracle says.
    function _valueOfQuote(int256 quote) private pure returns (IMarginEngine.Valuation memory value) {
        (value.equity, value.cash, value.isValid) = (quote, quote, true);
    }

    function _requireEquity(AccountId account, IMarginEngine.Valuation memory value, uint256 required) internal pure {
        require(value.equity >= required.toInt256(), LedgerBelowInitialMargin(account, value.equity, required));
    }

    // ---- Debt ----

    /// @inheritdoc IPositionLedger
    function recordDebt(AccountId account) external {
        Account memory state = _stateOf(account);
        require(state.assets != 0 || state.hasDebt, LedgerNoShortfall(account, state.quote));
        IMarginEngine.Valuation memory value = valuationOf(account);
        _recordDebt(account, state, value.cash, value.isValid, false);
    }

    /// @dev After an entry that no check of its account follows.
    function _refreshDebt(Work memory work, Entry memory entry) internal {
        if (entry.state.assets == 0 && !entry.state.hasDebt) return;
        IMarginEngine.Valuation memory value = _valueOf(work, entry);
        _recordDebt(entry.account, entry.state, value.cash, value.isValid, false);
    }

    /// @dev Negative quote that only other collateral backs. An account without collateral and without recorded debt has
    /// none that its margin check let pass.
    /// @param state of the account, as stored
    /// @param isValid whether the prices that it rests on satisfy every rule; otherwise what is recorded stays, so that no
    /// dead feed makes debts out of bounds
    /// @param isCapped whether the account chose this debt
    function _recordDebt(AccountId account, Account memory state, int256 cash, bool isValid, bool isCapped) internal {
        if (state.assets == 0 && !state.hasDebt) return;
        uint256 debt = _shortOf(cash);
        if (debt == 0 && !state.hasDebt) return;
        uint256 debtBefore = state.hasDebt ? _debts[account].amount : 0;
        uint256 total;
        if (debt != debtBefore) total = uint256(_totalDebt.amount) + debt - debtBefore;
        if (debt != debtBefore && isValid) {
            _debts[account] = Debt(debt.toUint128(), true);
            _totalDebt = Debt(total.toUint128(), true);
            if (state.hasDebt != (debt != 0)) _accounts[account].hasDebt = debt != 0;
            emit DebtRecorded(account, uint128(debt), uint128(total));
        }
        if (!isCapped || debt == 0) return;
        (uint256 cap, uint256 totalCap) = ILedgerReads(address(INSTRUMENTS)).debtCaps();
        require(debt <= cap, LedgerDebtCap(account, debt, cap));
        require(debt <= debtBefore || total <= totalCap, LedgerTotalDebtCap(total, totalCap));
    }

    function _shortOf(int256 cash) internal pure returns (uint256) {
        return cash < 0 ? uint256(-cash) : 0;
    }
}
