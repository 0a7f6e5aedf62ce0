// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {InstrumentKind, Settlement} from "../../interfaces/IInstrumentRegistry.sol";
import {EntryKind, HotWord, IPositionLedger, Market} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {Account, LedgerWords} from "../../libraries/LedgerWords.sol";
import {RegistryReads} from "../../libraries/RegistryReads.sol";
import {AccountId} from "../../types/AccountId.sol";
import {Flags, FUND_SHORT, HALT} from "../../types/ActionFamily.sol";
import {LedgerLiquidation} from "./LedgerLiquidation.sol";

/// @title LedgerShortfall: clearing accounts and the insurance fund, which close what trading leaves open.
abstract contract LedgerShortfall is LedgerLiquidation {
    using LedgerWords for *;
    using RegistryReads for *;
    using SafeCast for int256;

    int256 private constant ONE = 1e18;

    // ---- Expiry ----

    /// @inheritdoc IPositionLedger
    /// @dev The clearing account takes the position over, so that longs and shorts can be settled in any order.
    function settleExpiry(AccountId account, uint16 instrument) external conserves(0, 0) {
        Work memory work;
        _beginIn(work, instrument);
        require(!_inForce(work.hot).has(HALT), LedgerHalted());
        int256 payoff = _payoff(instrument);
        int256 size = _positions[account][instrument].size;
        require(size != 0, LedgerNoPosition(account, instrument));
        int256 quote = Funding.floorDiv(size * payoff, ONE);

        Entry memory entry = _entry(EntryKind.Expiry, account, instrument, -size, quote);
        (entry.state.lastInstrument, entry.state.lastWasLong) = (instrument, size > 0);
        _postPosition(work, entry);
        work.market.clearing = (work.market.clearing - quote).toInt112();
        _addClearingSize(instrument, size);
        _finish(work);
        _refreshDebt(work, entry);
    }

    /// @return 1e-18 quote per unit of underlying
    function _payoff(uint16 instrument) private view returns (int256) {
        Settlement memory settlement = INSTRUMENTS.settlement(instrument);
        require(settlement.settledAt != 0, LedgerNotSettled(instrument));
        int256 gain = int256(uint256(settlement.price)) - int256(uint256(INSTRUMENTS.strike(instrument)));
        if (_terms(instrument).kind == InstrumentKind.Put) gain = -gain;
        return SignedMath.max(gain, 0);
    }

    // ---- Shortfall ----

    /// @inheritdoc IPositionLedger
    function coverShortfall(AccountId account) external conserves(0, 0) {
        Work memory work;
        _begin(work);
        require(!_inForce(work.hot).has(HALT), LedgerHalted());
        Entry memory cover = _entry(EntryKind.Cover, account, 0, 0, 0);
        Account memory state = cover.state;
        int256 quote = state.quote;
        require(state.openCount == 0 && state.assets == 0 && quote < 0, LedgerNoShortfall(account, quote));

        Entry memory payment = _entry(EntryKind.Cover, fundAccount(), 0, 0, 0);
        int256 covered = SignedMath.min(-quote, SignedMath.max(payment.state.quote, 0));
        if (covered > 0) {
            (cover.quoteDelta, payment.quoteDelta) = (covered, -covered);
            _post(work, cover);
            _post(work, payment);
        }
        if (covered < -quote) _socialise(work, account, -quote - covered);
        _finish(work);
        _recordDebt(account, state, 0, false);
    }

    /// @dev The clearing account pays, and takes it back from the side that won what the account lost. An index that would
    /// leave 96 bits stays, so that no dust of open interest can keep a shortfall from being closed; the fund then levels
    /// the clearing account in the end. So it does when nothing is open.
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
        int256 perUnit = open > 0 ? -Funding.floorDiv(-amount * ONE, open) : int256(0);
        int256 index = fromLongs ? market.longIndex + perUnit : market.shortIndex - perUnit;
        if (int96(index) != index) index = fromLongs ? market.longIndex : market.shortIndex;
        if (fromLongs) market.longIndex = int96(index);
        else market.shortIndex = int96(index);
        emit LossSocialised(instrument, account, fromLongs, uint256(amount), int96(index));

        if (work.hot.flags.has(FUND_SHORT)) return;
        work.hot.flags = work.hot.flags | FUND_SHORT;
        _emitHot(work.hot);
    }

    // ---- Insurance fund ----

    /// @inheritdoc IPositionLedger
    function sweepFees() external only(_modules.fund) conserves(0, 0) returns (uint256 amount) {
        Work memory work;
        _begin(work);
        amount = work.hot.fees;
        if (amount == 0) return 0;
        work.hot.fees = 0;
        _post(work, _entry(EntryKind.FeeSweep, fundAccount(), 0, 0, int256(amount)));
        _finish(work);
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
    /// @dev Short positions of a settled option can be left when its open interest, the long ones, is zero: until they are
    /// settled, what is missing in its clearing account is theirs to pay, not the fund's.
    function levelClearing(uint16 instrument) external only(_modules.fund) conserves(0, 0) returns (int256 amount) {
        Work memory work;
        _beginIn(work, instrument);
        amount = -int256(work.market.clearing);
        uint256 open = uint256(work.market.openInterest) + SignedMath.abs(_addClearingSize(instrument, 0));
        require(open == 0 && amount != 0, LedgerNothingToLevel(instrument, -amount, open));
        Entry memory entry = _entry(EntryKind.ClearingLevel, fundAccount(), instrument, 0, 0);
        if (amount > 0) {
            int256 available = entry.state.quote;
            require(available > 0, LedgerInsufficientQuote(entry.account, available, uint256(amount)));
            amount = SignedMath.min(amount, available);
        }
        entry.quoteDelta = -amount;
        _post(work, entry);
        // Between the balance and zero.
        work.market.clearing += int112(amount);
        _finish(work);
    }

    /// @inheritdoc IPositionLedger
    function setFundShort(bool isShort) external only(_modules.fund) {
        HotWord memory hot = _readHot();
        if (hot.flags.has(FUND_SHORT) == isShort) return;
        Flags rest = hot.flags.without(FUND_SHORT);
        _setHot(isShort ? rest | FUND_SHORT : rest, hot.checkpointTime, hot.graceUntil);
    }
}
