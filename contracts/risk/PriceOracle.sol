// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {Feed, IPriceOracle, PriceStatus, Reading} from "../interfaces/IPriceOracle.sol";

/// @title PriceOracle
/// @dev Storage-transparent: every slot is a function of `FeedSet`, `SecondarySet` and `AuthorityUpdated`.
///
/// An aggregator is somebody else's code. It is called with a bounded amount of gas, at most five words of its answer are
/// looked at, and whatever else it does is `Unreachable`: a status, not a revert. Because a price that is not valid is
/// worth something to somebody (a wider band, no liquidation, an older round at expiry), no caller may cause one by
/// passing too little gas: a failed call counts only if the aggregator had all of `CALL_GAS`; the oracle reverts, else.
contract PriceOracle is IPriceOracle, AccessManaged {
    /// @dev What an aggregator answers, in the order of `latestRoundData`.
    struct Round {
        uint256 id;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint256 answeredIn;
    }

    /// @dev What `priceAt` and `averageAt` search: an aggregator's rounds up to `time`. `budget` rounds may still be read.
    struct History {
        address aggregator;
        uint8 decimals;
        uint128 low;
        uint128 high;
        uint256 time;
        uint256 budget;
    }

    /// @dev How the rounds of a phase go on: they end, one after the time comes first, or what comes first forbids to go on
    /// (a valid round within the time, or too many that are not valid).
    enum Walk {
        Ended,
        Passed,
        Blocked
    }

    uint256 private constant PPM = 1e6;
    uint8 private constant PRICE_DECIMALS = 18;
    /// @dev A proxy and its aggregator take 20,000, a rate times a price below 100,000.
    uint256 private constant CALL_GAS = 200_000;
    /// @dev A call forwards at most 63/64 of what is left after it has paid for the address: 2,600 when it is cold.
    uint256 private constant GAS_BEFORE_CALL = (CALL_GAS * 64) / 63 + 5_000;
    uint256 private constant ROUND_BYTES = 160;
    /// @dev Rounds asked for at most to prove one: more invalid ones in a row are for governance to judge.
    uint256 private constant MAX_WALK = 32;
    /// @dev Upper 16 of a proxy's 80-bit round id: which aggregator; lower 64: the aggregator's own round, from 1.
    uint256 private constant PHASE_BITS = 64;
    /// @dev A feed without any round for so long after `time` has ended.
    uint256 private constant FEED_DEAD_AFTER = 3 days;
    /// @dev What an average is over, and how many rounds before the last one it looks at to get there.
    uint256 private constant AVERAGE_TIME = 1 hours;
    uint256 private constant MAX_AVERAGED = 24;

    /// @inheritdoc IPriceOracle
    address public immutable SEQUENCER_FEED;
    /// @inheritdoc IPriceOracle
    uint32 public immutable SEQUENCER_GRACE;

    mapping(uint16 feed => Feed) internal _feeds;

    /// @param sequencerFeed zero on a chain without a sequencer
    /// @param sequencerGrace seconds
    constructor(address authority, address sequencerFeed, uint32 sequencerGrace) AccessManaged(authority) {
        require(sequencerFeed == address(0) || sequencerGrace != 0, OracleZero());
        SEQUENCER_FEED = sequencerFeed;
        SEQUENCER_GRACE = sequencerGrace;
    }

    // ---- Feeds ----

    /// @inheritdoc IPriceOracle
    function setFeed(
        uint16 feed,
        address aggregator,
        uint32 maxAge,
        uint128 minPrice,
        uint128 maxPrice
    ) external restricted {
        require(feed != 0 && aggregator != address(0) && maxAge != 0, OracleZero());
        require(minPrice != 0 && minPrice < maxPrice, OracleBadBounds(minPrice, maxPrice));
        Feed storage rules = _feeds[feed];
        require(!rules.hasSecondary || rules.secondary != aggregator, OracleSameAggregator(aggregator));
        uint8 decimals = _decimalsOf(aggregator);
        (rules.aggregator, rules.decimals, rules.maxAge) = (aggregator, decimals, maxAge);
        (rules.minPrice, rules.maxPrice) = (minPrice, maxPrice);
        emit FeedSet(feed, aggregator, decimals, maxAge, minPrice, maxPrice);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Removing leaves the word of the secondary as it is; `hasSecondary` says that nothing reads it.
    function setSecondary(uint16 feed, address secondary, uint32 maxAge, uint24 maxDeviationPpm) external restricted {
        Feed storage rules = _feeds[feed];
        address aggregator = rules.aggregator;
        require(aggregator != address(0), OracleUnknownFeed(feed));
        if (secondary == address(0)) {
            (rules.maxDeviationPpm, rules.hasSecondary) = (0, false);
            emit SecondarySet(feed, address(0), 0, 0, 0);
            return;
        }
        require(secondary != aggregator, OracleSameAggregator(secondary));
        require(maxAge != 0, OracleZero());
        require(maxDeviationPpm != 0 && maxDeviationPpm < PPM, OracleBadDeviation(maxDeviationPpm));
        uint8 decimals = _decimalsOf(secondary);
        (rules.maxDeviationPpm, rules.hasSecondary) = (maxDeviationPpm, true);
        (rules.secondary, rules.secondaryDecimals, rules.secondaryMaxAge) = (secondary, decimals, maxAge);
        emit SecondarySet(feed, secondary, decimals, maxAge, maxDeviationPpm);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Zero where there is no secondary feed, whatever its word still holds.
    function feedOf(uint16 feed) external view returns (Feed memory rules) {
        Feed storage stored = _feeds[feed];
        rules.aggregator = stored.aggregator;
        rules.decimals = stored.decimals;
        rules.maxAge = stored.maxAge;
        rules.maxDeviationPpm = stored.maxDeviationPpm;
        rules.hasSecondary = stored.hasSecondary;
        rules.minPrice = stored.minPrice;
        rules.maxPrice = stored.maxPrice;
        if (!rules.hasSecondary) return rules;
        rules.secondary = stored.secondary;
        rules.secondaryDecimals = stored.secondaryDecimals;
        rules.secondaryMaxAge = stored.secondaryMaxAge;
    }

    // ---- The price now ----

    /// @inheritdoc IPriceOracle
    /// @dev Invariant INV-17: a price that breaks a rule is never an answer.
    function price(uint16 feed) external view returns (uint256) {
        (Reading memory reading, Round memory round) = _read(feed);
        if (reading.status != PriceStatus.Valid) _refuse(feed, reading, round);
        return reading.value;
    }

    /// @inheritdoc IPriceOracle
    function read(uint16 feed) external view returns (Reading memory reading) {
        (reading, ) = _read(feed);
    }

    function _read(uint16 feed) private view returns (Reading memory reading, Round memory round) {
        Feed storage rules = _feeds[feed];
        address aggregator = rules.aggregator;
        uint8 decimals = rules.decimals;
        uint32 maxAge = rules.maxAge;
        bool hasSecondary = rules.hasSecondary;
        require(aggregator != address(0), OracleUnknownFeed(feed));
        (reading.low, reading.high) = (rules.minPrice, rules.maxPrice);
        bool isReached = _fetchLatest(aggregator, round);
        (reading.status, reading.value) = _screen(isReached, round, decimals, reading.low, reading.high);
        // Nothing that is not of the past is a time of this answer.
        if (reading.status > PriceStatus.OutOfBounds) return (reading, round);
        // At most the block's time, which fits in 40 bits for 34,000 years.
        reading.updatedAt = uint40(round.updatedAt);
        if (reading.status != PriceStatus.Valid) return (reading, round);
        if (SEQUENCER_FEED != address(0) && !_isSequencerUp()) {
            reading.status = PriceStatus.SequencerDown;
        } else if (hasSecondary && _deviates(rules, reading)) {
            reading.status = PriceStatus.Deviating;
        } else if (block.timestamp - round.updatedAt > maxAge) {
            reading.status = PriceStatus.Stale;
        }
    }

    /// @dev What is wrong with an answer by itself; its value when nothing is.
    function _screen(
        bool isReached,
        Round memory round,
        uint8 decimals,
        uint128 low,
        uint128 high
    ) private view returns (PriceStatus, uint128) {
        if (!isReached) return (PriceStatus.Unreachable, 0);
        if (round.updatedAt == 0 || round.answeredIn < round.id) return (PriceStatus.Incomplete, 0);
        if (round.updatedAt > block.timestamp) return (PriceStatus.Future, 0);
        if (round.answer <= 0 || round.answer > int256(uint256(type(uint128).max))) return (PriceStatus.OutOfBounds, 0);
        unchecked {
            // Below 2^128 times at most 1e18, and `decimals` is at most 18.
            uint256 value = uint256(round.answer) * 10 ** (PRICE_DECIMALS - decimals);
            if (value <= low || value >= high) return (PriceStatus.OutOfBounds, 0);
            // Below `high`.
            return (PriceStatus.Valid, uint128(value));
        }
    }

    function _deviates(Feed storage rules, Reading memory reading) private view returns (bool) {
        uint256 other = _secondaryOf(rules, reading.low, reading.high);
        if (other == 0) return true;
        uint256 first = reading.value;
        unchecked {
            // Both below 2^128, the factors below 2^24.
            uint256 distance = first > other ? first - other : other - first;
            return distance * PPM > first * rules.maxDeviationPpm;
        }
    }

    /// @dev Zero when it is not usable or stale. It has to keep the bounds too: an answer that was clamped is none.
    function _secondaryOf(Feed storage rules, uint128 low, uint128 high) private view returns (uint256) {
        Round memory round;
        bool isReached = _fetchLatest(rules.secondary, round);
        (PriceStatus status, uint128 value) = _screen(isReached, round, rules.secondaryDecimals, low, high);
        bool isUsable = status == PriceStatus.Valid && block.timestamp - round.updatedAt <= rules.secondaryMaxAge;
        return isUsable ? value : 0;
    }

    function _isSequencerUp() private view returns (bool) {
        uint256 upSince = _sequencerUpSince();
        return upSince != 0 && block.timestamp - upSince >= SEQUENCER_GRACE;
    }

    /// @dev Zero while it is down, or while nothing credible says that it is up. Chainlink's uptime feed answers 0 for up
    /// and 1 for down, since `startedAt`, which is zero before the first message from L1 arrived.
    function _sequencerUpSince() private view returns (uint256) {
        Round memory round;
        bool isUp = _fetchLatest(SEQUENCER_FEED, round) && round.answer == 0 && round.startedAt <= block.timestamp;
        return isUp ? round.startedAt : 0;
    }

    /// @dev Reverts with what `reading` says is wrong, which is not `Valid`.
    function _refuse(uint16 feed, Reading memory reading, Round memory round) private view {
        PriceStatus status = reading.status;
        Feed storage rules = _feeds[feed];
        require(status != PriceStatus.Unreachable, OracleUnreachable(feed, rules.aggregator));
        require(
            status != PriceStatus.Incomplete,
            // Reached, so both fit in 80 bits.
            OracleIncompleteRound(feed, uint80(round.id), uint80(round.answeredIn))
        );
        require(status != PriceStatus.Future, OracleFuturePrice(feed, round.updatedAt));
        require(status != PriceStatus.OutOfBounds, OracleOutOfBounds(feed, round.answer));
        if (status == PriceStatus.SequencerDown) {
            uint256 upSince = _sequencerUpSince();
            require(upSince != 0, OracleSequencerDown());
            revert OracleSequencerGrace(upSince, upSince + SEQUENCER_GRACE);
        }
        require(
            status != PriceStatus.Deviating,
            OracleDeviation(feed, reading.value, _secondaryOf(rules, reading.low, reading.high))
        );
        revert OracleStalePrice(feed, round.updatedAt, rules.maxAge);
    }

    // ---- The price then ----

    /// @inheritdoc IPriceOracle
    /// @dev Secondary feed and sequencer say nothing about the past and are not asked (docs/decisions/0013).
    function priceAt(uint16 feed, uint40 time, uint80 roundId) external view returns (uint128 value) {
        Round memory round;
        (value, ) = _lastAt(feed, time, roundId, _feeds[feed].maxAge, round);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Rounds down. Going back, an answer stood until the valid one after it was updated: a round that is invalid, does
    /// not exist, or is not older than the one after it, stood for no time.
    function averageAt(uint16 feed, uint40 time, uint80 roundId) external view returns (uint128) {
        Round memory round;
        // An incident that lasts may begin when the feed is dead for long: the last answer that there was counts.
        (uint128 value, History memory history) = _lastAt(feed, time, roundId, type(uint256).max, round);
        uint256 start = time > AVERAGE_TIME ? time - AVERAGE_TIME : 0;
        uint256 end = round.updatedAt;
        if (end <= start) return value;
        unchecked {
            // Prices below 2^128 times at most an hour, all together; `end` falls from at most `time` and stays above `start`.
            uint256 weighted = value * (time - end);
            uint256 first = ((uint256(roundId) >> PHASE_BITS) << PHASE_BITS) | 1;
            uint256 last = uint256(roundId) > first + MAX_AVERAGED ? roundId - MAX_AVERAGED : first;
            for (uint256 id = roundId; id > last && end > start;) {
                uint128 before = _answerBefore(history, --id, end, round);
                if (before == 0) continue;
                uint256 from = round.updatedAt > start ? round.updatedAt : start;
                weighted += before * (end - from);
                end = from;
            }
            // An average of what is below 2^128. Without any time the last answer is of `time` itself, and there is no other.
            return end == time ? value : uint128(weighted / (time - end));
        }
    }

    /// @dev The answer of a round if it is valid and older than `end`; else zero, which no valid one is.
    function _answerBefore(
        History memory history,
        uint256 id,
        uint256 end,
        Round memory round
    ) private view returns (uint128) {
        bool isReached = _fetchRound(history.aggregator, id, round);
        (PriceStatus status, uint128 value) = _screen(isReached, round, history.decimals, history.low, history.high);
        return status == PriceStatus.Valid && round.updatedAt < end ? value : 0;
    }

    /// @dev Proves the last valid round at or before `time` and writes it over `round`.
    /// @param maxAge of its answer at `time`
    function _lastAt(
        uint16 feed,
        uint40 time,
        uint80 roundId,
        uint256 maxAge,
        Round memory round
    ) private view returns (uint128 value, History memory history) {
        Feed storage rules = _feeds[feed];
        address aggregator = rules.aggregator;
        require(aggregator != address(0), OracleUnknownFeed(feed));
        history = History(aggregator, rules.decimals, rules.minPrice, rules.maxPrice, time, MAX_WALK);
        bool isValid = _fetchRound(aggregator, roundId, round);
        PriceStatus status;
        (status, value) = _screen(isValid, round, history.decimals, history.low, history.high);
        isValid = status == PriceStatus.Valid && round.updatedAt <= time && time - round.updatedAt <= maxAge;
        require(isValid, OracleRoundInvalid(feed, roundId));
        require(_isLastRound(history, roundId), OracleNotLastRound(feed, roundId, time));
    }

    /// @dev Whether no valid round lies between `roundId` and the time: not in the rest of its phase, not in a later one.
    /// The later phases are looked at even if the rest of its own already ends after the time, since an aggregator that
    /// was replaced may go on: of two histories the newer one counts, and nobody can choose.
    function _isLastRound(History memory history, uint80 roundId) private view returns (bool) {
        Round memory latest;
        if (!_fetchLatest(history.aggregator, latest) || latest.id < roundId) return false;
        uint256 lastPhase = latest.id >> PHASE_BITS;
        uint256 end = roundId;
        (Walk walk, uint256 next) = _walk(history, end + 1);
        bool isPassed = walk == Walk.Passed;
        if (walk == Walk.Ended) end = next - 1;
        for (uint256 phase = (end >> PHASE_BITS) + 1; phase <= lastPhase && walk != Walk.Blocked; ++phase) {
            uint256 first = (phase << PHASE_BITS) | 1;
            (walk, next) = _walk(history, first);
            if (walk == Walk.Passed) isPassed = true;
            else if (next != first) end = next - 1;
        }
        if (walk == Walk.Blocked) return false;
        // Without a round after the time, the newest one of the feed must be among those that were seen.
        return isPassed || (latest.id <= end && block.timestamp >= history.time + FEED_DEAD_AFTER);
    }

    /// @dev Reads the rounds of one phase from `id` on. `next` is the one that it stopped at.
    function _walk(History memory history, uint256 id) private view returns (Walk, uint256 next) {
        Round memory round;
        for (next = id; history.budget != 0; ++next) {
            --history.budget;
            if (!_fetchRound(history.aggregator, next, round) || round.updatedAt == 0) return (Walk.Ended, next);
            (PriceStatus status, ) = _screen(true, round, history.decimals, history.low, history.high);
            if (status == PriceStatus.Future) continue; // It proves nothing about the time.
            if (round.updatedAt > history.time) return (Walk.Passed, next);
            if (status == PriceStatus.Valid) return (Walk.Blocked, next);
        }
        return (Walk.Blocked, next);
    }

    // ---- Aggregators ----

    /// @dev At most 18, so that scaling multiplies.
    function _decimalsOf(address aggregator) private view returns (uint8 decimals) {
        decimals = AggregatorV3Interface(aggregator).decimals();
        require(decimals <= PRICE_DECIMALS, OracleUnsupportedDecimals(decimals));
    }

    function _fetchLatest(address aggregator, Round memory round) private view returns (bool) {
        return _fetch(aggregator, AggregatorV3Interface.latestRoundData.selector, 0, 4, round);
    }

    /// @dev False also when the aggregator answers with another round than `id`: then that one does not exist.
    function _fetchRound(address aggregator, uint256 id, Round memory round) private view returns (bool) {
        return _fetch(aggregator, AggregatorV3Interface.getRoundData.selector, id, 36, round) && round.id == id;
    }

    /// @dev Calls with `selector`, and with `id` when `length` is 36, and writes the answer over `round`. False when it
    /// reverts, answers with less than a round, or with ids that are none. Reverts when the caller starved it of gas.
    function _fetch(
        address aggregator,
        bytes4 selector,
        uint256 id,
        uint256 length,
        Round memory round
    ) private view returns (bool isReached) {
        uint256 available = gasleft();
        // Scratch space takes the call (36 bytes of 64); `round` has exactly ROUND_BYTES, and no more is copied.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, id)
            isReached := staticcall(CALL_GAS, aggregator, 0, length, round, ROUND_BYTES)
            isReached := and(isReached, gt(returndatasize(), sub(ROUND_BYTES, 1)))
        }
        if (isReached) return round.id <= type(uint80).max && round.answeredIn <= type(uint80).max;
        require(available >= GAS_BEFORE_CALL, OracleTooLittleGas(available, GAS_BEFORE_CALL));
    }
}
