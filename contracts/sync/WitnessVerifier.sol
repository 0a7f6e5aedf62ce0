// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {IWitnessVerifier, PositionWitness} from "../interfaces/IWitnessVerifier.sol";
import {Funding} from "../libraries/Funding.sol";
import {LedgerLayout} from "../libraries/LedgerLayout.sol";
import {AccountId} from "../types/AccountId.sol";
import {StorageRootProof} from "./StorageRootProof.sol";

/// @title WitnessVerifier
/// @dev Every slot is made here, from the account that is asked about and from what is proven of it, so that no proof of
/// another account, another instrument or another checkpoint fits, and none twice or in another order. Which storage root
/// to believe is the caller's part.
contract WitnessVerifier is IWitnessVerifier {
    using SafeCast for uint256;

    /// @dev As the ledger's pages hold them.
    uint256 private constant IDS_PER_PAGE = 15;

    /// @notice The ledger whose layout the proofs follow.
    IPositionLedger public immutable LEDGER;
    IInstrumentRegistry public immutable INSTRUMENTS;
    IMarginEngine public immutable MARGIN;

    constructor(IPositionLedger ledger, IInstrumentRegistry instruments, IMarginEngine margin) {
        require(
            address(ledger) != address(0) && address(instruments) != address(0) && address(margin) != address(0),
            WitnessZeroAddress()
        );
        LEDGER = ledger;
        INSTRUMENTS = instruments;
        MARGIN = margin;
    }

    /// @inheritdoc IWitnessVerifier
    function word(bytes32 root, bytes32 slot, bytes[] calldata proof) external pure returns (uint256) {
        return StorageRootProof.word(root, slot, proof);
    }

    /// @inheritdoc IWitnessVerifier
    /// @dev Lanes of a page behind the last open id are not looked at.
    function settlementBalance(
        bytes32 ledgerRoot,
        AccountId account,
        bytes[] calldata balanceProof,
        bytes[][] calldata pages,
        PositionWitness[] calldata positions
    ) external view returns (int256 balance) {
        uint256 state = StorageRootProof.word(ledgerRoot, LedgerLayout.accountSlot(account), balanceProof);
        uint256 count = uint16(state >> 128);
        require(positions.length == count, WitnessPositionCount(positions.length, count));
        uint256 pageCount = Math.ceilDiv(count, IDS_PER_PAGE);
        require(pages.length == pageCount, WitnessPageCount(pages.length, pageCount));
        balance = int128(uint128(state));
        uint256 ids;
        for (uint256 i = 0; i < count; ++i) {
            if (i % IDS_PER_PAGE == 0) {
                uint256 page = i / IDS_PER_PAGE;
                ids = StorageRootProof.word(ledgerRoot, LedgerLayout.pageSlot(account, page), pages[page]);
            }
            balance += _closed(ledgerRoot, account, uint16(ids), positions[i]);
            ids >>= 16;
        }
    }

    /// @dev What the position would have turned into. A size has 96 bits, a price 128, an index 96.
    function _closed(
        bytes32 ledgerRoot,
        AccountId account,
        uint16 instrument,
        PositionWitness calldata proofs
    ) private view returns (int256) {
        uint256 position = StorageRootProof.word(
            ledgerRoot,
            LedgerLayout.positionSlot(account, instrument),
            proofs.position
        );
        uint256 market = StorageRootProof.word(ledgerRoot, LedgerLayout.marketSlot(instrument), proofs.market);
        int256 size = _signed96(position);
        int256 index = _signed96(size < 0 ? market >> 96 : market);
        int256 value = Funding.floorDiv(size * _priceOf(instrument), Funding.ONE);
        return value + Funding.settled(size, index, _signed96(position >> 96));
    }

    function _priceOf(uint16 instrument) private view returns (int256) {
        (uint256 price, bool isFinal) = INSTRUMENTS.payoffOf(instrument);
        if (!isFinal) price = MARGIN.markOf(instrument);
        return price.toInt256();
    }

    /// @dev The lowest 96 bits of a packed word.
    function _signed96(uint256 packed) private pure returns (int256) {
        return int96(uint96(packed));
    }
}
