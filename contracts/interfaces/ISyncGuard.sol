// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CauseClass} from "../types/CauseClass.sol";
import {KeeperSet} from "../types/KeeperSet.sol";
import {Repair} from "./IRepairable.sol";

/// @notice The incident that stands, or the last one. Times in seconds.
/// @param softUntil the soft pause cannot be lifted before, except by a quorum
/// @param softBlock highest block that a soft pause judged; only a checkpoint of a later block lifts it
/// @param witnessNumber newest checkpoint before the incident: the witness of withdrawals
/// @param generation number of incidents that ended so far
/// @param nonce number of pauses, soft and hard, and of their ends so far; a resume certificate names it
/// @param liftedAt when the last incident ended
/// @param startedAt when the one that stands, or stood last, began
struct Incident {
    uint40 softUntil;
    uint40 softBlock;
    uint40 witnessNumber;
    uint24 generation;
    uint32 nonce;
    uint40 liftedAt;
    uint40 startedAt;
}

/// @notice The halt that stands, or the last one.
/// @param haltedAt when the first hard pause of it came, seconds
/// @param pausedAt when the newest hard pause came, seconds
/// @param haltBlock block that included it
/// @param repairBlock block that included the newest repair or acceptance
/// @param windDownAt when the wind-down began, seconds; zero if it did not
/// @param clearedNonce the pause nonce since the last incident ended: pause certificates of before are void
struct Halt {
    uint40 haltedAt;
    uint40 pausedAt;
    uint40 haltBlock;
    uint40 repairBlock;
    uint40 windDownAt;
    uint32 clearedNonce;
    bool isUsed;
}

/// @notice The guard's times, seconds.
/// @param viewTime duration of a soft pause for a view; at least the stale limit
/// @param softTime duration of a soft pause for proved books; at least `viewTime` and the stale limit together
/// @param coolDown least time from the newest hard pause to its end, and from the end of a soft pause to the next one by
/// the same key
/// @param grace nobody is liquidated for so long after a restriction ended
/// @param windDownTime halted, or without any checkpoint, for so long: the wind-down may begin
/// @param claimPeriod claims of a wind-down are registered for so long
struct GuardTimes {
    uint48 viewTime;
    uint48 softTime;
    uint48 coolDown;
    uint48 grace;
    uint48 windDownTime;
    uint48 claimPeriod;
}

/// @notice What a quorum signs to halt, EIP-712 in the guard's domain.
/// @param pauseNonce the guard's when it was signed; valid until the incident that then stood, or the next, has ended
/// @param blockNumber, blockHash a block of this chain, one of the last 256, that diverges
struct PauseCertificate {
    bytes32 incidentId;
    uint32 setId;
    uint32 pauseNonce;
    uint64 blockNumber;
    bytes32 blockHash;
}

/// @notice What a quorum signs to resume, EIP-712 in the guard's domain.
/// @param incidentId of the halt that shall end: the guard's `cause`; of a soft pause, which the nonce names already, its id
/// @param pauseNonce the guard's; any later pause voids the certificate
/// @param checkpointNumber block of a checkpoint after the last pause and the last repair
/// @param checkpointDigest the one of the checkpoint
struct ResumeCertificate {
    bytes32 incidentId;
    uint32 setId;
    uint32 pauseNonce;
    uint64 checkpointNumber;
    bytes32 checkpointDigest;
}

/// @notice A word of the books that shall be what the chain holds.
struct Correction {
    address book;
    bytes32 slot;
    bytes32 value;
}

/// @title SyncGuard: restricts action families when the books and the chain may differ, and the gate back.
interface ISyncGuard {
    event GuardBound(address registry);
    /// @param attester the keeper that paused
    /// @param softUntil, softBlock, witnessNumber, generation, nonce, startedAt resulting incident word
    event SoftPaused(
        bytes32 indexed incidentId,
        address indexed attester,
        CauseClass class,
        uint64 blockNumber,
        bytes32 blockHash,
        bytes32 evidenceHash,
        uint40 softUntil,
        uint40 softBlock,
        uint40 witnessNumber,
        uint24 generation,
        uint32 nonce,
        uint40 startedAt
    );
    /// @notice A soft pause ended: expired and overtaken by a checkpoint, or by a quorum.
    event SoftLifted(uint24 generation, uint40 liftedAt);
    /// @param cause the incident of a pause certificate, the digest of a convicted attestation, or the number of the keeper set
    /// that lost its quorum
    event HardPaused(bytes32 indexed cause, uint40 witnessNumber, uint32 nonce, uint40 startedAt, uint40 haltedAt);
    event Resumed(bytes32 indexed incidentId, uint64 checkpointNumber, uint24 generation, uint40 resumedAt);
    /// @notice A word of a book contract was repaired; the contract's own event names it.
    event RepairMade(address indexed book, uint40 repairBlock);
    /// @notice The books take over what the chain holds in these words, from this transaction on.
    event BooksAccepted(uint64 indexed blockNumber, bytes32 indexed blockHash, Correction[] corrections);
    /// @notice The age of the newest checkpoint does not count the time in which the sequencer was down.
    event OutageCredited(uint40 from, uint40 to, uint40 checkpointTime);
    event WindDownStarted(uint40 windDownAt, uint40 witnessNumber, uint40 startedAt);

