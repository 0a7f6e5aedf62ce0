// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @notice How auctions run.
/// @param duration of the price's fall, after which the auction is over, seconds
/// @param maxDiscountPpm discount at its end, parts per million of the underlying's (or asset's) price
/// @param window in which an instrument's liquidations are limited, seconds
/// @param capacity notional that may be liquidated in one instrument and window, 1e-18 quote
struct AuctionTerms {
    uint32 duration;
    uint24 maxDiscountPpm;
    uint32 window;
    uint128 capacity;
}

/// @notice What was liquidated of an instrument in its current window.
/// @param start of the window, seconds
/// @param used notional, 1e-18 quote
struct Window {
    uint40 start;
    uint128 used;
}

/// @title LiquidationAuction: partial Dutch auctions of positions and of collateral.
/// @notice Positions: an account below its maintenance requirement, at a price of the instrument that satisfies every rule
/// and is newer than the position's last increase; not in grace; not while liquidations are restricted. Every other price
/// of the account that breaks a rule is taken as the best one for it within the feed's bounds.
/// Collateral: an account below maintenance, or whose debt is above a cap, or any indebted one while custody is short.
interface ILiquidationAuction {
    event AuctionTermsSet(uint32 duration, uint24 maxDiscountPpm, uint32 window, uint128 capacity);
    event AuctionStarted(AccountId indexed account, uint16 indexed instrument, uint40 startedAt);
    event AuctionStopped(AccountId indexed account, uint16 indexed instrument);
    /// @param size signed as the position was, 1e-18 underlying
    /// @param price 1e-18 quote per underlying
    /// @param windowStart, windowUsed resulting window of the instrument
    event PositionSold(
        AccountId indexed account,
        AccountId indexed bidder,
        uint16 indexed instrument,
        int128 size,
        uint128 price,
        uint40 windowStart,
        uint128 windowUsed
    );
    event CollateralAuctionStarted(AccountId indexed account, address indexed asset, uint40 startedAt);
    event CollateralAuctionStopped(AccountId indexed account, address indexed asset);
    /// @param amount asset units
    /// @param quote 1e-18 quote
    event CollateralSold(
        AccountId indexed account,
        AccountId indexed bidder,
        address indexed asset,
        uint128 amount,
        uint128 quote
    );

    error AuctionZeroAddress();
    error AuctionBadTerms(uint32 duration, uint24 maxDiscountPpm, uint32 window, uint128 capacity);
    error AuctionNotOwner(AccountId account, address caller);
    error AuctionRestricted();
    error AuctionInGrace(uint40 graceUntil);
    error AuctionHealthy(AccountId account, int256 equity, uint256 maintenance);
    error AuctionStillUnhealthy(AccountId account, int256 equity, uint256 required);
    error AuctionNoPosition(AccountId account, uint16 instrument);
    error AuctionNoCollateral(AccountId account, address asset);
    error AuctionNotIndebted(AccountId account, int256 cash);
    error AuctionPriceNotValid(AccountId account);
    error AuctionExpired(uint16 instrument, uint40 expiry);
    error AuctionPriceNotNewer(uint16 instrument, uint40 updatedAt, uint40 increasedAt);
    error AuctionRunning(AccountId account, uint40 startedAt);
    error AuctionNotRunning(AccountId account);
    error AuctionZeroAmount();
    error AuctionAmountTooLarge(uint256 requested, uint256 available);
    error AuctionBeyondLimit(uint256 price, uint256 limit);
    /// @notice The bid would leave a solvent account further from its maintenance requirement than it is.
    /// @param excessBefore, excessAfter equity less the requirement, 1e-18 quote
    error AuctionWorsensHealth(AccountId account, int256 excessBefore, int256 excessAfter);
    error AuctionCapacityUsed(uint16 instrument, uint256 requested, uint256 available);

    function setTerms(AuctionTerms calldata terms) external;

    /// @notice Starts the auction of a position. Anyone.
    function start(AccountId account, uint16 instrument) external;

    /// @notice Ends the auction of an account that is at its initial requirement again. Anyone.
    function stop(AccountId account, uint16 instrument) external;

    /// @notice Takes over a part of a position. By the owner of `bidder`, whose account then meets its initial requirement.
    /// A solvent account with more than this position, a perpetual, must not be left further from its maintenance
    /// requirement.
    /// @param size magnitude, at most what brings the account back to its initial requirement, 1e-18 underlying
    /// @param limitPrice highest price for a long position, lowest for a short one, 1e-18 quote per underlying
    function bid(
        AccountId account,
        uint16 instrument,
        AccountId bidder,
        uint128 size,
        uint128 limitPrice
    ) external returns (uint128 price);

    function startCollateral(AccountId account, address asset) external;
    function stopCollateral(AccountId account, address asset) external;

    /// @notice Buys collateral of an indebted account at the falling price, at most for what it owes.
    /// @param amount asset units
    /// @param limitQuote highest price for all of it, 1e-18 quote
    function bidCollateral(
        AccountId account,
        address asset,
        AccountId bidder,
        uint128 amount,
        uint128 limitQuote
    ) external returns (uint128 quote);

    function terms() external view returns (AuctionTerms memory);
    /// @notice When the auction was started, seconds; zero if it was stopped or never ran.
    function startedAtOf(AccountId account, uint16 instrument) external view returns (uint40);
    function collateralStartedAtOf(AccountId account, address asset) external view returns (uint40);
    function windowOf(uint16 instrument) external view returns (Window memory);
    /// @notice The price of a running auction now, 1e-18 quote per underlying.
    function priceOf(AccountId account, uint16 instrument) external view returns (uint128);
    /// @notice The size that a bid may take now, 1e-18 underlying.
    function liquidatableOf(AccountId account, uint16 instrument) external view returns (uint128);
}
