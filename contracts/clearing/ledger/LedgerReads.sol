// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What the ledger needs of the registry's structs, word by word: an encoded struct is the tuple of its fields, of
/// which the first ones can be read alone. They come from the registry's own storage, so no range is checked again.
interface ILedgerReads {
    /// @dev The fields of `Instrument`.
    function instrumentOf(
        uint16 instrument
    )
        external
        view
        returns (
            uint256 kind,
            uint256 feed,
            uint256 initialPpm,
            uint256 maintenancePpm,
            uint256 priceBandPpm,
            uint256 lagVolatilityPpm,
            uint256 maxFundingPpm,
            uint256 makerFeePpm,
            uint256 takerFeePpm,
            uint256 maxOpenInterest
        );
    /// @dev The first field of `CollateralTerms`.
    function collateralOf(uint8 id) external view returns (address asset);
    /// @dev The fields of `DebtCaps`.
    function debtCaps() external view returns (uint256 account, uint256 total);
}

/// @notice Memory only: what the ledger needs of an instrument, as in `Instrument`.
struct InstrumentTerms {
    uint256 kind;
    uint256 initialPpm;
    uint256 maintenancePpm;
    uint256 lagVolatilityPpm;
    uint256 maxFundingPpm;
    uint256 maxOpenInterest;
}
