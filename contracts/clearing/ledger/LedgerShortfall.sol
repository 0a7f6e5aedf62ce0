// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {EntryKind, HotWord, IPositionLedger, Market} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {Account, ClearingSize, LedgerWords} from "../../libraries/LedgerWords.sol";
import {AccountId} from "../../types/AccountId.sol";
import {FUND_SHORT, HALT} from "../../types/ActionFamily.sol";
import {LedgerLiquidation} from "./LedgerLiquidation.sol";

/// @title LedgerShortfall: clearing accounts and the insurance fund, which close what trading leaves open.
abstract contract LedgerShortfall is LedgerLiquidation {
    using LedgerWords for *;
    using SafeCast for int256;
    using SafeCast for uint256;

    // ---- Final prices ----

    /// @inheritdoc IPositionLedger
    /// @dev Invariant INV-19: everybody who closes is paid. The clearing account takes the position over, so that longs and
    /// shorts can be settled in any order, and keeps the fraction below 1e-18 quote. In every grade: the final price is
    /// fixed, nobody is flat before, and two witnesses cap what leaves afterwards.
    /// Options at their expiry; in a wind-down every instrument, perpetuals with the funding that was accrued last.
    function settleExpiry(AccountId account, uint16 instrument) external conserves(0, 0) {
        Work memory work;
        _beginIn(work, instrument);
        int256 payoff = _payoff(instrument);
        int256 size = _positions[account][instrument].size;
        require(size != 0, LedgerNoPosition(account, instrument));
        int256 quote = Funding.floorDiv(size * payoff, Funding.ONE);

        Entry memory entry = _entry(EntryKind.Expiry, account, instrument, -size, quote);
        if (quote < 0) (entry.state.lastInstrument, entry.state.lastWasLong) = (instrument, size > 0);
        _postPosition(work, entry);
        work.market.clearing = (work.market.clearing - quote).toInt112();
        _addClearingSize(instrument, size);
        _finish(work);
        _refreshDebt(work, entry);
    }

    /// @return 1e-18 quote per unit of underlying
    function _payoff(uint16 instrument) private view returns (int256) {
        (uint256 payoff, bool isFinal) = INSTRUMENTS.payoffOf(instrument);
        require(isFinal, LedgerNotSettled(instrument));
        return payoff.toInt256();
    }

    // ---- Shortfall ----

    /// @inheritdoc IPositionLedger
    /// @dev Invariant INV-23: the fees that were collected and the fund pay first, then the side that won.
    function coverShortfall(AccountId account) external conserves(0, 0) {
        Work memory work;
        _begin(work);
        require(!_inForce(work.hot).has(HALT), LedgerHalted());
        Entry memory cover = _entry(EntryKind.Cover, account, 0, 0, 0);
        Account memory state = cover.state;
        int256 quote = state.quote;
        require(state.openCount == 0 && state.assets == 0 && quote < 0, LedgerNoShortfall(account, quote));

        _sweep(work);
        Entry memory payment = _entry(EntryKind.Cover, fundAccount(), 0, 0, 0);
        int256 covered = SignedMath.min(-quote, SignedMath.max(payment.state.quote, 0));
        if (covered > 0) {
            (cover.quoteDelta, payment.quoteDelta) = (covered, -covered);
            _post(work, cover);
            _post(work, payment);
        }
        if (covered < -quote) _socialise(work, account, -quote - covered);
        _finish(work);
        _recordDebt(account, state, 0, true, false);
    }

    /// @dev The clearing account pays, and takes it back from the side that won what the account lost: from each position up
    /// to its maintenance share, so that no loss falls on the few who are left. What they do not bear, and all of it while
    /// there is no valid price, nothing is open, or an index would leave 96 bits, stays uncovered until the fund pays it.
    function _socialise(Work memory work, AccountId account, int256 amount) private {
        Entry memory entry = _entry(EntryKind.Socialisation, account, 0, 0, amount);
        uint16 instrument = entry.state.lastInstrument;
        bool fromLongs = !entry.state.lastWasLong;
        entry.key = instrument;
        _enter(work, instrument);
        _post(work, entry);

        Market memory market = work.market;
        market.clearing = (market.clearing - amount).toInt112();
        int256 clearingSize = _addClearingSize(instrument, 0);
        int256 open = int256(uint256(market.openInterest)) + (fromLongs ? int256(0) : clearingSize);
        int256 perUnit = open > 0 ? _perUnit(instrument, amount, open) : int256(0);
        int256 index = fromLongs ? market.longIndex + perUnit : market.shortIndex - perUnit;
        if (int96(index) != index) (perUnit, index) = (0, fromLongs ? market.longIndex : market.shortIndex);
        if (fromLongs) market.longIndex = int96(index);
        else market.shortIndex = int96(index);
        _leaveUncovered(instrument, amount - (perUnit * open) / Funding.ONE);
        emit LossSocialised(instrument, account, fromLongs, uint256(amount), uint256(perUnit), int96(index));

        if (work.hot.flags.has(FUND_SHORT)) return;
        work.hot.flags = work.hot.flags | FUND_SHORT;
        _emitHot(work.hot);
    }

    /// @return what a unit of underlying is charged with, 1e-18 quote
    function _perUnit(uint16 instrument, int256 amount, int256 open) private view returns (int256) {
        int256 whole = -Funding.floorDiv(-amount * Funding.ONE, open);
        // Whoever starves the call cannot pretend that there is no price: what is left of its gas would not do for the rest.
        try MARGIN.markOf(instrument) returns (uint256 mark) {
            uint256 most = (mark * _terms(instrument).maintenancePpm) / 1e6;
            return SignedMath.min(whole, most.toInt256());
        } catch {
            return 0;
        }
    }

    function _leaveUncovered(uint16 instrument, int256 amount) private {
        if (amount <= 0) return;
        ClearingSize storage held = _clearingSizes[instrument];
        held.uncovered = (uint256(held.uncovered) + uint256(amount)).toUint112();
    }

    // ---- Insurance fund ----

    /// @inheritdoc IPositionLedger
    function sweepFees() external only(_modules.fund) conserves(0, 0) returns (uint256 amount) {
        Work memory work;
        _begin(work);
        amount = _sweep(work);
        if (amount != 0) _finish(work);
    }

    function _sweep(Work memory work) private returns (uint256 amount) {
        amount = work.hot.fees;
        if (amount == 0) return 0;
        work.hot.fees = 0;
        _post(work, _entry(EntryKind.FeeSweep, fundAccount(), 0, 0, int256(amount)));
    }

    /// @inheritdoc IPositionLedger
    function release(AccountId to, uint128 quote) external only(_modules.fund) conserves(0, 0) {
        require(quote != 0, LedgerZeroAmount());
        int256 amount = int256(uint256(quote));
        Entry memory payment = _entry(EntryKind.Release, fundAccount(), 0, 0, -amount);
        require(!(to == payment.account), LedgerSameAccount(to));
        int256 available = payment.state.quote;
        require(available >= amount, LedgerInsufficientQuote(payment.account, available, quote));
        Work memory work;
        _begin(work);
        _post(work, payment);
        _post(work, _entry(EntryKind.Release, to, 0, 0, amount));
        _finish(work);
    }

    /// @inheritdoc IPositionLedger
    /// @dev A market with open positions owes and is owed funding that its clearing account has not seen: there the fund pays
    /// what is known to be uncovered, and nothing else. Short positions of a settled option can be left when its open
    /// interest, the long ones, is zero: until they are settled, what is missing is theirs to pay.
    function levelClearing(uint16 instrument) external only(_modules.fund) conserves(0, 0) returns (int256 amount) {
        Work memory work;
        _beginIn(work, instrument);
        ClearingSize memory held = _clearingSizes[instrument];
        uint256 open = uint256(work.market.openInterest) + SignedMath.abs(held.size);
        amount = open == 0 ? -int256(work.market.clearing) : int256(uint256(held.uncovered));
        require(amount != 0, LedgerNothingToLevel(instrument, work.market.clearing, open));
        Entry memory entry = _entry(EntryKind.ClearingLevel, fundAccount(), instrument, 0, 0);
        if (amount > 0) {
            int256 available = entry.state.quote;
            require(available > 0, LedgerInsufficientQuote(entry.account, available, uint256(amount)));
            amount = SignedMath.min(amount, available);
        }
        entry.quoteDelta = -amount;
        _post(work, entry);
        // Between the balance and zero, or at most the uncovered part of 112 bits.
        work.market.clearing = (int256(work.market.clearing) + amount).toInt112();
        held.uncovered = _leftUncovered(held.uncovered, amount, open, work.market.clearing);
        held.isUsed = true;
        _clearingSizes[instrument] = held;
        _finish(work);
    }

    /// @return with open positions what the fund has not paid; without, no more than what is missing still
    function _leftUncovered(
        uint112 uncovered,
        int256 paid,
        uint256 open,
        int256 clearing
    ) private pure returns (uint112) {
        int256 left = open == 0 ? SignedMath.max(-clearing, 0) : int256(uint256(uncovered)) - paid;
        return uint112(uint256(SignedMath.min(left, int256(uint256(uncovered)))));
    }

    /// @inheritdoc IPositionLedger
    function setFundShort(bool isShort) external only(_modules.fund) {
        HotWord memory hot = _readHot();
        if (hot.flags.has(FUND_SHORT) == isShort) return;
        hot.flags = isShort ? hot.flags | FUND_SHORT : hot.flags.without(FUND_SHORT);
        _setHot(hot);
    }
}
