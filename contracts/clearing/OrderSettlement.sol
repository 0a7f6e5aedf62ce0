// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IInstrumentRegistry, Instrument, InstrumentKind, OptionTerms} from "../interfaces/IInstrumentRegistry.sol";
import {IOrderSettlement, LaneState, Match, Order} from "../interfaces/IOrderSettlement.sol";
import {IPositionLedger, TradeInput} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle, PriceStatus, Reading} from "../interfaces/IPriceOracle.sol";
import {IRepairable, Repair} from "../interfaces/IRepairable.sol";
import {OptionPricing} from "../libraries/OptionPricing.sol";
import {Repairable} from "../sync/Repairable.sol";
import {AccountId} from "../types/AccountId.sol";

/// @title OrderSettlement
/// @dev Storage-transparent: `_lanes` is a function of `OrderFilled`, `OrderCancelled` and `WordRepaired`.
///
/// A match runs in this order: what it says of itself, both signatures, both lanes, the ledger. A smart wallet that is
/// asked for its signature can therefore read no half-settled match, and as it is asked by a static call it can change
/// nothing, so that no lock is needed: nothing else that is called here runs foreign code.
contract OrderSettlement is IOrderSettlement, EIP712, Repairable {
    using SafeCast for uint256;

    /// @notice What the matches in one instrument have in common. Only ever in memory.
    /// @param mark the valid price of the underlying; zero when there is none, 1e-18 quote
    /// @param priceTime of the mark, seconds
    /// @param isPriceUsable whether there is a last price within bounds, however old
    /// @param lowest, highest price of a trade, both included, 1e-18 quote per underlying
    struct Venue {
        uint16 instrument;
        uint16 makerFeePpm;
        uint16 takerFeePpm;
        uint128 mark;
        uint40 priceTime;
        bool isPriceUsable;
        uint256 lowest;
        uint256 highest;
    }

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 account,uint16 instrument,bool isBuy,bool isPostOnly,bool isReduceOnly,uint128 size,uint128 limitPrice,uint24 maxFeePpm,address executor,uint48 expiry,uint32 epoch,uint64 lane,uint64 sequence)"
    );
    uint256 private constant ONE = 1e18;
    uint256 private constant PPM = 1e6;
    uint128 private constant CANCELLED = type(uint128).max;

    IPositionLedger public immutable LEDGER;
    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;

    mapping(AccountId => mapping(uint64 lane => LaneState)) internal _lanes;

    constructor(IPositionLedger ledger, IInstrumentRegistry instruments, IPriceOracle oracle) EIP712("Lockstep", "1") {
        require(
            address(ledger) != address(0) && address(instruments) != address(0) && address(oracle) != address(0),
            SettlementZeroAddress()
        );
        LEDGER = ledger;
        INSTRUMENTS = instruments;
        ORACLE = oracle;
    }

    // ---- Settling ----

    /// @inheritdoc IOrderSettlement
    function settle(Match calldata match_) external {
        _settle(match_, _venueOf(match_.buy.instrument));
    }

    /// @inheritdoc IOrderSettlement
    /// @dev Consecutive matches in one instrument share its venue: nothing that runs in between can change its terms or
    /// its price.
    function settleBatch(Match[] calldata matches) external {
        require(matches.length != 0, SettlementEmptyBatch());
        Venue memory venue = _venueOf(matches[0].buy.instrument);
        for (uint256 i = 0; i < matches.length; ++i) {
            Match calldata match_ = matches[i];
            uint16 instrument = match_.buy.instrument;
            if (instrument != venue.instrument) venue = _venueOf(instrument);
            _settle(match_, venue);
        }
    }

    /// @dev Orders are read into memory once, which is cheaper than the check of each field at each read.
    function _settle(Match calldata match_, Venue memory venue) private {
        Order memory buy = match_.buy;
        Order memory sell = match_.sell;
        uint128 size = match_.size;
        require(size != 0, SettlementZeroSize());
        require(sell.instrument == venue.instrument, SettlementInstrumentMismatch(venue.instrument, sell.instrument));
        require(buy.account.owner() != sell.account.owner(), SettlementSameOwner(buy.account.owner()));
        uint128 price = _priceOf(buy, sell);
        require(
            price >= venue.lowest && price <= venue.highest,
            SettlementOutsideBand(price, venue.lowest, venue.highest)
        );
        bytes32 buyHash = _authorise(buy, match_.buySignature, true);
        bytes32 sellHash = _authorise(sell, match_.sellSignature, false);

        uint128 quote = _quoteDown(size, price);
        TradeInput memory input;
        input.buyer = buy.account;
        input.seller = sell.account;
        input.instrument = venue.instrument;
        input.size = size;
        input.price = price;
        (input.mark, input.priceTime, input.isPriceUsable) = (venue.mark, venue.priceTime, venue.isPriceUsable);
        input.quote = quote;
        input.buyerFee = _feeUp(buy, buyHash, quote, venue);
        input.sellerFee = _feeUp(sell, sellHash, quote, venue);
        input.buyerEpoch = buy.epoch;
        input.sellerEpoch = sell.epoch;
        input.isBuyerReduceOnly = buy.isReduceOnly;
        input.isSellerReduceOnly = sell.isReduceOnly;
        _fill(buy, buyHash, size, price);
        _fill(sell, sellHash, size, price);
        LEDGER.trade(input);
    }

    /// @dev The fraction below 1e-18 quote stays with the buyer. A product of two numbers of 128 bits has 256.
    function _quoteDown(uint128 size, uint128 price) private pure returns (uint128) {
        unchecked {
            return ((uint256(size) * price) / ONE).toUint128();
        }
    }

    /// @dev The midpoint of two numbers of 128 bits is one, and is rounded down: at most 1e-18 quote for the buyer.
    function _priceOf(Order memory buy, Order memory sell) private pure returns (uint128) {
        (uint128 bid, uint128 ask) = (buy.limitPrice, sell.limitPrice);
        require(bid >= ask, SettlementNotCrossing(bid, ask));
        if (buy.isPostOnly) {
            require(!sell.isPostOnly, SettlementBothPostOnly());
            return bid;
        }
        return sell.isPostOnly ? ask : uint128((uint256(bid) + ask) / 2);
    }

    /// @dev The fee is below the quote, as no listed fee reaches the whole: it fits, and the sum below does not overflow.
    function _feeUp(
        Order memory order,
        bytes32 orderHash,
        uint128 quote,
        Venue memory venue
    ) private pure returns (uint128) {
        uint256 feePpm = order.isPostOnly ? venue.makerFeePpm : venue.takerFeePpm;
        require(feePpm <= order.maxFeePpm, SettlementFeeAboveCap(orderHash, feePpm, order.maxFeePpm));
        unchecked {
            return uint128((quote * feePpm + (PPM - 1)) / PPM);
        }
    }

    // ---- The venue ----

    /// @dev A price that breaks a rule does not stop a match: a reduction stays possible, and the ledger refuses anything
    /// else when `mark` is zero.
    function _venueOf(uint16 instrument) private view returns (Venue memory venue) {
        Instrument memory terms = INSTRUMENTS.instrumentOf(instrument);
        require(terms.kind != InstrumentKind.None, SettlementUnknownInstrument(instrument));
        Reading memory reading = ORACLE.read(terms.feed);
        venue.instrument = instrument;
        venue.makerFeePpm = terms.makerFeePpm;
        venue.takerFeePpm = terms.takerFeePpm;
        if (reading.status == PriceStatus.Valid) (venue.mark, venue.priceTime) = (reading.value, reading.updatedAt);
        bool isUsable = reading.status < PriceStatus.OutOfBounds;
        venue.isPriceUsable = isUsable;
        (venue.lowest, venue.highest) =
            terms.kind == InstrumentKind.Perpetual
                ? _bandOfPerpetual(reading, isUsable, terms.priceBandPpm)
                : _bandOfOption(instrument, terms, reading, isUsable);
    }

    /// @dev Around the last price within bounds, however old; without one, around all that it can be.
    function _bandOfPerpetual(
        Reading memory reading,
        bool isUsable,
        uint256 bandPpm
    ) private pure returns (uint256 lowest, uint256 highest) {
        (lowest, highest) = isUsable ? (reading.value, reading.value) : (reading.low, reading.high);
        lowest -= (lowest * bandPpm) / PPM;
        highest += (highest * bandPpm) / PPM;
    }

    /// @dev Around the Black-Scholes price at the last spot within bounds, as wide as a perpetual's on the same feed:
    /// the option of a far strike is worth little, and a part of that would be no band. Without a spot, anything that
    /// a call can be worth.
    function _bandOfOption(
        uint16 instrument,
        Instrument memory terms,
        Reading memory reading,
        bool isUsable
    ) private view returns (uint256 lowest, uint256 highest) {
        OptionTerms memory option = INSTRUMENTS.optionOf(instrument);
        require(block.timestamp < option.expiry, SettlementInstrumentExpired(instrument, option.expiry));
        if (!isUsable) return (0, reading.high);
        uint256 spot = reading.value;
        uint256 fair = OptionPricing.price(
            terms.kind == InstrumentKind.Call,
            spot,
            option.strike,
            option.expiry - block.timestamp,
            option.volatilityPpm
        );
        uint256 width = (spot * terms.priceBandPpm) / PPM;
        return (fair > width ? fair - width : 0, fair + width);
    }

    // ---- Orders ----

    /// @dev Says whether the caller may settle `order` now, and whether its owner signed it.
    function _authorise(
        Order memory order,
        bytes calldata signature,
        bool isBuy
    ) private view returns (bytes32 orderHash) {
        orderHash = _hash(order);
        require(order.isBuy == isBuy, SettlementWrongSide(orderHash));
        address executor = order.executor;
        require(executor == address(0) || executor == msg.sender, SettlementNotExecutor(msg.sender, executor));
        require(block.timestamp <= order.expiry, SettlementExpired(orderHash, order.expiry));
        address owner = order.account.owner();
        require(_isSignedBy(owner, orderHash, signature), SettlementBadSignature(orderHash, owner));
    }

    /// @dev ECDSA first, so that an account with a key that delegates to code (EIP-7702) keeps its key. Broken and
    /// malleable signatures are a `failure`, with a signer of zero, who may be the owner of an account. Only an owner with
    /// code is asked; its answer must be the whole word, so that no other contract says yes by accident.
    function _isSignedBy(address owner, bytes32 orderHash, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(orderHash, signature);
        if (failure == ECDSA.RecoverError.NoError && signer == owner) return true;
        return
            owner.code.length != 0 && SignatureChecker.isValidERC1271SignatureNowCalldata(owner, orderHash, signature);
    }

    /// @dev Invariant INV-15: an order is never filled beyond its size, nor once it has expired or was cancelled.
    function _fill(Order memory order, bytes32 orderHash, uint128 size, uint128 price) private {
        (AccountId account, uint64 laneId, uint64 sequence) = (order.account, order.lane, order.sequence);
        require(sequence != 0, SettlementZeroSequence());
        LaneState storage lane = _lanes[account][laneId];
        uint64 live = lane.sequence;
        require(sequence >= live, SettlementDeadSequence(account, laneId, sequence, live));
        uint128 filled = sequence == live ? lane.filled : 0;
        uint128 available = filled < order.size ? order.size - filled : 0;
        require(size <= available, SettlementOverfill(orderHash, available, size));
        unchecked {
            // At most the order's size.
            filled += size;
        }
        lane.sequence = sequence;
        lane.filled = filled;
        emit OrderFilled(orderHash, account, laneId, sequence, size, price, filled);
    }

    // ---- Cancelling ----

    /// @inheritdoc IOrderSettlement
    /// @dev The live sequence can be cancelled again, which changes nothing: whoever is not sure that his cancellation
    /// was mined sends it once more. Lower ones are dead, and the error tells which is not. The highest possible one
    /// closes the lane for good.
    function cancel(AccountId account, uint64 lane, uint64 sequence) external {
        _requireOwner(account);
        require(sequence != 0, SettlementZeroSequence());
        LaneState storage state = _lanes[account][lane];
        require(sequence >= state.sequence, SettlementDeadSequence(account, lane, sequence, state.sequence));
        state.sequence = sequence;
        state.filled = CANCELLED;
        emit OrderCancelled(account, lane, sequence);
    }

    /// @inheritdoc IOrderSettlement
    function cancelAll(AccountId account) external returns (uint32 epoch) {
        _requireOwner(account);
        return LEDGER.advanceEpoch(account);
    }

    function _requireOwner(AccountId account) private view {
        address owner = account.owner();
        require(msg.sender == owner, SettlementNotOwner(msg.sender, owner));
    }

    // ---- Repair ----

    /// @inheritdoc IRepairable
    /// @dev A lane that is put back makes its orders live again: owners who do not want that cancel all of them first.
    function repair(Repair calldata item) external {
        _requireGuard(LEDGER.modules().guard);
        _repair(item);
    }

    /// @inheritdoc Repairable
    function _repairable() internal pure override returns (bytes32) {
        return hex"00_00_12";
    }

    // ---- Views ----

    /// @inheritdoc IOrderSettlement
    function hashOrder(Order calldata order) external view returns (bytes32) {
        return _hash(order);
    }

    /// @dev The fields of an order are words, in the order of its type: as they lie in memory they are their encoding by
    /// EIP-712, and it is copied at once behind the type hash into free memory, which is not kept.
    function _hash(Order memory order) private view returns (bytes32) {
        bytes32 typeHash = ORDER_TYPEHASH;
        bytes32 structHash;
        // 13 words of 32 bytes.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typeHash)
            mcopy(add(start, 0x20), order, 0x1a0)
            structHash := keccak256(start, 0x1c0)
        }
        return _hashTypedDataV4(structHash);
    }

    /// @inheritdoc IOrderSettlement
    function laneOf(AccountId account, uint64 lane) external view returns (LaneState memory) {
        return _lanes[account][lane];
    }
}
