// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {
    Attestation,
    Checkpoint,
    CheckpointStatus,
    Cursor,
    ICheckpointRegistry,
    Reward,
    Summary
} from "../interfaces/ICheckpointRegistry.sol";
import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {ISyncGuard} from "../interfaces/ISyncGuard.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags} from "../types/ActionFamily.sol";
import {KeeperSet} from "../types/KeeperSet.sol";
import {CheckpointRing, RING_SIZE} from "./CheckpointRing.sol";
import {CheckpointWords, CursorWord} from "./CheckpointWords.sol";
import {StorageRootProof} from "./StorageRootProof.sol";

/// @title CheckpointRegistry
/// @dev Storage-transparent: every slot is a function of its events, of `AuthorityUpdated` and of the time of the block.
contract CheckpointRegistry is ICheckpointRegistry, AccessManaged, EIP712 {
    using SafeCast for uint256;
    using CheckpointWords for Attestation;
    using CheckpointWords for bytes32[];
    using CheckpointWords for Checkpoint;
    using CheckpointWords for Cursor;
    using CheckpointRing for Checkpoint[RING_SIZE];

    struct BookSet {
        address[] contracts;
        uint64 activeFrom;
    }

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(uint32 setId,uint32 bookSetVersion,uint64 blockNumber,bytes32 blockHash,bytes32 booksRoot)"
    );
    uint256 private constant MAX_BOOKS = 32;
    /// @dev Forks shallower than this never know different lists under one version: otherwise what was signed honestly on
    /// one of them could be convicted on the other. Blocks.
    uint256 private constant BOOK_SET_LEAD = 64;

    IKeeperRegistry public immutable KEEPERS;
    ISyncGuard public immutable GUARD;
    IInsuranceFund public immutable FUND;
    IPositionLedger public immutable LEDGER;
    /// @notice A block older than this cannot be posted, so that the age of a checkpoint is bounded, blocks.
    /// @dev At most 256, the window of `blockhash`.
    uint64 public immutable POST_WINDOW;

    Checkpoint[RING_SIZE] internal _ring;
    Cursor internal _cursor;
    bytes32 internal _keeperSet;
    Reward internal _reward;
    mapping(uint32 version => BookSet) internal _bookSets;

    constructor(
        address authority,
        IKeeperRegistry keepers,
        ISyncGuard guard,
        IInsuranceFund fund,
        IPositionLedger ledger,
        uint64 postWindow
    ) AccessManaged(authority) EIP712("Lockstep", "1") {
        require(address(keepers) != address(0) && address(guard) != address(0), RegistryZeroAddress());
        require(address(fund) != address(0) && address(ledger) != address(0), RegistryZeroAddress());
        require(postWindow != 0 && postWindow <= 256, RegistryOldBlock(postWindow, 256));
        KEEPERS = keepers;
        GUARD = guard;
        FUND = fund;
        LEDGER = ledger;
        POST_WINDOW = postWindow;
    }

    // ---- Governance ----

    /// @inheritdoc ICheckpointRegistry
    function setBooks(address[] calldata contracts, uint64 activeFrom) external restricted returns (uint32 version) {
        uint256 count = contracts.length;
        require(count != 0 && count <= MAX_BOOKS, RegistryBadBookCount(count));
        Cursor memory cursor = _cursor;
        bool isFirst = cursor.bookSetVersion == 0;
        if (activeFrom == 0) activeFrom = uint64(block.number);
        uint256 earliest = isFirst ? block.number : block.number + BOOK_SET_LEAD;
        require(activeFrom >= earliest, RegistryPastActivation(activeFrom, earliest));
        for (uint256 i = 0; i < count; ++i) {
            require(contracts[i] != address(0), RegistryZeroAddress());
            for (uint256 j = 0; j < i; ++j) require(contracts[i] != contracts[j], RegistryDuplicateBook(contracts[i]));
        }
        // Of the first version nothing is asked: it may be active from block zero of a chain that begins.
        require(isFirst || activeFrom > cursor.bookSetFrom, RegistryPastActivation(activeFrom, cursor.bookSetFrom));
        version = ++cursor.bookSetVersion;
        cursor.bookSetFrom = uint256(activeFrom).toUint40();
        cursor.bookCount = uint8(count);
        _cursor = cursor;
        _bookSets[version].contracts = contracts;
        _bookSets[version].activeFrom = activeFrom;
        emit BookSetChanged(version, activeFrom, contracts);
    }

    /// @inheritdoc ICheckpointRegistry
    function setReward(uint96 perBlock, uint32 maxBlocks) external restricted {
        _reward = Reward(perBlock, maxBlocks, true);
        emit RewardSet(perBlock, maxBlocks);
    }

    // ---- Keepers ----

    /// @inheritdoc ICheckpointRegistry
    function onKeeperSet(uint32 setId, bytes32 commitment) external {
        require(msg.sender == address(KEEPERS), RegistryNotKeeperRegistry(msg.sender));
        _cursor.setId = setId;
        _keeperSet = commitment;
        emit KeeperSetAdopted(setId, commitment);
    }

    // ---- Post ----

    /// @inheritdoc ICheckpointRegistry
    /// @dev Invariant INV-10: the block number of each post is above every earlier one, convicted ones included.
    function post(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        KeeperSet calldata set,
        bytes calldata signatures
    ) external {
        uint64 number = attestation.blockNumber;
        bytes32 blockHash = attestation.blockHash;
        _requireRecent(number, blockHash);
        CursorWord cursor = _cursor.load();
        require(number > cursor.highest(), RegistryNotNewer(number, cursor.highest()));
        bytes32 actual = blockhash(number);
        require(actual == blockHash, RegistryWrongBlock(number, blockHash, actual));
        uint32 setId = attestation.setId;
        require(setId == cursor.setId(), RegistryWrongKeeperSet(setId, cursor.setId()));
        uint32 version = attestation.bookSetVersion;
        (uint32 required, uint256 count) = (cursor.bookSetVersion(), cursor.bookCount());
        if (number < cursor.bookSetFrom()) {
            required = bookSetVersionAt(number);
            count = _bookSets[required].contracts.length;
        }
        _requireRoots(attestation.booksRoot, roots, version, required, count);
        bytes32 digest = hashAttestation(attestation);
        Quorum.check(_keeperSet, set, digest, signatures);

        (uint256 posts, address carrier) = _makeRoom(cursor.posts(), GUARD.onCheckpoint(number));
        _ring.entry(posts).store(digest, number, carrier);
        _cursor.store(cursor.afterPost(number, posts + 1));
        emit CheckpointPosted(number, blockHash, carrier, setId, version, uint40(block.timestamp), roots);
    }

    function _requireRecent(uint64 number, bytes32 blockHash) private view {
        require(blockHash != bytes32(0), RegistryZeroHash());
        require(number < block.number, RegistryFutureBlock(number, block.number));
        unchecked {
            // The block is an earlier one.
            require(block.number - number <= POST_WINDOW, RegistryOldBlock(number, block.number));
        }
    }

    /// @dev Invariant INV-3: zero is never a valid hash or root.
    function _requireRoots(
        bytes32 booksRoot,
        bytes32[] calldata roots,
        uint32 version,
        uint32 required,
        uint256 count
    ) private pure {
        require(version == required && required != 0, RegistryWrongBookSet(version, required));
        require(roots.length == count, RegistryRootCount(roots.length, count));
        (bytes32 actual, bool hasZero) = roots.hash();
        if (hasZero) _refuseZero(roots);
        require(actual == booksRoot, RegistryRootsMismatch(actual, booksRoot));
    }

    function _refuseZero(bytes32[] calldata roots) private pure {
        for (uint256 i = 0; i < roots.length; ++i) require(roots[i] != bytes32(0), RegistryZeroRoot(i));
    }

    function _requireHash(bytes32[] calldata roots, bytes32 booksRoot) private pure {
        (bytes32 actual, ) = roots.hash();
        require(actual == booksRoot, RegistryRootsMismatch(actual, booksRoot));
    }

    /// @dev Invariant INV-9: the witness of withdrawals never falls out of the ring. When it is the oldest checkpoint, the
    /// newest one gives way instead, which its successor makes dispensable. The successor also takes over what the newest
    /// one advanced, and is carried for nothing if that was paid: no block is paid twice.
    function _makeRoom(uint256 posts, uint64 witness) private returns (uint256, address carrier) {
        if (witness == 0 || _ring.entry(posts).blockNumber != witness) return (posts, msg.sender);
        // The ring is full, so that there is a newest post.
        Checkpoint storage newest_ = _ring.entry(posts - 1);
        (uint40 number, address paid, bool isPaid) = (newest_.blockNumber, newest_.carrier, newest_.isPaid);
        emit CheckpointReplaced(number, uint64(posts - 1));
        return (posts - 1, isPaid || paid == address(0) ? address(0) : msg.sender);
    }

    // ---- Prove ----

    /// @inheritdoc ICheckpointRegistry
    function prove(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes calldata headerRlp,
        bytes[] calldata nodes,
        uint8[][] calldata paths
    ) external {
        uint64 number = attestation.blockNumber;
        Checkpoint storage checkpoint = _requireDigest(attestation);
        require(checkpoint.status == CheckpointStatus.Posted, RegistryNotPosted(number, checkpoint.status));
        _requireHash(roots, attestation.booksRoot);
        (bytes32 stateRoot, ) = StorageRootProof.header(headerRlp, attestation.blockHash);
        address[] memory books = _bookSets[attestation.bookSetVersion].contracts;
        require(paths.length == books.length, RegistryRootCount(paths.length, books.length));
        for (uint256 i = 0; i < books.length; ++i) {
            bytes32 proven = StorageRootProof.storageRoot(stateRoot, books[i], _pathOf(i, nodes, paths[i]));
            require(proven == roots[i], RegistryRootDiffers(books[i], proven, roots[i]));
        }
        checkpoint.status = CheckpointStatus.Proven;
        emit CheckpointProven(number, attestation.blockHash);
    }

    function _pathOf(
        uint256 book,
        bytes[] calldata nodes,
        uint8[] calldata path
    ) private pure returns (bytes[] memory proof) {
        proof = new bytes[](path.length);
        for (uint256 i = 0; i < path.length; ++i) {
            require(path[i] < nodes.length, RegistryBadPath(book, path[i]));
            proof[i] = nodes[path[i]];
        }
    }

    // ---- Convict ----

    /// @inheritdoc ICheckpointRegistry
    /// @dev Invariant INV-26: a conviction always halts. Nothing of it is caught: what is starved of gas reverts as a whole, so that no bond is taken without the halt.
    function convict(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        bytes calldata signatures,
        uint256 index,
        bytes calldata headerRlp,
        bytes[] calldata accountProof
    ) external {
        bytes32 digest = hashAttestation(attestation);
        address[] memory signers = Quorum.recover(digest, signatures);
        require(signers.length != 0, Quorum.QuorumTooFew(0, 1));
        _requireHash(roots, attestation.booksRoot);
        _requireFalse(attestation, roots, index, headerRlp, accountProof);

        // The keeper registry tells of the new set through {onKeeperSet}, which writes the cursor: it is read afterwards.
        uint256 slashed = KEEPERS.slash(signers, msg.sender);
        bool isVoided = _void(attestation.blockNumber, digest);
        // A conviction changes something: otherwise the key of a keeper that is long convicted could halt again and again.
        require(slashed != 0 || isVoided, RegistryNothingToConvict(attestation.blockNumber));
        emit AttestationConvicted(
            attestation.blockNumber,
            attestation.blockHash,
            digest,
            msg.sender,
            isVoided,
            _cursor.newest
        );
        GUARD.onConviction(digest, newest().postedAt);
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
        address[] storage books = _bookSets[required].contracts;
        uint256 count = books.length;
        require(roots.length == count, RegistryRootCount(roots.length, count));
        require(index < count, RegistryRootCount(index, count));
        address book = books[index];
        bytes32 proven = StorageRootProof.storageRoot(stateRoot, book, accountProof);
        require(proven != roots[index], RegistryAttestationTrue(book, proven));
    }

    /// @dev Voids the posted checkpoint of a convicted attestation, if there is one, and falls back to the newest other.
    function _void(uint64 blockNumber, bytes32 digest) private returns (bool) {
        Cursor memory cursor = _cursor;
        (bool isKnown, uint256 place) = _ring.find(cursor.posts, blockNumber);
        if (!isKnown) return false;
        Checkpoint storage checkpoint = _ring.entry(place);
        if (checkpoint.digest != digest || checkpoint.status == CheckpointStatus.Convicted) return false;
        checkpoint.status = CheckpointStatus.Convicted;
        if (cursor.newest == blockNumber) {
            (isKnown, place) = _ring.validBelow(cursor.posts, place);
            _cursor.newest = isKnown ? _ring.entry(place).blockNumber : 0;
        }
        return true;
    }

    // ---- Reward ----

    /// @inheritdoc ICheckpointRegistry
    function claimReward(uint64 blockNumber, AccountId to) external returns (uint256 amount) {
        uint256 posts = _cursor.posts;
        uint256 place = _placeOf(posts, blockNumber);
        Checkpoint storage checkpoint = _ring.entry(place);
        _requireValid(blockNumber, checkpoint.status);
        require(msg.sender == checkpoint.carrier, RegistryNotCarrier(blockNumber, msg.sender));
        require(!checkpoint.isPaid, RegistryAlreadyPaid(blockNumber));
        amount = _rewardAt(posts, place);
        require(amount != 0, RegistryNothingToPay(blockNumber));
        checkpoint.isPaid = true;
        // 32 bits of blocks times 96 bits of quote.
        FUND.payReward(to, uint128(amount));
        emit RewardPaid(blockNumber, msg.sender, to, amount);
    }

    /// @dev What the checkpoint at `place` advanced is known as long as the one before it is kept. The first of all
    /// advanced one block, namely its own.
    function _rewardAt(uint256 posts, uint256 place) private view returns (uint256) {
        uint256 number = _ring.entry(place).blockNumber;
        require(place == 0 || place > CheckpointRing.oldest(posts), RegistryNothingToPay(uint64(number)));
        uint256 advanced = place == 0 ? 1 : number - _ring.entry(place - 1).blockNumber;
        Reward memory terms = _reward;
        if (advanced > terms.maxBlocks) advanced = terms.maxBlocks;
        return advanced * terms.perBlock;
    }

    // ---- Checked roots ----

    /// @inheritdoc ICheckpointRegistry
    function verifyRoots(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        address first,
        address second
    ) external view returns (uint256 firstIndex, uint256 secondIndex) {
        _requireValid(attestation.blockNumber, _requireDigest(attestation).status);
        _requireHash(roots, attestation.booksRoot);
        address[] storage books = _bookSets[attestation.bookSetVersion].contracts;
        return (_position(books, first), _position(books, second));
    }

    /// @inheritdoc ICheckpointRegistry
    function storageRootOf(
        Attestation calldata attestation,
        bytes32[] calldata roots,
        address book
    ) external view returns (bytes32 root, CheckpointStatus status, uint40 postedAt) {
        Checkpoint storage checkpoint = _requireDigest(attestation);
        (status, postedAt) = (checkpoint.status, checkpoint.postedAt);
        _requireValid(attestation.blockNumber, status);
        _requireHash(roots, attestation.booksRoot);
        root = roots[_position(_bookSets[attestation.bookSetVersion].contracts, book)];
    }

    function _requireValid(uint64 blockNumber, CheckpointStatus status) private pure {
        require(
            status == CheckpointStatus.Posted || status == CheckpointStatus.Proven,
            RegistryNotPosted(blockNumber, status)
        );
    }

    function _requireDigest(Attestation calldata attestation) private view returns (Checkpoint storage checkpoint) {
        uint64 number = attestation.blockNumber;
        checkpoint = _ring.entry(_placeOf(_cursor.posts, number));
        bytes32 digest = hashAttestation(attestation);
        require(digest == checkpoint.digest, RegistryWrongDigest(number, digest, checkpoint.digest));
    }

    function _placeOf(uint256 posts, uint64 blockNumber) private view returns (uint256 place) {
        bool isKnown;
        (isKnown, place) = _ring.find(posts, blockNumber);
        require(isKnown, RegistryUnknownCheckpoint(blockNumber));
    }

    function _position(address[] storage books, address book) private view returns (uint256 index) {
        uint256 count = books.length;
        while (index < count && books[index] != book) ++index;
        require(index < count, RegistryNotInBookSet(book));
    }

    // ---- Views ----

    /// @inheritdoc ICheckpointRegistry
    function summary() external view returns (Summary memory) {
        Cursor memory cursor = _cursor;
        Checkpoint memory checkpoint = newest();
        return
            Summary({
                digest: checkpoint.digest,
                blockNumber: checkpoint.blockNumber,
                postedAt: checkpoint.postedAt,
                status: checkpoint.status,
                age: block.timestamp - checkpoint.postedAt,
                isStale: LEDGER.isStale(),
                flags: Flags.unwrap(LEDGER.flags()),
                witnessNumber: GUARD.witnessNumber(),
                setId: cursor.setId,
                keeperSet: _keeperSet,
                bookSetVersion: bookSetVersionAt(uint64(block.number))
            });
    }

    /// @inheritdoc ICheckpointRegistry
    /// @dev What is above the newest valid one is convicted, so that it is found from above.
    function newest() public view returns (Checkpoint memory checkpoint) {
        uint256 posts = _cursor.posts;
        (bool isKnown, uint256 place) = _ring.validBelow(posts, posts);
        if (isKnown) checkpoint = _ring.entry(place);
    }

    /// @inheritdoc ICheckpointRegistry
    function newestNumber() external view returns (uint64) {
        return _cursor.newest;
    }

    /// @inheritdoc ICheckpointRegistry
    function newestBefore(uint64 blockNumber) external view returns (uint64) {
        Cursor memory cursor = _cursor;
        if (cursor.newest < blockNumber) return cursor.newest;
        (bool isKnown, uint256 place) = _ring.validBelow(cursor.posts, _ring.firstFrom(cursor.posts, blockNumber));
        return isKnown ? _ring.entry(place).blockNumber : 0;
    }

    /// @inheritdoc ICheckpointRegistry
    function checkpointOf(uint64 blockNumber) external view returns (Checkpoint memory) {
        return _ring.entry(_placeOf(_cursor.posts, blockNumber));
    }

    /// @inheritdoc ICheckpointRegistry
    function rewardTerms() external view returns (Reward memory) {
        return _reward;
    }

    /// @inheritdoc ICheckpointRegistry
    function bookSetVersionAt(uint64 blockNumber) public view returns (uint32 version) {
        Cursor memory cursor = _cursor;
        version = cursor.bookSetVersion;
        if (blockNumber >= cursor.bookSetFrom) return version;
        while (version != 0 && _bookSets[version].activeFrom > blockNumber) --version;
    }

    /// @inheritdoc ICheckpointRegistry
    function booksOf(uint32 version) external view returns (address[] memory contracts, uint64 activeFrom) {
        return (_bookSets[version].contracts, _bookSets[version].activeFrom);
    }

    /// @inheritdoc ICheckpointRegistry
    function hashAttestation(Attestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(attestation.hash(ATTESTATION_TYPEHASH));
    }
}
