// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceOracle, Reading} from "../interfaces/IPriceOracle.sol";
import {BareAggregator} from "./BareAggregator.sol";
import {MockSequencerFeed} from "./MockSequencerFeed.sol";

/// @title ReadingProbe: moves feeds and reads the oracle, many times in one call, for tests with many answers.
/// @dev Meant for `eth_call`: nothing of it stays.
contract ReadingProbe {
    struct Answer {
        uint80 roundId;
        int256 answer;
        uint256 updatedAt;
        uint80 answeredInRound;
    }

    struct Case {
        uint16 feed;
        Answer primary;
        Answer secondary;
        int256 sequencerAnswer;
        uint256 sequencerStartedAt;
    }

    /// @param refusal what `price` reverted with; empty when it answered
    struct Outcome {
        Reading reading;
        uint256 price;
        bytes refusal;
    }

    function judge(
        IPriceOracle oracle,
        BareAggregator primary,
        BareAggregator secondary,
        Case[] calldata cases
    ) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](cases.length);
        MockSequencerFeed sequencer = MockSequencerFeed(oracle.SEQUENCER_FEED());
        for (uint256 i = 0; i < cases.length; ++i) {
            Case calldata c = cases[i];
            _set(primary, c.primary);
            _set(secondary, c.secondary);
            sequencer.set(c.sequencerAnswer, c.sequencerStartedAt);
            outcomes[i].reading = oracle.read(c.feed);
            try oracle.price(c.feed) returns (uint256 price) {
                outcomes[i].price = price;
            } catch (bytes memory refusal) {
                outcomes[i].refusal = refusal;
            }
        }
    }

    /// @notice Reads with a limited amount of gas: whether it succeeded, the error's selector, and the status.
    function starve(IPriceOracle oracle, uint16 feed, uint256 gas) external view returns (bool, bytes4, uint8) {
        try oracle.read{gas: gas}(feed) returns (Reading memory reading) {
            return (true, 0, uint8(reading.status));
        } catch (bytes memory refusal) {
            return (false, bytes4(refusal), 0);
        }
    }

    /// @notice The same of `priceAt`, and its value.
    function starveAt(
        IPriceOracle oracle,
        uint16 feed,
        uint40 time,
        uint80 roundId,
        uint256 gas
    ) external view returns (bool, bytes4, uint128) {
        try oracle.priceAt{gas: gas}(feed, time, roundId) returns (uint128 price) {
            return (true, 0, price);
        } catch (bytes memory refusal) {
            return (false, bytes4(refusal), 0);
        }
    }

    function _set(BareAggregator aggregator, Answer calldata a) private {
        aggregator.set(a.roundId, a.answer, a.updatedAt, a.answeredInRound);
    }
}
