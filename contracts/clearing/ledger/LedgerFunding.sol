// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Instrument, InstrumentKind} from "../../interfaces/IInstrumentRegistry.sol";
import {IPositionLedger, Market} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {LedgerWords} from "../../libraries/LedgerWords.sol";
import {RegistryReads} from "../../libraries/RegistryReads.sol";
import {INCREASE_RISK} from "../../types/ActionFamily.sol";
import {LedgerCustody} from "./LedgerCustody.sol";

/// @title LedgerFunding: moves the indexes of a perpetual's market; entries settle what that means for a position.
abstract contract LedgerFunding is LedgerCustody {
    using LedgerWords for *;
    using RegistryReads for *;
    using SafeCast for uint256;

    /// @inheritdoc IPositionLedger
    function accrueFunding(uint16 instrument) external conserves(0, 0) {
        Instrument memory terms = _terms(instrument);
        require(
            terms.kind == InstrumentKind.Perpetual && _markets[instrument].isUsed,
            LedgerNothingToAccrue(instrument)
        );
        Work memory work;
        _beginIn(work, instrument);
        uint128 mark = _markOf(instrument);
        _accrue(work, terms, mark, _inForce(work.hot).has(INCREASE_RISK));
        _emitFunding(work, mark, 0, 0);
        _markets[instrument].store(work.market);
    }

    function _accrue(Work memory work, Instrument memory terms, uint128 mark, bool isRestricted) internal view {
        Funding.accrue(work.market, mark, block.timestamp, work.hot.graceUntil, isRestricted, terms.maxFundingPpm);
    }

    function _emitFunding(Work memory work, uint128 mark, uint128 price, uint128 size) internal {
        Market memory market = work.market;
        emit FundingUpdated(work.instrument, mark, price, size, market.longIndex, market.shortIndex, market.premiumPpb);
    }

    function _terms(uint16 instrument) internal view returns (Instrument memory) {
        return INSTRUMENTS.terms(instrument);
    }

    function _markOf(uint16 instrument) internal view returns (uint128) {
        return MARGIN.markOf(instrument).toUint128();
    }
}
