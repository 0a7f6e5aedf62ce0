// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IInstrumentRegistry, Instrument} from "../interfaces/IInstrumentRegistry.sol";
import {IOrderSettlement, Order} from "../interfaces/IOrderSettlement.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";

/// @title OrderSettlement
/// @dev Storage-transparent: `_filled` is a function of `OrderFilled` and `OrderCancelled`.
contract OrderSettlement is IOrderSettlement, EIP712 {
    using SafeCast for uint256;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 account,uint16 instrument,bool isBuy,uint128 size,uint128 limitPrice,address executor,uint48 expiry,uint256 salt)"
    );
    uint256 private constant ONE = 1e18;
    uint256 private constant PPM = 1e6;

    IPositionLedger public immutable LEDGER;
    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;

    mapping(bytes32 orderHash => uint128 size) internal _filled;

    constructor(IPositionLedger ledger, IInstrumentRegistry instruments, IPriceOracle oracle) EIP712("Lockstep", "1") {
        require(
            address(ledger) != address(0) && address(instruments) != address(0) && address(oracle) != address(0),
            SettlementZeroAddress()
        );
        LEDGER = ledger;
        INSTRUMENTS = instruments;
        ORACLE = oracle;
    }

    // ---- Trading ----

    /// @inheritdoc IOrderSettlement
    function settle(
        Order calldata maker,
        bytes calldata makerSignature,
        Order calldata taker,
        bytes calldata takerSignature,
        uint128 size
    ) external {
        uint128 price = maker.limitPrice;
        require(size != 0, SettlementZeroSize());
        require(maker.isBuy != taker.isBuy, SettlementSameSide());
        require(maker.instrument == taker.instrument, SettlementInstrumentMismatch(maker.instrument, taker.instrument));
        require(maker.account.owner() != taker.account.owner(), SettlementSameOwner(maker.account.owner()));
        require(
            taker.isBuy ? price <= taker.limitPrice : price >= taker.limitPrice,
            SettlementPriceBeyondLimit(price, taker.limitPrice)
        );
        _requireInsideBand(maker.instrument, price);
        _fill(maker, makerSignature, size, price);
        _fill(taker, takerSignature, size, price);

        // Rounded down: the fraction below 1e-18 quote stays with the buyer.
        uint128 quote = Math.mulDiv(size, price, ONE).toUint128();
        (Order calldata buy, Order calldata sell) = maker.isBuy ? (maker, taker) : (taker, maker);
        LEDGER.trade(buy.account, sell.account, maker.instrument, size, quote);
    }

    /// @dev Invariant INV-15: an order is never filled beyond its size, nor once it has expired or was cancelled.
    function _fill(Order calldata order, bytes calldata signature, uint128 size, uint128 price) private {
        bytes32 orderHash = hashOrder(order);
        address owner = order.account.owner();
        require(
            order.executor == address(0) || order.executor == msg.sender,
            SettlementNotExecutor(msg.sender, order.executor)
        );
        require(block.timestamp <= order.expiry, SettlementExpired(orderHash, order.expiry));
        // `tryRecover` refuses malleable signatures and returns zero for broken ones; no account is owned by zero.
        (address signer, , ) = ECDSA.tryRecoverCalldata(orderHash, signature);
        require(signer == owner && owner != address(0), SettlementBadSignature(orderHash, signer, owner));

        uint128 filledBefore = _filled[orderHash];
        uint128 available = filledBefore < order.size ? order.size - filledBefore : 0;
        require(size <= available, SettlementOverfill(orderHash, available, size));
        _filled[orderHash] = filledBefore + size;
        emit OrderFilled(orderHash, order.account, size, price, filledBefore + size);
    }

    /// @dev Around the last price within bounds, however old: a bad feed or a pause must not block a reduction, and an
    /// increase meets every rule of the oracle in the margin check.
    function _requireInsideBand(uint16 instrument, uint128 price) private view {
        Instrument memory params = INSTRUMENTS.instrumentOf(instrument);
        uint256 mark = ORACLE.lastPrice(params.feed);
        uint256 distance = price > mark ? price - mark : mark - price;
        require(distance * PPM <= mark * params.priceBandPpm, SettlementOutsideBand(price, mark, params.priceBandPpm));
    }

    // ---- Cancelling ----

    /// @inheritdoc IOrderSettlement
    function cancel(Order calldata order) external {
        address owner = order.account.owner();
        require(msg.sender == owner, SettlementNotOwner(msg.sender, owner));
        bytes32 orderHash = hashOrder(order);
        _filled[orderHash] = type(uint128).max;
        emit OrderCancelled(orderHash, order.account, type(uint128).max);
    }

    // ---- Views ----

    /// @inheritdoc IOrderSettlement
    function hashOrder(Order calldata order) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ORDER_TYPEHASH,
                        order.account,
                        order.instrument,
                        order.isBuy,
                        order.size,
                        order.limitPrice,
                        order.executor,
                        order.expiry,
                        order.salt
                    )
                )
            );
    }

    /// @inheritdoc IOrderSettlement
    function filledOf(bytes32 orderHash) external view returns (uint128) {
        return _filled[orderHash];
    }
}