    error GuardNotDeployer(address caller);
    error GuardAlreadyBound();
    error GuardZeroAddress();
    error GuardNotRegistry(address caller);
    error GuardNotKeeperRegistry(address caller);
    error GuardBadTimes(uint48 staleLimit, uint48 viewTime, uint48 softTime);
    error GuardZeroIncident();
    error GuardZeroHash();
    error GuardFutureBlock(uint64 blockNumber, uint256 current);
    error GuardOldBlock(uint64 blockNumber, uint256 current);
    error GuardWrongBlock(uint64 blockNumber, bytes32 given, bytes32 actual);
    error GuardNotLiftable(uint40 softUntil, uint40 softBlock, uint64 newestCheckpoint);
    error GuardWrongKeeperSet(uint32 given, uint32 current);
    error GuardWrongNonce(uint32 given, uint32 required);
    error GuardWrongIncident(bytes32 given, bytes32 current);
    error GuardNotPaused();
    error GuardNotHalted();
    error GuardHalted();
    error GuardWindDown(uint40 windDownAt);
    error GuardNotWindDown();
    error GuardCheckpointTooOld(uint64 checkpointNumber, uint64 required);
    error GuardWrongCheckpoint(bytes32 given, bytes32 posted);
    error GuardCoolDown(uint256 possibleFrom);
    error GuardCustodyShort(uint256 custody, uint256 held);
    error GuardNotBook(address book);
    error GuardNoCorrections();
    error GuardNoSequencer();
    error GuardNoOutage(uint80 downRound, uint80 upRound);
    error GuardWindDownTooEarly(uint256 possibleFrom);

    /// @notice Names the checkpoint registry. Once, by the deployer.
    function bind(address registry) external;

    // Restricting

    /// @notice Restricts new risk and withdrawals, because block `blockNumber` with hash `blockHash` is proved to diverge.
    /// @dev Refused unless that block is one of this chain's last 256: a liar's block pauses nothing. A pause for a block
    /// that an earlier pause has judged, or one before it, is a harmless no-op, so that each incident pauses once. The
    /// budgets: `IKeeperRegistry.usePause`.
    function softPause(
        bytes32 incidentId,
        CauseClass class_,
        uint64 blockNumber,
        bytes32 blockHash,
        bytes32 evidenceHash
    ) external;

    /// @notice Halts, with the signatures of a quorum. Anyone may carry it. A repeat is a harmless no-op.
    function hardPause(
        PauseCertificate calldata certificate,
        KeeperSet calldata set,
        bytes calldata signatures
    ) external;

    /// @notice A checkpoint was posted (registry only).
    /// @return witness checkpoint that must not be dropped; zero when no incident stands
    function onCheckpoint(uint64 number) external returns (uint64 witness);

    /// @notice Keepers were convicted: halt, and the age of the newest checkpoint that is left (registry only).
    function onConviction(bytes32 cause, uint48 newestTime) external;

    /// @notice Fewer than a quorum of keepers are left: halt (keeper registry only).
    function onQuorumLost(uint32 setId) external;

    // Ending

    /// @notice Lifts an expired soft pause once a later block has a checkpoint. Anyone.
    function liftSoft() external;

    /// @notice Ends a halt or a soft pause, with the signatures of a quorum. Anyone may carry it.
    /// @dev A halt: after the cool-down since the newest hard pause, with a checkpoint of a block after the last pause and
    /// the last repair, while custody covers what the vault owes. Then nobody is liquidated during the grace.
    function resume(ResumeCertificate calldata certificate, KeeperSet calldata set, bytes calldata signatures) external;

    /// @notice Does not count the time between two rounds of the sequencer's uptime feed, the first of which says that it was
    /// down, as age of the newest checkpoint: nothing happened in it. Anyone.
    function creditOutage(uint80 downRound, uint80 upRound) external;

    // Repairing

    /// @notice Repairs a word of a book contract (governance), only while halted.
    function repair(address book, Repair calldata item) external;

    /// @notice Declares words of the chain right as they are (governance), only while halted. Writes nothing.
    /// @param blockNumber, blockHash a block of this chain, one of the last 256, whose words were looked at
    function acceptBooks(uint64 blockNumber, bytes32 blockHash, Correction[] calldata corrections) external;

    // Wind-down

    /// @notice Starts the wind-down after a long time halted or without any checkpoint. Anyone. There is no way back.
    function startWindDown() external;

    /// @notice Fixes the price at which the positions of an instrument are closed. Anyone, once.
    /// @param roundId the last valid round of the instrument's feed at or before the incident
    function fixPrice(uint16 instrument, uint80 roundId) external;

    /// @notice The same where no round can be proven, a week later (governance).
    /// @param spot 1e-18 quote per underlying
    function fixPriceByGovernance(uint16 instrument, uint128 spot) external;

    // Views

    /// @notice Block of the checkpoint that withdrawals must be proved against now.
    function witnessNumber() external view returns (uint64);
    function incident() external view returns (Incident memory);
    function halt() external view returns (Halt memory);
    /// @notice What the halt that stands, or stood last, is about: the incident's id, the digest of the convicted
    /// attestation, or the number of the keeper set that lost its quorum.
    function cause() external view returns (bytes32);
    /// @notice End of the last sequencer outage that was credited, seconds.
    function creditedAt() external view returns (uint40);
    /// @notice Whether a soft pause for `blockNumber` would be a no-op.
    function isJudged(uint64 blockNumber) external view returns (bool);
    function isHalted() external view returns (bool);
    /// @notice Until when claims of a wind-down are registered, seconds; zero when there is none.
    function claimsUntil() external view returns (uint256);
    function hashPause(PauseCertificate calldata certificate) external view returns (bytes32);
    function hashResume(ResumeCertificate calldata certificate) external view returns (bytes32);

    /// @notice Duration of a soft pause for proved books, seconds.
    function SOFT_TIME() external view returns (uint48);
    /// @notice Duration of a soft pause for a view, seconds.
    function VIEW_TIME() external view returns (uint48);
    function COOL_DOWN() external view returns (uint48);
    function GRACE() external view returns (uint48);
    function WIND_DOWN_TIME() external view returns (uint48);
    function CLAIM_PERIOD() external view returns (uint48);
}
