// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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

struct Checkpoint {
    bytes32 blockHash;
    bytes32 booksRoot;
    uint64 blockNumber;
    uint48 postedAt;
    uint32 setId;
    uint32 bookSetVersion;
    CheckpointStatus status;
}

/// @notice Positions in the ring of checkpoints.
/// @param highest highest block number ever posted
/// @param newest block number of the newest checkpoint that is not convicted
/// @param posts number of posts so far, replaced ones not counted; the next one goes to `posts % RING`
struct Cursor {
    uint64 highest;
    uint64 newest;
    uint64 posts;
}

/// @title CheckpointRegistry: state roots that the keepers stand for, that anyone can prove or convict.
interface ICheckpointRegistry {
    event BookSetChanged(uint32 indexed version, uint64 activeFrom, address[] contracts);
    event CheckpointPosted(
        uint64 indexed blockNumber,
        bytes32 indexed blockHash,
        bytes32 booksRoot,
        uint32 setId,
        uint32 bookSetVersion,
        uint48 postedAt,
        bytes32[] roots
    );
    /// @notice The newest checkpoint makes room for the next one, because the oldest is the witness of withdrawals.
    /// @param posts resulting number of posts
    event CheckpointReplaced(uint64 indexed blockNumber, uint64 posts);
    event CheckpointProven(uint64 indexed blockNumber, bytes32 indexed blockHash);
    /// @param isVoided whether a posted checkpoint fell with it
    /// @param newest resulting newest checkpoint
    event AttestationConvicted(
        uint64 indexed blockNumber,
        bytes32 indexed blockHash,
        bytes32 booksRoot,
        address challenger,
        bool isVoided,
        uint64 newest
    );

    error RegistryZeroAddress();
    error RegistryZeroHash();
    error RegistryZeroRoot(uint256 index);
    error RegistryEmptyBookSet();
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
    error RegistrySignersNotSorted(address previous, address signer);
    error RegistryNotKeeper(address signer);
    error RegistryBadSignature(uint256 index);
    error RegistryNoQuorum(uint256 given, uint256 required);
    error RegistryUnknownCheckpoint(uint64 blockNumber);
    error RegistryNotPosted(uint64 blockNumber, CheckpointStatus status);
    error RegistryNotInBookSet(address book);
    error RegistryRootDiffers(address book, bytes32 proven, bytes32 posted);
    error RegistryAttestationTrue(address book, bytes32 root);
    error RegistryNothingToConvict(uint64 blockNumber);

    /// @notice Replaces the list of book contracts from a block on (governance).
    /// @param activeFrom first block of the new list; zero for the block of this transaction
    function setBooks(address[] calldata contracts, uint64 activeFrom) external returns (uint32 version);

    /// @notice Posts a checkpoint that a quorum signed. Anyone may carry it.
    /// @param roots storage root of each book contract, in set order
    /// @param signatures of the attestation, 65 bytes each, sorted by signer
    function post(Attestation calldata attestation, bytes32[] calldata roots, bytes[] calldata signatures) external;

    /// @notice Shows that a posted checkpoint equals the chain. Says nothing about whether the chain is right.
    /// @param nodes distinct trie nodes of all account proofs
    /// @param paths per book contract, in set order, the indices of its nodes, root first
    function prove(
        uint64 blockNumber,
        bytes32[] calldata roots,
        bytes calldata headerRlp,
        bytes[] calldata nodes,
        uint8[][] calldata paths
    ) external;

    /// @notice Convicts every signer of an attestation, posted or not, whose block did not have these roots.
    /// @dev Refused when it would jail nobody and void nothing.
    /// @param index of the differing book contract in its set
    /// @param accountProof of that contract; not needed when the block number is what is false
    function convict(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes[] calldata signatures,
        uint256 index,
        bytes calldata headerRlp,
        bytes[] calldata accountProof
    ) external;

    /// @notice Checks that `roots` are those of a valid checkpoint and finds two books among them.
    function verifyRoots(
        uint64 blockNumber,
        bytes32[] calldata roots,
        address first,
        address second
    ) external view returns (uint256 firstIndex, uint256 secondIndex);

    /// @notice The newest checkpoint that is not convicted; its status is `None` when there is none.
    function newest() external view returns (Checkpoint memory);
    function newestNumber() external view returns (uint64);

    /// @notice Block number of the newest valid checkpoint below `blockNumber`; zero when the ring has none.
    function newestBefore(uint64 blockNumber) external view returns (uint64);
    function checkpointOf(uint64 blockNumber) external view returns (Checkpoint memory);
    function bookSetVersionAt(uint64 blockNumber) external view returns (uint32);
    function booksOf(uint32 version) external view returns (address[] memory contracts, uint64 activeFrom);
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32);
}
