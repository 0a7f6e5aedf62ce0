// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {ICheckpointRegistry} from "../interfaces/ICheckpointRegistry.sol";
import {ICollateralVault} from "../interfaces/ICollateralVault.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IKeeperRegistry, PauseTerms} from "../interfaces/IKeeperRegistry.sol";
import {HotWord, IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IRepairable, Repair} from "../interfaces/IRepairable.sol";
import {
    Correction,
    GuardTimes,
    Halt,
    Incident,
    ISyncGuard,
    PauseCertificate,
    ResumeCertificate
} from "../interfaces/ISyncGuard.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {DEGRADED_FLAGS, Flags, HALT, HALTED_FLAGS, INCREASE_RISK, WIND_DOWN} from "../types/ActionFamily.sol";
import {CauseClass} from "../types/CauseClass.sol";
import {KeeperSet} from "../types/KeeperSet.sol";

/// @title SyncGuard
/// @dev Storage-transparent: every slot is a function of its events, the time and the number of their block, and
/// `AuthorityUpdated`. The flags themselves live in the ledger's hot word, so that asking for them costs a trade no
/// extra cold read. Whether an incident stands, is a halt, or is the wind-down, the guard knows from its own words: a bit
/// of the ledger's that was tampered with neither ends the protocol nor keeps anybody from pausing it.
/// No call is ever caught here. Whoever starves one of gas makes the whole transaction revert, and with EIP-150's 1/64
/// left over cannot make half of it happen: a pause, a conviction or a checkpoint takes all of its effects or none.
contract SyncGuard is ISyncGuard, AccessManaged, EIP712 {
    using SafeCast for uint256;

    bytes32 private constant PAUSE_TYPEHASH = keccak256(
        "PauseCertificate(bytes32 incidentId,uint32 setId,uint32 pauseNonce,uint64 blockNumber,bytes32 blockHash)"
    );
    bytes32 private constant RESUME_TYPEHASH = keccak256(
        "ResumeCertificate(bytes32 incidentId,uint32 setId,uint32 pauseNonce,uint64 checkpointNumber,"
        "bytes32 checkpointDigest)"
    );
    /// @dev `blockhash` knows no older block. EIP-2935 is not used: a development node may answer it with anything.
    uint256 private constant BLOCKHASH_WINDOW = 256;
    /// @dev Where no round can be proven, governance fixes a price of the wind-down after this time, seconds.
    uint256 private constant GOVERNANCE_PRICE_DELAY = 7 days;
    /// @dev The id of a proxied feed's round has its phase above these bits.
    uint256 private constant PHASE_BITS = 64;

    IPositionLedger public immutable LEDGER;
    IKeeperRegistry public immutable KEEPERS;
    IInstrumentRegistry public immutable INSTRUMENTS;
    IPriceOracle public immutable ORACLE;
    /// @notice Chainlink's uptime feed of an L2's sequencer; zero on a chain without one.
    address public immutable SEQUENCER_FEED;
    /// @inheritdoc ISyncGuard
    uint48 public immutable SOFT_TIME;
    /// @inheritdoc ISyncGuard
    uint48 public immutable VIEW_TIME;
    /// @inheritdoc ISyncGuard
    uint48 public immutable COOL_DOWN;
    /// @inheritdoc ISyncGuard
    uint48 public immutable GRACE;
    /// @inheritdoc ISyncGuard
    uint48 public immutable WIND_DOWN_TIME;
    /// @inheritdoc ISyncGuard
    uint48 public immutable CLAIM_PERIOD;
    uint48 private immutable STALE_LIMIT;
    address private immutable DEPLOYER;

    address internal _registry;
    uint40 internal _creditedAt;
    Incident internal _incident;
    Halt internal _halt;
    bytes32 internal _cause;

    /// @dev Invariant INV-4: every soft pause, a shortened one too, lasts at least as long as a checkpoint stays fresh:
    /// soft always hands over to stale, so that protection never has a gap. See `IKeeperRegistry.usePause`.
    constructor(
        address authority,
        IPositionLedger ledger,
        IKeeperRegistry keepers,
        GuardTimes memory times,
        address sequencerFeed
    ) AccessManaged(authority) EIP712("Lockstep", "1") {
        require(
            authority != address(0) && address(ledger) != address(0) && address(keepers) != address(0),
            GuardZeroAddress()
        );
        STALE_LIMIT = ledger.STALE_LIMIT();
        bool isHandedOver = STALE_LIMIT <= times.viewTime && times.viewTime + STALE_LIMIT <= times.softTime;
        // Without a cool-down one key pauses for ever, and without the others anybody ends the protocol, or its claims, at once.
        bool isLasting = times.coolDown != 0 && times.windDownTime != 0 && times.claimPeriod != 0;
        require(isHandedOver && isLasting, GuardBadTimes(STALE_LIMIT, times.viewTime, times.softTime));
        LEDGER = ledger;
        KEEPERS = keepers;
        INSTRUMENTS = ledger.INSTRUMENTS();
        ORACLE = INSTRUMENTS.ORACLE();
        SEQUENCER_FEED = sequencerFeed;
        SOFT_TIME = times.softTime;
        VIEW_TIME = times.viewTime;
        COOL_DOWN = times.coolDown;
        GRACE = times.grace;
        WIND_DOWN_TIME = times.windDownTime;
        CLAIM_PERIOD = times.claimPeriod;
        DEPLOYER = msg.sender;
    }

    modifier onlyRegistry() {
        require(msg.sender == _registry, GuardNotRegistry(msg.sender));
        _;
    }

    /// @dev Repairs happen while trading stands still, and not once everything is being paid out.
    modifier onlyHalted() {
        Halt memory stopped = _halt;
        require(stopped.windDownAt == 0, GuardWindDown(stopped.windDownAt));
        require(_isHard(_incident, stopped), GuardNotHalted());
        _;
    }

    /// @inheritdoc ISyncGuard
    /// @dev The halt's word is marked, so that no call reads it empty.
    function bind(address registry) external {
        require(msg.sender == DEPLOYER, GuardNotDeployer(msg.sender));
        require(_registry == address(0), GuardAlreadyBound());
        require(registry != address(0), GuardZeroAddress());
        _registry = registry;
        _halt.isUsed = true;
        emit GuardBound(registry);
    }

    // ---- What stands ----

    /// @dev Every pause counts up the nonce, and every end clears what was counted.
    function _stands(Incident memory current, Halt memory stopped) private pure returns (bool) {
        return current.nonce != stopped.clearedNonce;
    }

    /// @dev Whether the incident that stands had a hard pause.
    function _isHard(Incident memory current, Halt memory stopped) private pure returns (bool) {
        return _stands(current, stopped) && stopped.pausedAt >= current.startedAt;
    }

    // ---- Soft ----

    /// @inheritdoc ISyncGuard
    /// @dev Invariant INV-6: each pause uses up the budget of its key, and one that has none left pauses nothing. A no-op by
    /// anybody is harmless, so that keepers need not agree on who is first. In a wind-down there is nothing left to
    /// restrict.
    function softPause(
        bytes32 incidentId,
        CauseClass class_,
        uint64 blockNumber,
        bytes32 blockHash,
        bytes32 evidenceHash
    ) external {
        require(incidentId != bytes32(0), GuardZeroIncident());
        Incident memory next = _incident;
        if (_isJudged(next, blockNumber)) return;
        _requireCanonical(blockNumber, blockHash);
        (uint256 windDownAt, bool stands) = (_halt.windDownAt, next.nonce != _halt.clearedNonce);
        if (windDownAt != 0) return;

        PauseTerms memory terms = PauseTerms(next.generation, next.liftedAt, COOL_DOWN, SOFT_TIME, VIEW_TIME);
        (address attester, uint40 softUntil) = KEEPERS.usePause(msg.sender, class_, terms);
        LEDGER.restrict(DEGRADED_FLAGS);
        if (!stands) {
            next.witnessNumber = uint256(ICheckpointRegistry(_registry).newestBefore(blockNumber)).toUint40();
            next.startedAt = _now();
            next.softUntil = softUntil;
        } else if (softUntil > next.softUntil) {
            next.softUntil = softUntil;
        }
        // A block of this chain.
        next.softBlock = uint40(blockNumber);
        ++next.nonce;
        _incident = next;
        emit SoftPaused(
            incidentId,
            attester,
            class_,
            blockNumber,
            blockHash,
            evidenceHash,
            next.softUntil,
            next.softBlock,
            next.witnessNumber,
            next.generation,
            next.nonce,
            next.startedAt
        );
    }

    /// @dev Not before the first pause: then nothing has been judged, block zero neither.
    function _isJudged(Incident memory current, uint64 blockNumber) private pure returns (bool) {
        return blockNumber <= current.softBlock && current.nonce != 0;
    }

    /// @dev Invariant INV-5: a pause binds to a block of this chain; a liar's or a reorganised block pauses nothing.
    function _requireCanonical(uint64 blockNumber, bytes32 blockHash) private view {
        require(blockHash != bytes32(0), GuardZeroHash());
        require(blockNumber < block.number, GuardFutureBlock(blockNumber, block.number));
        require(block.number - blockNumber <= BLOCKHASH_WINDOW, GuardOldBlock(blockNumber, block.number));
        bytes32 actual = blockhash(blockNumber);
        require(actual == blockHash, GuardWrongBlock(blockNumber, blockHash, actual));
    }

    /// @inheritdoc ISyncGuard
    function liftSoft() external {
        HotWord memory hot = LEDGER.hotWord();
        uint64 newest = ICheckpointRegistry(_registry).newestNumber();
        Incident memory current = _incident;
        require(
            _isLiftable(hot.flags, current, newest),
            GuardNotLiftable(current.softUntil, current.softBlock, newest)
        );
        _lift(hot.flags, hot.checkpointTime, current);
    }

    /// @dev Invariant INV-12: a soft pause ends only by its expiry together with a later checkpoint, or by a quorum; a
    /// hard one by a quorum only.
    function _isLiftable(Flags pushed, Incident memory current, uint64 newest) private view returns (bool) {
        return
            pushed.has(INCREASE_RISK) &&
            !pushed.has(HALT) &&
            block.timestamp >= current.softUntil &&
            newest > current.softBlock;
    }

    function _lift(Flags pushed, uint40 checkpointTime, Incident memory current) private {
        _end(pushed, checkpointTime, current);
        emit SoftLifted(current.generation, current.liftedAt);
    }

    /// @dev Ends the incident: the flags go, the grace starts, and all certificates of before are void, those that were
    /// signed after its last pause included.
    function _end(Flags pushed, uint40 checkpointTime, Incident memory current) private {
        ++current.generation;
        ++current.nonce;
        current.liftedAt = _now();
        _incident = current;
        _halt.clearedNonce = current.nonce;
        LEDGER.push(pushed.without(HALTED_FLAGS), checkpointTime, _now() + GRACE);
    }

    // ---- Checkpoints ----

    /// @inheritdoc ISyncGuard
    /// @dev Whatever ends here, stale or soft, starts the grace. While no incident stands, this reads nothing else.
    function onCheckpoint(uint64 number) external onlyRegistry returns (uint64 witness) {
        Flags pushed = LEDGER.checkpointed(GRACE);
        if (!pushed.has(INCREASE_RISK)) return 0;
        Incident memory current = _incident;
        if (!_isLiftable(pushed, current, number)) return current.witnessNumber;
        _lift(pushed, _now(), current);
        return 0;
    }

    // ---- Hard ----

    /// @inheritdoc ISyncGuard
    function hardPause(
        PauseCertificate calldata certificate,
        KeeperSet calldata set,
        bytes calldata signatures
    ) external {
        bytes32 incidentId = certificate.incidentId;
        require(incidentId != bytes32(0), GuardZeroIncident());
        _requireCanonical(certificate.blockNumber, certificate.blockHash);
        Halt memory stopped = _halt;
        if (stopped.windDownAt != 0 || (_cause == incidentId && LEDGER.flags().has(HALT))) return;
        require(certificate.setId == set.id, GuardWrongKeeperSet(certificate.setId, set.id));
        (uint32 given, uint32 current) = (certificate.pauseNonce, _incident.nonce);
        require(stopped.clearedNonce <= given && given <= current, GuardWrongNonce(given, current));
        Quorum.check(KEEPERS.commitment(), set, hashPause(certificate), signatures);

        LEDGER.restrict(HALTED_FLAGS);
        _pauseHard(incidentId, ICheckpointRegistry(_registry).newestBefore(certificate.blockNumber), false);
    }

    /// @inheritdoc ISyncGuard
    /// @dev The credit for an outage goes with the checkpoint that it was given to. Time zero, where none is left, is not
    /// an age: see `startWindDown`.
    function onConviction(bytes32 cause_, uint48 newestTime) external onlyRegistry {
        HotWord memory hot = LEDGER.hotWord();
        LEDGER.push(hot.flags | HALTED_FLAGS, newestTime, hot.graceUntil);
        _pauseHard(cause_, ICheckpointRegistry(_registry).newestNumber(), true);
    }

    /// @inheritdoc ISyncGuard
    function onQuorumLost(uint32 setId) external {
        require(msg.sender == address(KEEPERS), GuardNotKeeperRegistry(msg.sender));
        LEDGER.restrict(HALTED_FLAGS);
        _pauseHard(bytes32(uint256(setId)), ICheckpointRegistry(_registry).newestNumber(), false);
    }

    /// @dev The witness of an incident that already stands is kept, unless a conviction voided it: then the newest
    /// valid one before it, never a later one.
    /// @param witness of an incident that begins now
    function _pauseHard(bytes32 cause_, uint64 witness, bool isConviction) private {
        Incident memory next = _incident;
        Halt memory stopped = _halt;
        // In a wind-down haltedAt means nothing any more, and stays.
        if (!_isHard(next, stopped) && stopped.windDownAt == 0) stopped.haltedAt = _now();
        if (!_stands(next, stopped)) {
            next.witnessNumber = uint256(witness).toUint40();
            next.startedAt = _now();
        } else if (isConviction) {
            next.witnessNumber = _validWitness(next.witnessNumber);
        }
        (stopped.pausedAt, stopped.haltBlock) = (_now(), block.number.toUint40());
        ++next.nonce;
        (_incident, _halt, _cause) = (next, stopped, cause_);
        emit HardPaused(cause_, next.witnessNumber, next.nonce, next.startedAt, stopped.haltedAt);
    }

    /// @dev `witness` itself, or the newest valid checkpoint before it.
    function _validWitness(uint40 witness) private view returns (uint40) {
        return uint256(ICheckpointRegistry(_registry).newestBefore(uint64(witness) + 1)).toUint40();
    }

    // ---- Resume ----

    /// @inheritdoc ISyncGuard
    /// @dev Pause beats resume. In one block, the resume that comes second names an old nonce, and the soft pause that
    /// comes second restricts again, as does a certificate for the nonce that the resume leaves. The checkpoint's block is
    /// after the halt's, and so is this one.
    function resume(
        ResumeCertificate calldata certificate,
        KeeperSet calldata set,
        bytes calldata signatures
    ) external {
        HotWord memory hot = LEDGER.hotWord();
        Halt memory stopped = _halt;
        Incident memory current = _incident;
        require(stopped.windDownAt == 0, GuardWindDown(stopped.windDownAt));
        require(_stands(current, stopped), GuardNotPaused());
        require(certificate.setId == set.id, GuardWrongKeeperSet(certificate.setId, set.id));
        require(certificate.pauseNonce == current.nonce, GuardWrongNonce(certificate.pauseNonce, current.nonce));
        uint64 after_ = current.softBlock;
        if (_isHard(current, stopped)) {
            require(certificate.incidentId == _cause, GuardWrongIncident(certificate.incidentId, _cause));
            uint256 possibleFrom = uint256(stopped.pausedAt) + COOL_DOWN;
            require(block.timestamp >= possibleFrom, GuardCoolDown(possibleFrom));
            if (stopped.haltBlock > after_) after_ = stopped.haltBlock;
            if (stopped.repairBlock > after_) after_ = stopped.repairBlock;
            _requireCustody();
        }
        _requireCheckpoint(certificate, after_);
        Quorum.check(KEEPERS.commitment(), set, hashResume(certificate), signatures);

        _end(hot.flags, hot.checkpointTime, current);
        emit Resumed(certificate.incidentId, certificate.checkpointNumber, current.generation, current.liftedAt);
    }

    /// @dev A valid checkpoint of a block after `after_`. One that has given way to a later one in a full ring is as good:
    /// otherwise whoever posts first would void the certificate. A convicted one is none, and counts the nonce up anyway.
    function _requireCheckpoint(ResumeCertificate calldata certificate, uint64 after_) private view {
        ICheckpointRegistry registry = ICheckpointRegistry(_registry);
        uint64 number = certificate.checkpointNumber;
        require(number > after_, GuardCheckpointTooOld(number, after_ + 1));
        bool isKept = registry.newestBefore(number + 1) == number;
        if (!isKept && registry.newestNumber() > number) return;
        bytes32 posted = isKept ? registry.checkpointOf(number).digest : bytes32(0);
        require(
            isKept && certificate.checkpointDigest == posted,
            GuardWrongCheckpoint(certificate.checkpointDigest, posted)
        );
    }

    /// @dev The settlement currency pays losses, so it must be there. Anyone may fill it up.
    function _requireCustody() private view {
        address vault = LEDGER.modules().vault;
        address asset = LEDGER.SETTLEMENT_ASSET();
        uint256 custody = IERC20(asset).balanceOf(vault);
        uint256 held = ICollateralVault(vault).assetOf(asset).held;
        require(custody >= held, GuardCustodyShort(custody, held));
    }

    // ---- Outages ----

    /// @inheritdoc ISyncGuard
    /// @dev No second is credited twice, none before the newest checkpoint, none of the future, and none while halted,
    /// where nothing depends on it. A feed that was not updated has no such two rounds.
    function creditOutage(uint80 downRound, uint80 upRound) external {
        require(SEQUENCER_FEED != address(0), GuardNoSequencer());
        HotWord memory hot = LEDGER.hotWord();
        require(!hot.flags.has(HALT), GuardHalted());
        (uint256 from, uint256 to) = _outage(downRound, upRound);
        if (from < hot.checkpointTime) from = hot.checkpointTime;
        if (from < _creditedAt) from = _creditedAt;
        require(from < to && to <= block.timestamp, GuardNoOutage(downRound, upRound));
        // At most `to`, because `from` is not before it.
        uint256 time = hot.checkpointTime + (to - from);
        bool endsStale = _isStaleSince(hot.checkpointTime) && !_isStaleSince(time);
        uint48 graceUntil = endsStale ? _now() + GRACE : hot.graceUntil;
        // Not above the block's time.
        (_creditedAt, hot.checkpointTime) = (uint40(to), uint40(time));
        emit OutageCredited(uint40(from), uint40(to), hot.checkpointTime);
        LEDGER.push(hot.flags, hot.checkpointTime, graceUntil);
    }

    /// @dev When the sequencer went down and came back, as two successive rounds of one phase say.
    function _outage(uint80 downRound, uint80 upRound) private view returns (uint256 from, uint256 to) {
        AggregatorV3Interface feed = AggregatorV3Interface(SEQUENCER_FEED);
        bool areNext = upRound != 0 && upRound - 1 == downRound && upRound >> PHASE_BITS == downRound >> PHASE_BITS;
        require(areNext, GuardNoOutage(downRound, upRound));
        (uint80 downId, int256 down, uint256 downSince, , ) = feed.getRoundData(downRound);
        (uint80 upId, int256 up, uint256 upSince, , ) = feed.getRoundData(upRound);
        bool isOutage = downId == downRound && upId == upRound && down == 1 && up == 0;
        require(isOutage && downSince != 0 && downSince < upSince, GuardNoOutage(downRound, upRound));
        return (downSince, upSince);
    }

    function _isStaleSince(uint256 checkpointTime) private view returns (bool) {
        return block.timestamp > checkpointTime + STALE_LIMIT;
    }

    // ---- Repair ----

    /// @inheritdoc ISyncGuard
    function repair(address book, Repair calldata item) external restricted onlyHalted {
        _requireBook(_books(), book);
        IRepairable(book).repair(item);
        uint40 repairBlock = block.number.toUint40();
        _halt.repairBlock = repairBlock;
        emit RepairMade(book, repairBlock);
    }

    /// @inheritdoc ISyncGuard
    function acceptBooks(
        uint64 blockNumber,
        bytes32 blockHash,
        Correction[] calldata corrections
    ) external restricted onlyHalted {
        _requireCanonical(blockNumber, blockHash);
        require(corrections.length != 0, GuardNoCorrections());
        address[] memory books = _books();
        for (uint256 i = 0; i < corrections.length; ++i) _requireBook(books, corrections[i].book);
        _halt.repairBlock = block.number.toUint40();
        emit BooksAccepted(blockNumber, blockHash, corrections);
    }

    function _books() private view returns (address[] memory books) {
        ICheckpointRegistry registry = ICheckpointRegistry(_registry);
        (books, ) = registry.booksOf(registry.bookSetVersionAt(block.number.toUint64()));
    }

    function _requireBook(address[] memory books, address book) private pure {
        uint256 index = 0;
        while (index < books.length && books[index] != book) ++index;
        require(index < books.length, GuardNotBook(book));
    }

    // ---- Wind-down ----

    /// @inheritdoc ISyncGuard
    /// @dev Invariant INV-30: nothing ends a wind-down. Halted for ever or without keepers for ever, everybody becomes flat and
    /// is paid at fixed prices. After a conviction that left no checkpoint only the halt counts: its time zero is not an age,
    /// and one keeper that convicts itself must not end the protocol at once.
    function startWindDown() external {
        LEDGER.restrict(HALTED_FLAGS | WIND_DOWN);
        uint40 checkpointTime = LEDGER.hotWord().checkpointTime;
        Halt memory stopped = _halt;
        Incident memory next = _incident;
        require(stopped.windDownAt == 0, GuardWindDown(stopped.windDownAt));
        uint256 since = checkpointTime;
        if (_isHard(next, stopped) && (since == 0 || stopped.haltedAt < since)) since = stopped.haltedAt;
        require(block.timestamp >= since + WIND_DOWN_TIME, GuardWindDownTooEarly(since + WIND_DOWN_TIME));
        if (!_stands(next, stopped)) {
            next.witnessNumber = uint256(ICheckpointRegistry(_registry).newestNumber()).toUint40();
            next.startedAt = checkpointTime;
        }
        stopped.windDownAt = _now();
        ++next.nonce;
        (_incident, _halt) = (next, stopped);
        emit WindDownStarted(stopped.windDownAt, next.witnessNumber, next.startedAt);
    }

    /// @inheritdoc ISyncGuard
    function fixPrice(uint16 instrument, uint80 roundId) external {
        require(_halt.windDownAt != 0, GuardNotWindDown());
        uint40 time = _incident.startedAt;
        uint16 feed = INSTRUMENTS.instrumentOf(instrument).feed;
        INSTRUMENTS.settleWindDown(instrument, time, ORACLE.averageAt(feed, time, roundId));
    }

    /// @inheritdoc ISyncGuard
    function fixPriceByGovernance(uint16 instrument, uint128 spot) external restricted {
        uint40 windDownAt = _halt.windDownAt;
        require(windDownAt != 0, GuardNotWindDown());
        uint256 possibleFrom = windDownAt + GOVERNANCE_PRICE_DELAY;
        require(block.timestamp >= possibleFrom, GuardWindDownTooEarly(possibleFrom));
        INSTRUMENTS.settleWindDown(instrument, _incident.startedAt, spot);
    }

    // ---- Views ----

    /// @inheritdoc ISyncGuard
    function witnessNumber() external view returns (uint64) {
        Incident memory current = _incident;
        return _stands(current, _halt) ? current.witnessNumber : ICheckpointRegistry(_registry).newestNumber();
    }

    /// @inheritdoc ISyncGuard
    function incident() external view returns (Incident memory) {
        return _incident;
    }

    /// @inheritdoc ISyncGuard
    function halt() external view returns (Halt memory) {
        return _halt;
    }

    /// @inheritdoc ISyncGuard
    function cause() external view returns (bytes32) {
        return _cause;
    }

    /// @inheritdoc ISyncGuard
    function creditedAt() external view returns (uint40) {
        return _creditedAt;
    }

    /// @inheritdoc ISyncGuard
    function isJudged(uint64 blockNumber) external view returns (bool) {
        return _isJudged(_incident, blockNumber);
    }

    /// @inheritdoc ISyncGuard
    function isHalted() external view returns (bool) {
        return LEDGER.flags().has(HALT);
    }

    /// @inheritdoc ISyncGuard
    function claimsUntil() external view returns (uint256) {
        uint256 windDownAt = _halt.windDownAt;
        return windDownAt == 0 ? 0 : windDownAt + CLAIM_PERIOD;
    }

    /// @inheritdoc ISyncGuard
    function hashPause(PauseCertificate calldata certificate) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(PAUSE_TYPEHASH, certificate)));
    }

    /// @inheritdoc ISyncGuard
    function hashResume(ResumeCertificate calldata certificate) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RESUME_TYPEHASH, certificate)));
    }

    /// @dev Fits for 34,000 years.
    function _now() private view returns (uint40) {
        return uint40(block.timestamp);
    }
}
