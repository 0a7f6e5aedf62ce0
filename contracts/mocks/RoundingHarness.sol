// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {LiquidationAuction} from "../clearing/LiquidationAuction.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {AuctionTerms} from "../interfaces/ILiquidationAuction.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IPositionLedger, Market} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {Funding} from "../libraries/Funding.sol";
import {MarginMath} from "../libraries/MarginMath.sol";

/// @notice What a run found of one kind of operation. What the protocol keeps of an operation is minus the sum over all
/// parties beyond what they owe exactly, 1e-18 quote, rounded down: never negative, and at most the bound of its kind.
/// @param count operations
/// @param uneven of which the protocol kept something, or would have with the fraction
/// @param gained of which the parties together gained
/// @param exceeded of which the protocol kept more than the bound
/// @param largest that it kept beyond the part of the bound that grows with the amounts, 1e-18 quote
/// @param firstBad index of the first operation that gained or exceeded, plus one
struct Report {
    uint256 count;
    uint256 uneven;
    uint256 gained;
    uint256 exceeded;
    uint256 largest;
    uint256 firstBad;
}

/// @title RoundingHarness: random operations with all that settles money, many in one call, for tests.
/// @dev What the libraries and the auction compute is theirs. What settlement and ledger compute in private is written
/// here again ({tradeOf}, {expiryOf}, {lossOf}); a test compares it with what they do.
/// Every kind of operation can be told to round one of its amounts, or one of its sides, the other way, which a run must
/// notice.
contract RoundingHarness is LiquidationAuction {
    using SafeCast for uint256;

    uint256 public constant KINDS = 10;
    uint256 private constant ONE = 1e18;
    int256 private constant SIGNED_ONE = 1e18;
    uint256 private constant PPM = 1e6;
    /// @dev A size has 95 bits and a sign, a price 128, and what is paid for a position 127.
    uint256 private constant SIZE_BITS = 95;
    uint256 private constant PRICE_BITS = 128;
    uint256 private constant PRODUCT_BITS = 186;

    /// @dev One operation on its way; made once and used for all.
    /// @param flips whether an amount of this operation is rounded the other way
    /// @param rest what the protocol keeps, 1e-18 quote, rounded down
    /// @param bound of the rest, for the fractions of every amount in it
    /// @param slack by which the bound grows with the amounts, 1e-18 quote
    struct Operation {
        uint256 random;
        bool flips;
        bool isUneven;
        int256 rest;
        uint256 bound;
        uint256 slack;
        Market market;
        AuctionTerms terms;
    }

    /// @param stub stands for every module; it answers as the ledger at construction
    constructor(
        address stub
    )
        LiquidationAuction(
            stub,
            IPositionLedger(stub),
            IMarginEngine(stub),
            IInstrumentRegistry(stub),
            IPriceOracle(stub),
            ICollateralVault(stub),
            AuctionTerms(1 hours, 100_000, 1 hours, 1)
        )
    {}

    /// @notice Runs the operations `first` to `first + count - 1` of `seed`; their kinds take turns.
    /// @param flipped the kind that rounds the other way; none when there is no such kind
    function run(
        uint256 seed,
        uint256 first,
        uint256 count,
        uint256 flipped
    ) external pure returns (Report[KINDS] memory reports) {
        Operation memory op;
        for (uint256 i = first; i < first + count; ++i) {
            uint256 kind = i % KINDS;
            op.random = _hash(seed, i);
            op.flips = kind == flipped;
            (op.isUneven, op.slack) = (false, 0);
            _operate(op, kind);
            _note(op, reports[kind], i);
        }
    }

    function _operate(Operation memory op, uint256 kind) private pure {
        if (kind == 0) _fundPair(op);
        else if (kind == 1) _fundInParts(op);
        else if (kind == 2) _tradeAndBack(op);
        else if (kind == 3) _expire(op);
        else if (kind == 4) _liquidate(op);
        else _operateOnRisk(op, kind);
    }

    function _operateOnRisk(Operation memory op, uint256 kind) private pure {
        if (kind == 5) _sellCollateral(op);
        else if (kind == 6) _socialise(op);
        else if (kind == 7) _value(op);
        else if (kind == 8) _require(op);
        else _valueCollateral(op);
    }

    function _note(Operation memory op, Report memory report, uint256 index) private pure {
        int256 rest = op.rest;
        bool isBad = true;
        if (rest < 0) ++report.gained;
        else if (uint256(rest) > op.bound + op.slack) ++report.exceeded;
        else isBad = false;
        if (isBad && report.firstBad == 0) report.firstBad = index + 1;
        if (rest > 0 || op.isUneven) ++report.uneven;
        if (rest > int256(op.slack + report.largest)) report.largest = uint256(rest) - op.slack;
        ++report.count;
    }

    // ---- Funding ----

    /// @dev A market accrues; one long and one short of it are settled, each by the index of its side.
    function _fundPair(Operation memory op) private pure {
        Market memory market = op.market;
        market.longIndex = int96(_signed(op, 94));
        market.shortIndex = int96(_signed(op, 94));
        market.premiumPpb = int32(_signed(op, 27));
        (int256 longBefore, int256 shortBefore) = (market.longIndex, market.shortIndex);
        market.accruedAt = uint32(_draw(op, 30));
        market.observedAt = uint32(market.accruedAt + _draw(op, 12));
        uint256 nowAt = market.accruedAt + _draw(op, 13);
        Funding.accrue(market, _draw(op, PRICE_BITS), nowAt, 0, false, _draw(op, 17));

        int256 size = int256(_draw(op, SIZE_BITS));
        int256 long = _settled(size, market.longIndex, longBefore, op.flips);
        int256 short = _settled(-size, market.shortIndex, shortBefore, op.flips);
        (op.rest, op.bound) = (-(long + short), 1);
    }

    /// @dev One long, settled once, against two shorts that are settled at two times: five amounts.
    function _fundInParts(Operation memory op) private pure {
        int256 snapshot = _signed(op, 95);
        int256 between = _signed(op, 95);
        int256 index = _signed(op, 95);
        int256 size = int256(_draw(op, SIZE_BITS));
        int256 part = int256(_part(op, uint256(size)));
        int256 sum = _settled(size, index, snapshot, op.flips);
        sum += _settled(-part, between, snapshot, op.flips) + _settled(-part, index, between, op.flips);
        sum += _settled(part - size, between, snapshot, op.flips) + _settled(part - size, index, between, op.flips);
        (op.rest, op.bound) = (-sum, 4);
    }

    function _settled(int256 size, int256 index, int256 snapshot, bool flips) private pure returns (int256) {
        return flips ? -Funding.settled(-size, index, snapshot) : Funding.settled(size, index, snapshot);
    }

    // ---- Trades ----

    /// @notice Quote and fee of a trade, as the settlement computes them.
    function tradeOf(uint256 size, uint256 price, uint256 feePpm) public pure returns (uint128 quote, uint128 fee) {
        quote = ((size * price) / ONE).toUint128();
        fee = uint128((quote * feePpm + (PPM - 1)) / PPM);
    }

    /// @dev A size goes one way in two trades and back in one. The quotes are one party's gain and the other's loss, so
    /// what both lose together is the fees: six amounts, of which the exact parts are owed.
    function _tradeAndBack(Operation memory op) private pure {
        (uint256 size, uint256 price) = _sizeAndPrice(op);
        uint256 part = _part(op, size);
        (uint256 maker, uint256 taker) = (_below(op, 10_001), _below(op, 10_001));
        int256 kept = _exchange(part, price, maker, taker, op.flips);
        kept += _exchange(size - part, price, maker, taker, op.flips);
        kept += _exchange(size, price, taker, maker, op.flips);
        _keep(op, kept, int256(PPM), 5);
    }

    /// @return kept what buyer and seller lose together beyond their exact fees, 1e-24 quote
    function _exchange(
        uint256 size,
        uint256 price,
        uint256 buyerPpm,
        uint256 sellerPpm,
        bool flips
    ) private pure returns (int256 kept) {
        (uint256 quote, uint256 buyerFee) = tradeOf(size, price, buyerPpm);
        (, uint256 sellerFee) = tradeOf(size, price, sellerPpm);
        if (flips) buyerFee = (quote * buyerPpm) / PPM;
        int256 sum = (-int256(quote) - int256(buyerFee)) + (int256(quote) - int256(sellerFee));
        return -sum * int256(PPM) - int256(quote * (buyerPpm + sellerPpm));
    }

    // ---- Expiry ----

    /// @notice What an expired option pays for a size, as the ledger computes it.
    function expiryOf(bool isCall, uint256 price, uint256 strike, int256 size) public pure returns (int256) {
        return Funding.floorDiv(size * _payoff(isCall, price, strike), SIGNED_ONE);
    }

    function _payoff(bool isCall, uint256 price, uint256 strike) private pure returns (int256) {
        int256 gain = isCall ? int256(price) - int256(strike) : int256(strike) - int256(price);
        return gain > 0 ? gain : int256(0);
    }

    /// @dev One long against two shorts: three amounts.
    function _expire(Operation memory op) private pure {
        (uint256 size, uint256 price) = _sizeAndPrice(op);
        uint256 strike = _part(op, price) + _below(op, 2) * (price >> 1);
        bool isCall = _below(op, 2) == 0;
        int256 part = int256(_part(op, size));
        int256 rest = int256(size) - part;
        int256 sum = expiryOf(isCall, price, strike, int256(size));
        if (op.flips) sum -= expiryOf(isCall, price, strike, part) + expiryOf(isCall, price, strike, rest);
        else sum += expiryOf(isCall, price, strike, -part) + expiryOf(isCall, price, strike, -rest);
        (op.rest, op.bound) = (-sum, 2);
    }

    // ---- Auctions ----

    /// @dev A bidder takes a position in two bids at one price. What account and bidder exchange is one amount; the bidder
    /// chooses how it is cut, so what it pays beyond the exact price is looked at.
    function _liquidate(Operation memory op) private pure {
        (uint256 size, uint256 spot) = _sizeAndPrice(op);
        AuctionTerms memory rules = op.terms;
        rules.maxDiscountPpm = uint24(_below(op, 200_001));
        rules.duration = uint32(60 + _below(op, 86_341));
        uint256 discountPpm = _discountPpm(rules, _below(op, rules.duration + 1));
        bool isLong = _below(op, 2) == 0;
        uint256 price = _price(isLong, _part(op, spot), spot, discountPpm);
        if (size * price >= ONE << 127) size = (ONE << 126) / price;
        uint256 part = _part(op, size);
        int256 exact = int256(size * price);
        int256 paid = int256(_quote(part, price, isLong)) + _quote(size - part, price, isLong);
        if (op.flips) {
            int256 fair = int256(part * price);
            paid = int256(_quote(size - part, price, isLong));
            paid += isLong ? fair / SIGNED_ONE : Funding.floorDiv(-fair, SIGNED_ONE);
        }
        _keep(op, paid * SIGNED_ONE - (isLong ? exact : -exact), SIGNED_ONE, 1);
    }

    /// @dev As with positions: the bidder pays in two bids, each rounded up.
    function _sellCollateral(Operation memory op) private pure {
        uint8 decimals = uint8(_below(op, 19));
        (uint256 amount, uint256 price) = _balanceAndPrice(op, decimals);
        uint256 discountPpm = _below(op, 200_001);
        uint256 part = _part(op, amount);
        uint256 paid = _collateralQuote(part, price, decimals, discountPpm);
        if (op.flips) paid = _shareOf(part * price, PPM - discountPpm, 10 ** decimals * PPM);
        paid += _collateralQuote(amount - part, price, decimals, discountPpm);
        (uint256 product, uint256 left) = (amount * price, PPM - discountPpm);
        op.isUneven = mulmod(product, left, 10 ** decimals * PPM) != 0;
        uint256 least = _shareOf(product, left, 10 ** decimals * PPM) + (op.isUneven ? 1 : 0);
        (op.rest, op.bound) = (int256(paid) - int256(least), 1);
    }

    // ---- Shortfalls ----

    /// @notice What one unit of open interest pays of a shortfall, at most `most`, and what stays uncovered, as the ledger
    /// computes them.
    function lossOf(int256 amount, int256 open, int256 most) public pure returns (int256 perUnit, int256 uncovered) {
        perUnit = SignedMath.min(-Funding.floorDiv(-amount * SIGNED_ONE, open), most);
        uncovered = SignedMath.max(amount - (perUnit * open) / SIGNED_ONE, 0);
    }

    /// @dev One account is freed of its debt; two on the other side pay for it up to the most that a unit pays, and the fund
    /// the rest. Below that, one unit more or less of the index costs the open interest as many units.
    function _socialise(Operation memory op) private pure {
        uint256 open = _draw(op, SIZE_BITS);
        // Below 2^33 times the open interest, so that the index stays within 96 bits.
        int256 amount = int256(_draw(op, Math.min(127, Math.log2(open) + 33)));
        (int256 perUnit, int256 uncovered) = _lossOf(op, amount, int256(open));
        int256 index = _signed(op, 94);
        int256 part = int256(_part(op, open));
        int256 rest = int256(open) - part;
        bool fromLongs = _below(op, 2) == 0;
        int256 paid =
            fromLongs
                ? Funding.settled(part, index + perUnit, index) + Funding.settled(rest, index + perUnit, index)
                : Funding.settled(-part, index - perUnit, index) + Funding.settled(-rest, index - perUnit, index);
        (op.rest, op.bound) = (uncovered - (amount + paid), 2);
    }

    /// @dev Every other time the most is below what all of it would take, and then nothing is left to the index.
    function _lossOf(
        Operation memory op,
        int256 amount,
        int256 open
    ) private pure returns (int256 perUnit, int256 uncovered) {
        (int256 whole, ) = lossOf(amount, open, type(int256).max);
        if (_below(op, 2) == 0) {
            (perUnit, uncovered) = lossOf(amount, open, int256(_part(op, uint256(whole - 1))));
            if (op.flips) --uncovered;
            return (perUnit, uncovered);
        }
        op.slack = uint256(open) / ONE;
        perUnit = op.flips ? (amount * SIGNED_ONE) / open : whole;
    }

    // ---- Margin ----

    /// @dev A long and a short that is cut in two, at one price: three values.
    function _value(Operation memory op) private pure {
        (uint256 size, uint256 price) = (_draw(op, 127), _draw(op, PRICE_BITS));
        uint256 part = _part(op, size);
        int256 sum = MarginMath.valueOf(size, false, price);
        if (op.flips) sum -= MarginMath.valueOf(part, false, price) + MarginMath.valueOf(size - part, false, price);
        else sum += MarginMath.valueOf(part, true, price) + MarginMath.valueOf(size - part, true, price);
        (op.rest, op.bound) = (-sum, 2);
    }

    /// @dev What two positions must have, beyond the exact share of their notional: four amounts.
    function _require(Operation memory op) private pure {
        (uint256 size, uint256 price) = (_draw(op, 107), _draw(op, PRICE_BITS));
        uint256 ppm = 1 + _below(op, PPM);
        uint256 part = _part(op, size);
        uint256 notional = MarginMath.notionalUp(part, price);
        uint256 required = op.flips ? (((part * price) / ONE) * ppm) / PPM : MarginMath.shareUp(notional, ppm);
        required += MarginMath.shareUp(MarginMath.notionalUp(size - part, price), ppm);
        // Below 2^107, 2^128 and 2^20; what is required times both units is not more.
        uint256 exact = size * price * ppm;
        uint256 least = exact / (ONE * PPM);
        op.isUneven = least * ONE * PPM != exact;
        (op.rest, op.bound) = (int256(required) - int256(op.isUneven ? least + 1 : least), 3);
    }

    /// @dev What two balances count, below the exact value of both.
    function _valueCollateral(Operation memory op) private pure {
        uint256 decimals = _below(op, 19);
        (uint256 balance, uint256 price) = _balanceAndPrice(op, decimals);
        uint256 haircutPpm = _below(op, PPM);
        uint256 part = _part(op, balance);
        int256 value = MarginMath.collateralValue(balance - part, decimals, price, haircutPpm);
        uint256 unit = 10 ** decimals * PPM;
        uint256 product = part * price;
        if (!op.flips) value += MarginMath.collateralValue(part, decimals, price, haircutPpm);
        else value += int256(_shareOf(product, PPM - haircutPpm, unit) + 1);
        op.isUneven = mulmod(balance * price, PPM - haircutPpm, unit) != 0;
        (op.rest, op.bound) = (int256(_shareOf(balance * price, PPM - haircutPpm, unit)) - value, 1);
    }

    // ---- Amounts ----

    /// @dev What the protocol keeps in units of 1/`unit` of 1e-18 quote.
    function _keep(Operation memory op, int256 kept, int256 unit, uint256 bound) private pure {
        op.isUneven = kept != 0;
        (op.rest, op.bound) = (Funding.floorDiv(kept, unit), bound);
    }

    /// @dev floor(product * share / unit) without a product of 512 bits: what is divided first is exact.
    function _shareOf(uint256 product, uint256 share, uint256 unit) private pure returns (uint256) {
        (uint256 whole, uint256 left) = (product / unit, product % unit);
        return whole * share + (left * share) / unit;
    }

    // ---- Chance ----

    /// @dev A size and a price whose product can be paid.
    function _sizeAndPrice(Operation memory op) private pure returns (uint256 size, uint256 price) {
        size = _draw(op, SIZE_BITS);
        price = _draw(op, Math.min(PRICE_BITS, PRODUCT_BITS - (Math.log2(size) + 1)));
    }

    /// @dev A balance and a price whose product can be paid, with 128 bits each at most.
    function _balanceAndPrice(Operation memory op, uint256 decimals) private pure returns (uint256, uint256) {
        uint256 bits = _below(op, 128) + 1;
        return (_draw(op, bits), _draw(op, Math.min(PRICE_BITS, 128 + 3 * decimals - bits)));
    }

    /// @dev At least one, with any number of bits up to `bits` as likely as any other; one time in eight an extreme.
    function _draw(Operation memory op, uint256 bits) private pure returns (uint256) {
        uint256 word = _next(op);
        uint256 edge = word & 31;
        if (edge == 0 || bits == 0) return 1;
        if (edge == 1) return (1 << bits) - 1;
        if (edge == 2) return bits < 60 ? 1 : ONE;
        if (edge == 3) return 1 << (bits - 1);
        uint256 top = ((word >> 8) & 0xffffffff) % bits;
        return (1 << top) | ((word >> 64) & ((1 << top) - 1));
    }

    function _signed(Operation memory op, uint256 bits) private pure returns (int256) {
        int256 magnitude = int256(_draw(op, bits));
        return _below(op, 2) == 0 ? magnitude : -magnitude;
    }

    /// @dev From nothing to all of it; one time in eight close to one of them.
    function _part(Operation memory op, uint256 whole) private pure returns (uint256) {
        uint256 word = _next(op);
        uint256 edge = word & 15;
        if (edge == 0) return Math.min(whole, (word >> 8) & 3);
        if (edge == 1) return whole - Math.min(whole, (word >> 8) & 3);
        return (word >> 8) % (whole + 1);
    }

    function _below(Operation memory op, uint256 limit) private pure returns (uint256) {
        return _next(op) % limit;
    }

    function _next(Operation memory op) private pure returns (uint256) {
        return op.random = _hash(op.random, 0);
    }

    function _hash(uint256 a, uint256 b) private pure returns (uint256 word) {
        // Scratch space.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(0x00, a)
            mstore(0x20, b)
            word := keccak256(0x00, 0x40)
        }
    }
}
