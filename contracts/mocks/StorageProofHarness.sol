// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StorageRootProof} from "../sync/StorageRootProof.sol";

/// @title StorageProofHarness: the proof library from outside, one proof or many in a call, for tests and the bench.
contract StorageProofHarness {
    /// @param isAccepted whether the call returned
    /// @param data what it returned or reverted with
    struct Outcome {
        bool isAccepted;
        bytes data;
    }

    error HarnessCallRefused(bytes answer);

    function header(
        bytes calldata headerRlp,
        bytes32 blockHash
    ) external pure returns (bytes32 stateRoot, uint256 number) {
        return StorageRootProof.header(headerRlp, blockHash);
    }

    function storageRoot(bytes32 stateRoot, address account, bytes[] calldata proof) external pure returns (bytes32) {
        return StorageRootProof.storageRoot(stateRoot, account, proof);
    }

    function word(bytes32 root, bytes32 slot, bytes[] calldata proof) external pure returns (uint256) {
        return StorageRootProof.word(root, slot, proof);
    }

    /// @notice From a header's hash to the storage root of an account.
    function rootOf(
        bytes32 blockHash,
        bytes calldata headerRlp,
        address account,
        bytes[] calldata proof
    ) public pure returns (bytes32 root) {
        (bytes32 stateRoot, ) = StorageRootProof.header(headerRlp, blockHash);
        return StorageRootProof.storageRoot(stateRoot, account, proof);
    }

    /// @notice From a header's hash to a word of an account.
    function wordOf(
        bytes32 blockHash,
        bytes calldata headerRlp,
        address account,
        bytes[] calldata accountProof,
        bytes32 slot,
        bytes[] calldata storageProof
    ) external pure returns (uint256) {
        return StorageRootProof.word(rootOf(blockHash, headerRlp, account, accountProof), slot, storageProof);
    }

    /// @notice Runs each call of this contract by itself.
    function run(bytes[] calldata calls) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            (outcomes[i].isAccepted, outcomes[i].data) = address(this).staticcall(calls[i]);
        }
    }

    /// @notice Runs `call` with every `step`th of its bits from `first` up to `last` flipped, one at a time; bit 0 is the
    /// highest one of byte 0.
    /// @return refused how many reverted
    /// @return changed how many returned something else than `call` does as it is
    /// @return accepted how many returned the same
    function flip(
        bytes memory call,
        uint256 first,
        uint256 last,
        uint256 step
    ) external view returns (uint256 refused, uint256 changed, uint256 accepted) {
        (bool isAccepted, bytes memory answer) = address(this).staticcall(call);
        require(isAccepted, HarnessCallRefused(answer));
        bytes32 expected = keccak256(answer);
        for (uint256 bit = first; bit < last; bit += step) {
            _flip(call, bit);
            (isAccepted, answer) = address(this).staticcall(call);
            if (!isAccepted) ++refused;
            else if (keccak256(answer) != expected) ++changed;
            else ++accepted;
            _flip(call, bit);
        }
    }

    function _flip(bytes memory call, uint256 bit) private pure {
        call[bit / 8] ^= bytes1(uint8(128 >> (bit % 8)));
    }
}
