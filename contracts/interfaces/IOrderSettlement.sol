// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @notice A signed intention to trade.
/// @param size at most, 1e-18 underlying
/// @param limitPrice worst acceptable price, 1e-18 quote per underlying
/// @param executor who may settle it; zero for anyone
/// @param expiry last second of validity
/// @param salt makes two equal orders different
struct Order {
    AccountId account;
    uint16 instrument;
    bool isBuy;
    uint128 size;
    uint128 limitPrice;
    address executor;
    uint48 expiry;
    uint256 salt;
}

/// @title OrderSettlement: matches two EIP-712 signed orders into one zero-sum trade in the ledger.
interface IOrderSettlement {
    /// @param filled resulting total of this order, 1e-18 underlying
    event OrderFilled(
        bytes32 indexed orderHash,
        AccountId indexed account,
        uint128 size,
        uint128 price,
        uint128 filled
    );
    /// @notice The order can never be filled again: `filled` is the maximum.
    event OrderCancelled(bytes32 indexed orderHash, AccountId indexed account, uint128 filled);

    error SettlementZeroAddress();
    error SettlementZeroSize();
    error SettlementSameSide();
    error SettlementInstrumentMismatch(uint16 maker, uint16 taker);
    error SettlementSameOwner(address owner);
    error SettlementNotExecutor(address caller, address executor);
    error SettlementExpired(bytes32 orderHash, uint48 expiry);
    error SettlementBadSignature(bytes32 orderHash, address signer, address owner);
    error SettlementPriceBeyondLimit(uint128 price, uint128 limitPrice);
    error SettlementOutsideBand(uint128 price, uint256 mark, uint32 bandPpm);
    error SettlementOverfill(bytes32 orderHash, uint128 available, uint128 requested);
    error SettlementNotOwner(address caller, address owner);

    /// @notice Trades `size` between the two orders at the maker's limit.
    function settle(
        Order calldata maker,
        bytes calldata makerSignature,
        Order calldata taker,
        bytes calldata takerSignature,
        uint128 size
    ) external;

    /// @notice Makes an own order unusable.
    function cancel(Order calldata order) external;

    function hashOrder(Order calldata order) external view returns (bytes32);
    function filledOf(bytes32 orderHash) external view returns (uint128);
}
