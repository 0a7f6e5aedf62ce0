// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {KeeperSet} from "../types/KeeperSet.sol";

/// @title Quorum: whether enough members of a committed keeper set have signed.
/// @dev Signatures are 65 bytes each (r, s, v), one after the other, strictly ascending by signer, so that no signer counts
/// twice. High-s signatures are refused (EIP-2). The three loops are assembly because the compiler's, with all that it
/// copies and keeps on the stack, cost 3,000 gas a signature, as much as the recovery itself; these cost 300.
// solhint-disable no-inline-assembly
library Quorum {
    uint256 private constant SIGNATURE_BYTES = 65;
    /// @dev Half the order of secp256k1. A signature with a greater s is the malleated twin of another.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

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
    ) internal view {
        address[] calldata members = set.members;
        uint256 required = set.quorum;
        bytes32 given = _hash(set.id, required, members);
        require(given == commitment, QuorumWrongSet(given, commitment));
        address[] memory signers = _recover(digest, signatures);
        require(signers.length >= required, QuorumTooFew(signers.length, required));
        uint256 index = _firstStranger(signers, members);
        if (index != signers.length) {
            _requireAscending(signers);
            revert QuorumNotMember(signers[index]);
        }
    }

    /// @notice Who signed `digest`, strictly ascending.
    function recover(bytes32 digest, bytes calldata signatures) internal view returns (address[] memory signers) {
        signers = _recover(digest, signatures);
        _requireAscending(signers);
    }

    function _requireAscending(address[] memory signers) private pure {
        address previous = address(0);
        for (uint256 i = 0; i < signers.length; ++i) {
            address signer = signers[i];
            require(signer != address(0), QuorumBadSignature(i));
            require(signer > previous, QuorumNotSorted(previous, signer));
            previous = signer;
        }
    }

    /// @dev As {hash}, straight from calldata. A member with dirty upper bits hashes to no commitment.
    function _hash(uint256 id, uint256 required, address[] calldata members) private pure returns (bytes32 result) {
        // Behind the free memory pointer, which need not move: nothing of it is used later.
        assembly ("memory-safe") {
            let start := mload(0x40)
            let size := shl(5, members.length)
            mstore(start, id)
            mstore(add(start, 0x20), required)
            calldatacopy(add(start, 0x40), members.offset, size)
            result := keccak256(start, add(0x40, size))
        }
    }

    /// @dev The signer of each signature; zero where there is none. Sorts and compares nothing.
    function _recover(bytes32 digest, bytes calldata signatures) private view returns (address[] memory signers) {
        require(signatures.length % SIGNATURE_BYTES == 0, QuorumBadLength(signatures.length));
        // The list is allocated here, empty. The precompile (address 1) takes digest, v, r, s, from behind the list, and writes
        // an address to its place in it, or leaves the zero that is there: so it does too when the gas runs out.
        assembly ("memory-safe") {
            signers := mload(0x40)
            let count := div(signatures.length, SIGNATURE_BYTES)
            let place := add(signers, 0x20)
            let input := add(place, shl(5, count))
            let end := add(signatures.offset, signatures.length)
            mstore(0x40, input)
            mstore(signers, count)
            calldatacopy(place, calldatasize(), shl(5, count))
            mstore(input, digest)
            for {
                let at := signatures.offset
            } lt(at, end) {
                at := add(at, SIGNATURE_BYTES)
                place := add(place, 0x20)
            } {
                mstore(add(input, 0x20), byte(0, calldataload(add(at, 0x40))))
                calldatacopy(add(input, 0x40), at, 0x40)
                if iszero(gt(mload(add(input, 0x60)), HALF_ORDER)) {
                    pop(staticcall(gas(), 1, input, 0x80, place, 0x20))
                }
            }
        }
    }

    /// @dev Index of the first signer who is not found among the members behind the signer before; the number of signers if
    /// there is none. Both lists ascend, so one pass over the members finds all, and nobody counts twice. No member is zero.
    function _firstStranger(address[] memory signers, address[] calldata members) private pure returns (uint256 index) {
        // Each member that is the next signer moves on to the one after. Behind the last signer stands what is no member: the
        // digest, for the precompile. Members are not cleaned: the commitment has clean ones only.
        assembly ("memory-safe") {
            let place := add(signers, 0x20)
            let end := add(members.offset, shl(5, members.length))
            for {
                let at := members.offset
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                place := add(place, shl(5, eq(calldataload(at), mload(place))))
            }
            index := sub(shr(5, sub(place, signers)), 1)
        }
    }
}
