// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {
    Attestation,
    Checkpoint,
    CheckpointStatus,
    Cursor,
    ICheckpointRegistry
} from "../interfaces/ICheckpointRegistry.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {ISyncGuard} from "../interfaces/ISyncGuard.sol";
import {StorageRootProof} from "./StorageRootProof.sol";

/// @title CheckpointRegistry
/// @dev Storage-transparent: every slot is a function of its events and `AuthorityUpdated`.
contract CheckpointRegistry is ICheckpointRegistry, AccessManaged, EIP712 {
    struct BookSet {
        address[] contracts;
        uint64 activeFrom;
    }

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(uint32 setId,uint32 bookSetVersion,uint64 blockNumber,bytes32 blockHash,bytes32 booksRoot)"
    );
    /// @dev Checkpoints kept. Bounds every search.
    uint256 private constant RING = 64;

    IKeeperRegistry public immutable KEEPERS;
    ISyncGuard public immutable GUARD;
    /// @notice A block older than this cannot be posted, so that the age of a checkpoint is bounded, blocks.
    /// @dev At most 256, the window of `blockhash`.
    uint64 public immutable POST_WINDOW;

    Checkpoint[RING] internal _ring;
    Cursor internal _cursor;
    uint32 internal _bookSetVersion;
    mapping(uint32 version => BookSet) internal _bookSets;

    constructor(
        address authority,
        IKeeperRegistry keepers,
        ISyncGuard guard,
        uint64 postWindow
    ) AccessManaged(authority) EIP712("Lockstep", "1") {
        require(address(keepers) != address(0) && address(guard) != address(0), RegistryZeroAddress());
        require(postWindow != 0 && postWindow <= 256, RegistryOldBlock(postWindow, 256));
        KEEPERS = keepers;
        GUARD = guard;
        POST_WINDOW = postWindow;
    }

    // ---- Book set ----

    /// @inheritdoc ICheckpointRegistry
    function setBooks(address[] calldata contracts, uint64 activeFrom) external restricted returns (uint32 version) {
        require(contracts.length != 0, RegistryEmptyBookSet());
        if (activeFrom == 0) activeFrom = uint64(block.number);
        require(activeFrom >= block.number, RegistryPastActivation(activeFrom, block.number));
        for (uint256 i = 0; i < contracts.length; ++i) {
            require(contracts[i] != address(0), RegistryZeroAddress());
            for (uint256 j = 0; j < i; ++j) require(contracts[i] != contracts[j], RegistryDuplicateBook(contracts[i]));
        }
        version = _bookSetVersion;
        if (version != 0) {
            uint64 previous = _bookSets[version].activeFrom;
            require(activeFrom > previous, RegistryPastActivation(activeFrom, previous));
        }
        _bookSetVersion = ++version;
        _bookSets[version].contracts = contracts;
        _bookSets[version].activeFrom = activeFrom;
        emit BookSetChanged(version, activeFrom, contracts);
    }

    // ---- Post ----

    /// @inheritdoc ICheckpointRegistry
    /// @dev Invariant INV-10: the block number of each post is above every earlier one, convicted ones included.
    function post(Attestation calldata attestation, bytes32[] calldata roots, bytes[] calldata signatures) external {
        uint64 number = attestation.blockNumber;
        require(attestation.blockHash != bytes32(0), RegistryZeroHash());
        require(number < block.number, RegistryFutureBlock(number, block.number));
        require(block.number - number <= POST_WINDOW, RegistryOldBlock(number, block.number));
        Cursor memory cursor = _cursor;
        require(number > cursor.highest, RegistryNotNewer(number, cursor.highest));
        bytes32 actual = blockhash(number);
        require(actual == attestation.blockHash, RegistryWrongBlock(number, attestation.blockHash, actual));
        uint32 currentSet = KEEPERS.setId();
        require(attestation.setId == currentSet, RegistryWrongKeeperSet(attestation.setId, currentSet));
        _requireRoots(attestation, roots);
        _requireQuorum(attestation, signatures);

        uint64 posts = _makeRoom(cursor.posts);
        _ring[posts % RING] = Checkpoint(
            attestation.blockHash,
            attestation.booksRoot,
            number,
            uint48(block.timestamp),
            attestation.setId,
            attestation.bookSetVersion,
            CheckpointStatus.Posted
        );
        _cursor = Cursor(number, number, posts + 1);
        emit CheckpointPosted(
            number,
            attestation.blockHash,
            attestation.booksRoot,
            attestation.setId,
            attestation.bookSetVersion,
            uint48(block.timestamp),
            roots
        );
        GUARD.onCheckpoint(number);
    }

    /// @dev Invariant INV-9: the witness of withdrawals never falls out of the ring. When it is the oldest checkpoint, the
    /// newest one gives way instead, which its successor makes dispensable.
    function _makeRoom(uint64 posts) private returns (uint64) {
        uint64 oldest = _ring[posts % RING].blockNumber;
        if (oldest == 0 || oldest != GUARD.witnessNumber()) return posts;
        // The ring is full, so that there is a newest post.
        emit CheckpointReplaced(_ring[(posts - 1) % RING].blockNumber, posts - 1);
        return posts - 1;
    }

    /// @dev Invariant INV-3: zero is never a valid hash or root.
    function _requireRoots(Attestation calldata attestation, bytes32[] calldata roots) private view {
        uint32 required = bookSetVersionAt(attestation.blockNumber);
        require(
            attestation.bookSetVersion == required && required != 0,
            RegistryWrongBookSet(attestation.bookSetVersion, required)
        );
        uint256 bookCount = _bookSets[required].contracts.length;
        require(roots.length == bookCount, RegistryRootCount(roots.length, bookCount));
        for (uint256 i = 0; i < roots.length; ++i) require(roots[i] != bytes32(0), RegistryZeroRoot(i));
        bytes32 actual = keccak256(abi.encodePacked(roots));
        require(actual == attestation.booksRoot, RegistryRootsMismatch(actual, attestation.booksRoot));
    }

    function _requireQuorum(Attestation calldata attestation, bytes[] calldata signatures) private view {
        uint256 required = KEEPERS.quorum();
        require(signatures.length >= required, RegistryNoQuorum(signatures.length, required));
        address[] memory signers = _recover(attestation, signatures);
        for (uint256 i = 0; i < signers.length; ++i) {
            require(KEEPERS.isActive(signers[i]), RegistryNotKeeper(signers[i]));
        }
    }

    /// @dev Strictly ascending, so that no signer counts twice. OpenZeppelin refuses high-s signatures.
    function _recover(
        Attestation calldata attestation,
        bytes[] calldata signatures
    ) private view returns (address[] memory signers) {
        bytes32 digest = hashAttestation(attestation);
        signers = new address[](signatures.length);
        address previous = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signatures[i]);
            require(problem == ECDSA.RecoverError.NoError, RegistryBadSignature(i));
            require(signer > previous, RegistrySignersNotSorted(previous, signer));
            signers[i] = previous = signer;
        }
    }

    // ---- Prove ----

    /// @inheritdoc ICheckpointRegistry
    function prove(
        uint64 blockNumber,
        bytes32[] calldata roots,
        bytes calldata headerRlp,
        bytes[] calldata nodes,
        uint8[][] calldata paths
    ) external {
        Checkpoint storage checkpoint = _ring[_indexOf(blockNumber)];
        require(checkpoint.status == CheckpointStatus.Posted, RegistryNotPosted(blockNumber, checkpoint.status));
        bytes32 booksRoot = keccak256(abi.encodePacked(roots));
        require(booksRoot == checkpoint.booksRoot, RegistryRootsMismatch(booksRoot, checkpoint.booksRoot));
        (bytes32 stateRoot, ) = StorageRootProof.header(headerRlp, checkpoint.blockHash);
        address[] memory books = _bookSets[checkpoint.bookSetVersion].contracts;
        require(paths.length == books.length, RegistryRootCount(paths.length, books.length));
        for (uint256 i = 0; i < books.length; ++i) _requireRoot(stateRoot, books[i], roots[i], nodes, paths[i]);
        checkpoint.status = CheckpointStatus.Proven;
        emit CheckpointProven(blockNumber, checkpoint.blockHash);
    }

    function _requireRoot(
        bytes32 stateRoot,
        address book,
        bytes32 root,
        bytes[] calldata nodes,
        uint8[] calldata path
    ) private pure {
        bytes[] memory proof = new bytes[](path.length);
        for (uint256 i = 0; i < path.length; ++i) proof[i] = nodes[path[i]];
        bytes32 proven = StorageRootProof.storageRoot(stateRoot, book, proof);
        require(proven == root, RegistryRootDiffers(book, proven, root));
    }

    // ---- Convict ----

    /// @inheritdoc ICheckpointRegistry
    function convict(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes[] calldata signatures,
        uint256 index,
        bytes calldata headerRlp,
        bytes[] calldata accountProof
    ) external {
        require(signatures.length != 0, RegistryNoQuorum(0, 1));
        address[] memory signers = _recover(attestation, signatures);
        bytes32 booksRoot = keccak256(abi.encodePacked(roots));
        require(booksRoot == attestation.booksRoot, RegistryRootsMismatch(booksRoot, attestation.booksRoot));
        _requireFalse(attestation, roots, index, headerRlp, accountProof);

        bool isVoided = _punish(attestation, signers);
        emit AttestationConvicted(
            attestation.blockNumber,
            attestation.blockHash,
            attestation.booksRoot,
            msg.sender,
            isVoided,
            _cursor.newest
        );
        GUARD.onConviction(hashAttestation(attestation), newest().postedAt);
    }

    /// @dev Invariant INV-11: nobody is convicted for what was true. The header is the preimage of the signed hash, so
    /// what it commits to is what that block had. A wrong book set or number of roots convicts nobody: it can never be
    /// posted, and of a block that was reorganised away it is not known here which set was valid.
    function _requireFalse(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        uint256 index,
        bytes calldata headerRlp,
        bytes[] calldata accountProof
    ) private view {
        (bytes32 stateRoot, uint256 number) = StorageRootProof.header(headerRlp, attestation.blockHash);
        if (number != attestation.blockNumber) return;
        uint32 required = bookSetVersionAt(attestation.blockNumber);
        require(attestation.bookSetVersion == required, RegistryWrongBookSet(attestation.bookSetVersion, required));
        address[] memory books = _bookSets[required].contracts;
        require(roots.length == books.length, RegistryRootCount(roots.length, books.length));
        require(index < books.length, RegistryRootCount(index, books.length));
        bytes32 proven = StorageRootProof.storageRoot(stateRoot, books[index], accountProof);
        require(proven != roots[index], RegistryAttestationTrue(books[index], proven));
    }

    /// @dev A conviction changes something: otherwise the key of a keeper that is long convicted could halt the protocol again and again.
    function _punish(Attestation calldata attestation, address[] memory signers) private returns (bool isVoided) {
        uint32 setBefore = KEEPERS.setId();
        KEEPERS.jail(signers, msg.sender);
        isVoided = _void(attestation);
        require(isVoided || KEEPERS.setId() != setBefore, RegistryNothingToConvict(attestation.blockNumber));
    }

    /// @dev Voids the posted checkpoint of a convicted attestation, if there is one, and falls back to the newest other.
    function _void(Attestation calldata attestation) private returns (bool) {
        (bool isKnown, uint256 index) = _find(attestation.blockNumber);
        if (!isKnown) return false;
        Checkpoint storage checkpoint = _ring[index];
        bool isSame = checkpoint.blockHash == attestation.blockHash && checkpoint.booksRoot == attestation.booksRoot;
        if (!isSame || checkpoint.status == CheckpointStatus.Convicted) return false;
        checkpoint.status = CheckpointStatus.Convicted;
        if (_cursor.newest == attestation.blockNumber) _cursor.newest = newestBefore(attestation.blockNumber);
        return true;
    }

    // ---- Views ----

    /// @inheritdoc ICheckpointRegistry
    function verifyRoots(
        uint64 blockNumber,
        bytes32[] calldata roots,
        address first,
        address second
    ) external view returns (uint256 firstIndex, uint256 secondIndex) {
        Checkpoint memory checkpoint = _ring[_indexOf(blockNumber)];
        require(
            checkpoint.status == CheckpointStatus.Posted || checkpoint.status == CheckpointStatus.Proven,
            RegistryNotPosted(blockNumber, checkpoint.status)
        );
        bytes32 booksRoot = keccak256(abi.encodePacked(roots));
        require(booksRoot == checkpoint.booksRoot, RegistryRootsMismatch(booksRoot, checkpoint.booksRoot));
        address[] memory books = _bookSets[checkpoint.bookSetVersion].contracts;
        return (_position(books, first), _position(books, second));
    }

    function _position(address[] memory books, address book) private pure returns (uint256 index) {
        while (index < books.length && books[index] != book) ++index;
        require(index < books.length, RegistryNotInBookSet(book));
    }

    /// @inheritdoc ICheckpointRegistry
    function newest() public view returns (Checkpoint memory checkpoint) {
        (bool isKnown, uint256 index) = _find(_cursor.newest);
        if (isKnown) checkpoint = _ring[index];
    }

    /// @inheritdoc ICheckpointRegistry
    function newestNumber() external view returns (uint64) {
        return _cursor.newest;
    }

    /// @inheritdoc ICheckpointRegistry
    function newestBefore(uint64 blockNumber) public view returns (uint64) {
        uint256 posts = _cursor.posts;
        for (uint256 back = 1; back <= RING && back <= posts; ++back) {
            Checkpoint storage checkpoint = _ring[(posts - back) % RING];
            uint64 number = checkpoint.blockNumber;
            if (number < blockNumber && checkpoint.status != CheckpointStatus.Convicted) return number;
        }
        return 0;
    }

    /// @inheritdoc ICheckpointRegistry
    function checkpointOf(uint64 blockNumber) external view returns (Checkpoint memory) {
        return _ring[_indexOf(blockNumber)];
    }

    function _indexOf(uint64 blockNumber) private view returns (uint256) {
        (bool isKnown, uint256 index) = _find(blockNumber);
        require(isKnown, RegistryUnknownCheckpoint(blockNumber));
        return index;
    }

    /// @dev Newest first, at most RING words. Block number zero is no checkpoint.
    function _find(uint64 blockNumber) private view returns (bool, uint256) {
        uint256 posts = _cursor.posts;
        if (blockNumber == 0) return (false, 0);
        for (uint256 back = 1; back <= RING && back <= posts; ++back) {
            uint256 index = (posts - back) % RING;
            if (_ring[index].blockNumber == blockNumber) return (true, index);
        }
        return (false, 0);
    }

    /// @inheritdoc ICheckpointRegistry
    function bookSetVersionAt(uint64 blockNumber) public view returns (uint32 version) {
        version = _bookSetVersion;
        while (version != 0 && _bookSets[version].activeFrom > blockNumber) --version;
    }

    /// @inheritdoc ICheckpointRegistry
    function booksOf(uint32 version) external view returns (address[] memory contracts, uint64 activeFrom) {
        return (_bookSets[version].contracts, _bookSets[version].activeFrom);
    }

    /// @inheritdoc ICheckpointRegistry
    function hashAttestation(Attestation calldata attestation) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ATTESTATION_TYPEHASH,
                        attestation.setId,
                        attestation.bookSetVersion,
                        attestation.blockNumber,
                        attestation.blockHash,
                        attestation.booksRoot
                    )
                )
            );
    }
}
