// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {InstrumentKind} from "../../interfaces/IInstrumentRegistry.sol";
import {IPositionLedger, Market} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {LedgerWords} from "../../libraries/LedgerWords.sol";
import {INCREASE_RISK} from "../../types/ActionFamily.sol";
import {LedgerCustody} from "./LedgerCustody.sol";
import {ILedgerReads, InstrumentTerms} from "./LedgerReads.sol";

/// @title LedgerFunding: moves the indexes of a perpetual's market; entries settle what that means for a position.
abstract contract LedgerFunding is LedgerCustody {
    using LedgerWords for *;
    using SafeCast for uint256;

    /// @inheritdoc IPositionLedger
    /// @dev Posts no entry: no balance moves before one does, and the hot word stays as it is.
    function accrueFunding(uint16 instrument) external {
        InstrumentTerms memory terms = _terms(instrument);
        require(
            terms.kind == uint256(InstrumentKind.Perpetual) && _markets[instrument].isUsed,
            LedgerNothingToAccrue(instrument)
        );
        Work memory work;
        _beginIn(work, instrument);
        uint128 mark = _markOf(instrument);
        _accrue(work, terms, mark, _inForce(work.hot).has(INCREASE_RISK));
        _emitFunding(work, mark, 0, 0);
        _markets[instrument].store(work.market);
    }

    function _accrue(Work memory work, InstrumentTerms memory terms, uint128 mark, bool isRestricted) internal view {
        Funding.accrue(work.market, mark, block.timestamp, work.hot.graceUntil, isRestricted, terms.maxFundingPpm);
    }

    function _emitFunding(Work memory work, uint128 mark, uint128 price, uint128 size) internal {
        Market memory market = work.market;
        emit FundingUpdated(work.instrument, mark, price, size, market.longIndex, market.shortIndex, market.premiumPpb);
    }

    /// @dev Zeros for an instrument that is not listed.
    function _terms(uint16 instrument) internal view returns (InstrumentTerms memory terms) {
        (
            terms.kind,
            ,
            terms.initialPpm,
            terms.maintenancePpm,
            ,
            terms.lagVolatilityPpm,
            terms.maxFundingPpm,
            ,
            ,
            terms.maxOpenInterest
        ) = ILedgerReads(address(INSTRUMENTS)).instrumentOf(instrument);
    }

    /// @dev Reverts with the error of the oracle when there is no valid one.
    function _markOf(uint16 instrument) internal view returns (uint128) {
        return MARGIN.markOf(instrument).toUint128();
    }
}
