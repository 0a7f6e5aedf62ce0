// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HotWord, Market, Position} from "../interfaces/IPositionLedger.sol";

/// @notice What the ledger keeps of one account beside its positions and collateral.
/// @param quote 1e-18 quote
/// @param assets bit `id` is set exactly when the balance of collateral `id` is not zero
/// @param lastInstrument of the last position that was liquidated or settled, and `lastWasLong` its side
struct Account {
    int128 quote;
    uint16 openCount;
    uint32 epoch;
    uint32 assets;
    uint16 lastInstrument;
    bool lastWasLong;
    bool hasDebt;
    bool isUsed;
}

/// @notice One position.
/// @param size 1e-18 underlying
/// @param index of the position's side when the position last changed, 1e-18 quote per underlying
/// @param increasedAt seconds; never zero once used
struct PositionWord {
    int96 size;
    int96 index;
    uint40 increasedAt;
}

/// @notice A balance of an asset other than the settlement asset.
/// @param balance asset units
struct Collateral {
    uint128 balance;
    bool isUsed;
}

/// @notice What the clearing account of an instrument holds beside its quote.
/// @param size of a settled option, 1e-18 underlying
/// @param uncovered socialised losses that no position was charged with, for the insurance fund to pay, 1e-18 quote
struct ClearingSize {
    int96 size;
    uint112 uncovered;
    bool isUsed;
}

/// @notice Negative quote that positions do not cover, as recorded.
/// @param amount 1e-18 quote
struct Debt {
    uint128 amount;
    bool isUsed;
}

/// @title One storage access for each word of the ledger.
/// @dev The compiler reads and writes a packed struct field by field; these functions do it word by word, for the four
/// structs of a trade. What that saves: docs/decisions/0017-ledger-words.md.
/// Where each field lies is the compiler's own packing, first field lowest; a test compares what they store with
/// `storageLayout`. Memory structs have one 32-byte word a field, in the order of the declaration.
/// Loading: shift the field down, then cut it to its bits (`and`, or `byte` counted from the highest) or, if it is signed,
/// repeat its sign (`signextend` counts bytes, less one). The highest field needs no cut where nothing lies above it.
/// Storing: shift the field up and add it with `or`. Of a signed field, a shift to the top and back drops the sign's copies
/// above its bits; the others are within their type, as the compiler cleans what it writes to memory.
// solhint-disable no-inline-assembly
library LedgerWords {
    function load(HotWord storage stored, HotWord memory hot) internal view {
        assembly ("memory-safe") {
            let word := sload(stored.slot)
            mstore(hot, and(word, 0xffffffffffffffff))
            mstore(add(hot, 0x20), and(shr(64, word), 0xff))
            mstore(add(hot, 0x40), and(shr(72, word), 0xffffffffff))
            mstore(add(hot, 0x60), and(shr(112, word), 0xffffffffff))
            mstore(add(hot, 0x80), shr(152, word))
        }
    }

    function store(HotWord storage stored, HotWord memory hot) internal {
        assembly ("memory-safe") {
            let word := or(mload(hot), shl(64, mload(add(hot, 0x20))))
            word := or(word, shl(72, mload(add(hot, 0x40))))
            word := or(word, shl(112, mload(add(hot, 0x60))))
            sstore(stored.slot, or(word, shl(152, mload(add(hot, 0x80)))))
        }
    }

    function load(Account storage stored, Account memory account) internal view {
        assembly ("memory-safe") {
            let word := sload(stored.slot)
            mstore(account, signextend(15, word))
            mstore(add(account, 0x20), and(shr(128, word), 0xffff))
            mstore(add(account, 0x40), and(shr(144, word), 0xffffffff))
            mstore(add(account, 0x60), and(shr(176, word), 0xffffffff))
            mstore(add(account, 0x80), and(shr(208, word), 0xffff))
            mstore(add(account, 0xa0), byte(3, word))
            mstore(add(account, 0xc0), byte(2, word))
            mstore(add(account, 0xe0), byte(1, word))
        }
    }

    function store(Account storage stored, Account memory account) internal {
        assembly ("memory-safe") {
            let word := or(shr(128, shl(128, mload(account))), shl(128, mload(add(account, 0x20))))
            word := or(word, shl(144, mload(add(account, 0x40))))
            word := or(word, shl(176, mload(add(account, 0x60))))
            word := or(word, shl(208, mload(add(account, 0x80))))
            word := or(word, shl(224, mload(add(account, 0xa0))))
            word := or(word, shl(232, mload(add(account, 0xc0))))
            sstore(stored.slot, or(word, shl(240, mload(add(account, 0xe0)))))
        }
    }

    function load(PositionWord storage stored) internal view returns (PositionWord memory position) {
        assembly ("memory-safe") {
            let word := sload(stored.slot)
            mstore(position, signextend(11, word))
            mstore(add(position, 0x20), signextend(11, shr(96, word)))
            mstore(add(position, 0x40), and(shr(192, word), 0xffffffffff))
        }
    }

    function store(PositionWord storage stored, PositionWord memory position) internal {
        assembly ("memory-safe") {
            let word := or(shr(160, shl(160, mload(position))), shr(64, shl(160, mload(add(position, 0x20)))))
            sstore(stored.slot, or(word, shl(192, mload(add(position, 0x40)))))
        }
    }

    function load(Market storage stored, Market memory market) internal view {
        assembly ("memory-safe") {
            let word := sload(stored.slot)
            mstore(market, signextend(11, word))
            mstore(add(market, 0x20), signextend(11, shr(96, word)))
            mstore(add(market, 0x40), and(shr(192, word), 0xffffffff))
            mstore(add(market, 0x60), shr(224, word))
            word := sload(add(stored.slot, 1))
            mstore(add(market, 0x80), signextend(13, word))
            mstore(add(market, 0xa0), and(shr(112, word), 0xffffffffffffffffffffffff))
            mstore(add(market, 0xc0), signextend(3, shr(208, word)))
            mstore(add(market, 0xe0), byte(1, word))
        }
    }

    function store(Market storage stored, Market memory market) internal {
        assembly ("memory-safe") {
            let word := or(shr(160, shl(160, mload(market))), shr(64, shl(160, mload(add(market, 0x20)))))
            word := or(word, shl(192, mload(add(market, 0x40))))
            sstore(stored.slot, or(word, shl(224, mload(add(market, 0x60)))))
            word := or(shr(144, shl(144, mload(add(market, 0x80)))), shl(112, mload(add(market, 0xa0))))
            word := or(word, shr(16, shl(224, mload(add(market, 0xc0)))))
            sstore(add(stored.slot, 1), or(word, shl(240, mload(add(market, 0xe0)))))
        }
    }

    /// @dev The memory behind must hold that many: an array may grow back up to the length it was made with.
    function setLength(Position[] memory positions, uint256 length) internal pure {
        assembly ("memory-safe") {
            mstore(positions, length)
        }
    }
}
