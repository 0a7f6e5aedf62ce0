// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @notice A signed intention to trade.
/// @param isPostOnly sets the price, pays the maker's fee, and never meets another post-only order
/// @param isReduceOnly refused unless it shrinks the position without a flip
/// @param size at most, 1e-18 underlying
/// @param limitPrice worst acceptable price, 1e-18 quote per underlying
/// @param maxFeePpm highest acceptable fee, parts per million of the traded quote
/// @param executor who may settle it; zero for anyone
/// @param expiry last second of validity
/// @param epoch the account's order epoch when it was signed; an advance of it kills all earlier orders
/// @param lane of the account's orders; each lane keeps one live sequence
/// @param sequence in the lane, from 1; a fill or cancellation of a sequence kills the lower ones
struct Order {
    AccountId account;
    uint16 instrument;
    bool isBuy;
    bool isPostOnly;
    bool isReduceOnly;
    uint128 size;
    uint128 limitPrice;
    uint24 maxFeePpm;
    address executor;
    uint48 expiry;
    uint32 epoch;
    uint64 lane;
    uint64 sequence;
}

/// @notice A buy and a sell order that trade `size` with each other.
struct Match {
    Order buy;
    Order sell;
    bytes buySignature;
    bytes sellSignature;
    uint128 size;
}

/// @notice What was filled of the live sequence of a lane.
/// @param filled 1e-18 underlying; the maximum when cancelled
struct LaneState {
    uint64 sequence;
    uint128 filled;
}

/// @title OrderSettlement: matches two EIP-712 signed orders into one zero-sum trade in the ledger.
interface IOrderSettlement {
    /// @param filled resulting total of this order, 1e-18 underlying
    event OrderFilled(
        bytes32 indexed orderHash,
        AccountId indexed account,
        uint64 lane,
        uint64 sequence,
        uint128 size,
        uint128 price,
        uint128 filled
    );
    /// @notice Orders of the lane up to `sequence` can never be filled again.
    event OrderCancelled(AccountId indexed account, uint64 lane, uint64 sequence);

    error SettlementZeroAddress();
    error SettlementZeroSize();
    error SettlementEmptyBatch();
    error SettlementWrongSide(bytes32 orderHash);
    error SettlementInstrumentMismatch(uint16 buy, uint16 sell);
    error SettlementSameOwner(address owner);
    error SettlementBothPostOnly();
    error SettlementNotExecutor(address caller, address executor);
    error SettlementExpired(bytes32 orderHash, uint48 expiry);
    error SettlementBadSignature(bytes32 orderHash, address owner);
    error SettlementZeroSequence();
    error SettlementDeadSequence(AccountId account, uint64 lane, uint64 sequence, uint64 live);
    error SettlementNotCrossing(uint128 buyLimit, uint128 sellLimit);
    error SettlementOutsideBand(uint128 price, uint256 lowest, uint256 highest);
    error SettlementFeeAboveCap(bytes32 orderHash, uint256 feePpm, uint24 maxFeePpm);
    error SettlementUnknownInstrument(uint16 instrument);
    error SettlementInstrumentExpired(uint16 instrument, uint40 expiry);
    error SettlementOverfill(bytes32 orderHash, uint128 available, uint128 requested);
    error SettlementNotOwner(address caller, address owner);

    /// @notice Trades between two orders, at the post-only side's limit, else at the midpoint of the limits.
    function settle(Match calldata match_) external;

    /// @notice Settles several matches, all or none.
    function settleBatch(Match[] calldata matches) external;

    /// @notice Kills the orders of a lane up to `sequence`. By the account's owner.
    function cancel(AccountId account, uint64 lane, uint64 sequence) external;

    /// @notice Kills every order that the account has signed so far. By the account's owner.
    function cancelAll(AccountId account) external returns (uint32 epoch);

    function hashOrder(Order calldata order) external view returns (bytes32);
    function laneOf(AccountId account, uint64 lane) external view returns (LaneState memory);
}
