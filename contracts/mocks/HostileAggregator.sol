// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title HostileAggregator: does everything that a feed must not do, for tests.
contract HostileAggregator {
    enum Manner {
        Answer,
        Revert,
        RevertHuge,
        Empty,
        Short,
        Huge,
        Panic,
        Loop,
        WideRoundId,
        WideAnsweredIn
    }

    // Its getter is part of the feed's ABI.
    // solhint-disable-next-line const-name-snakecase
    uint8 public constant decimals = 8;
    uint256 private constant HUGE_BYTES = 20_000;
    uint256 private constant NO_ROUND_ID = 1 << 80;

    Manner private _manner;
    int256 private _answer;
    uint256 private _updatedAt;
    /// @dev Gas that an answer takes, about.
    uint256 private _gas;

    error Hostile();

    function behave(Manner manner, int256 answer, uint256 updatedAt, uint256 gas) external {
        (_manner, _answer, _updatedAt, _gas) = (manner, answer, updatedAt, gas);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        _answerAs(_manner, 1);
    }

    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        _answerAs(_manner, roundId);
    }

    function _answerAs(Manner manner, uint256 roundId) private view {
        uint256 start = gasleft();
        (int256 answer, uint256 updatedAt) = (_answer, _updatedAt);
        require(manner != Manner.Revert, Hostile());
        bool isRevert = manner == Manner.RevertHuge;
        uint256 size = 160;
        if (manner == Manner.Empty) size = 0;
        if (manner == Manner.Short) size = 159;
        if (manner == Manner.Huge || isRevert) size = HUGE_BYTES;
        uint256 id = manner == Manner.WideRoundId ? NO_ROUND_ID : roundId;
        uint256 answeredIn = manner == Manner.WideAnsweredIn ? NO_ROUND_ID : roundId;
        while (manner == Manner.Loop || start - gasleft() < _gas) continue;
        assert(manner != Manner.Panic);
        // Ends the call, so memory may be overwritten.
        // solhint-disable-next-line no-inline-assembly
        assembly {
            mstore(0, id)
            mstore(32, answer)
            mstore(64, updatedAt)
            mstore(96, updatedAt)
            mstore(128, answeredIn)
            if isRevert {
                revert(0, size)
            }
            return(0, size)
        }
    }
}
