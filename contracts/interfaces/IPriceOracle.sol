// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A price feed and the rules that its answers must satisfy.
/// @param aggregator Chainlink `AggregatorV3Interface`
/// @param decimals of the aggregator's answers
/// @param maxAge of an answer that may support new risk, seconds
/// @param maxDeviationPpm largest distance from the secondary feed, parts per million of the primary answer
/// @param hasSecondary whether a secondary feed is compared
/// @param minPrice answers at or below are invalid, 1e-18 quote per underlying
/// @param maxPrice answers at or above are invalid, 1e-18 quote per underlying
/// @param secondary, secondaryDecimals, secondaryMaxAge the other feed, if there is one
struct Feed {
    address aggregator;
    uint8 decimals;
    uint32 maxAge;
    uint24 maxDeviationPpm;
    bool hasSecondary;
    uint128 minPrice;
    uint128 maxPrice;
    address secondary;
    uint8 secondaryDecimals;
    uint32 secondaryMaxAge;
}

/// @notice What is wrong with a price. From `OutOfBounds` on it has no usable value.
enum PriceStatus {
    Valid,
    Stale,
    Deviating,
    SequencerDown,
    OutOfBounds,
    Incomplete,
    Future,
    Unreachable
}

/// @notice A price, or the worst ones within the feed's bounds.
/// @param value the last price when the status is below `OutOfBounds`, else zero, 1e-18 quote per underlying
/// @param low, high the feed's bounds
/// @param updatedAt of the answer, seconds, never after the block; zero above `OutOfBounds`
struct Reading {
    PriceStatus status;
    uint128 value;
    uint128 low;
    uint128 high;
    uint40 updatedAt;
}

/// @title PriceOracle: refuses a price that must not be believed.
interface IPriceOracle {
    event FeedSet(
        uint16 indexed feed,
        address aggregator,
        uint8 decimals,
        uint32 maxAge,
        uint128 minPrice,
        uint128 maxPrice
    );
    /// @param secondary zero removes it
    event SecondarySet(
        uint16 indexed feed,
        address secondary,
        uint8 secondaryDecimals,
        uint32 secondaryMaxAge,
        uint24 maxDeviationPpm
    );

    error OracleZero();
    error OracleUnknownFeed(uint16 feed);
    error OracleBadBounds(uint128 minPrice, uint128 maxPrice);
    error OracleBadDeviation(uint24 maxDeviationPpm);
    error OracleUnsupportedDecimals(uint8 decimals);
    error OracleSameAggregator(address aggregator);
    error OracleUnreachable(uint16 feed, address aggregator);
    error OracleIncompleteRound(uint16 feed, uint80 roundId, uint80 answeredInRound);
    error OracleFuturePrice(uint16 feed, uint256 updatedAt);
    error OracleStalePrice(uint16 feed, uint256 updatedAt, uint32 maxAge);
    error OracleOutOfBounds(uint16 feed, int256 answer);
    error OracleDeviation(uint16 feed, uint256 primary, uint256 secondary);
    error OracleSequencerDown();
    error OracleSequencerGrace(uint256 upSince, uint256 until);
    error OracleNotLastRound(uint16 feed, uint80 roundId, uint40 time);
    error OracleRoundInvalid(uint16 feed, uint80 roundId);
    /// @dev A failed call to an aggregator says something about the aggregator only if it had enough gas.
    error OracleTooLittleGas(uint256 available, uint256 required);

    /// @notice Sets a feed (governance). The number of decimals is read once and stored.
    function setFeed(uint16 feed, address aggregator, uint32 maxAge, uint128 minPrice, uint128 maxPrice) external;

    /// @notice Sets or removes the feed that the primary one is compared with (governance).
    function setSecondary(uint16 feed, address secondary, uint32 maxAge, uint24 maxDeviationPpm) external;

    /// @notice The price, if it satisfies every rule, 1e-18 quote per underlying. Reverts with what is wrong, else.
    function price(uint16 feed) external view returns (uint256);

    /// @notice The price and what is wrong with it. Reverts for an unknown feed, and when too little gas is left to
    /// blame a failing aggregator; never for what an aggregator does.
    function read(uint16 feed) external view returns (Reading memory);

    /// @notice The last valid answer at or before `time`, proven by its round and by the ones after it: each later round
    /// up to the first one after `time` is invalid, or there is none and three days have passed.
    /// @dev Valid: complete, within the bounds, and at `time` at most as old as the feed allows (`OracleRoundInvalid`).
    /// After the last round of a proxy's phase comes the first one of the next; a valid round of a later phase within
    /// `time` takes precedence. Not proven (`OracleNotLastRound`): when there are more than 32 rounds to read, or when the
    /// newest round cannot be read or lies behind a gap of the ids (docs/decisions/0013).
    /// @param time seconds
    /// @param roundId of the answer, with the phase in its upper 16 bits where the aggregator is a proxy
    /// @return 1e-18 quote per underlying
    function priceAt(uint16 feed, uint40 time, uint80 roundId) external view returns (uint128);

    /// @notice The time-weighted average of the valid answers in the hour up to `time`. The last one at or before `time` is
    /// proven as in `priceAt`, but may be of any age; from it the rounds before are read back, at most 24 and within its
    /// phase. Where they do not reach back an hour, the average is over what they cover; where the last answer is older
    /// than an hour, it is that answer. Invalid rounds are skipped: the answer before them stood.
    /// @param time seconds
    /// @param roundId of the last answer
    /// @return 1e-18 quote per underlying, rounded down
    function averageAt(uint16 feed, uint40 time, uint80 roundId) external view returns (uint128);

    function feedOf(uint16 feed) external view returns (Feed memory);

    /// @notice Chainlink's uptime feed of an L2's sequencer; zero on a chain without one.
    function SEQUENCER_FEED() external view returns (address);
    /// @notice No price is valid for so long after the sequencer came back, seconds.
    function SEQUENCER_GRACE() external view returns (uint32);
}
