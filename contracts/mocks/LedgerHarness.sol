// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    CollateralTerms,
    DebtCaps,
    Instrument,
    InstrumentKind,
    OptionTerms,
    Settlement
} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {HotWord, IPositionLedger, Market, Portfolio, Position} from "../interfaces/IPositionLedger.sol";
import {Funding} from "../libraries/Funding.sol";
import {Greeks} from "../libraries/OptionPricing.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags} from "../types/ActionFamily.sol";

/// @title LedgerHarness: margin engine and instrument registry of a ledger under test, as simple as can be.
/// @dev Values a position at a price that a test sets, and asks for a part of its notional. Also runs the funding library
/// on many inputs in one call.
contract LedgerHarness is IMarginEngine {
    uint256 private constant ONE = 1e18;
    uint256 private constant ROW = 13;

    struct Price {
        uint128 value;
        bool isBad;
    }

    error HarnessBadPrice(uint16 instrument);

    DebtCaps public debtCaps;
    uint256 public lagPpm;
    /// @dev Until it is set, every portfolio is worth nothing and owes nothing.
    bool public isStrict;
    mapping(address asset => uint8) public collateralIdOf;
    mapping(uint16 instrument => Settlement) public settlementOf;
    mapping(uint16 instrument => Price) public prices;
    mapping(uint8 id => uint128) public collateralPrices;
    mapping(uint16 instrument => Instrument) internal _instruments;
    mapping(uint16 instrument => OptionTerms) internal _options;
    mapping(uint8 id => CollateralTerms) internal _collateral;

    // ---- What a test sets ----

    function setInstrument(uint16 instrument, Instrument calldata terms, uint128 strike) external {
        _instruments[instrument] = terms;
        _options[instrument].strike = strike;
    }

    function setPrice(uint16 instrument, uint128 value, bool isBad) external {
        prices[instrument] = Price(value, isBad);
    }

    function settle(uint16 instrument, uint128 price) external {
        settlementOf[instrument] = Settlement(price, uint40(block.timestamp), true, false);
    }

    function settleWindDown(uint16 instrument, uint128 price) external {
        settlementOf[instrument] = Settlement(price, uint40(block.timestamp), true, true);
    }

    /// @param price 1e-18 quote per unit
    function setCollateral(uint8 id, address asset, uint128 price) external {
        _collateral[id] = CollateralTerms(asset, 0, 0, 0);
        collateralIdOf[asset] = id;
        collateralPrices[id] = price;
    }

    function setDebtCaps(uint128 account, uint128 total) external {
        debtCaps = DebtCaps(account, total);
    }

    function setStrict() external {
        isStrict = true;
    }

    function setLagPpm(uint256 ppm) external {
        lagPpm = ppm;
    }

    // ---- Registry ----

    function instrumentOf(uint16 instrument) external view returns (Instrument memory) {
        return _instruments[instrument];
    }

    function optionOf(uint16 instrument) external view returns (OptionTerms memory) {
        return _options[instrument];
    }

    function payoffOf(uint16 instrument) external view returns (uint256 payoff, bool isFinal) {
        Settlement memory settlement = settlementOf[instrument];
        if (settlement.settledAt == 0) return (0, false);
        if (settlement.isWindDown) return (settlement.price, true);
        (uint256 price, uint256 strike) = (settlement.price, _options[instrument].strike);
        if (_instruments[instrument].kind == InstrumentKind.Put) (price, strike) = (strike, price);
        return (price > strike ? price - strike : 0, true);
    }

    function collateralOf(uint8 id) external view returns (CollateralTerms memory) {
        return _collateral[id];
    }

    // ---- Margin ----

    function evaluate(Portfolio calldata portfolio, Pricing) external view returns (Valuation memory value) {
        value.isValid = true;
        if (!isStrict) return value;
        value.cash = portfolio.quote;
        for (uint256 i = 0; i < portfolio.positions.length; ++i) {
            uint16 instrument = portfolio.positions[i].instrument;
            int256 notional = int256(portfolio.positions[i].size) * int256(uint256(prices[instrument].value));
            value.cash += Funding.floorDiv(notional, int256(ONE));
            uint256 risk = uint256(notional < 0 ? -notional : notional);
            value.initial += _shareUp(risk, _instruments[instrument].initialPpm);
            value.maintenance += _shareUp(risk, _instruments[instrument].maintenancePpm);
            value.lagPremium += _shareUp(risk, lagPpm);
            if (prices[instrument].isBad) value.isValid = false;
        }
        value.equity = value.cash;
        for (uint256 i = 0; i < portfolio.collateral.length; ++i) {
            uint256 balance = portfolio.collateral[i].balance;
            value.equity += int256(balance * collateralPrices[portfolio.collateral[i].id]);
        }
    }

    function evaluatePerpetual(
        int256 quote,
        int256 size,
        uint256 price,
        uint256,
        uint256,
        uint256 initialPpm,
        uint256 maintenancePpm,
        uint256
    ) external view returns (Valuation memory value) {
        value.isValid = true;
        if (!isStrict) return value;
        int256 notional = size * int256(price);
        value.cash = quote + Funding.floorDiv(notional, int256(ONE));
        value.equity = value.cash;
        uint256 risk = uint256(notional < 0 ? -notional : notional);
        value.initial = _shareUp(risk, initialPpm);
        value.maintenance = _shareUp(risk, maintenancePpm);
        value.lagPremium = _shareUp(risk, lagPpm);
    }

    function markOf(uint16 instrument) external view returns (uint256) {
        require(!prices[instrument].isBad, HarnessBadPrice(instrument));
        return prices[instrument].value;
    }

    function greeksOf(uint16) external pure returns (Greeks memory greeks) {}

    function lagPremiumPpm(uint16, uint40) external view returns (uint256) {
        return lagPpm;
    }

    function _shareUp(uint256 value, uint256 ppm) private pure returns (uint256) {
        return (value * ppm + ONE * 1e6 - 1) / (ONE * 1e6);
    }

    // ---- Funding ----

    /// @notice Rows of (longIndex, shortIndex, accruedAt, observedAt, premium, mark, price, size, now, graceUntil, restricted,
    /// maxFundingPpm, maxOpenInterest) to rows of the first five after an accrual and, unless restricted, an observation.
    function fund(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        results = new uint256[]((rows.length / ROW) * 5);
        for (uint256 i = 0; i < rows.length / ROW; ++i) {
            Market memory market = _fund(rows[i * ROW:(i + 1) * ROW]);
            results[i * 5] = uint256(int256(market.longIndex));
            results[i * 5 + 1] = uint256(int256(market.shortIndex));
            results[i * 5 + 2] = market.accruedAt;
            results[i * 5 + 3] = market.observedAt;
            results[i * 5 + 4] = uint256(int256(market.premiumPpb));
        }
    }

    function _fund(uint256[] calldata row) private pure returns (Market memory market) {
        market.longIndex = int96(int256(row[0]));
        market.shortIndex = int96(int256(row[1]));
        (market.accruedAt, market.observedAt) = (uint32(row[2]), uint32(row[3]));
        market.premiumPpb = int32(int256(row[4]));
        Funding.accrue(market, row[5], row[8], row[9], row[10] != 0, row[11]);
        if (row[10] == 0) Funding.observe(market, row[6], row[5], row[7], row[8], row[12]);
    }

    /// @notice Rows of (size, index, snapshot) to what the position gets.
    function settled(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        results = new uint256[](rows.length / 3);
        for (uint256 i = 0; i < results.length; ++i) {
            results[i] = uint256(
                Funding.settled(int256(rows[3 * i]), int256(rows[3 * i + 1]), int256(rows[3 * i + 2]))
            );
        }
    }

    // ---- Books ----

    /// @notice All that the ledger says of these accounts, instruments and assets, in one flat row, in this order: for each
    /// account quote, open count, epoch, debt, a bit for each instrument in its open list, the balance of each asset, and
    /// size and time of each position; for each instrument its market and its clearing size; fees, sequence, total debt, flags.
    function books(
        IPositionLedger ledger,
        AccountId[] calldata accounts,
        uint16[] calldata instruments,
        address[] calldata assets
    ) external view returns (int256[] memory row) {
        uint256 width = 5 + assets.length + 2 * instruments.length;
        row = new int256[](accounts.length * width + instruments.length * 8 + 4);
        for (uint256 i = 0; i < accounts.length; ++i) {
            _account(ledger, accounts[i], row, i * width);
            uint256 at = i * width + 5;
            for (uint256 j = 0; j < assets.length; ++j) {
                row[at++] = int256(uint256(ledger.collateralOf(accounts[i], assets[j])));
            }
            for (uint256 j = 0; j < instruments.length; ++j) {
                row[at++] = ledger.sizeOf(accounts[i], instruments[j]);
                row[at++] = int256(uint256(ledger.increasedAtOf(accounts[i], instruments[j])));
            }
        }
        for (uint256 j = 0; j < instruments.length; ++j) {
            _market(ledger, instruments[j], row, accounts.length * width + 8 * j);
        }
        HotWord memory hot = ledger.hotWord();
        uint256 end = row.length;
        row[end - 4] = int256(uint256(hot.fees));
        row[end - 3] = int256(uint256(hot.sequence));
        row[end - 2] = int256(uint256(ledger.totalDebt()));
        row[end - 1] = int256(uint256(Flags.unwrap(hot.flags)));
    }

    function _account(IPositionLedger ledger, AccountId account, int256[] memory row, uint256 at) private view {
        row[at] = ledger.quoteOf(account);
        row[at + 1] = int256(uint256(ledger.openCountOf(account)));
        row[at + 2] = int256(uint256(ledger.epochOf(account)));
        row[at + 3] = int256(uint256(ledger.debtOf(account)));
        Position[] memory positions = ledger.positionsOf(account);
        for (uint256 i = 0; i < positions.length; ++i) row[at + 4] += int256(1 << positions[i].instrument);
    }

    function _market(IPositionLedger ledger, uint16 instrument, int256[] memory row, uint256 at) private view {
        Market memory market = ledger.marketOf(instrument);
        row[at] = market.longIndex;
        row[at + 1] = market.shortIndex;
        row[at + 2] = int256(uint256(market.accruedAt));
        row[at + 3] = int256(uint256(market.observedAt));
        row[at + 4] = market.premiumPpb;
        row[at + 5] = market.clearing;
        row[at + 6] = int256(uint256(market.openInterest));
        row[at + 7] = ledger.clearingSizeOf(instrument);
    }
}
