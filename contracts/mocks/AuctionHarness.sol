// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiquidationAuction} from "../clearing/LiquidationAuction.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {AuctionTerms} from "../interfaces/ILiquidationAuction.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";

/// @title AuctionHarness: the amounts of the auction, many inputs in one call, for tests.
/// @dev Inputs and outputs are flat rows of words, so that a test can write and read them without an ABI coder.
contract AuctionHarness is LiquidationAuction {
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

    /// @notice Rows of (size as a signed word, mark, spot, need, initialPpm, maxDiscountPpm, elapsed, duration, bid) to
    /// rows of (discount, price, liquidatable size, quote as a signed word, notional); the last two are for the bid.
    function positions(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        uint256 count = rows.length / 9;
        results = new uint256[](5 * count);
        for (uint256 i = 0; i < count; ++i) _position(rows[9 * i:9 * i + 9], results, 5 * i);
    }

    function _position(uint256[] calldata row, uint256[] memory results, uint256 at) private pure {
        PositionLot memory lot;
        lot.size = int256(row[0]);
        lot.spot = row[2];
        lot.need = row[3];
        lot.initialPpm = uint24(row[4]);
        uint256 discount = _discountPpm(AuctionTerms(uint32(row[7]), uint24(row[5]), 0, 0), row[6]);
        uint256 price = _price(lot.size > 0, row[1], lot.spot, discount);
        results[at] = discount;
        results[at + 1] = price;
        results[at + 2] = _liquidatable(lot, discount);
        results[at + 3] = uint256(int256(_quote(row[8], price, lot.size > 0)));
        results[at + 4] = _notional(row[8], lot.spot);
    }

    /// @notice Rows of (amount, price, decimals, discountPpm) to quotes.
    function collaterals(uint256[] calldata rows) external pure returns (uint256[] memory results) {
        results = new uint256[](rows.length / 4);
        for (uint256 i = 0; i < results.length; ++i) {
            results[i] = _collateralQuote(rows[4 * i], rows[4 * i + 1], uint8(rows[4 * i + 2]), rows[4 * i + 3]);
        }
    }
}
