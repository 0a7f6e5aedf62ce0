// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IInstrumentRegistry, Instrument} from "../interfaces/IInstrumentRegistry.sol";

/// @title InstrumentRegistry
/// @dev Storage-transparent: every slot is a function of `InstrumentSet` and `AuthorityUpdated`.
contract InstrumentRegistry is IInstrumentRegistry, AccessManaged {
    uint32 private constant PPM = 1e6;

    mapping(uint16 instrument => Instrument) internal _instruments;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IInstrumentRegistry
    function setInstrument(
        uint16 instrument,
        uint16 feed,
        uint32 initialPpm,
        uint32 maintenancePpm,
        uint32 priceBandPpm
    ) external restricted {
        require(instrument != 0 && feed != 0, InstrumentZero());
        require(
            maintenancePpm != 0 && maintenancePpm < initialPpm && initialPpm <= PPM,
            InstrumentBadMargin(initialPpm, maintenancePpm)
        );
        // A trade at the edge of the band must not cost a healthy account more than its maintenance margin.
        require(priceBandPpm != 0 && priceBandPpm <= maintenancePpm, InstrumentBadBand(priceBandPpm, maintenancePpm));
        _instruments[instrument] = Instrument(true, feed, initialPpm, maintenancePpm, priceBandPpm);
        emit InstrumentSet(instrument, feed, initialPpm, maintenancePpm, priceBandPpm);
    }

    /// @inheritdoc IInstrumentRegistry
    function instrumentOf(uint16 instrument) external view returns (Instrument memory) {
        return _instruments[instrument];
    }
}
