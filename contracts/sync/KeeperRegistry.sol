// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IKeeperRegistry, Keeper} from "../interfaces/IKeeperRegistry.sol";

/// @title KeeperRegistry
/// @dev Storage-transparent: every slot is a function of its events and `AuthorityUpdated`.
/// Both keys of a keeper are entered in `_attesters`, so that a key in use is found by one word, which is never empty
/// after a successful call: see docs/decisions/0010-no-empty-word-is-read.md. Invariant INV-18: keys are never reused, and who was removed or convicted never becomes active again.
contract KeeperRegistry is IKeeperRegistry, AccessManaged {
    address private immutable DEPLOYER;

    mapping(address attester => Keeper) internal _keepers;
    mapping(address key => address attester) internal _attesters;
    address internal _registry;
    uint32 internal _setId;
    uint16 internal _count;

    constructor(address authority) AccessManaged(authority) {
        DEPLOYER = msg.sender;
    }

    // ---- Setup ----

    /// @inheritdoc IKeeperRegistry
    function bind(address registry) external {
        require(msg.sender == DEPLOYER, KeeperRegistryNotDeployer(msg.sender));
        require(_registry == address(0), KeeperRegistryAlreadyBound());
        require(registry != address(0), KeeperRegistryZeroAddress());
        _registry = registry;
        emit KeeperRegistryBound(registry);
    }

    // ---- Membership ----

    /// @inheritdoc IKeeperRegistry
    function add(address attester, address pauser) external restricted {
        require(attester != address(0) && pauser != address(0), KeeperRegistryZeroAddress());
        require(_attesters[attester] == address(0), KeeperRegistryKeyInUse(attester));
        require(_attesters[pauser] == address(0), KeeperRegistryKeyInUse(pauser));
        _keepers[attester] = Keeper(pauser, true, false);
        _attesters[attester] = attester;
        _attesters[pauser] = attester;
        emit KeeperAdded(attester, pauser, ++_setId, ++_count);
    }

    /// @inheritdoc IKeeperRegistry
    function remove(address attester) external restricted {
        require(_keepers[attester].isActive, KeeperRegistryNotActive(attester));
        _keepers[attester].isActive = false;
        emit KeeperRemoved(attester, ++_setId, --_count);
    }

    /// @inheritdoc IKeeperRegistry
    function jail(address[] calldata attesters, address challenger) external {
        require(msg.sender == _registry, KeeperRegistryNotCheckpointRegistry(msg.sender));
        for (uint256 i = 0; i < attesters.length; ++i) {
            Keeper storage keeper = _keepers[attesters[i]];
            require(keeper.pauser != address(0), KeeperRegistryUnknown(attesters[i]));
            if (keeper.isJailed) continue;
            if (keeper.isActive) --_count;
            keeper.isActive = false;
            keeper.isJailed = true;
            emit KeeperJailed(attesters[i], challenger, ++_setId, _count);
        }
    }

    // ---- Views ----

    /// @inheritdoc IKeeperRegistry
    function quorum() external view returns (uint256) {
        return (2 * uint256(_count)) / 3 + 1;
    }

    /// @inheritdoc IKeeperRegistry
    function setId() external view returns (uint32) {
        return _setId;
    }

    /// @inheritdoc IKeeperRegistry
    function count() external view returns (uint16) {
        return _count;
    }

    /// @inheritdoc IKeeperRegistry
    function keeperOf(address attester) external view returns (Keeper memory) {
        return _keepers[attester];
    }

    /// @inheritdoc IKeeperRegistry
    function isActive(address attester) external view returns (bool) {
        return _keepers[attester].isActive;
    }

    /// @inheritdoc IKeeperRegistry
    function attesterOf(address pauser) external view returns (address) {
        address attester = _attesters[pauser];
        Keeper memory keeper = _keepers[attester];
        return keeper.isActive && keeper.pauser == pauser ? attester : address(0);
    }
}
