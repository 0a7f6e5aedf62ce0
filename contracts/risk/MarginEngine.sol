// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {CollateralTerms, IInstrumentRegistry, InstrumentKind, Settlement} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {CollateralBalance, Portfolio, Position} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle, PriceStatus, Reading} from "../interfaces/IPriceOracle.sol";
import {DONE, MarginMath, OptionLeg, OptionWord, Terms} from "../libraries/MarginMath.sol";
import {Greeks, OptionPricing} from "../libraries/OptionPricing.sol";
import {SyncLag} from "../libraries/SyncLag.sol";

/// @dev What margin needs of the registry's and the oracle's structs, word by word: an encoded struct is the tuple of its
/// fields, and words that are on the stack need neither memory nor a second range check.
interface IMarginReads {
    function instrumentOf(
        uint16 instrument
    )
        external
        view
        returns (
            uint256 kind,
            uint256 feed,
            uint256 initialPpm,
            uint256 maintenancePpm,
            uint256 priceBandPpm,
            uint256 lagVolatilityPpm
        );
    function optionOf(
        uint16 instrument
    ) external view returns (uint256 strike, uint256 expiry, uint256 volatilityPpm, uint256 volatilityShockPpm);
    function read(
        uint16 feed
    ) external view returns (uint256 status, uint256 value, uint256 low, uint256 high, uint256 updatedAt);
}

