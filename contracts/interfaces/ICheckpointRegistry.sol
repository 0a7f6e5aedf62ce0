// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";
import {KeeperSet} from "../types/KeeperSet.sol";

/// @notice What keepers sign: "my replayed books equal the proven storage roots of this block".
/// @param setId keeper set, as of posting
/// @param bookSetVersion list of book contracts valid at that block
/// @param booksRoot keccak256 of the storage roots, 32 bytes each, in set order
struct Attestation {
    uint32 setId;
    uint32 bookSetVersion;
    uint64 blockNumber;
    bytes32 blockHash;
    bytes32 booksRoot;
}

enum CheckpointStatus {
    None,
    Posted,
    Proven,
    Convicted
}

/// @notice A checkpoint as it is kept. Who wants more of it brings the attestation that `digest` commits to.
/// @param digest EIP-712 digest of the attestation
/// @param postedAt seconds
/// @param carrier who posted it, and is paid for it; zero when nobody is
/// @param isPaid whether it was
struct Checkpoint {
    bytes32 digest;
    uint40 blockNumber;
    uint40 postedAt;
    address carrier;
    CheckpointStatus status;
    bool isPaid;
}

/// @notice The word that every post reads and writes.
/// @param highest highest block number ever posted
/// @param newest block number of the newest checkpoint that is not convicted; zero when there is none
/// @param posts number of posts so far, replaced ones not counted; the next one goes to `posts % RING`
/// @param setId current keeper set
/// @param bookSetVersion newest book set, active from block `bookSetFrom`, of `bookCount` contracts
struct Cursor {
    uint40 highest;
    uint40 newest;
    uint40 posts;
    uint32 setId;
    uint16 bookSetVersion;
    uint40 bookSetFrom;
    uint8 bookCount;
}

/// @notice What a carrier is paid.
/// @param perBlock for each block by which a checkpoint is newer than the one before it, 1e-18 quote
/// @param maxBlocks of one checkpoint that are paid at most
struct Reward {
    uint96 perBlock;
    uint32 maxBlocks;
    bool isUsed;
}

/// @notice All that a consumer asks of the newest checkpoint.
/// @param age seconds since it was posted
/// @param isStale whether the stale grade holds
/// @param flags in force
/// @param witnessNumber checkpoint that withdrawals are proved against now
struct Summary {
    bytes32 digest;
    uint64 blockNumber;
    uint40 postedAt;
    CheckpointStatus status;
    uint256 age;
    bool isStale;
    uint8 flags;
    uint64 witnessNumber;
    uint32 setId;
    bytes32 keeperSet;
    uint32 bookSetVersion;
}

