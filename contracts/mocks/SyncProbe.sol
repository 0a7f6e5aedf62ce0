// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry, PauseTerms} from "../interfaces/IKeeperRegistry.sol";
import {CauseClass} from "../types/CauseClass.sol";

/// @title SyncProbe: stands in for the checkpoint registry and the guard, for tests of the keeper registry alone.
contract SyncProbe {
    IKeeperRegistry private immutable KEEPERS;

    bool public isHalted;
    uint32 public setId;
    bytes32 public commitment;

    event KeeperSetSeen(uint32 setId, bytes32 commitment);
    event QuorumLossSeen(uint32 setId);
    event Slashed(uint256 slashed);

    constructor(IKeeperRegistry keepers) {
        KEEPERS = keepers;
    }

    function setHalted(bool isHalted_) external {
        isHalted = isHalted_;
    }

    function onKeeperSet(uint32 setId_, bytes32 commitment_) external {
        (setId, commitment) = (setId_, commitment_);
        emit KeeperSetSeen(setId_, commitment_);
    }

    function onQuorumLost(uint32 setId_) external {
        emit QuorumLossSeen(setId_);
    }

    function slash(address[] calldata attesters, address challenger) external {
        emit Slashed(KEEPERS.slash(attesters, challenger));
    }

    function usePause(address pauser, CauseClass class_, PauseTerms calldata terms) external {
        KEEPERS.usePause(pauser, class_, terms);
    }
}
