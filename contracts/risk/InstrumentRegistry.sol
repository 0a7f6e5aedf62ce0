// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {
    CollateralTerms,
    DebtCaps,
    IInstrumentRegistry,
    Instrument,
    InstrumentKind,
    OptionTerms,
    Settlement
} from "../interfaces/IInstrumentRegistry.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {MarginMath} from "../libraries/MarginMath.sol";
import {OptionPricing} from "../libraries/OptionPricing.sol";

/// @title InstrumentRegistry
/// @dev Storage-transparent: every slot is a function of the events of `IInstrumentRegistry` and of `AuthorityUpdated`.
/// Nothing is ever removed: what is listed keeps its number, its kind and its feed, and the feed exists. Nothing is repaired
/// either: proven balances are valued with these words, so who writes one decides what leaves during a halt.
contract InstrumentRegistry is IInstrumentRegistry, AccessManaged {
    uint256 private constant PPM = 1e6;
    uint256 private constant MAX_FUNDING_PPM = 100_000;
    uint256 private constant MAX_FEE_PPM = 10_000;
    uint256 private constant MAX_TIME_TO_EXPIRY = 2 * 365 days;
    uint256 private constant MIN_VOLATILITY_PPM = 50_000;
    uint256 private constant MAX_VOLATILITY_PPM = 3_000_000;
    /// @dev The volatility moves by at most so much an hour, and by at most so much at once.
    uint256 private constant VOLATILITY_STEP_PPM = 100_000;
    uint256 private constant VOLATILITY_STEP_TIME = 1 hours;
    /// @dev For so long the proof of a round comes before governance's word.
    uint256 private constant GOVERNANCE_DELAY = 7 days;
    /// @dev The ledger keeps a bit for each collateral of an account; bit 0 is not one.
    uint8 private constant MAX_COLLATERALS = 31;
    uint8 private constant MAX_DECIMALS = 18;

    IPriceOracle public immutable ORACLE;

    mapping(uint16 instrument => Instrument) internal _instruments;
    mapping(uint16 instrument => OptionTerms) internal _options;
    mapping(uint16 instrument => Settlement) internal _settlements;
    mapping(uint8 id => CollateralTerms) internal _collateral;
    mapping(address asset => uint8 id) internal _collateralIds;
    uint8 internal _collateralCount;
    DebtCaps internal _debtCaps;

    /// @dev No account may have a debt until governance says so. The total is one unit and not zero, so that the word of
    /// the caps is never empty.
    constructor(address authority, IPriceOracle oracle) AccessManaged(authority) {
        require(address(oracle) != address(0), InstrumentZero());
        ORACLE = oracle;
        _setDebtCaps(0, 1);
    }

    // ---- Instruments ----

    /// @inheritdoc IInstrumentRegistry
    function setInstrument(uint16 instrument, Instrument calldata terms) external restricted {
        Instrument storage listed = _instruments[instrument];
        InstrumentKind kind = listed.kind;
        if (kind == InstrumentKind.None) {
            require(terms.kind == InstrumentKind.Perpetual, InstrumentKindFixed(instrument, InstrumentKind.Perpetual));
        } else {
            require(terms.kind == kind, InstrumentKindFixed(instrument, kind));
            uint16 feed = listed.feed;
            require(terms.feed == feed, InstrumentFeedFixed(instrument, feed));
        }
        _setInstrument(instrument, terms);
    }

    /// @inheritdoc IInstrumentRegistry
    function listOption(
        uint16 instrument,
        Instrument calldata terms,
        uint128 strike,
        uint40 expiry,
        uint32 volatilityPpm,
        uint24 volatilityShockPpm
    ) external restricted {
        InstrumentKind kind = _instruments[instrument].kind;
        require(kind == InstrumentKind.None, InstrumentKindFixed(instrument, kind));
        require(terms.kind == InstrumentKind.Call || terms.kind == InstrumentKind.Put, InstrumentNotOption(instrument));
        require(strike != 0, InstrumentBadStrike(strike));
        require(
            expiry > block.timestamp && expiry - block.timestamp <= MAX_TIME_TO_EXPIRY,
            InstrumentBadExpiry(expiry)
        );
        _requireVolatility(volatilityPpm);
        // A shock of everything would leave a scenario without volatility, none would leave it unsecured.
        require(volatilityShockPpm != 0 && volatilityShockPpm < PPM, InstrumentBadVolatility(volatilityShockPpm));
        _setInstrument(instrument, terms);
        uint32 volatilityAt = uint32(block.timestamp);
        _options[instrument] = OptionTerms(strike, expiry, volatilityPpm, volatilityShockPpm, volatilityAt);
        _settlements[instrument].isUsed = true;
        emit OptionListed(instrument, strike, expiry, volatilityShockPpm);
        emit VolatilitySet(instrument, volatilityPpm, volatilityAt);
    }

    /// @inheritdoc IInstrumentRegistry
    function setVolatility(uint16 instrument, uint32 volatilityPpm) external restricted {
        OptionTerms memory option = _option(instrument);
        require(block.timestamp < option.expiry, InstrumentBadExpiry(option.expiry));
        _requireVolatility(volatilityPpm);
        uint256 elapsed = block.timestamp - option.volatilityAt;
        if (elapsed > VOLATILITY_STEP_TIME) elapsed = VOLATILITY_STEP_TIME;
        uint256 allowed = (VOLATILITY_STEP_PPM * elapsed) / VOLATILITY_STEP_TIME;
        uint32 before = option.volatilityPpm;
        uint256 step = volatilityPpm > before ? volatilityPpm - before : before - volatilityPpm;
        require(step <= allowed, InstrumentVolatilityStep(before, volatilityPpm, allowed));
        // Fits in 32 bits until 2106.
        uint32 volatilityAt = uint32(block.timestamp);
        (option.volatilityPpm, option.volatilityAt) = (volatilityPpm, volatilityAt);
        _options[instrument] = option;
        emit VolatilitySet(instrument, volatilityPpm, volatilityAt);
    }

    /// @inheritdoc IInstrumentRegistry
    function instrumentOf(uint16 instrument) external view returns (Instrument memory) {
        return _instruments[instrument];
    }

    /// @inheritdoc IInstrumentRegistry
    function optionOf(uint16 instrument) external view returns (OptionTerms memory) {
        return _options[instrument];
    }

    function _setInstrument(uint16 instrument, Instrument calldata terms) private {
        require(instrument != 0 && terms.feed != 0, InstrumentZero());
        require(
            terms.maintenancePpm != 0 && terms.maintenancePpm < terms.initialPpm && terms.initialPpm < PPM,
            InstrumentBadMargin(terms.initialPpm, terms.maintenancePpm)
        );
        // A trade at the edge of the band must not cost a healthy account more than its maintenance margin.
        require(
            terms.priceBandPpm != 0 && terms.priceBandPpm <= terms.maintenancePpm,
            InstrumentBadBand(terms.priceBandPpm, terms.maintenancePpm)
        );
        require(terms.lagVolatilityPpm != 0, InstrumentBadLag(terms.lagVolatilityPpm));
        uint256 maxFundingPpm = terms.kind == InstrumentKind.Perpetual ? MAX_FUNDING_PPM : 0;
        require(terms.maxFundingPpm <= maxFundingPpm, InstrumentBadFunding(terms.maxFundingPpm));
        require(terms.makerFeePpm <= MAX_FEE_PPM, InstrumentBadFee(terms.makerFeePpm));
        require(terms.takerFeePpm <= MAX_FEE_PPM, InstrumentBadFee(terms.takerFeePpm));
        require(terms.maxOpenInterest != 0, InstrumentZeroCap());
        _requireFeed(terms.feed);
        _instruments[instrument] = terms;
        emit InstrumentSet(instrument, terms);
    }

    function _requireVolatility(uint32 volatilityPpm) private pure {
        require(
            volatilityPpm >= MIN_VOLATILITY_PPM && volatilityPpm <= MAX_VOLATILITY_PPM,
            InstrumentBadVolatility(volatilityPpm)
        );
    }

    /// @dev Reverts for a feed that is not set, and for no other reason: margin could not value what refers to it. A feed is
    /// never removed.
    function _requireFeed(uint16 feed) private view {
        ORACLE.read(feed);
    }

    function _option(uint16 instrument) private view returns (OptionTerms memory option) {
        option = _options[instrument];
        if (option.expiry != 0) return option;
        require(_instruments[instrument].kind != InstrumentKind.None, InstrumentUnknown(instrument));
        revert InstrumentNotOption(instrument);
    }

    // ---- Expiry ----

    /// @inheritdoc IInstrumentRegistry
    /// @dev The caller chooses nothing: at most one round can be proven.
    function settle(uint16 instrument, uint80 roundId) external {
        uint40 expiry = _requireUnsettled(instrument);
        require(block.timestamp > expiry, InstrumentNotExpired(instrument, expiry));
        _settle(instrument, ORACLE.priceAt(_instruments[instrument].feed, expiry, roundId), roundId);
    }

    /// @inheritdoc IInstrumentRegistry
    function settleByGovernance(uint16 instrument, uint128 price) external restricted {
        require(price != 0, InstrumentZero());
        uint256 possibleFrom = _requireUnsettled(instrument) + GOVERNANCE_DELAY;
        require(block.timestamp >= possibleFrom, InstrumentSettlementTooEarly(instrument, possibleFrom));
        _settle(instrument, price, 0);
    }

    /// @inheritdoc IInstrumentRegistry
    /// @dev An option that has expired is left to `settle`: at no moment can two prices be fixed, so that nobody chooses.
    function settleWindDown(uint16 instrument, uint40 time, uint128 spot) external restricted {
        require(spot != 0, InstrumentZero());
        InstrumentKind kind = _instruments[instrument].kind;
        require(kind != InstrumentKind.None, InstrumentUnknown(instrument));
        require(_settlements[instrument].settledAt == 0, InstrumentAlreadySettled(instrument));
        uint128 price = spot;
        if (kind != InstrumentKind.Perpetual) price = _valueAt(instrument, kind == InstrumentKind.Call, time, spot);
        uint40 settledAt = uint40(block.timestamp);
        _settlements[instrument] = Settlement(price, settledAt, true, true);
        emit WindDownPriceFixed(instrument, price, settledAt, spot, time);
    }

    /// @inheritdoc IInstrumentRegistry
    /// @dev What is final is read from words that were written; of what is not final nothing else is read.
    function payoffOf(uint16 instrument) external view returns (uint256 payoff, bool isFinal) {
        Settlement memory settlement = _settlements[instrument];
        if (settlement.settledAt == 0) return (0, false);
        if (settlement.isWindDown) return (settlement.price, true);
        bool isCall = _instruments[instrument].kind == InstrumentKind.Call;
        return (MarginMath.intrinsic(isCall, settlement.price, _options[instrument].strike), true);
    }

    /// @inheritdoc IInstrumentRegistry
    function settlementOf(uint16 instrument) external view returns (Settlement memory) {
        return _settlements[instrument];
    }

    /// @return expiry of the option that has no final price yet
    function _requireUnsettled(uint16 instrument) private view returns (uint40 expiry) {
        expiry = _option(instrument).expiry;
        require(_settlements[instrument].settledAt == 0, InstrumentAlreadySettled(instrument));
    }

    function _settle(uint16 instrument, uint128 price, uint80 roundId) private {
        // Fits in 40 bits for 34,000 years.
        uint40 settledAt = uint40(block.timestamp);
        _settlements[instrument] = Settlement(price, settledAt, true, false);
        emit ExpirySettled(instrument, price, settledAt, roundId);
    }

    /// @return Black-Scholes value of an option as `MarginEngine` marks it, as if it were `time`
    function _valueAt(uint16 instrument, bool isCall, uint40 time, uint128 spot) private view returns (uint128) {
        OptionTerms memory option = _options[instrument];
        uint40 expiry = option.expiry;
        require(time < expiry && block.timestamp < expiry, InstrumentExpiredBefore(instrument, expiry));
        uint256 left = Math.min(expiry - time, OptionPricing.MAX_SECONDS);
        uint256 volatilityPpm = Math.min(option.volatilityPpm, OptionPricing.MAX_VOLATILITY_PPM);
        // A call is worth at most the spot, a put at most the strike: both have 128 bits.
        return uint128(OptionPricing.price(isCall, spot, option.strike, left, volatilityPpm));
    }

    // ---- Collateral ----

    /// @inheritdoc IInstrumentRegistry
    function setCollateral(address asset, uint16 feed, uint24 haircutPpm) external restricted returns (uint8 id) {
        require(asset != address(0) && feed != 0, InstrumentZero());
        require(haircutPpm < PPM, InstrumentBadHaircut(haircutPpm));
        _requireFeed(feed);
        uint8 decimals;
        id = _collateralIds[asset];
        if (id == 0) {
            id = _collateralCount + 1;
            require(id <= MAX_COLLATERALS, InstrumentTooManyCollaterals());
            decimals = IERC20Metadata(asset).decimals();
            require(decimals <= MAX_DECIMALS, InstrumentBadDecimals(asset, decimals));
            _collateralCount = id;
            _collateralIds[asset] = id;
        } else {
            decimals = _collateral[id].decimals;
        }
        _collateral[id] = CollateralTerms(asset, feed, haircutPpm, decimals);
        emit CollateralSet(id, asset, feed, haircutPpm, decimals);
    }

    /// @inheritdoc IInstrumentRegistry
    function setDebtCaps(uint128 account, uint128 total) external restricted {
        _setDebtCaps(account, total);
    }

    /// @inheritdoc IInstrumentRegistry
    function collateralOf(uint8 id) external view returns (CollateralTerms memory) {
        return _collateral[id];
    }

    /// @inheritdoc IInstrumentRegistry
    function collateralIdOf(address asset) external view returns (uint8) {
        return _collateralIds[asset];
    }

    /// @inheritdoc IInstrumentRegistry
    function debtCaps() external view returns (DebtCaps memory) {
        return _debtCaps;
    }

    /// @dev A total of zero would clear the word when there is no cap for an account either.
    function _setDebtCaps(uint128 account, uint128 total) private {
        require(total != 0, InstrumentZeroCap());
        _debtCaps = DebtCaps(account, total);
        emit DebtCapsSet(account, total);
    }
}
