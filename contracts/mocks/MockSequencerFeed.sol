// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";

/// @title MockSequencerFeed: Chainlink's uptime feed of a sequencer, up since its deployment, moved by anyone.
/// @dev The answer is 0 for up and 1 for down; `startedAt` is when that began.
contract MockSequencerFeed is AggregatorV3Interface {
    uint80 private _roundId;
    int256 private _answer;
    uint256 private _startedAt;

    constructor() {
        _set(0, block.timestamp);
    }

    function set(int256 answer, uint256 startedAt) external {
        _set(answer, startedAt);
    }

    function _set(int256 answer, uint256 startedAt) private {
        (_answer, _startedAt) = (answer, startedAt);
        emit AnswerUpdated(answer, ++_roundId, startedAt);
    }

    function decimals() external pure returns (uint8) {
        return 0;
    }

    function description() external pure returns (string memory) {
        return "L2 Sequencer Uptime Status Feed";
    }

    function version() external pure returns (uint256) {
        return 1;
    }

    /// @dev The latest round, whichever is asked for: nobody asks for another one.
    function getRoundData(uint80) external view returns (uint80, int256, uint256, uint256, uint80) {
        return latestRoundData();
    }

    function latestRoundData() public view returns (uint80, int256, uint256, uint256, uint80) {
        return (_roundId, _answer, _startedAt, block.timestamp, _roundId);
    }
}
