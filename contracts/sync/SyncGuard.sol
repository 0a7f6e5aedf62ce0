// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICheckpointRegistry} from "../interfaces/ICheckpointRegistry.sol";
import {IKeeperRegistry} from "../interfaces/IKeeperRegistry.sol";
import {HotWord, IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {Incident, ISyncGuard, Use} from "../interfaces/ISyncGuard.sol";
import {DEGRADED_FLAGS, Flags, HALT, HALTED_FLAGS, INCREASE_RISK} from "../types/ActionFamily.sol";

/// @title SyncGuard
/// @dev Storage-transparent: every slot is a function of its events. The flags themselves live in the ledger's hot
/// word, so that asking for them costs a trade no extra cold read.
contract SyncGuard is ISyncGuard {
    /// @dev `blockhash` knows no older block. EIP-2935 is not used: a development node may answer it with anything.
    uint256 private constant BLOCKHASH_WINDOW = 256;

    IPositionLedger public immutable LEDGER;
    IKeeperRegistry public immutable KEEPERS;
    /// @notice Least duration of a soft pause, seconds.
    uint48 public immutable SOFT_TIME;
    /// @notice After a soft pause is lifted, its keepers cannot pause for so long, seconds.
    uint48 public immutable COOL_DOWN;
    /// @notice No liquidation for so long after a restriction ends, seconds.
    uint48 public immutable GRACE;
    address private immutable DEPLOYER;

    address internal _registry;
    uint48 internal _liftedAt;
    Incident internal _incident;
    mapping(bytes32 incidentId => uint64 blockNumber) internal _pausedBlocks;
    mapping(address attester => Use) internal _uses;

    /// @dev Invariant INV-4: soft always hands over to stale, so that protection never has a gap.
    constructor(IPositionLedger ledger, IKeeperRegistry keepers, uint48 softTime, uint48 coolDown, uint48 grace) {
        require(address(ledger) != address(0) && address(keepers) != address(0), GuardZeroAddress());
        uint48 staleLimit = ledger.STALE_LIMIT();
        require(staleLimit <= softTime, GuardSoftShorterThanStale(softTime, staleLimit));
        LEDGER = ledger;
        KEEPERS = keepers;
        SOFT_TIME = softTime;
        COOL_DOWN = coolDown;
        GRACE = grace;
        DEPLOYER = msg.sender;
    }

    modifier onlyRegistry() {
        require(msg.sender == _registry, GuardNotRegistry(msg.sender));
        _;
    }

    /// @inheritdoc ISyncGuard
    function bind(address registry) external {
        require(msg.sender == DEPLOYER, GuardNotDeployer(msg.sender));
        require(_registry == address(0), GuardAlreadyBound());
        require(registry != address(0), GuardZeroAddress());
        _registry = registry;
        emit GuardBound(registry);
    }

    // ---- Soft ----

    /// @inheritdoc ISyncGuard
    function softPause(bytes32 incidentId, uint64 blockNumber, bytes32 blockHash, bytes32 evidenceHash) external {
        address attester = KEEPERS.attesterOf(msg.sender);
        require(attester != address(0), GuardNotKeeper(msg.sender));
        require(incidentId != bytes32(0), GuardZeroIncident());
        if (_pausedBlocks[incidentId] != 0) return;
        _requireCanonical(blockNumber, blockHash);

        HotWord memory hot = LEDGER.hotWord();
        bool isFirst = !hot.flags.has(INCREASE_RISK);
        Incident memory next = _incident;
        _useBudget(attester, next.generation);
        if (isFirst) next.witnessNumber = ICheckpointRegistry(_registry).newestBefore(blockNumber);
        next.softUntil = uint48(block.timestamp) + SOFT_TIME;
        if (blockNumber > next.softBlock) next.softBlock = blockNumber;
        _incident = next;
        _pausedBlocks[incidentId] = blockNumber;
        emit SoftPaused(
            incidentId,
            attester,
            blockNumber,
            blockHash,
            evidenceHash,
            next.softUntil,
            next.softBlock,
            next.witnessNumber,
            next.generation
        );
        LEDGER.push(hot.flags | DEGRADED_FLAGS, hot.checkpointTime, hot.graceUntil);
    }

    /// @dev Invariant INV-5: a pause binds to a block of this chain; a liar's or a reorganised block pauses nothing.
    function _requireCanonical(uint64 blockNumber, bytes32 blockHash) private view {
        require(blockHash != bytes32(0), GuardZeroHash());
        require(blockNumber < block.number, GuardFutureBlock(blockNumber, block.number));
        require(block.number - blockNumber <= BLOCKHASH_WINDOW, GuardOldBlock(blockNumber, block.number));
        bytes32 actual = blockhash(blockNumber);
        require(actual == blockHash, GuardWrongBlock(blockNumber, blockHash, actual));
    }

    /// @dev Invariant INV-6: one use per keeper. A keeper that paused in the generation that stands, or in the one that ended less than the cool-down ago,
    /// cannot pause again: one key cannot keep the protocol paused.
    function _useBudget(address attester, uint32 generation) private {
        Use memory use = _uses[attester];
        if (use.isUsed) {
            require(use.generation != generation, GuardNotRearmed(attester, type(uint256).max));
            bool isRecent = use.generation + 1 == generation;
            uint256 rearmedAt = uint256(_liftedAt) + COOL_DOWN;
            require(!isRecent || block.timestamp >= rearmedAt, GuardNotRearmed(attester, rearmedAt));
        }
        _uses[attester] = Use(true, generation);
    }

    /// @inheritdoc ISyncGuard
    function liftSoft() external {
        HotWord memory hot = LEDGER.hotWord();
        uint64 newest = ICheckpointRegistry(_registry).newestNumber();
        require(_isLiftable(hot, newest), GuardNotLiftable(_incident.softUntil, _incident.softBlock, newest));
        LEDGER.push(_lift(hot), hot.checkpointTime, uint48(block.timestamp) + GRACE);
    }

    /// @dev Invariant INV-12: a soft pause ends only by its expiry together with a later checkpoint; a hard one does not.
    function _isLiftable(HotWord memory hot, uint64 newest) private view returns (bool) {
        return
            hot.flags.has(INCREASE_RISK) &&
            !hot.flags.has(HALT) &&
            block.timestamp >= _incident.softUntil &&
            newest > _incident.softBlock;
    }

    function _lift(HotWord memory hot) private returns (Flags) {
        _liftedAt = uint48(block.timestamp);
        emit SoftLifted(++_incident.generation, uint48(block.timestamp));
        return hot.flags.without(DEGRADED_FLAGS);
    }

    // ---- Checkpoints ----

    /// @inheritdoc ISyncGuard
    /// @dev Whatever ends here, stale or soft, starts the grace.
    function onCheckpoint(uint64 number) external onlyRegistry {
        HotWord memory hot = LEDGER.hotWord();
        bool endsRestriction = LEDGER.isStale();
        Flags next = hot.flags;
        if (_isLiftable(hot, number)) {
            next = _lift(hot);
            endsRestriction = true;
        }
        uint48 graceUntil = endsRestriction ? uint48(block.timestamp) + GRACE : hot.graceUntil;
        LEDGER.push(next, uint48(block.timestamp), graceUntil);
    }

    // ---- Hard ----

    /// @inheritdoc ISyncGuard
    function onConviction(bytes32 cause, uint48 newestTime) external onlyRegistry {
        HotWord memory hot = LEDGER.hotWord();
        ICheckpointRegistry registry = ICheckpointRegistry(_registry);
        // The witness of an incident that already stands is kept, unless the conviction voided it: then the newest valid
        // one before it, never a later one.
        _incident.witnessNumber =
            hot.flags.has(INCREASE_RISK) ? registry.newestBefore(_incident.witnessNumber + 1) : registry.newestNumber();
        emit HardPaused(cause, _incident.witnessNumber);
        LEDGER.push(hot.flags | HALTED_FLAGS, newestTime, hot.graceUntil);
    }

    // ---- Views ----

    /// @inheritdoc ISyncGuard
    function witnessNumber() external view returns (uint64) {
        return
            LEDGER.hotWord().flags.has(INCREASE_RISK)
                ? _incident.witnessNumber
                : ICheckpointRegistry(_registry).newestNumber();
    }

    /// @inheritdoc ISyncGuard
    function incident() external view returns (Incident memory) {
        return _incident;
    }

    /// @inheritdoc ISyncGuard
    function pausedBlockOf(bytes32 incidentId) external view returns (uint64) {
        return _pausedBlocks[incidentId];
    }

    /// @inheritdoc ISyncGuard
    function useOf(address attester) external view returns (Use memory) {
        return _uses[attester];
    }
}
