// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The soft pause in force, or the last one.
/// @param softUntil it cannot be lifted before, seconds
/// @param softBlock highest block it judged; only a checkpoint of a later block lifts it
/// @param witnessNumber newest checkpoint before the incident: the witness of withdrawals
/// @param generation number of soft pauses lifted so far
struct Incident {
    uint48 softUntil;
    uint64 softBlock;
    uint64 witnessNumber;
    uint32 generation;
}

/// @notice When a keeper last used its soft pause.
/// @param isUsed whether it ever did
/// @param generation of the incident it used it in
struct Use {
    bool isUsed;
    uint32 generation;
}

/// @title SyncGuard: restricts action families when the books and the chain may differ.
/// @notice Flags are only ever added here; they are removed by expiry together with a later checkpoint.
interface ISyncGuard {
    /// @param attester the keeper that paused
    /// @param softUntil, softBlock, witnessNumber, generation resulting incident word
    event SoftPaused(
        bytes32 indexed incidentId,
        address indexed attester,
        uint64 blockNumber,
        bytes32 blockHash,
        bytes32 evidenceHash,
        uint48 softUntil,
        uint64 softBlock,
        uint64 witnessNumber,
        uint32 generation
    );
    event SoftLifted(uint32 generation, uint48 liftedAt);
    event HardPaused(bytes32 indexed cause, uint64 witnessNumber);
    event GuardBound(address registry);

    error GuardNotDeployer(address caller);
    error GuardAlreadyBound();
    error GuardZeroAddress();
    error GuardNotRegistry(address caller);
    error GuardSoftShorterThanStale(uint48 softTime, uint48 staleLimit);
    error GuardNotKeeper(address caller);
    error GuardZeroIncident();
    error GuardZeroHash();
    error GuardFutureBlock(uint64 blockNumber, uint256 current);
    error GuardOldBlock(uint64 blockNumber, uint256 current);
    error GuardWrongBlock(uint64 blockNumber, bytes32 given, bytes32 actual);
    error GuardNotRearmed(address attester, uint256 rearmedAt);
    error GuardNotLiftable(uint48 softUntil, uint64 softBlock, uint64 newestCheckpoint);

    /// @notice Names the checkpoint registry. Once, by the deployer.
    function bind(address registry) external;

    /// @notice Restricts new risk, because block `blockNumber` with hash `blockHash` is proved to diverge.
    /// @dev Refused unless that block is one of this chain's last 256: a liar's block pauses nothing. Each incident
    /// once; a repeat is a no-op. One use per keeper until its incident is lifted and a cool-down has passed.
    function softPause(bytes32 incidentId, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash) external;

    /// @notice Lifts an expired soft pause once a later block has a checkpoint. Anyone.
    function liftSoft() external;

    /// @notice A checkpoint was posted (registry only).
    function onCheckpoint(uint64 number) external;

    /// @notice Keepers were convicted: the hard grade, and the age of the newest checkpoint that is left (registry only).
    function onConviction(bytes32 cause, uint48 newestTime) external;

    /// @notice Block of the checkpoint that withdrawals must be proved against now.
    function witnessNumber() external view returns (uint64);
    function incident() external view returns (Incident memory);

    /// @notice Block judged by the soft pause of `incidentId`; zero if there was none.
    function pausedBlockOf(bytes32 incidentId) external view returns (uint64);
    function useOf(address attester) external view returns (Use memory);
}
