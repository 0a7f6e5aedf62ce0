// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BareAggregator: answers with whatever it was told, however absurd, for tests.
contract BareAggregator {
    // Its getter is part of the feed's ABI.
    // solhint-disable-next-line immutable-vars-naming
    uint8 public immutable decimals;
    uint80 private _roundId;
    int256 private _answer;
    uint256 private _updatedAt;
    uint80 private _answeredInRound;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function set(uint80 roundId, int256 answer, uint256 updatedAt, uint80 answeredInRound) external {
        (_roundId, _answer, _updatedAt, _answeredInRound) = (roundId, answer, updatedAt, answeredInRound);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_roundId, _answer, _updatedAt, _updatedAt, _answeredInRound);
    }
}