/// @title MarginEngine
/// @dev No storage. Equity rounds down, requirements round up, per position. Why the grid, the long options and the lag
/// are as they are: docs/decisions/0014. Why nothing overflows: `MarginMath`.
contract MarginEngine is IMarginEngine {
    /// @dev Positions on one feed, which net each other; groups do not.
    /// @param forRise, forFall the price for what gains when it rises, and for what gains when it falls; the two differ
    /// only while the price may not be used
    /// @param upper the price for a notional that nothing nets
    /// @param lag ages of the price and of the newest checkpoint, added, seconds
    /// @param initial, maintenance sums of the signed shares of the perpetuals
    /// @param grossInitial, grossMaintenance sums of the shares, without sign, of perpetuals and short options
    /// @param timeValue what the long options are worth beyond their intrinsic value
    /// @param losses of the options on both grids; empty while there is no option
    struct Group {
        uint256 forRise;
        uint256 forFall;
        uint256 upper;
        uint256 lag;
        int256 initial;
        int256 maintenance;
        uint256 grossInitial;
        uint256 grossMaintenance;
        int256 timeValue;
        int256[] losses;
    }

    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;

    constructor(IInstrumentRegistry instruments, IPriceOracle oracle) {
        require(address(instruments) != address(0) && address(oracle) != address(0), MarginZeroAddress());
        INSTRUMENTS = instruments;
        ORACLE = oracle;
    }

    // ------------------------------------------------------------------ valuation

    /// @inheritdoc IMarginEngine
    function evaluate(Portfolio calldata portfolio, Pricing pricing) external view returns (Valuation memory value) {
        Position[] calldata positions = portfolio.positions;
        value.isValid = true;
        if (positions.length == 1) {
            // What most trades leave behind needs no list of terms.
            _addOnly(value, positions[0], pricing, portfolio.checkpointTime);
        } else {
            _addPositions(value, positions, pricing, portfolio.checkpointTime);
        }
        // Checked, as the quote is the caller's word.
        value.cash += portfolio.quote;
        value.equity = value.cash;
        if (portfolio.collateral.length != 0) _addCollateral(value, portfolio.collateral, pricing);
    }

    /// @inheritdoc IMarginEngine
    function evaluatePerpetual(
        int256 quote,
        int256 size,
        uint256 price,
        uint256 priceTime,
        uint256 checkpointTime,
        uint256 initialPpm,
        uint256 maintenancePpm,
        uint256 lagVolatilityPpm
    ) external view returns (Valuation memory value) {
        Group memory group;
        (group.forRise, group.forFall, group.upper) = (price, price, price);
        unchecked {
            group.lag = _age(priceTime) + _age(checkpointTime);
        }
        uint256 kind = uint256(InstrumentKind.Perpetual);
        Terms terms = MarginMath.packTerms(kind, 0, initialPpm, maintenancePpm, lagVolatilityPpm);
        _addOnlyPerpetual(value, group, terms, size);
        value.isValid = true;
        value.cash += quote;
        value.equity = value.cash;
    }

    function _addOnly(
        Valuation memory value,
        Position calldata position,
        Pricing pricing,
        uint40 checkpointTime
    ) private view {
        (Terms terms, OptionWord option) = _openTermsOf(value, position);
        if (terms.isDone()) return;
        Group memory group = _groupOf(value, terms.feed(), pricing, checkpointTime);
        if (terms.kind() == uint256(InstrumentKind.Perpetual)) {
            _addOnlyPerpetual(value, group, terms, position.size);
        } else {
            _addOption(value, group, terms, terms, option, position.size);
            _addRequirements(value, group);
        }
    }

    /// @dev One perpetual asks for its share: nothing nets it, and a tenth of it is no floor.
    function _addOnlyPerpetual(Valuation memory value, Group memory group, Terms terms, int256 size) private pure {
        (uint256 initial, uint256 maintenance) = _valuePerpetual(value, group, terms, terms, size);
        value.maintenance = maintenance;
        value.initial = initial > maintenance ? initial : maintenance;
    }

    function _addPositions(
        Valuation memory value,
        Position[] calldata positions,
        Pricing pricing,
        uint40 checkpointTime
    ) private view {
        Terms[] memory terms = new Terms[](positions.length);
        OptionWord[] memory options = new OptionWord[](positions.length);
        for (uint256 i = 0; i < terms.length; ++i) (terms[i], options[i]) = _openTermsOf(value, positions[i]);
        for (uint256 i = 0; i < terms.length; ++i) {
            if (terms[i].isDone()) continue;
            Group memory group = _groupOf(value, terms[i].feed(), pricing, checkpointTime);
            _addGroup(value, group, positions, terms, options, i);
        }
    }

    /// @dev Adds all positions on the feed of the one at `first`, and what they require. One price moves them all, so they
    /// move by the largest of their shares: smaller ones beside it would hedge less than they say.
    function _addGroup(
        Valuation memory value,
        Group memory group,
        Position[] calldata positions,
        Terms[] memory terms,
        OptionWord[] memory options,
        uint256 first
    ) private view {
        Terms grid = terms[first];
        uint256 feed = grid.feed();
        for (uint256 i = first + 1; i < terms.length; ++i) {
            if (terms[i].feed() == feed) grid = grid.widened(terms[i]);
        }
        for (uint256 i = first; i < terms.length; ++i) {
            Terms own = terms[i];
            if (own.isDone() || own.feed() != feed) continue;
            terms[i] = DONE;
            int256 size = positions[i].size;
            if (own.kind() == uint256(InstrumentKind.Perpetual)) _addPerpetual(value, group, own, grid, size);
            else _addOption(value, group, own, grid, options[i], size);
        }
        _addRequirements(value, group);
    }

    function _addRequirements(Valuation memory value, Group memory group) private pure {
        uint256 kept = MarginMath.requirement(
            group.losses,
            MarginMath.POINTS,
            group.maintenance,
            group.grossMaintenance
        );
        uint256 asked = MarginMath.requirement(group.losses, 0, group.initial, group.grossInitial);
        unchecked {
            asked += uint256(group.timeValue);
            value.maintenance += kept;
            // The two grids look at different points: what is kept can exceed what is asked at the start.
            value.initial += asked > kept ? asked : kept;
        }
    }

    /// @dev Adds what a perpetual is worth and its lag premium.
    /// @param grid terms with the shares that its group moves by
    /// @return initial share of its notional
    /// @return maintenance share of its notional
    function _valuePerpetual(
        Valuation memory value,
        Group memory group,
        Terms terms,
        Terms grid,
        int256 size
    ) private pure returns (uint256 initial, uint256 maintenance) {
        uint256 magnitude = MarginMath.magnitudeOf(size);
        uint256 price = size < 0 ? group.forFall : group.forRise;
        uint256 notional = MarginMath.notionalUp(magnitude, price);
        _addLagPremium(value, group, terms, magnitude);
        unchecked {
            value.cash += MarginMath.valueOf(magnitude, size < 0, price);
        }
        return (MarginMath.shareUp(notional, grid.initialPpm()), MarginMath.shareUp(notional, grid.maintenancePpm()));
    }

    /// @param grid terms with the shares that its group moves by
    function _addPerpetual(
        Valuation memory value,
        Group memory group,
        Terms terms,
        Terms grid,
        int256 size
    ) private pure {
        (uint256 initial, uint256 maintenance) = _valuePerpetual(value, group, terms, grid, size);
        unchecked {
            group.grossInitial += initial;
            group.grossMaintenance += maintenance;
            group.initial += size < 0 ? -int256(initial) : int256(initial);
            group.maintenance += size < 0 ? -int256(maintenance) : int256(maintenance);
        }
    }

    /// @param grid terms with the shares that its group moves by
    function _addOption(
        Valuation memory value,
        Group memory group,
        Terms terms,
        Terms grid,
        OptionWord option,
        int256 size
    ) private view {
        OptionLeg memory leg;
        leg.isCall = terms.kind() == uint256(InstrumentKind.Call);
        leg.isShort = size < 0;
        leg.magnitude = MarginMath.magnitudeOf(size);
        leg.strike = option.strike();
        leg.price = leg.isCall == leg.isShort ? group.forFall : group.forRise;
        uint256 left = _secondsTo(option.expiry());
        leg.secondsLeft = Math.min(left, MarginMath.FULL_GAIN);
        (leg.base, leg.down, leg.up) = option.deviations(OptionPricing.sqrtYears(left));
        if (group.losses.length == 0) group.losses = new int256[](2 * MarginMath.POINTS);
        (int256 worth, int256 timeValue) = MarginMath.addOption(group.losses, leg, grid);
        value.cash += worth;
        group.timeValue += timeValue;
        if (leg.isShort) {
            uint256 notional = MarginMath.notionalUp(leg.magnitude, group.upper);
            group.grossInitial += MarginMath.shareUp(notional, grid.initialPpm());
            group.grossMaintenance += MarginMath.shareUp(notional, grid.maintenancePpm());
        }
        _addLagPremium(value, group, terms, leg.magnitude);
    }

    /// @dev On the notional at the upper bound while there is no price: nothing nets it, so a lower one would be relief.
    /// At most what the instrument itself asks for, whatever its group moves by.
    function _addLagPremium(Valuation memory value, Group memory group, Terms terms, uint256 magnitude) private pure {
        uint256 ppm = SyncLag.premiumPpm(terms.lagVolatilityPpm(), group.lag, terms.initialPpm());
        unchecked {
            value.lagPremium += MarginMath.shareUp(MarginMath.notionalUp(magnitude, group.upper), ppm);
        }
    }

    function _addCollateral(
        Valuation memory value,
        CollateralBalance[] calldata collateral,
        Pricing pricing
    ) private view {
        for (uint256 i = 0; i < collateral.length; ++i) {
            CollateralTerms memory terms = INSTRUMENTS.collateralOf(collateral[i].id);
            Reading memory reading = ORACLE.read(terms.feed);
            uint256 price = reading.value;
            if (!_isUsed(uint256(reading.status), pricing)) {
                price = pricing == Pricing.Favourable ? reading.high : reading.low;
            }
            value.equity += MarginMath.collateralValue(collateral[i].balance, terms.decimals, price, terms.haircutPpm);
            if (reading.status != PriceStatus.Valid) value.isValid = false;
        }
    }

    // ------------------------------------------------------------------ views of one instrument

    /// @inheritdoc IMarginEngine
    function markOf(uint16 instrument) external view returns (uint256) {
        Terms terms = _termsOf(instrument);
        if (terms.kind() == uint256(InstrumentKind.Perpetual)) return ORACLE.price(terms.feed());
        bool isCall = terms.kind() == uint256(InstrumentKind.Call);
        OptionWord option = _optionOf(instrument);
        (bool isSettled, uint256 payoff) = _payoffOf(instrument, option, isCall);
        if (isSettled) return payoff;
        uint256 spot = ORACLE.price(terms.feed());
        int256 log = OptionPricing.logMoneyness(spot, option.strike());
        (uint256 deviation, , ) = option.deviations(OptionPricing.sqrtYears(_secondsTo(option.expiry())));
        return OptionPricing.priceAt(isCall, spot, option.strike(), log, deviation);
    }

    /// @inheritdoc IMarginEngine
    function greeksOf(uint16 instrument) external view returns (Greeks memory greeks) {
        Terms terms = _termsOf(instrument);
        require(terms.kind() != uint256(InstrumentKind.Perpetual), MarginNotOption(instrument));
        bool isCall = terms.kind() == uint256(InstrumentKind.Call);
        OptionWord option = _optionOf(instrument);
        (bool isSettled, ) = _payoffOf(instrument, option, isCall);
        // What has its final price follows nothing any more.
        if (isSettled) return greeks;
        return
            OptionPricing.greeks(
                isCall,
                ORACLE.price(terms.feed()),
                option.strike(),
                _secondsTo(option.expiry()),
                Math.min(option.volatilityPpm(), OptionPricing.MAX_VOLATILITY_PPM)
            );
    }

    /// @inheritdoc IMarginEngine
    function lagPremiumPpm(uint16 instrument, uint40 checkpointTime) external view returns (uint256) {
        Terms terms = _termsOf(instrument);
        uint256 lag = _age(ORACLE.read(terms.feed()).updatedAt) + _age(checkpointTime);
        return SyncLag.premiumPpm(terms.lagVolatilityPpm(), lag, terms.initialPpm());
    }

    // ------------------------------------------------------------------ reads

    function _termsOf(uint16 instrument) private view returns (Terms) {
        (
            uint256 kind,
            uint256 feed,
            uint256 initialPpm,
            uint256 maintenancePpm,
            ,
            uint256 lagVolatilityPpm
        ) = IMarginReads(address(INSTRUMENTS)).instrumentOf(instrument);
        require(kind != uint256(InstrumentKind.None), MarginUnlistedInstrument(instrument));
        return MarginMath.packTerms(kind, feed, initialPpm, maintenancePpm, lagVolatilityPpm);
    }

    function _optionOf(uint16 instrument) private view returns (OptionWord) {
        (uint256 strike, uint256 expiry, uint256 volatilityPpm, uint256 shockPpm) = IMarginReads(address(INSTRUMENTS))
            .optionOf(instrument);
        return MarginMath.packOption(strike, expiry, volatilityPpm, shockPpm);
    }

    /// @dev An option that has its final price is worth its payoff, requires nothing and needs no feed: it is added here.
    /// @return terms `DONE` for such an option
    /// @return option zero for a perpetual
    function _openTermsOf(
        Valuation memory value,
        Position calldata position
    ) private view returns (Terms terms, OptionWord option) {
        terms = _termsOf(position.instrument);
        if (terms.kind() == uint256(InstrumentKind.Perpetual)) return (terms, option);
        option = _optionOf(position.instrument);
        bool isCall = terms.kind() == uint256(InstrumentKind.Call);
        (bool isSettled, uint256 payoff) = _payoffOf(position.instrument, option, isCall);
        if (!isSettled) return (terms, option);
        value.cash += MarginMath.valueOf(MarginMath.magnitudeOf(position.size), position.size < 0, payoff);
        return (DONE, option);
    }

    /// @return group without positions
    function _groupOf(
        Valuation memory value,
        uint16 feed,
        Pricing pricing,
        uint40 checkpointTime
    ) private view returns (Group memory group) {
        (uint256 status, uint256 price, uint256 low, uint256 high, uint256 updatedAt) = IMarginReads(address(ORACLE))
            .read(feed);
        if (_isUsed(status, pricing)) {
            (group.forRise, group.forFall, group.upper) = (price, price, price);
        } else {
            (group.forRise, group.forFall) = pricing == Pricing.Favourable ? (high, low) : (low, high);
            group.upper = high;
        }
        if (status != uint256(PriceStatus.Valid)) value.isValid = false;
        unchecked {
            group.lag = _age(updatedAt) + _age(checkpointTime);
        }
    }

    /// @return isSettled whether the option has its final price
    /// @return payoff per unit at that price; the price of a wind-down is that already
    function _payoffOf(
        uint16 instrument,
        OptionWord option,
        bool isCall
    ) private view returns (bool isSettled, uint256 payoff) {
        if (block.timestamp < option.expiry()) return (false, 0);
        Settlement memory settlement = INSTRUMENTS.settlementOf(instrument);
        if (settlement.settledAt == 0) return (false, 0);
        if (settlement.isWindDown) return (true, settlement.price);
        return (true, MarginMath.intrinsic(isCall, settlement.price, option.strike()));
    }

    function _isUsed(uint256 status, Pricing pricing) private pure returns (bool) {
        if (status == uint256(PriceStatus.Valid)) return true;
        return pricing == Pricing.Last && status < uint256(PriceStatus.OutOfBounds);
    }

    /// @dev Zero for a time that is yet to come, as a broken feed may claim.
    function _age(uint256 time) private view returns (uint256) {
        unchecked {
            return time < block.timestamp ? block.timestamp - time : 0;
        }
    }

    function _secondsTo(uint256 expiry) private view returns (uint256) {
        return block.timestamp < expiry ? Math.min(expiry - block.timestamp, OptionPricing.MAX_SECONDS) : 0;
    }
}
