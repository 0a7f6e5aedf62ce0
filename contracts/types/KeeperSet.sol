// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The keepers whose signatures count. Only its hash is stored; whoever brings signatures brings the set.
/// @param id grows with every change
/// @param quorum signatures needed, as of this set
/// @param members attest keys, strictly ascending
struct KeeperSet {
    uint32 id;
    uint16 quorum;
    address[] members;
}
