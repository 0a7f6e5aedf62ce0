// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {InstrumentKind} from "../../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine, Pricing} from "../../interfaces/IMarginEngine.sol";
import {EntryKind, IPositionLedger, Portfolio, Position, TradeInput} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {Account, LedgerWords} from "../../libraries/LedgerWords.sol";
import {AccountId} from "../../types/AccountId.sol";
import {INCREASE_RISK} from "../../types/ActionFamily.sol";
import {LedgerFunding} from "./LedgerFunding.sol";
import {InstrumentTerms} from "./LedgerReads.sol";

/// @title LedgerTrading: trades, and what both sides must be worth after one.
abstract contract LedgerTrading is LedgerFunding {
    using LedgerWords for *;
    using SafeCast for uint256;

    /// @inheritdoc IPositionLedger
    /// @dev Invariant INV-7: under a restriction exactly the trades in which both sides shrink without a flip pass.
    function trade(TradeInput calldata input_) external only(_modules.settlement) conserves(0, 0) {
        TradeInput memory input = input_;
        require(input.size != 0, LedgerZeroAmount());
        _requireOwnersDiffer(input.buyer, input.seller);
        int256 size = int256(uint256(input.size));
        int256 quote = int256(uint256(input.quote));
        Entry memory buyer = _entry(EntryKind.Trade, input.buyer, input.instrument, size, -quote);
        Entry memory seller = _entry(EntryKind.Trade, input.seller, input.instrument, -size, quote);
        (buyer.fee, seller.fee) = (input.buyerFee, input.sellerFee);
        _requireEpoch(buyer, input.buyerEpoch);
        _requireEpoch(seller, input.sellerEpoch);

        Work memory work;
        _beginIn(work, input.instrument);
        bool isRestricted = _inForce(work.hot).has(INCREASE_RISK);
        InstrumentTerms memory terms = _terms(input.instrument);
        _observe(work, input, terms, isRestricted);
        uint256 interestBefore = work.market.openInterest;
        _postPosition(work, buyer);
        _postPosition(work, seller);
        if (!buyer.isReducing) _requireMayGrow(buyer, isRestricted, input.isBuyerReduceOnly, input.mark);
        if (!seller.isReducing) _requireMayGrow(seller, isRestricted, input.isSellerReduceOnly, input.mark);
        _requireInterest(input.instrument, work.market.openInterest, interestBefore, terms);
        _finish(work);
        _checkTrader(work, buyer, input, terms);
        _checkTrader(work, seller, input, terms);
    }

    function _requireEpoch(Entry memory entry, uint32 signed) private pure {
        uint32 current = entry.state.epoch;
        require(signed == current, LedgerOldEpoch(entry.account, signed, current));
    }

    /// @dev A trade at a valid mark settles the funding up to now at the old premium, and then moves the premium.
    function _observe(
        Work memory work,
        TradeInput memory input,
        InstrumentTerms memory terms,
        bool isRestricted
    ) private {
        if (terms.kind != uint256(InstrumentKind.Perpetual) || input.mark == 0) return;
        _accrue(work, terms, input.mark, isRestricted);
        if (isRestricted) return _emitFunding(work, input.mark, 0, 0);
        Funding.observe(work.market, input.price, input.mark, input.size, block.timestamp, terms.maxOpenInterest);
        _emitFunding(work, input.mark, input.price, input.size);
    }

    /// @dev Of a side that opens, grows or flips. Without a valid mark the engine says what is wrong with the price.
    function _requireMayGrow(Entry memory entry, bool isRestricted, bool isReduceOnly, uint128 mark) private view {
        uint16 instrument = uint16(entry.key);
        require(!isRestricted, LedgerIncreaseRestricted(entry.account, instrument));
        if (!isReduceOnly && mark == 0) _markOf(instrument);
        require(!isReduceOnly && mark != 0, LedgerNotReducing(entry.account, instrument));
    }

    function _requireInterest(
        uint16 instrument,
        uint256 interest,
        uint256 before,
        InstrumentTerms memory terms
    ) private pure {
        uint256 cap = terms.maxOpenInterest * 1e12;
        require(interest <= cap || interest <= before, LedgerOpenInterestCap(instrument, interest, cap));
    }

    /// @inheritdoc IPositionLedger
    function advanceEpoch(AccountId account) external only(_modules.settlement) returns (uint32 epoch) {
        Account memory state = _stateOf(account);
        epoch = ++state.epoch;
        state.isUsed = true;
        _accounts[account].store(state);
        emit EpochAdvanced(account, epoch);
    }

    // ---- Margin ----

    /// @dev Invariant INV-14: who takes risk or money out meets the initial requirement at prices that satisfy every rule.
    function _checkTrader(
        Work memory work,
        Entry memory entry,
        TradeInput memory input,
        InstrumentTerms memory terms
    ) private {
        if (entry.sizeAfter != 0 && _isAlone(entry.state) && _isKnown(input, terms)) {
            if (_isSecuredAlone(work, entry, input, terms)) return;
        }
        Portfolio memory portfolio = _read(entry.account, entry.state, entry.instrument, entry.sizeAfter);
        portfolio.checkpointTime = work.hot.checkpointTime;
        IMarginEngine.Valuation memory value = _value(portfolio, entry.isReducing ? Pricing.Last : Pricing.Strict);
        if (entry.isReducing) _requireHealthKept(portfolio, entry, value, input.isPriceUsable);
        else _requireEquity(entry.account, value, value.initial + value.lagPremium);
        _recordDebt(entry.account, entry.state, value.cash, value.isValid, !entry.isReducing);
    }

    /// @dev Without debt to record, and with one position to value.
    function _isAlone(Account memory state) private pure returns (bool) {
        return state.openCount == 1 && state.assets == 0 && !state.hasDebt;
    }

    /// @dev Whether the settlement has read all that values a position in the traded instrument.
    function _isKnown(TradeInput memory input, InstrumentTerms memory terms) private pure returns (bool) {
        return terms.kind == uint256(InstrumentKind.Perpetual) && input.mark != 0 && input.priceTime != 0;
    }

    /// @dev Of an account that has just settled its only position, and nothing else.
    /// @return whether the check of the trade ends here; a reducing side below its requirement needs more
    function _isSecuredAlone(
        Work memory work,
        Entry memory entry,
        TradeInput memory input,
        InstrumentTerms memory terms
    ) private view returns (bool) {
        IMarginEngine.Valuation memory value = MARGIN.evaluatePerpetual(
            entry.state.quote,
            entry.sizeAfter,
            input.mark,
            input.priceTime,
            work.hot.checkpointTime,
            terms.initialPpm,
            terms.maintenancePpm,
            terms.lagVolatilityPpm
        );
        if (entry.isReducing) return value.equity >= value.initial.toInt256();
        _requireEquity(entry.account, value, value.initial + value.lagPremium);
        return true;
    }

    /// @dev A reducing side below its initial requirement passes if it is solvent and its maintenance excess has not
    /// fallen, valued at the last price within bounds, so that a bad feed or a pause never blocks the way out.
    /// Without any price it was valued at the worst one before, so that giving it away would look like relief: then what is
    /// left must meet the initial requirement, which is nothing for a flat and solvent account.
    /// Turns `portfolio` into what it was before the trade, funding settled.
    function _requireHealthKept(
        Portfolio memory portfolio,
        Entry memory entry,
        IMarginEngine.Valuation memory value,
        bool isPriceUsable
    ) private view {
        if (value.equity >= value.initial.toInt256()) return;
        bool isSafe = isPriceUsable && value.equity >= 0;
        int256 excessAfter = _excessOf(value);
        portfolio.quote -= entry.quoteDelta - int256(entry.fee);
        _setSize(portfolio.positions, uint16(entry.key), int128(entry.sizeBefore));
        int256 excessBefore = _excessOf(_value(portfolio, Pricing.Last));
        require(
            isSafe && excessAfter >= excessBefore,
            LedgerReductionWorsensHealth(entry.account, excessBefore, excessAfter)
        );
    }

    function _excessOf(IMarginEngine.Valuation memory value) private pure returns (int256) {
        return value.equity - value.maintenance.toInt256();
    }

    /// @dev Replaces the size of `instrument`, or adds it in the room that `_read` has left for one that was closed.
    function _setSize(Position[] memory positions, uint16 instrument, int128 size) private pure {
        uint256 count = positions.length;
        uint256 index = 0;
        while (index < count && positions[index].instrument != instrument) ++index;
        if (index == count) positions.setLength(count + 1);
        positions[index] = Position(instrument, size);
    }
}
