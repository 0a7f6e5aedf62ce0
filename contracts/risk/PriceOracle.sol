// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {Feed, IPriceOracle} from "../interfaces/IPriceOracle.sol";

/// @title PriceOracle
/// @dev Storage-transparent: every slot is a function of `FeedSet` and `AuthorityUpdated`.
contract PriceOracle is IPriceOracle, AccessManaged {
    uint8 private constant PRICE_DECIMALS = 18;

    mapping(uint16 feed => Feed) internal _feeds;

    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IPriceOracle
    function setFeed(
        uint16 feed,
        address aggregator,
        uint48 maxAge,
        uint128 minPrice,
        uint128 maxPrice
    ) external restricted {
        require(feed != 0 && aggregator != address(0) && maxAge != 0, OracleZero());
        require(minPrice != 0 && minPrice < maxPrice, OracleBadBounds(minPrice, maxPrice));
        uint8 decimals = AggregatorV3Interface(aggregator).decimals();
        require(decimals <= PRICE_DECIMALS, OracleUnsupportedDecimals(decimals));
        _feeds[feed] = Feed(aggregator, decimals, maxAge, minPrice, maxPrice);
        emit FeedSet(feed, aggregator, decimals, maxAge, minPrice, maxPrice);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Invariant INV-17: a price that is old, outside its bounds, incomplete or of the future is never an answer.
    function price(uint16 feed) external view returns (uint256 value) {
        uint256 updatedAt;
        uint48 maxAge;
        (value, updatedAt, maxAge) = _read(feed);
        require(block.timestamp - updatedAt <= maxAge, OracleStalePrice(feed, updatedAt, maxAge));
    }

    /// @inheritdoc IPriceOracle
    function lastPrice(uint16 feed) external view returns (uint256 value) {
        (value, , ) = _read(feed);
    }

    function _read(uint16 feed) private view returns (uint256 value, uint256 updatedAt, uint48 maxAge) {
        Feed memory rules = _feeds[feed];
        require(rules.aggregator != address(0), OracleUnknownFeed(feed));
        uint80 roundId;
        uint80 answeredInRound;
        int256 answer;
        (roundId, answer, , updatedAt, answeredInRound) = AggregatorV3Interface(rules.aggregator).latestRoundData();
        require(updatedAt != 0 && answeredInRound >= roundId, OracleIncompleteRound(feed, roundId, answeredInRound));
        require(updatedAt <= block.timestamp, OracleFuturePrice(feed, updatedAt));
        // Bounded to 128 bits before scaling by at most 1e18, which fits in 256 bits.
        require(answer > 0 && answer <= int256(uint256(type(uint128).max)), OracleOutOfBounds(feed, answer));
        value = uint256(answer) * 10 ** (PRICE_DECIMALS - rules.decimals);
        require(value > rules.minPrice && value < rules.maxPrice, OracleOutOfBounds(feed, answer));
        maxAge = rules.maxAge;
    }

    /// @inheritdoc IPriceOracle
    function feedOf(uint16 feed) external view returns (Feed memory) {
        return _feeds[feed];
    }
}
