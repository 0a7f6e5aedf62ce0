// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Attestation, Checkpoint, CheckpointStatus, Cursor} from "../interfaces/ICheckpointRegistry.sol";

/// @notice The word of a `Cursor` as it is stored, first field lowest.
type CursorWord is uint256;

using {highest, posts, setId, bookSetVersion, bookSetFrom, bookCount, afterPost} for CursorWord global;

function highest(CursorWord word) pure returns (uint64) {
    return uint40(CursorWord.unwrap(word));
}

function posts(CursorWord word) pure returns (uint256) {
    return uint40(CursorWord.unwrap(word) >> 80);
}

function setId(CursorWord word) pure returns (uint32) {
    return uint32(CursorWord.unwrap(word) >> 120);
}

function bookSetVersion(CursorWord word) pure returns (uint32) {
    return uint16(CursorWord.unwrap(word) >> 152);
}

function bookSetFrom(CursorWord word) pure returns (uint64) {
    return uint40(CursorWord.unwrap(word) >> 168);
}

function bookCount(CursorWord word) pure returns (uint256) {
    return uint8(CursorWord.unwrap(word) >> 208);
}

/// @notice The cursor when `number` is the highest and the newest, and there are `count` posts; 40 bits each.
function afterPost(CursorWord word, uint256 number, uint256 count) pure returns (CursorWord) {
    return CursorWord.wrap(((CursorWord.unwrap(word) >> 120) << 120) | (count << 80) | (number << 40) | number);
}

/// @title One storage access for each word that a post touches, and hashes straight from calldata.
/// @dev The compiler reads and writes a packed struct field by field and copies calldata through memory, element by
/// element; a post would cost some 8,000 gas more. Where each field lies is the compiler's own packing, first field
/// lowest; a test reads back through the compiler what is written here.
// solhint-disable no-inline-assembly
library CheckpointWords {
    function load(Cursor storage stored) internal view returns (CursorWord word) {
        assembly ("memory-safe") {
            word := sload(stored.slot)
        }
    }

    function store(Cursor storage stored, CursorWord word) internal {
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }

    /// @notice Both words of a new checkpoint: posted, not paid.
    /// @param number below 2^40, as every block number is
    function store(Checkpoint storage stored, bytes32 digest, uint256 number, address carrier) internal {
        uint256 status = uint256(CheckpointStatus.Posted);
        uint256 word =
            number | (uint256(uint40(block.timestamp)) << 40) | (uint256(uint160(carrier)) << 80) | (status << 240);
        assembly ("memory-safe") {
            sstore(stored.slot, digest)
            sstore(add(stored.slot, 1), word)
        }
    }

    /// @notice keccak256 of the type hash and the five fields: EIP-712's `hashStruct`.
    /// @dev A field with dirty upper bits hashes to what nobody signs.
    function hash(Attestation calldata attestation, bytes32 typeHash) internal pure returns (bytes32 result) {
        // Behind the free memory pointer, which need not move: nothing of it is used later.
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typeHash)
            calldatacopy(add(start, 0x20), attestation, 0xa0)
            result := keccak256(start, 0xc0)
        }
    }

    /// @notice keccak256 of the roots, 32 bytes each.
    /// @return result the hash
    /// @return hasZero whether a root is zero
    function hash(bytes32[] calldata roots) internal pure returns (bytes32 result, bool hasZero) {
        // Two roots a turn. A word that is not zero stands behind the last one, for an odd number of them.
        assembly ("memory-safe") {
            let at := mload(0x40)
            let size := shl(5, roots.length)
            let end := add(at, size)
            calldatacopy(at, roots.offset, size)
            result := keccak256(at, size)
            mstore(end, 1)
            for {} lt(at, end) {
                at := add(at, 0x40)
            } {
                hasZero := or(hasZero, or(iszero(mload(at)), iszero(mload(add(at, 0x20)))))
            }
        }
    }
}
