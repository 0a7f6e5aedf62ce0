// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A keeper: it signs with one key and sends pauses with another.
/// @param pauser the key that may send soft pauses
/// @param isActive counted in the quorum
/// @param isJailed convicted; can never become active again
struct Keeper {
    address pauser;
    bool isActive;
    bool isJailed;
}

/// @title KeeperRegistry: who may attest and who may pause. Every change starts a new set id.
interface IKeeperRegistry {
    event KeeperAdded(address indexed attester, address indexed pauser, uint32 setId, uint16 count);
    event KeeperRemoved(address indexed attester, uint32 setId, uint16 count);
    event KeeperJailed(address indexed attester, address indexed challenger, uint32 setId, uint16 count);
    event KeeperRegistryBound(address registry);

    error KeeperRegistryNotDeployer(address caller);
    error KeeperRegistryAlreadyBound();
    error KeeperRegistryNotCheckpointRegistry(address caller);
    error KeeperRegistryZeroAddress();
    error KeeperRegistryKeyInUse(address key);
    error KeeperRegistryNotActive(address attester);
    error KeeperRegistryUnknown(address attester);

    /// @notice Names the checkpoint registry, the only one that may jail. Once, by the deployer.
    function bind(address registry) external;

    /// @notice Adds a keeper (governance).
    function add(address attester, address pauser) external;

    /// @notice Removes a keeper (governance). It can still be convicted.
    function remove(address attester) external;

    /// @notice Removes convicted keepers for ever (checkpoint registry only).
    function jail(address[] calldata attesters, address challenger) external;

    /// @notice ⌊2n/3⌋ + 1 of the active keepers; 1 when there is none, so that nothing passes with no signature.
    function quorum() external view returns (uint256);
    function setId() external view returns (uint32);
    function count() external view returns (uint16);
    function keeperOf(address attester) external view returns (Keeper memory);
    function isActive(address attester) external view returns (bool);

    /// @notice The active keeper that pauses with `pauser`, or zero.
    function attesterOf(address pauser) external view returns (address);
}
