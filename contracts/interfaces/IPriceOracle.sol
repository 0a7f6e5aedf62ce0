// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A price feed and the rules that its answers must satisfy.
/// @param aggregator Chainlink `AggregatorV3Interface`
/// @param decimals of the aggregator's answers
/// @param maxAge of an answer that may support new risk, seconds
/// @param minPrice answers at or below are invalid, 1e-18 quote per underlying
/// @param maxPrice answers at or above are invalid, 1e-18 quote per underlying
struct Feed {
    address aggregator;
    uint8 decimals;
    uint48 maxAge;
    uint128 minPrice;
    uint128 maxPrice;
}

/// @title PriceOracle: refuses a price that must not be believed.
interface IPriceOracle {
    event FeedSet(
        uint16 indexed feed,
        address aggregator,
        uint8 decimals,
        uint48 maxAge,
        uint128 minPrice,
        uint128 maxPrice
    );

    error OracleZero();
    error OracleUnknownFeed(uint16 feed);
    error OracleBadBounds(uint128 minPrice, uint128 maxPrice);
    error OracleUnsupportedDecimals(uint8 decimals);
    error OracleIncompleteRound(uint16 feed, uint80 roundId, uint80 answeredInRound);
    error OracleFuturePrice(uint16 feed, uint256 updatedAt);
    error OracleStalePrice(uint16 feed, uint256 updatedAt, uint48 maxAge);
    error OracleOutOfBounds(uint16 feed, int256 answer);

    /// @notice Sets a feed (governance). The number of decimals is read once and stored.
    function setFeed(uint16 feed, address aggregator, uint48 maxAge, uint128 minPrice, uint128 maxPrice) external;

    /// @notice The price, if it satisfies every rule, 1e-18 quote per underlying.
    function price(uint16 feed) external view returns (uint256);

    /// @notice The last price, if it is within bounds, however old: enough to reduce risk with.
    function lastPrice(uint16 feed) external view returns (uint256);

    function feedOf(uint16 feed) external view returns (Feed memory);
}
