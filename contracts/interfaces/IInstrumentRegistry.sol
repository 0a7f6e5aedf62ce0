// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A perpetual.
/// @param isListed whether positions may be opened
/// @param feed number of its price feed in the oracle
/// @param initialPpm initial margin, parts per million of the notional
/// @param maintenancePpm maintenance margin, parts per million of the notional
/// @param priceBandPpm largest distance of a trade's price from the mark, parts per million of the mark
struct Instrument {
    bool isListed;
    uint16 feed;
    uint32 initialPpm;
    uint32 maintenancePpm;
    uint32 priceBandPpm;
}

/// @title InstrumentRegistry: what can be traded and on which terms.
interface IInstrumentRegistry {
    event InstrumentSet(
        uint16 indexed instrument,
        uint16 feed,
        uint32 initialPpm,
        uint32 maintenancePpm,
        uint32 priceBandPpm
    );

    error InstrumentZero();
    error InstrumentBadMargin(uint32 initialPpm, uint32 maintenancePpm);
    error InstrumentBadBand(uint32 priceBandPpm, uint32 maintenancePpm);

    /// @notice Lists an instrument or changes its terms (governance).
    function setInstrument(
        uint16 instrument,
        uint16 feed,
        uint32 initialPpm,
        uint32 maintenancePpm,
        uint32 priceBandPpm
    ) external;

    function instrumentOf(uint16 instrument) external view returns (Instrument memory);
}
