// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {TransientSlot} from "@openzeppelin/contracts/utils/TransientSlot.sol";

import {
    CollateralTerms,
    Instrument,
    InstrumentKind,
    OptionTerms,
    Settlement
} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {CollateralBalance, Portfolio, Position} from "../interfaces/IPositionLedger.sol";
import {PriceStatus, Reading} from "../interfaces/IPriceOracle.sol";
import {MarginMath} from "../libraries/MarginMath.sol";

/// @title MarginHarness: registry and oracle of a margin engine, for many portfolios in one call, for tests.
/// @dev A portfolio is a row of packed words (`test/helpers/MarginReference.ts` writes them): a header, two words a feed,
/// one word a perpetual, three an option, one a collateral. What the engine asks about it lies in transient storage.
/// Times are offsets from now, as the block of a call is the node's choice.
contract MarginHarness {
    using TransientSlot for *;

    uint256 private constant INSTRUMENT = 1 << 16;
    uint256 private constant OPTION = 2 << 16;
    uint256 private constant SETTLEMENT = 3 << 16;
    uint256 private constant FEED = 4 << 16;
    uint256 private constant FEED_MORE = 5 << 16;
    uint256 private constant COLLATERAL = 6 << 16;

    error HarnessBadPrice(uint16 feed, PriceStatus status);

    // ------------------------------------------------------------------ many portfolios

    /// @notice The portfolios of `count` rows, each preceded by its length, after the time of the block.
    /// @dev Each in a call of its own, whose memory is gone afterwards: a large memory makes every call of the test node slow.
    function evaluateAll(
        IMarginEngine engine,
        uint256[] calldata rows,
        uint256 count
    ) external returns (uint256 time, IMarginEngine.Valuation[] memory values) {
        time = block.timestamp;
        values = new IMarginEngine.Valuation[](count);
        for (uint256 i = 0; i < count; ++i) {
            values[i] = this.evaluateOne(engine, rows[1:1 + rows[0]]);
            rows = rows[1 + rows[0]:];
        }
    }

    /// @notice The portfolio of one row.
    function evaluateOne(
        IMarginEngine engine,
        uint256[] calldata row
    ) external returns (IMarginEngine.Valuation memory value) {
        (Portfolio memory portfolio, Pricing pricing) = _load(row);
        return engine.evaluate(portfolio, pricing);
    }

    /// @notice Gas of evaluating the portfolio of one row, the call itself included, everything warm.
    function gasOf(IMarginEngine engine, uint256[] calldata row) external returns (uint256 gasUsed) {
        (Portfolio memory portfolio, Pricing pricing) = _load(row);
        engine.evaluate(portfolio, pricing);
        gasUsed = gasleft();
        engine.evaluate(portfolio, pricing);
        gasUsed -= gasleft();
    }

    /// @notice Calls `engine` with `data` while registry and oracle hold what one row says.
    function callWith(address engine, uint256[] calldata row, bytes calldata data) external returns (bytes memory) {
        _load(row);
        (bool isOk, bytes memory answer) = engine.staticcall(data);
        return Address.verifyCallResult(isOk, answer);
    }

    // ------------------------------------------------------------------ the library

    function movedSpot(uint256 price_, int256 move, uint256 ppm) external pure returns (uint256) {
        return MarginMath.movedSpot(price_, move, ppm);
    }

    function deviations(
        uint256 volatilityPpm,
        uint256 shockPpm,
        uint256 sqrtYearsX96
    ) external pure returns (uint256 base, uint256 down, uint256 up) {
        return MarginMath.packOption(0, 0, volatilityPpm, shockPpm).deviations(sqrtYearsX96);
    }

    function amounts(
        int256 size,
        uint256 price_,
        uint256 ppm
    ) external pure returns (int256 value, uint256 notional, uint256 share) {
        uint256 magnitude = MarginMath.magnitudeOf(size);
        notional = MarginMath.notionalUp(magnitude, price_);
        return (MarginMath.valueOf(magnitude, size < 0, price_), notional, MarginMath.shareUp(notional, ppm));
    }

    function collateralValue(
        uint256 balance,
        uint256 decimals,
        uint256 price_,
        uint256 haircutPpm
    ) external pure returns (int256) {
        return MarginMath.collateralValue(balance, decimals, price_, haircutPpm);
    }

    // ------------------------------------------------------------------ registry and oracle

    function instrumentOf(uint16 id) external view returns (Instrument memory terms) {
        uint256 word = _get(INSTRUMENT, id);
        terms.kind = InstrumentKind(uint8(word));
        terms.feed = uint16(word >> 8);
        terms.initialPpm = uint24(word >> 24);
        terms.maintenancePpm = uint24(word >> 48);
        terms.lagVolatilityPpm = uint24(word >> 72);
    }

    function optionOf(uint16 id) external view returns (OptionTerms memory option) {
        uint256 word = _get(OPTION, id);
        option.strike = uint128(word);
        option.volatilityPpm = uint32(word >> 128);
        option.volatilityShockPpm = uint24(word >> 160);
        option.expiry = _time(word);
    }

    function settlementOf(uint16 id) external view returns (Settlement memory settlement) {
        settlement.isUsed = true;
        settlement.price = uint128(_get(SETTLEMENT, id));
        settlement.settledAt = uint40(_get(SETTLEMENT, id) >> 128);
        settlement.isWindDown = uint8(_get(SETTLEMENT, id) >> 168) != 0;
    }

    function collateralOf(uint8 id) external view returns (CollateralTerms memory terms) {
        uint256 word = _get(COLLATERAL, id);
        terms.feed = uint16(word >> 128);
        terms.haircutPpm = uint24(word >> 144);
        terms.decimals = uint8(word >> 168);
    }

    function read(uint16 feed) public view returns (Reading memory reading) {
        uint256 word = _get(FEED, feed);
        reading.value = uint128(word);
        reading.low = uint128(word >> 128);
        word = _get(FEED_MORE, feed);
        reading.high = uint128(word);
        reading.status = PriceStatus(uint8(word >> 128));
        reading.updatedAt = _time(word);
    }

    function price(uint16 feed) external view returns (uint256) {
        Reading memory reading = read(feed);
        require(reading.status == PriceStatus.Valid, HarnessBadPrice(feed, reading.status));
        return reading.value;
    }

    // ------------------------------------------------------------------ internals

    /// @dev Header, from the lowest bits: quote 128, checkpoint's offset 56, feeds, positions, collaterals, pricing 8 each.
    function _load(uint256[] calldata rows) private returns (Portfolio memory portfolio, Pricing pricing) {
        uint256 header = rows[0];
        portfolio.quote = int128(uint128(header));
        portfolio.checkpointTime = _offset(int56(uint56(header >> 128)));
        pricing = Pricing(uint8(header >> 208));
        uint256 next = 1;
        for (uint256 feed = 1; feed <= uint8(header >> 184); ++feed) {
            _set(FEED, feed, rows[next++]);
            _set(FEED_MORE, feed, rows[next++]);
        }
        portfolio.positions = new Position[](uint8(header >> 192));
        for (uint256 i = 0; i < portfolio.positions.length; ++i) {
            next = _loadPosition(portfolio.positions[i], i + 1, rows, next);
        }
        portfolio.collateral = new CollateralBalance[](uint8(header >> 200));
        for (uint256 i = 0; i < portfolio.collateral.length; ++i) {
            portfolio.collateral[i] = CollateralBalance(uint8(i + 1), uint128(rows[next]));
            _set(COLLATERAL, i + 1, rows[next++]);
        }
    }

    /// @dev Size in the lowest 128 bits, the terms above.
    function _loadPosition(
        Position memory position,
        uint256 id,
        uint256[] calldata rows,
        uint256 next
    ) private returns (uint256) {
        uint256 word = rows[next++];
        position.instrument = uint16(id);
        position.size = int128(uint128(word));
        _set(INSTRUMENT, id, word >> 128);
        if (uint8(word >> 128) <= uint8(InstrumentKind.Perpetual)) return next;
        _set(OPTION, id, rows[next]);
        _set(SETTLEMENT, id, rows[next + 1]);
        return next + 2;
    }

    /// @dev The offset in the highest 64 bits; the epoch's start when it reaches beyond.
    function _time(uint256 word) private view returns (uint40) {
        return _offset(int64(uint64(word >> 192)));
    }

    function _offset(int256 offset) private view returns (uint40) {
        int256 time = int256(block.timestamp) + offset;
        return time > 0 ? uint40(uint256(time)) : 0;
    }

    function _set(uint256 table, uint256 id, uint256 word) private {
        bytes32(table | id).asUint256().tstore(word);
    }

    function _get(uint256 table, uint256 id) private view returns (uint256) {
        return bytes32(table | id).asUint256().tload();
    }
}
