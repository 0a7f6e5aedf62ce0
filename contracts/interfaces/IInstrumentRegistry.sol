// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceOracle} from "./IPriceOracle.sol";

enum InstrumentKind {
    None,
    Perpetual,
    Call,
    Put
}

/// @notice The terms of an instrument, in one word.
/// @param feed number of its price feed in the oracle
/// @param initialPpm price move that initial margin covers, parts per million
/// @param maintenancePpm price move that maintenance margin covers, parts per million
/// @param priceBandPpm largest distance of a trade's price from the mark, parts per million of the underlying's price
/// @param lagVolatilityPpm volatility a year that the lag premium assumes, parts per million
/// @param maxFundingPpm largest funding in eight hours, parts per million; zero for options
/// @param makerFeePpm, takerFeePpm parts per million of the traded quote
/// @param maxOpenInterest sum of the long sizes at most, 1e-6 underlying
struct Instrument {
    InstrumentKind kind;
    uint16 feed;
    uint24 initialPpm;
    uint24 maintenancePpm;
    uint24 priceBandPpm;
    uint24 lagVolatilityPpm;
    uint24 maxFundingPpm;
    uint16 makerFeePpm;
    uint16 takerFeePpm;
    uint80 maxOpenInterest;
}

/// @notice What an option has beyond that.
/// @param strike 1e-18 quote per underlying
/// @param expiry seconds
/// @param volatilityPpm implied volatility a year of its mark, parts per million
/// @param volatilityShockPpm relative move of the volatility that margin covers, parts per million
/// @param volatilityAt when the volatility was last set, seconds
struct OptionTerms {
    uint128 strike;
    uint40 expiry;
    uint32 volatilityPpm;
    uint24 volatilityShockPpm;
    uint32 volatilityAt;
}

/// @notice The final price of an option's underlying, or in a wind-down of the instrument itself.
/// @param price 1e-18 quote per underlying
/// @param settledAt seconds; zero while there is none
/// @param isUsed set when the option is listed
/// @param isWindDown whether `price` is what a unit of the instrument is worth, whatever its kind
struct Settlement {
    uint128 price;
    uint40 settledAt;
    bool isUsed;
    bool isWindDown;
}

/// @notice An asset that counts as collateral beside the settlement currency.
/// @param haircutPpm part of its value that does not count, parts per million
struct CollateralTerms {
    address asset;
    uint16 feed;
    uint24 haircutPpm;
    uint8 decimals;
}

/// @notice How much negative quote other collateral may back, 1e-18 quote.
struct DebtCaps {
    uint128 account;
    uint128 total;
}

/// @title InstrumentRegistry: what can be traded, what counts as collateral, and on which terms.
interface IInstrumentRegistry {
    event InstrumentSet(uint16 indexed instrument, Instrument terms);
    event OptionListed(uint16 indexed instrument, uint128 strike, uint40 expiry, uint24 volatilityShockPpm);
    event VolatilitySet(uint16 indexed instrument, uint32 volatilityPpm, uint32 volatilityAt);
    /// @notice The option has its final price.
    /// @param roundId the feed's last valid round before expiry; zero when governance named the price
    event ExpirySettled(uint16 indexed instrument, uint128 price, uint40 settledAt, uint80 roundId);
    /// @notice The wind-down closes the positions of the instrument at this price.
    /// @param price of a unit: the spot price for a perpetual, the option's value at `time` for an option, 1e-18 quote
    /// @param spot 1e-18 quote per underlying
    event WindDownPriceFixed(uint16 indexed instrument, uint128 price, uint40 settledAt, uint128 spot, uint40 time);
    event CollateralSet(uint8 indexed id, address indexed asset, uint16 feed, uint24 haircutPpm, uint8 decimals);
    event DebtCapsSet(uint128 account, uint128 total);