/// @title CheckpointRegistry: state roots that the keepers stand for, that anyone can prove or convict.
interface ICheckpointRegistry {
    event BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts);
    /// @notice A change of the keepers, as told by their registry.
    event KeeperSetAdopted(uint32 indexed setId, bytes32 commitment);
    /// @param carrier who is paid for it; zero when it takes the place of one that was paid for
    event CheckpointPosted(
        uint64 indexed blockNumber,
        bytes32 indexed blockHash,
        address indexed carrier,
        uint32 setId,
        uint32 bookSetVersion,
        uint40 postedAt,
        bytes32[] roots
    );
    /// @notice The newest checkpoint makes room for the next one, because the oldest is the witness of withdrawals.
    /// @param posts resulting number of posts
    event CheckpointReplaced(uint64 indexed blockNumber, uint64 posts);
    event CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash);
    /// @param digest EIP-712 digest of the attestation
    /// @param isVoided whether a posted checkpoint fell with it
    /// @param newest resulting newest checkpoint
    event AttestationConvicted(
        uint64 indexed blockNumber,
        bytes32 indexed blockHash,
        bytes32 digest,
        address challenger,
        bool isVoided,
        uint64 newest
    );
    event RewardSet(uint96 perBlock, uint32 maxBlocks);
    event RewardPaid(uint64 indexed blockNumber, address indexed carrier, AccountId to, uint256 amount);

    error RegistryZeroAddress();
    error RegistryZeroHash();
    error RegistryZeroRoot(uint256 index);
    error RegistryBadBookCount(uint256 count);
    error RegistryDuplicateBook(address book);
    error RegistryPastActivation(uint64 activeFrom, uint256 current);
    error RegistryFutureBlock(uint64 blockNumber, uint256 current);
    error RegistryOldBlock(uint64 blockNumber, uint256 current);
    error RegistryNotNewer(uint64 blockNumber, uint64 highest);
    error RegistryWrongBlock(uint64 blockNumber, bytes32 given, bytes32 actual);
    error RegistryWrongKeeperSet(uint32 given, uint32 current);
    error RegistryWrongBookSet(uint32 given, uint32 required);
    error RegistryRootCount(uint256 given, uint256 required);
    error RegistryRootsMismatch(bytes32 actual, bytes32 expected);
    error RegistryNotKeeperRegistry(address caller);
    error RegistryUnknownCheckpoint(uint64 blockNumber);
    error RegistryWrongDigest(uint64 blockNumber, bytes32 given, bytes32 posted);
    error RegistryNotPosted(uint64 blockNumber, CheckpointStatus status);
    error RegistryNotInBookSet(address book);
    error RegistryBadPath(uint256 book, uint256 node);
    error RegistryRootDiffers(address book, bytes32 proven, bytes32 posted);
    error RegistryAttestationTrue(address book, bytes32 root);
    error RegistryNothingToConvict(uint64 blockNumber);
    error RegistryNotCarrier(uint64 blockNumber, address caller);
    error RegistryAlreadyPaid(uint64 blockNumber);
    error RegistryNothingToPay(uint64 blockNumber);

    /// @notice Replaces the list of book contracts from a block on (governance).
    /// @param activeFrom first block of the new list. The first list of all may start in any block from this one on (zero: in
    /// this one), later ones 64 blocks ahead at the earliest
    function setBooks(address[] calldata contracts, uint64 activeFrom) external returns (uint32 version);

    /// @notice What carriers are paid from now on (governance).
    function setReward(uint96 perBlock, uint32 maxBlocks) external;

    /// @notice The keepers have changed (keeper registry only).
    function onKeeperSet(uint32 setId, bytes32 commitment) external;

    /// @notice Posts a checkpoint that a quorum signed. Anyone may carry it.
    /// @param roots storage root of each book contract, in set order
    /// @param set the current keeper set
    /// @param signatures of the attestation, 65 bytes each, ascending by signer
    function post(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        KeeperSet calldata set,
        bytes calldata signatures
    ) external;

    /// @notice Shows that a posted checkpoint equals the chain. Says nothing about whether the chain is right.
    /// @param nodes distinct trie nodes of all account proofs
    /// @param paths per book contract, in set order, the indices of its nodes, root first
    function prove(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes calldata headerRlp,
        bytes[] calldata nodes,
        uint8[][] calldata paths
    ) external;

    /// @notice Convicts every signer of an attestation, posted or not, whose block did not have these roots.
    /// @dev Refused when it would slash nobody and void nothing.
    /// @param signatures 65 bytes each, ascending by signer
    /// @param index of the differing book contract in its set
    /// @param accountProof of that contract; not needed when the block number is what is false
    function convict(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes calldata signatures,
        uint256 index,
        bytes calldata headerRlp,
        bytes[] calldata accountProof
    ) external;

    /// @notice Pays the caller for a checkpoint that it carried and that nobody convicted, from the fund that fees flow into.
    /// @dev As long as the checkpoint and the one before it are kept: claim within 60 posts. While an incident has lasted so long
    /// that its witness is the oldest checkpoint, each post takes the place of the newest one and what it advanced with it:
    /// then claim before the next.
    function claimReward(uint64 blockNumber, AccountId to) external returns (uint256 amount);

    /// @notice Checks that `roots` are those of a valid checkpoint and finds two books among them.
    function verifyRoots(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        address first,
        address second
    ) external view returns (uint256 firstIndex, uint256 secondIndex);

    /// @notice Storage root of `book` at a valid checkpoint.
    function storageRootOf(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        address book
    ) external view returns (bytes32 root, CheckpointStatus status, uint40 postedAt);

    /// @notice All that a consumer asks, in one call.
    function summary() external view returns (Summary memory);

    /// @notice The newest checkpoint that is not convicted; its status is `None` when there is none.
    function newest() external view returns (Checkpoint memory);
    function newestNumber() external view returns (uint64);

    /// @notice Block number of the newest valid checkpoint below `blockNumber`; zero when the ring has none.
    function newestBefore(uint64 blockNumber) external view returns (uint64);
    function checkpointOf(uint64 blockNumber) external view returns (Checkpoint memory);
    function rewardTerms() external view returns (Reward memory);
    function bookSetVersionAt(uint64 blockNumber) external view returns (uint32);
    function booksOf(uint32 version) external view returns (address[] memory contracts, uint64 activeFrom);
    /// @notice EIP-712 digest.
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32);
}
