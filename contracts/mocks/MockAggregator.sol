// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @title MockAggregator: a Chainlink-style feed that its owner moves, for local networks.
contract MockAggregator is AggregatorV3Interface {
    struct Round {
        int192 answer;
        uint64 updatedAt;
    }

    // Its getter is part of the feed's ABI.
    // solhint-disable-next-line immutable-vars-naming
    uint8 public immutable decimals;
    string public description;
    uint80 public latestRound;
    mapping(uint80 roundId => Round) private _rounds;

    constructor(uint8 decimals_, string memory description_, int192 answer) {
        decimals = decimals_;
        description = description_;
        _update(answer, uint64(block.timestamp));
    }

    function version() external pure returns (uint256) {
        return 4;
    }

    function update(int192 answer) external {
        _update(answer, uint64(block.timestamp));
    }

    function updateAt(int192 answer, uint64 updatedAt) external {
        _update(answer, updatedAt);
    }

    function _update(int192 answer, uint64 updatedAt) private {
        _rounds[++latestRound] = Round(answer, updatedAt);
        emit AnswerUpdated(answer, latestRound, updatedAt);
    }

    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _rounds[roundId];
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latestRound);
    }
}