    error InstrumentZero();
    error InstrumentUnknown(uint16 instrument);
    error InstrumentKindFixed(uint16 instrument, InstrumentKind kind);
    error InstrumentFeedFixed(uint16 instrument, uint16 feed);
    error InstrumentNotOption(uint16 instrument);
    error InstrumentBadMargin(uint24 initialPpm, uint24 maintenancePpm);
    error InstrumentBadBand(uint24 priceBandPpm, uint24 maintenancePpm);
    error InstrumentBadLag(uint24 lagVolatilityPpm);
    error InstrumentBadFunding(uint24 maxFundingPpm);
    error InstrumentBadFee(uint16 feePpm);
    error InstrumentZeroCap();
    error InstrumentBadExpiry(uint40 expiry);
    error InstrumentBadStrike(uint128 strike);
    error InstrumentBadVolatility(uint32 volatilityPpm);
    error InstrumentVolatilityStep(uint32 before, uint32 requested, uint256 allowed);
    error InstrumentNotExpired(uint16 instrument, uint40 expiry);
    error InstrumentAlreadySettled(uint16 instrument);
    error InstrumentExpiredBefore(uint16 instrument, uint40 expiry);
    error InstrumentSettlementTooEarly(uint16 instrument, uint256 possibleFrom);
    error InstrumentBadHaircut(uint24 haircutPpm);
    error InstrumentBadDecimals(address asset, uint8 decimals);
    error InstrumentTooManyCollaterals();

    /// @notice Lists a perpetual or changes the terms of an instrument. Kind and feed of one that is listed stay (governance).
    function setInstrument(uint16 instrument, Instrument calldata terms) external;

    /// @notice Lists a call or put (governance).
    function listOption(
        uint16 instrument,
        Instrument calldata terms,
        uint128 strike,
        uint40 expiry,
        uint32 volatilityPpm,
        uint24 volatilityShockPpm
    ) external;

    /// @notice Moves the volatility of an option, within bounds and by a bounded step an hour (volatility role).
    function setVolatility(uint16 instrument, uint32 volatilityPpm) external;

    /// @notice Fixes the final price of an expired option at the last valid round before expiry, which `roundId` and the
    /// rounds after it prove; see `IPriceOracle.priceAt`. Anyone.
    function settle(uint16 instrument, uint80 roundId) external;

    /// @notice Fixes the final price of an option whose feed cannot prove one, a week after expiry (governance).
    function settleByGovernance(uint16 instrument, uint128 price) external;

    /// @notice Fixes what a unit of an instrument is worth in the wind-down (the guard's role): a perpetual the spot price, an
    /// option its Black-Scholes value at `time` with its volatility. Not for an option that has expired: it settles as ever.
    /// @param time not after the block
    /// @param spot 1e-18 quote per underlying
    function settleWindDown(uint16 instrument, uint40 time, uint128 spot) external;

    /// @notice Lets an asset count as collateral, or changes on which terms (governance).
    function setCollateral(address asset, uint16 feed, uint24 haircutPpm) external returns (uint8 id);

    function setDebtCaps(uint128 account, uint128 total) external;

    function instrumentOf(uint16 instrument) external view returns (Instrument memory);
    function optionOf(uint16 instrument) external view returns (OptionTerms memory);
    function settlementOf(uint16 instrument) external view returns (Settlement memory);
    /// @notice What a unit of the instrument pays, 1e-18 quote, and whether that is final: the payoff of a settled option, or the
    /// price of the wind-down. Zero while it is not.
    function payoffOf(uint16 instrument) external view returns (uint256 payoff, bool isFinal);
    function collateralOf(uint8 id) external view returns (CollateralTerms memory);
    /// @notice Zero for an asset that is no collateral; the first one has 1, the last possible 31.
    function collateralIdOf(address asset) external view returns (uint8);
    function debtCaps() external view returns (DebtCaps memory);

    /// @notice Where the feeds are.
    function ORACLE() external view returns (IPriceOracle);
}
