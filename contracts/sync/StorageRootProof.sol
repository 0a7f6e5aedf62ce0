// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {RLP} from "@openzeppelin/contracts/utils/RLP.sol";
import {TrieProof} from "@openzeppelin/contracts/utils/cryptography/TrieProof.sol";

/// @title StorageRootProof: header → state root → account → storage root → one storage word.
/// @dev Inclusion only. What a proof cannot show reverts; nothing here returns a default for an absent key.
/// Sources: yellow paper §4.3 (header), appendix D (trie); EIP-1186 (proof format).
library StorageRootProof {
    using RLP for *;

    uint256 private constant ACCOUNT_FIELDS = 4;
    uint256 private constant STORAGE_ROOT_FIELD = 2;
    uint256 private constant WORD_BYTES = 32;

    error StorageProofHeaderMismatch(bytes32 actual, bytes32 expected);
    error StorageProofMalformedAccount(uint256 fields);
    error StorageProofOversizedWord(uint256 length);

    /// @notice State root and number of the header whose hash is `blockHash`.
    function header(
        bytes memory headerRlp,
        bytes32 blockHash
    ) internal pure returns (bytes32 stateRoot, uint256 number) {
        bytes32 actual = keccak256(headerRlp);
        require(actual == blockHash, StorageProofHeaderMismatch(actual, blockHash));
        Memory.Slice[] memory fields = BlockHeader.parseHeader(headerRlp);
        return (BlockHeader.getStateRoot(fields), BlockHeader.getNumber(fields));
    }

    /// @notice Storage root of `account` under `stateRoot`.
    function storageRoot(bytes32 stateRoot, address account, bytes[] memory proof) internal pure returns (bytes32) {
        bytes memory key = abi.encodePacked(keccak256(abi.encodePacked(account)));
        Memory.Slice[] memory fields = RLP.decodeList(TrieProof.traverse(stateRoot, key, proof));
        require(fields.length == ACCOUNT_FIELDS, StorageProofMalformedAccount(fields.length));
        return fields[STORAGE_ROOT_FIELD].readBytes32();
    }

    /// @notice The non-zero word at `slot` under `root`.
    function word(bytes32 root, bytes32 slot, bytes[] memory proof) internal pure returns (uint256) {
        bytes memory key = abi.encodePacked(keccak256(abi.encodePacked(slot)));
        bytes memory value = RLP.decodeBytes(TrieProof.traverse(root, key, proof));
        require(value.length <= WORD_BYTES, StorageProofOversizedWord(value.length));
        // `bytes32(value)` is left-aligned; shift it to the right by the bytes it lacks.
        return uint256(bytes32(value)) >> (8 * (WORD_BYTES - value.length));
    }
}
