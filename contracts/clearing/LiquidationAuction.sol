// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {
    CollateralTerms,
    DebtCaps,
    IInstrumentRegistry,
    Instrument,
    InstrumentKind
} from "../interfaces/IInstrumentRegistry.sol";
import {AuctionTerms, ILiquidationAuction, Window} from "../interfaces/ILiquidationAuction.sol";
import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {HotWord, IPositionLedger, Portfolio, Position} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle, PriceStatus, Reading} from "../interfaces/IPriceOracle.sol";
import {IRepairable, Repair} from "../interfaces/IRepairable.sol";
import {Repairable} from "../sync/Repairable.sol";
import {AccountId} from "../types/AccountId.sol";
import {LIQUIDATE} from "../types/ActionFamily.sol";

/// @title LiquidationAuction
/// @dev Storage-transparent: every slot is a function of the events of {ILiquidationAuction}, `WordRepaired` and
/// `AuthorityUpdated`.
/// It calls only contracts of the protocol: neither the liquidated account nor the bidder has code in the path, so
/// nobody can make a sale fail. What it cannot judge it leaves to the ledger, which checks the bidder.
contract LiquidationAuction is ILiquidationAuction, AccessManaged, Repairable {
    using SafeCast for uint256;
    using SafeCast for int256;

    uint256 private constant ONE = 1e18;
    uint256 private constant PPM = 1e6;
    uint24 private constant MAX_DISCOUNT_PPM = 200_000;
    uint32 private constant MIN_TIME = 1 minutes;
    uint32 private constant MAX_DURATION = 1 days;
    uint32 private constant MAX_WINDOW = 7 days;

    /// @param startedAt seconds; zero when it was stopped
    struct Auction {
        uint40 startedAt;
        bool isUsed;
    }

    /// @param size of the position, signed, 1e-18 underlying
    /// @param spot valid price of the underlying, 1e-18 quote
    /// @param need what the account lacks to its initial requirement, 1e-18 quote
    /// @param excess equity less the maintenance requirement, so negative, 1e-18 quote
    /// @param mayWorsen whether a sale may lower it
    struct PositionLot {
        int256 size;
        uint256 spot;
        uint256 need;
        int256 excess;
        uint24 initialPpm;
        bool isOption;
        bool mayWorsen;
    }

    /// @param balance asset units
    /// @param price valid price of the asset, 1e-18 quote
    /// @param owed negative cash of the account, 1e-18 quote
    struct CollateralLot {
        uint128 balance;
        uint256 price;
        uint8 decimals;
        uint256 owed;
    }

    IPositionLedger public immutable LEDGER;
    IMarginEngine public immutable MARGIN;
    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;
    ICollateralVault public immutable VAULT;
    address private immutable SETTLEMENT_ASSET;
    uint256 private immutable SETTLEMENT_SCALE;

    AuctionTerms internal _terms;
    mapping(AccountId account => mapping(uint16 instrument => Auction)) internal _auctions;
    mapping(AccountId account => mapping(address asset => Auction)) internal _collateralAuctions;
    mapping(uint16 instrument => Window) internal _windows;

    constructor(
        address authority,
        IPositionLedger ledger,
        IMarginEngine margin,
        IInstrumentRegistry instruments,
        IPriceOracle oracle,
        ICollateralVault vault,
        AuctionTerms memory terms_
    ) AccessManaged(authority) {
        require(address(ledger) != address(0) && address(margin) != address(0), AuctionZeroAddress());
        require(address(instruments) != address(0) && address(oracle) != address(0), AuctionZeroAddress());
        require(address(vault) != address(0), AuctionZeroAddress());
        LEDGER = ledger;
        MARGIN = margin;
        INSTRUMENTS = instruments;
        ORACLE = oracle;
        VAULT = vault;
        SETTLEMENT_ASSET = ledger.SETTLEMENT_ASSET();
        SETTLEMENT_SCALE = ledger.SETTLEMENT_SCALE();
        _setTerms(terms_);
    }

    // ---- Terms ----

    /// @inheritdoc ILiquidationAuction
    function setTerms(AuctionTerms calldata terms_) external restricted {
        _setTerms(terms_);
    }

    function _setTerms(AuctionTerms memory next) private {
        bool isValid = next.duration >= MIN_TIME && next.duration <= MAX_DURATION;
        isValid = isValid && next.window >= MIN_TIME && next.window <= MAX_WINDOW;
        isValid = isValid && next.maxDiscountPpm <= MAX_DISCOUNT_PPM && next.capacity != 0;
        require(isValid, AuctionBadTerms(next.duration, next.maxDiscountPpm, next.window, next.capacity));
        _terms = next;
        emit AuctionTermsSet(next.duration, next.maxDiscountPpm, next.window, next.capacity);
    }

    // ---- Positions ----

    /// @inheritdoc ILiquidationAuction
    function start(AccountId account, uint16 instrument) external {
        _auctions[account][instrument] = _started(account, _auctions[account][instrument].startedAt);
        _readPosition(account, instrument);
        // Seconds fit in 40 bits for another 34,000 years.
        emit AuctionStarted(account, instrument, uint40(block.timestamp));
    }

    /// @inheritdoc ILiquidationAuction
    /// @dev Judged as for a sale: what stops an auction would refuse its bids. One that is over may be stopped as well, and
    /// one whose position went another way.
    function stop(AccountId account, uint16 instrument) external {
        require(_auctions[account][instrument].startedAt != 0, AuctionNotRunning(account));
        if (LEDGER.sizeOf(account, instrument) != 0) {
            _readPrice(account, INSTRUMENTS.instrumentOf(instrument).feed);
            IMarginEngine.Valuation memory value = _evaluate(LEDGER.portfolioOf(account));
            require(_isSecured(value), AuctionStillUnhealthy(account, value.equity, value.initial));
        }
        _stop(account, instrument);
    }

    /// @inheritdoc ILiquidationAuction
    /// @dev Invariant INV-24: a liquidation takes what restores and no more. At most the size that brings the account back,
    /// and not a hedge, whose sale costs a solvent account more than it relieves it of.
    function bid(
        AccountId account,
        uint16 instrument,
        AccountId bidder,
        uint128 size,
        uint128 limitPrice
    ) external returns (uint128 price) {
        AuctionTerms memory rules = _terms;
        uint256 discountPpm = _bidDiscount(bidder, size, account, _auctions[account][instrument].startedAt, rules);
        PositionLot memory lot = _readPosition(account, instrument);
        uint256 available = _liquidatable(lot, discountPpm);
        require(size <= available, AuctionAmountTooLarge(size, available));
        price = _priceOf(instrument, lot, discountPpm).toUint128();
        bool isWithin = lot.size > 0 ? price <= limitPrice : price >= limitPrice;
        require(isWithin, AuctionBeyondLimit(price, limitPrice));

        Window memory window = _useWindow(instrument, _notional(size, lot.spot), rules);
        _sell(account, bidder, instrument, lot, size, price, window);
        if (!lot.mayWorsen) _requireNoWorse(account, lot.excess);
        if (size != SignedMath.abs(lot.size)) return price;
        _stop(account, instrument);
        _coverShortfall(account);
    }

    /// @dev Sizes have 95 bits, the value of a reading 128.
    function _sell(
        AccountId account,
        AccountId bidder,
        uint16 instrument,
        PositionLot memory lot,
        uint128 size,
        uint128 price,
        Window memory window
    ) private {
        bool isLong = lot.size > 0;
        int128 sold = isLong ? int128(size) : -int128(size);
        LEDGER.liquidate(account, bidder, instrument, sold, _quote(size, price, isLong), uint128(lot.spot));
        emit PositionSold(account, bidder, instrument, sold, price, window.start, window.used);
    }

    /// @dev Without this a bidder could sell the hedge first, which raises what is missing, and then the rest for it. Funding
    /// that the sale settled counts in it.
    /// @param excess before the sale
    function _requireNoWorse(AccountId account, int256 excess) private view {
        int256 left = _excessOf(_evaluate(LEDGER.portfolioOf(account)));
        require(left >= excess, AuctionWorsensHealth(account, excess, left));
    }

    function _stop(AccountId account, uint16 instrument) private {
        _auctions[account][instrument] = Auction(0, true);
        emit AuctionStopped(account, instrument);
    }

    /// @dev Every condition under which a position may be auctioned that does not depend on the auction itself.
    /// The account owes a new price to the one that moved it: a position that grew at a price, or after it, is not sold
    /// at that price. Growing takes the initial requirement, so an account cannot hide behind small increases.
    function _readPosition(AccountId account, uint16 instrument) private view returns (PositionLot memory lot) {
        Portfolio memory portfolio = LEDGER.portfolioOf(account);
        lot.size = _sizeIn(portfolio.positions, instrument);
        require(lot.size != 0, AuctionNoPosition(account, instrument));
        Instrument memory terms_ = INSTRUMENTS.instrumentOf(instrument);
        lot.initialPpm = terms_.initialPpm;
        lot.isOption = terms_.kind != InstrumentKind.Perpetual;
        if (lot.isOption) _requireLive(instrument);
        Reading memory reading = _readPrice(account, terms_.feed);
        lot.spot = reading.value;
        bool isAlone = !lot.isOption && portfolio.positions.length == 1 && portfolio.collateral.length == 0;
        IMarginEngine.Valuation memory value =
            isAlone ? _evaluateAlone(portfolio, terms_, reading) : _evaluate(portfolio);
        require(_isBelow(value), AuctionHealthy(account, value.equity, value.maintenance));
        uint40 increasedAt = LEDGER.increasedAtOf(account, instrument);
        require(reading.updatedAt > increasedAt, AuctionPriceNotNewer(instrument, reading.updatedAt, increasedAt));
        int256 need = value.initial.toInt256() - value.equity;
        lot.need = need > 0 ? uint256(need) : 0;
        lot.excess = _excessOf(value);
        // What has nothing beside it hedges nothing, and who is insolvent is sold for the sake of the others.
        lot.mayWorsen = isAlone || value.equity < 0;
    }

    function _sizeIn(Position[] memory positions, uint16 instrument) private pure returns (int256) {
        for (uint256 i = 0; i < positions.length; ++i) {
            if (positions[i].instrument == instrument) return positions[i].size;
        }
        return 0;
    }

    /// @dev After its expiry an option pays what the price was then, which the mark no longer tells.
    function _requireLive(uint16 instrument) private view {
        uint40 expiry = INSTRUMENTS.optionOf(instrument).expiry;
        require(block.timestamp < expiry, AuctionExpired(instrument, expiry));
    }

    // ---- Collateral ----

    /// @inheritdoc ILiquidationAuction
    function startCollateral(AccountId account, address asset) external {
        _collateralAuctions[account][asset] = _started(account, _collateralAuctions[account][asset].startedAt);
        _readCollateral(account, asset);
        emit CollateralAuctionStarted(account, asset, uint40(block.timestamp));
    }

    /// @inheritdoc ILiquidationAuction
    /// @dev A debt that stays is weighed with that of all others, and the ledger records none that rests on a bad price.
    function stopCollateral(AccountId account, address asset) external {
        require(_collateralAuctions[account][asset].startedAt != 0, AuctionNotRunning(account));
        _readPrice(account, INSTRUMENTS.collateralOf(INSTRUMENTS.collateralIdOf(asset)).feed);
        IMarginEngine.Valuation memory value = _evaluate(LEDGER.portfolioOf(account));
        require(
            value.cash >= 0 || (value.isValid && _isSecured(value) && !_isDebtDue(account, value.cash)),
            AuctionStillUnhealthy(account, value.equity, value.initial)
        );
        _stopCollateral(account, asset);
    }

    /// @inheritdoc ILiquidationAuction
    /// @dev The price of one unit on top lets the last unit be sold that the debt takes in part.
    function bidCollateral(
        AccountId account,
        address asset,
        AccountId bidder,
        uint128 amount,
        uint128 limitQuote
    ) external returns (uint128 quote) {
        uint40 startedAt = _collateralAuctions[account][asset].startedAt;
        uint256 discountPpm = _bidDiscount(bidder, amount, account, startedAt, _terms);
        CollateralLot memory lot = _readCollateral(account, asset);
        require(amount <= lot.balance, AuctionAmountTooLarge(amount, lot.balance));
        quote = _collateralQuote(amount, lot.price, lot.decimals, discountPpm).toUint128();
        uint256 most = lot.owed + _collateralQuote(1, lot.price, lot.decimals, discountPpm);
        require(quote <= most, AuctionAmountTooLarge(quote, most));
        require(quote <= limitQuote, AuctionBeyondLimit(quote, limitQuote));

        LEDGER.sellCollateral(account, bidder, asset, amount, quote);
        emit CollateralSold(account, bidder, asset, amount, quote);
        if (amount != lot.balance) return quote;
        _stopCollateral(account, asset);
        _coverShortfall(account);
    }

    function _stopCollateral(AccountId account, address asset) private {
        _collateralAuctions[account][asset] = Auction(0, true);
        emit CollateralAuctionStopped(account, asset);
    }

    /// @dev Every condition under which collateral may be auctioned that does not depend on the auction itself.
    function _readCollateral(AccountId account, address asset) private returns (CollateralLot memory lot) {
        lot.balance = LEDGER.collateralOf(account, asset);
        require(lot.balance != 0, AuctionNoCollateral(account, asset));
        CollateralTerms memory terms_ = INSTRUMENTS.collateralOf(INSTRUMENTS.collateralIdOf(asset));
        lot.decimals = terms_.decimals;
        lot.price = _readPrice(account, terms_.feed).value;
        IMarginEngine.Valuation memory value = _evaluate(LEDGER.portfolioOf(account));
        require(value.cash < 0, AuctionNotIndebted(account, value.cash));
        require(
            _isBelow(value) || _isDebtDue(account, value.cash),
            AuctionHealthy(account, value.equity, value.maintenance)
        );
        lot.owed = uint256(-value.cash);
    }

    /// @dev Whether an account that owes must pay although it is above its maintenance requirement: its debt or that of
    /// all is above the cap, or the vault does not hold the settlement currency that all accounts together have lent.
    /// The debt is recorded first: so the sum is as new as it can be, and its word is in use.
    function _isDebtDue(AccountId account, int256 cash) private returns (bool) {
        DebtCaps memory caps = INSTRUMENTS.debtCaps();
        if (uint256(-cash) > caps.account) return true;
        LEDGER.recordDebt(account);
        uint256 total = LEDGER.totalDebt();
        return total > caps.total || VAULT.assetOf(SETTLEMENT_ASSET).held * SETTLEMENT_SCALE < total;
    }

    // ---- Conditions ----

    /// @return the word of an auction that starts now
    function _started(AccountId account, uint40 startedAt) private view returns (Auction memory) {
        uint40 graceUntil = _requireOpen();
        require(!_isRunning(startedAt, graceUntil, _terms.duration), AuctionRunning(account, startedAt));
        return Auction(uint40(block.timestamp), true);
    }

    /// @return discount of a running auction in which the caller may bid for `bidder`, parts per million
    function _bidDiscount(
        AccountId bidder,
        uint128 amount,
        AccountId account,
        uint40 startedAt,
        AuctionTerms memory rules
    ) private view returns (uint256) {
        require(amount != 0, AuctionZeroAmount());
        require(msg.sender == bidder.owner(), AuctionNotOwner(bidder, msg.sender));
        require(_isRunning(startedAt, _requireOpen(), rules.duration), AuctionNotRunning(account));
        return _discountPpm(rules, block.timestamp - startedAt);
    }

    /// @dev The stale grade adds no flag that matters here, so those that were pushed are enough.
    function _requireOpen() private view returns (uint40 graceUntil) {
        HotWord memory hot = LEDGER.hotWord();
        require(!hot.flags.has(LIQUIDATE), AuctionRestricted());
        require(block.timestamp >= hot.graceUntil, AuctionInGrace(hot.graceUntil));
        return hot.graceUntil;
    }

    /// @dev One that was started before a grace ended is over: its price would have fallen while nobody could bid.
    function _isRunning(uint40 startedAt, uint40 graceUntil, uint32 duration) private view returns (bool) {
        return startedAt != 0 && startedAt >= graceUntil && block.timestamp <= uint256(startedAt) + duration;
    }

    /// @dev Nothing is sold unless the price it is sold at satisfies every rule.
    function _readPrice(AccountId account, uint16 feed) private view returns (Reading memory reading) {
        reading = ORACLE.read(feed);
        require(reading.status == PriceStatus.Valid, AuctionPriceNotValid(account));
    }

    /// @dev Every other price that breaks a rule counts at the best that it can be: so nobody is sold who might be healthy,
    /// and nobody is safe because one of many feeds has died.
    function _evaluate(Portfolio memory portfolio) private view returns (IMarginEngine.Valuation memory) {
        return MARGIN.evaluate(portfolio, Pricing.Favourable);
    }

    /// @dev The same for less gas, of a single perpetual at its valid price.
    function _evaluateAlone(
        Portfolio memory portfolio,
        Instrument memory terms_,
        Reading memory reading
    ) private view returns (IMarginEngine.Valuation memory) {
        return
            MARGIN.evaluatePerpetual(
                portfolio.quote,
                portfolio.positions[0].size,
                reading.value,
                reading.updatedAt,
                portfolio.checkpointTime,
                terms_.initialPpm,
                terms_.maintenancePpm,
                terms_.lagVolatilityPpm
            );
    }

    function _excessOf(IMarginEngine.Valuation memory value) private pure returns (int256) {
        return value.equity - value.maintenance.toInt256();
    }

    function _isBelow(IMarginEngine.Valuation memory value) private pure returns (bool) {
        return _excessOf(value) < 0;
    }

    function _isSecured(IMarginEngine.Valuation memory value) private pure returns (bool) {
        return value.equity >= value.initial.toInt256();
    }

    /// @dev An account that has nothing left can pay nothing any more: who pays is settled at once.
    function _coverShortfall(AccountId account) private {
        if (LEDGER.quoteOf(account) >= 0) return;
        Portfolio memory left = LEDGER.portfolioOf(account);
        if (left.positions.length == 0 && left.collateral.length == 0) LEDGER.coverShortfall(account);
    }

    // ---- Capacity ----

    /// @dev What is sold counts, so a small bid uses little. Terms that shrink may leave less than nothing.
    function _useWindow(
        uint16 instrument,
        uint256 notional,
        AuctionTerms memory rules
    ) private returns (Window memory window) {
        uint256 available;
        (window, available) = _windowNow(instrument, rules);
        require(notional <= available, AuctionCapacityUsed(instrument, notional, available));
        // At most the capacity, which has 128 bits.
        window.used += uint128(notional);
        _windows[instrument] = window;
    }

    function _windowNow(
        uint16 instrument,
        AuctionTerms memory rules
    ) private view returns (Window memory window, uint256 available) {
        window = _windows[instrument];
        if (block.timestamp >= uint256(window.start) + rules.window) window = Window(uint40(block.timestamp), 0);
        available = Math.saturatingSub(rules.capacity, window.used);
    }

    // ---- Amounts ----

    /// @dev Falls in a straight line; rounded down.
    function _discountPpm(AuctionTerms memory rules, uint256 elapsed) internal pure returns (uint256) {
        return (rules.maxDiscountPpm * elapsed) / rules.duration;
    }

    function _priceOf(uint16 instrument, PositionLot memory lot, uint256 discountPpm) private view returns (uint256) {
        uint256 mark = lot.isOption ? MARGIN.markOf(instrument) : lot.spot;
        return _price(lot.size > 0, mark, lot.spot, discountPpm);
    }

    /// @dev The discount is a part of the underlying's price, because that is what the risk of the bidder is measured in:
    /// a part of the mark of an option that is worth little would pay nobody. Rounded in favour of the account.
    function _price(bool isLong, uint256 mark, uint256 spot, uint256 discountPpm) internal pure returns (uint256) {
        uint256 discount = (spot * discountPpm) / PPM;
        return isLong ? Math.saturatingSub(mark, discount) : mark + discount;
    }

    /// @dev What the bidder pays for a long position (up), or is paid for a short one (down): both favour the account.
    /// Sizes have 95 bits and prices 128.
    function _quote(uint256 size, uint256 price, bool isLong) internal pure returns (int128) {
        uint256 value = size * price;
        return isLong ? Math.ceilDiv(value, ONE).toInt256().toInt128() : -(value / ONE).toInt256().toInt128();
    }

    function _notional(uint256 size, uint256 spot) internal pure returns (uint256) {
        return Math.ceilDiv(size * spot, ONE);
    }

    /// @dev Selling one unit takes `initialPpm` of its notional off the requirement and costs `discountPpm` of it. What is
    /// missing over the difference restores the account; when there is no difference, no part of it would. Rounded up.
    function _liquidatable(PositionLot memory lot, uint256 discountPpm) internal pure returns (uint256) {
        uint256 whole = SignedMath.abs(lot.size);
        if (discountPpm >= lot.initialPpm) return lot.need == 0 ? 0 : whole;
        uint256 relief = lot.initialPpm - discountPpm;
        return Math.min(whole, Math.mulDiv(lot.need, ONE * PPM, lot.spot * relief, Math.Rounding.Ceil));
    }

    /// @dev Rounded up, in favour of the account. Amount and price have 128 bits each.
    function _collateralQuote(
        uint256 amount,
        uint256 price,
        uint8 decimals,
        uint256 discountPpm
    ) internal pure returns (uint256) {
        return Math.mulDiv(amount * price, PPM - discountPpm, 10 ** decimals * PPM, Math.Rounding.Ceil);
    }

    // ---- Repair ----

    /// @inheritdoc IRepairable
    /// @dev Auctions and windows. The terms are governance's to set again. No auction that is written runs on after a halt:
    /// the grace that follows ends all that began before.
    function repair(Repair calldata item) external {
        _requireGuard(LEDGER.modules().guard);
        _repair(item);
    }

    /// @inheritdoc Repairable
    function _repairable() internal pure override returns (bytes32) {
        return hex"00_00_12_12_11";
    }

    // ---- Views ----

    /// @inheritdoc ILiquidationAuction
    function terms() external view returns (AuctionTerms memory) {
        return _terms;
    }

    /// @inheritdoc ILiquidationAuction
    function startedAtOf(AccountId account, uint16 instrument) external view returns (uint40) {
        return _auctions[account][instrument].startedAt;
    }

    /// @inheritdoc ILiquidationAuction
    function collateralStartedAtOf(AccountId account, address asset) external view returns (uint40) {
        return _collateralAuctions[account][asset].startedAt;
    }

    /// @inheritdoc ILiquidationAuction
    function windowOf(uint16 instrument) external view returns (Window memory) {
        return _windows[instrument];
    }

    /// @inheritdoc ILiquidationAuction
    function priceOf(AccountId account, uint16 instrument) external view returns (uint128) {
        (PositionLot memory lot, uint256 discountPpm) = _runningPosition(account, instrument);
        return _priceOf(instrument, lot, discountPpm).toUint128();
    }

    /// @inheritdoc ILiquidationAuction
    function liquidatableOf(AccountId account, uint16 instrument) external view returns (uint128) {
        (PositionLot memory lot, uint256 discountPpm) = _runningPosition(account, instrument);
        (, uint256 available) = _windowNow(instrument, _terms);
        // At most the size of a position, which has 95 bits.
        return uint128(Math.min(_liquidatable(lot, discountPpm), (available * ONE) / lot.spot));
    }

    function _runningPosition(
        AccountId account,
        uint16 instrument
    ) private view returns (PositionLot memory lot, uint256 discountPpm) {
        AuctionTerms memory rules = _terms;
        uint40 startedAt = _auctions[account][instrument].startedAt;
        require(_isRunning(startedAt, _requireOpen(), rules.duration), AuctionNotRunning(account));
        return (_readPosition(account, instrument), _discountPpm(rules, block.timestamp - startedAt));
    }
}
