// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

/// @title StorageRootProof: header → state root → account → storage root → one storage word.
/// @dev Inclusion only. What a proof cannot show reverts; nothing here returns a default for an absent key.
/// Sources: yellow paper §4.3 (header), appendices B (RLP) and D (trie); EIP-1186 (proof format).
///
/// Every byte of a node on the path is bound to the root by its parent's hash, so a proof can show nothing but what the trie
/// holds. What is read is canonical besides: the libraries below take numbers with leading zeros, hashes that are too short
/// and bytes behind a value, which no trie of a chain has, and which would make one value of several encodings.
library StorageRootProof {
    using Memory for *;
    using RLP for *;

    /// @dev Fields of a header since Frontier; later forks only added to them.
    uint256 private constant HEADER_FIELDS = 15;
    uint256 private constant ACCOUNT_FIELDS = 4;
    uint256 private constant STORAGE_ROOT_FIELD = 2;
    /// @dev A byte of length and 32 of content.
    uint256 private constant HASH_ITEM_BYTES = 33;

    error StorageProofHeaderMismatch(bytes32 actual, bytes32 expected);
    error StorageProofMalformedHeader(uint256 fields);
    error StorageProofMalformedAccount(uint256 fields);
    error StorageProofMalformedHash(uint256 length);
    error StorageProofMalformedNumber(uint256 length, uint256 value);
    error StorageProofZeroWord();

    /// @notice State root and number of the header whose hash is `blockHash`.
    function header(
        bytes memory headerRlp,
        bytes32 blockHash
    ) internal pure returns (bytes32 stateRoot, uint256 number) {
        bytes32 actual = keccak256(headerRlp);
        require(actual == blockHash, StorageProofHeaderMismatch(actual, blockHash));
        Memory.Slice[] memory fields = BlockHeader.parseHeader(headerRlp);
        require(fields.length >= HEADER_FIELDS, StorageProofMalformedHeader(fields.length));
        stateRoot = _readHash(fields[uint256(BlockHeader.HeaderField.StateRoot)]);
        number = _readNumber(fields[uint256(BlockHeader.HeaderField.Number)]);
    }

    /// @notice Storage root of `account` under `stateRoot`.
    function storageRoot(bytes32 stateRoot, address account, bytes[] memory proof) internal pure returns (bytes32) {
        bytes memory key = abi.encodePacked(keccak256(abi.encodePacked(account)));
        Memory.Slice[] memory fields = RLP.decodeList(TrieProof.traverse(stateRoot, key, proof));
        require(fields.length == ACCOUNT_FIELDS, StorageProofMalformedAccount(fields.length));
        return _readHash(fields[STORAGE_ROOT_FIELD]);
    }

    /// @notice The non-zero word at `slot` under `root`.
    function word(bytes32 root, bytes32 slot, bytes[] memory proof) internal pure returns (uint256 value) {
        bytes memory key = abi.encodePacked(keccak256(abi.encodePacked(slot)));
        value = _readNumber(TrieProof.traverse(root, key, proof).asSlice());
        // Zero is absent from a trie; a development node may keep it as a leaf all the same.
        require(value != 0, StorageProofZeroWord());
    }

    function _readHash(Memory.Slice item) private pure returns (bytes32) {
        require(item.length() == HASH_ITEM_BYTES, StorageProofMalformedHash(item.length()));
        return item.readBytes32();
    }

    /// @dev One of at most 32 bytes, in the only encoding that it has: no leading zeros, and nothing behind it.
    function _readNumber(Memory.Slice item) private pure returns (uint256 value) {
        value = item.readUint256();
        require(item.equal(RLP.encode(value).asSlice()), StorageProofMalformedNumber(item.length(), value));
    }
}
