// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title MockRoundFeed: a feed whose rounds are written one by one, phases and gaps included, for tests.
contract MockRoundFeed {
    struct Round {
        int256 answer;
        uint64 updatedAt;
        uint80 answeredIn;
        bool isShifted;
    }

    // Its getter is part of the feed's ABI.
    // solhint-disable-next-line const-name-snakecase
    uint8 public constant decimals = 8;
    uint80 private _latest;
    bool private _isSilent;
    bool private _isStrict;
    mapping(uint80 roundId => Round) private _rounds;

    error NoDataPresent();

    /// @param isStrict whether a round that does not exist reverts; it reads as zeros, else
    constructor(bool isStrict) {
        _isStrict = isStrict;
    }

    /// @dev A round above the latest one becomes the latest one.
    function set(uint80 roundId, int256 answer, uint64 updatedAt, uint80 answeredIn) external {
        _rounds[roundId] = Round(answer, updatedAt, answeredIn, false);
        if (roundId > _latest) _latest = roundId;
    }

    /// @dev Answers a request for `roundId` with the next round's id.
    function shift(uint80 roundId) external {
        (_rounds[roundId].isShifted, _rounds[roundId].answeredIn) = (true, roundId + 1);
    }

    function setLatest(uint80 roundId) external {
        _latest = roundId;
    }

    /// @dev Whether the latest round cannot be asked for.
    function setSilent(bool isSilent) external {
        _isSilent = isSilent;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        require(!_isSilent, NoDataPresent());
        return getRoundData(_latest);
    }

    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _rounds[roundId];
        require(!_isStrict || round.updatedAt != 0, NoDataPresent());
        uint80 id = round.isShifted ? roundId + 1 : roundId;
        return (id, round.answer, round.updatedAt, round.updatedAt, round.answeredIn);
    }
}
