// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Market} from "../interfaces/IPositionLedger.sol";

/// @title What positions of a perpetual pay each other, and how a cumulative payment reaches one position.
/// @notice A trade shows how far its price is from the mark. Each observation weighs by the time since the last one and by
/// its size, both capped, so that neither one trade nor a flood of small ones moves the premium fast. Longs pay the
/// premium to shorts, clamped by the instrument's terms; a premium that nothing confirmed for `TAU` stops to be paid.
/// @dev `keeper/books/model/funding.ts` is this file bit for bit: change both or neither. Times are seconds; prices, sizes
/// and indexes 1e-18. No function reverts for any market, mark up to 128 bits and terms.
library Funding {
    int256 internal constant ONE = 1e18;
    /// @dev Time that the premium averages over, and that it lives without an observation.
    uint256 internal constant TAU = 3600;
    /// @dev Time in which a constant premium is paid once.
    int256 internal constant PERIOD = 28_800;
    int256 internal constant BILLION = 1e9;
    /// @dev 10 %, the farthest that one observation counts.
    int256 internal constant MAX_PREMIUM = 1e8;

    /// @notice Moves the indexes up to `nowAt`; nothing accrues during grace, nor while increasing risk is restricted.
    /// @dev |mark * rate * seconds| < 2^128 * 2^27 * 2^12. Truncated toward zero, so that neither side is favoured.
    /// Indexes that would leave 96 bits stay, so that no market can be blocked by its history.
    /// @param mark 1e-18 quote
    /// @param maxFundingPpm clamps the premium, parts per million
    function accrue(
        Market memory market,
        uint256 mark,
        uint256 nowAt,
        uint256 graceUntil,
        bool isRestricted,
        uint256 maxFundingPpm
    ) internal pure {
        uint256 from = market.accruedAt > graceUntil ? market.accruedAt : graceUntil;
        uint256 to = uint256(market.observedAt) + TAU;
        if (to > nowAt) to = nowAt;
        // A block's time fits 32 bits until 2106.
        market.accruedAt = uint32(nowAt);
        if (isRestricted || to <= from) return;
        unchecked {
            int256 rate = _clamp(market.premiumPpb, int256(maxFundingPpm * 1000));
            int256 delta = (int256(mark) * rate * int256(to - from)) / (BILLION * PERIOD);
            int256 longIndex = market.longIndex + delta;
            int256 shortIndex = market.shortIndex + delta;
            if (int96(longIndex) != longIndex || int96(shortIndex) != shortIndex) return;
            (market.longIndex, market.shortIndex) = (int96(longIndex), int96(shortIndex));
        }
    }

    /// @notice Lets a trade of `size` at `price` move the premium.
    /// @dev Size spends time credit: a thousandth of the open interest cap spends all there is. What is left of the credit
    /// stays for the next trade, so that splitting a trade changes nothing that matters.
    /// |(obs - premium) * used| <= 2e8 * 3600; the result is between both, so within 32 bits.
    /// @param maxOpenInterest 1e-6 underlying
    function observe(
        Market memory market,
        uint256 price,
        uint256 mark,
        uint256 size,
        uint256 nowAt,
        uint256 maxOpenInterest
    ) internal pure {
        uint256 capSize = maxOpenInterest * 1e9;
        if (capSize == 0) return;
        uint256 credit = nowAt - market.observedAt;
        if (credit > TAU) credit = TAU;
        uint256 used = size < capSize ? (credit * size) / capSize : credit;
        if (used == 0) return;
        unchecked {
            int256 observed = _clamp(((int256(price) - int256(mark)) * BILLION) / int256(mark), MAX_PREMIUM);
            market.premiumPpb += int32(((observed - market.premiumPpb) * int256(used)) / int256(TAU));
            market.observedAt = uint32(nowAt - (credit - used));
        }
    }

    /// @notice What a position gets for the change of its side's index since its snapshot; negative when it pays.
    /// @dev Invariant INV-22: rounded down, so that the clearing account never pays more than it took. Both factors have 97 bits at most.
    function settled(int256 size, int256 index, int256 snapshot) internal pure returns (int256) {
        unchecked {
            return floorDiv(size * (snapshot - index), ONE);
        }
    }

    /// @dev Rounds toward minus infinity; `divisor` is positive.
    function floorDiv(int256 value, int256 divisor) internal pure returns (int256 quotient) {
        quotient = value / divisor;
        unchecked {
            if (value < 0 && quotient * divisor != value) --quotient;
        }
    }

    function _clamp(int256 value, int256 bound) private pure returns (int256) {
        if (value > bound) return bound;
        return value < -bound ? -bound : value;
    }
}
