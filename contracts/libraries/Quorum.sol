// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {KeeperSet} from "../types/KeeperSet.sol";

/// @title Quorum: whether enough members of a committed keeper set have signed.
/// @dev Signatures are 65 bytes each, one after the other, strictly ascending by signer, so that no signer counts twice.
/// OpenZeppelin refuses high-s signatures (EIP-2).
library Quorum {
    uint256 private constant SIGNATURE_BYTES = 65;

    error QuorumWrongSet(bytes32 given, bytes32 current);
    error QuorumBadLength(uint256 signatureBytes);
    error QuorumBadSignature(uint256 index);
    error QuorumNotSorted(address previous, address signer);
    error QuorumNotMember(address signer);
    error QuorumTooFew(uint256 given, uint256 required);

    /// @notice keccak256 of id, quorum and members, 32 bytes each.
    function hash(KeeperSet memory set) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint256(set.id), uint256(set.quorum), set.members));
    }

    /// @notice Reverts unless at least `set.quorum` different members of `set` have signed `digest`, and nobody else has.
    /// @param commitment hash of the current set
    function check(
        bytes32 commitment,
        KeeperSet calldata set,
        bytes32 digest,
        bytes calldata signatures
    ) internal pure {
        bytes32 given = hash(set);
        require(given == commitment, QuorumWrongSet(given, commitment));
        address[] memory signers = recover(digest, signatures);
        require(signers.length >= set.quorum, QuorumTooFew(signers.length, set.quorum));
        // Both lists ascend: one pass over the members finds all signers.
        uint256 next = 0;
        for (uint256 i = 0; i < signers.length; ++i) {
            address signer = signers[i];
            while (next < set.members.length && set.members[next] < signer) ++next;
            require(next < set.members.length && set.members[next] == signer, QuorumNotMember(signer));
        }
    }

    /// @notice Who signed `digest`, ascending.
    function recover(bytes32 digest, bytes calldata signatures) internal pure returns (address[] memory signers) {
        uint256 count = signatures.length / SIGNATURE_BYTES;
        require(count * SIGNATURE_BYTES == signatures.length, QuorumBadLength(signatures.length));
        signers = new address[](count);
        address previous = address(0);
        for (uint256 i = 0; i < count; ++i) {
            bytes calldata signature = signatures[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES];
            (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
            require(problem == ECDSA.RecoverError.NoError, QuorumBadSignature(i));
            require(signer > previous, QuorumNotSorted(previous, signer));
            signers[i] = previous = signer;
        }
    }
}
