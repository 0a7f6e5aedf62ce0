// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The price of lag.
/// @notice A price or a checkpoint that is old may be wrong by what the underlying moves in that time: about
/// sigma * sqrt(lag) at one standard deviation. The initial margin requirement grows by that.
/// @dev `keeper/books/model/syncLag.ts` is this file bit for bit: change both or neither.
library SyncLag {
    uint256 private constant SECONDS_PER_YEAR = 31_536_000;

    /// @notice `min(capPpm, volatility * sqrt(lag in years))`, every step rounded up.
    /// @dev Never reverts. Rounds against the trader: never less than the exact value, and at most 6 in a million above
    /// it plus one (the root of the shortest lag, one second, is 178,075 units of 1e-9, rounded up to the next). A
    /// volatility or a lag above 2^128 - 1 pays the cap, unless the other one is zero.
    /// @param volatilityPpm Volatility of the underlying, parts per million per square root of a year.
    /// @param lagSeconds Age of what is acted upon.
    /// @param capPpm Upper bound of the answer.
    /// @return Part per million of the notional, at most `capPpm`; zero when the volatility or the lag is zero.
    function premiumPpm(uint256 volatilityPpm, uint256 lagSeconds, uint256 capPpm) internal pure returns (uint256) {
        if (volatilityPpm == 0 || lagSeconds == 0) return 0;
        if (volatilityPpm > type(uint128).max || lagSeconds > type(uint128).max) return capPpm;
        unchecked {
            // `lag`: years, 1e18. lagSeconds * 1e18 < 2^128 * 2^60; its quotient is below 2^164, so its root below 2^83; times the
            // volatility below 2^211. Rounding up adds one to each, which the inequalities have room for.
            uint256 lag = Math.ceilDiv(lagSeconds * 1e18, SECONDS_PER_YEAR);
            uint256 premium = Math.ceilDiv(volatilityPpm * Math.sqrt(lag, Math.Rounding.Ceil), 1e9);
            return premium < capPpm ? premium : capPpm;
        }
    }
}
