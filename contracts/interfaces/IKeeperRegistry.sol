// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {CauseClass} from "../types/CauseClass.sol";

/// @notice What keepers agree to.
/// @param bond of each keeper, token units
/// @param minKeepers least number of seats with which anything passes; at least four, except on a local chain
/// @param joinDelay from bonding to activation, seconds
/// @param unbonding from leaving to the release of the bond: the time in which who left can still be convicted, seconds
/// @param challengerPpm share of a slashed bond that its challenger earns, at most half, so that convicting oneself
/// never pays; the rest is burned
struct KeeperTerms {
    uint96 bond;
    uint16 minKeepers;
    uint40 joinDelay;
    uint40 unbonding;
    uint24 challengerPpm;
}

enum KeeperStatus {
    None,
    Approved, // by governance; no bond yet
    Bonded, // waits for the join delay
    Active, // its signatures and its pause count
    Unbonding, // left or was removed; can still be convicted
    Withdrawn, // has its bond back
    Slashed // convicted, for ever
}

/// @notice A keeper: it signs with one key and sends pauses with another.
/// @param pauser the key that may send soft pauses
/// @param since it has this status, seconds
struct Keeper {
    address pauser;
    KeeperStatus status;
    uint40 since;
}

/// @notice Who gets the bond back, and how much of it is there.
/// @param amount token units; zero once it left or was slashed
struct Stake {
    address owner;
    uint96 amount;
}

/// @notice What a key is used for, and the soft pauses it has used up. Of an attest key only `attester` is set.
/// @param isPausing whether it is the pause key of an active keeper
/// @param booksUntil, viewUntil end of the last soft pause of each class, seconds; zero if there was none
/// @param generation of the guard's incident in which the last one was used
struct Key {
    address attester;
    bool isPausing;
    uint32 booksUntil;
    uint32 viewUntil;
    uint24 generation;
}

/// @notice A total that grows and what of it has been paid out.
struct Due {
    uint128 earned;
    uint128 paid;
}

/// @notice What the guard says when a pause is used.
/// @param generation of the incident that stands, or of the next one
/// @param liftedAt when the last incident ended, seconds
/// @param coolDown, softTime, viewTime seconds
struct PauseTerms {
    uint24 generation;
    uint40 liftedAt;
    uint48 coolDown;
    uint48 softTime;
    uint48 viewTime;
}

/// @title KeeperRegistry: who may attest and who may pause, with what at stake. Every change of the members starts a new
/// set id.
interface IKeeperRegistry {
    event KeeperRegistryBound(address registry, address guard);
    event KeeperApproved(address indexed attester, address indexed pauser, address indexed owner);
    /// @param activeFrom it can be activated from then on, seconds
    event KeeperBonded(address indexed attester, address payer, uint96 amount, uint40 activeFrom);
    event KeeperActivated(address indexed attester);
    /// @param releaseAt until then it can be convicted, seconds
    event KeeperUnbonding(address indexed attester, uint40 releaseAt);
    /// @notice A keeper has its bond back, or was removed before it had one: then `amount` is zero.
    event BondWithdrawn(address indexed attester, address owner, uint96 amount);
    /// @param reward what the challenger earned, token units
    /// @param burned what nobody gets, token units
    event KeeperSlashed(address indexed attester, address indexed challenger, uint128 reward, uint128 burned);
    event SeatClosed(uint16 size);
    /// @param size seats: active keepers and those who were slashed and not replaced
    /// @param quorum ⌊2 size / 3⌋ + 1; 65,535 while there are fewer seats than the minimum, so that nothing passes
    /// @param members attest keys of the active keepers, ascending
    /// @param commitment keccak256 of id, quorum and members, 32 bytes each
    event KeeperSetChanged(uint32 indexed setId, uint16 size, uint16 quorum, address[] members, bytes32 commitment);
    event PauseUsed(address indexed attester, CauseClass class, uint24 generation, uint32 softUntil);
    event RewardClaimed(address indexed challenger, address to, uint128 amount);
    event BondsBurned(uint128 amount);

    error KeeperRegistryBadTerms(uint256 minKeepers, uint256 challengerPpm);
    error KeeperRegistryNotDeployer(address caller);
    error KeeperRegistryAlreadyBound();
    error KeeperRegistryNotBound();
    error KeeperRegistryReentered();
    error KeeperRegistryNotCheckpointRegistry(address caller);
    error KeeperRegistryNotGuard(address caller);
    error KeeperRegistryNotOwner(address attester, address caller);
    error KeeperRegistryZeroAddress();
    error KeeperRegistryKeyInUse(address key);
    error KeeperRegistryWrongStatus(address attester, KeeperStatus status);
    error KeeperRegistryTooMany(uint256 limit);
    error KeeperRegistryTooFew(uint256 left, uint256 required);
    error KeeperRegistryTooEarly(address attester, uint256 possibleFrom);
    /// @notice The token moved another amount than it was told to.
    error KeeperRegistryBondDiffers(uint256 moved, uint256 required);
    error KeeperRegistryNoVacancy(uint16 size, uint16 active);
    error KeeperRegistryNothingDue(address account);
    error KeeperRegistryNotPauser(address caller);
    error KeeperRegistryNotRearmed(address attester, uint256 rearmedAt);

    /// @notice Names the checkpoint registry and the guard. Once, by the deployer.
    function bind(address registry, address guard) external;

    /// @notice Lets a keeper in (governance). It counts once it is bonded and active.
    /// @param owner gets the bond back, and may leave
    function approve(address attester, address pauser, address owner) external;

    /// @notice Takes the bond of an approved keeper from the caller.
    function bond(address attester) external;

    /// @notice Makes a bonded keeper a member, after the join delay; at once while the protocol has fewer seats than the minimum.
    function activate(address attester) external;

    /// @notice Leaves the set and starts unbonding (owner). Refused when too few would be left, unless the protocol is halted.
    function requestExit(address attester) external;

    /// @notice Removes a keeper (governance). An active or bonded one starts unbonding, an approved one is done with. Fewer
    /// than a quorum left: halt.
    function remove(address attester) external;

    /// @notice Gives up a seat that a slashed keeper has left vacant (governance).
    function closeSeat() external;

    /// @notice Pays the bond back to its owner after unbonding. Anyone.
    function withdrawBond(address attester) external;

    /// @notice Takes the bonds of convicted keepers, part for the challenger, and removes them for ever (checkpoint registry only).
    /// @return slashed how many of them had not been convicted before and had something to lose
    function slash(address[] calldata attesters, address challenger) external returns (uint256 slashed);

    /// @notice Pays what the caller earned by convictions.
    function claimReward(address to) external returns (uint128 amount);

    /// @notice Sends what convictions burn to an address that nobody has a key of. Anyone.
    function burn() external returns (uint128 amount);

    /// @notice Uses up the soft pause of a keeper (guard only).
    /// @dev Each class is armed again when the incident of its last pause has ended and the cool-down has passed since both
    /// ends. A pause for a view needs both classes armed. One for the books needs only its own, but is shorter by the time of
    /// a view's while that is not armed, so that no key pauses for longer than `softTime` without a cool-down in between.
    /// @return attester the keeper
    /// @return softUntil end of the pause
    function usePause(
        address pauser,
        CauseClass class_,
        PauseTerms calldata terms
    ) external returns (address attester, uint32 softUntil);

    /// @notice keccak256 of the current set; see `Quorum`.
    function commitment() external view returns (bytes32);
    function setId() external view returns (uint32);
    function quorum() external view returns (uint16);
    /// @notice Number of active keepers.
    function count() external view returns (uint16);
    /// @notice Active keepers and vacant seats.
    function size() external view returns (uint16);
    /// @notice Attest keys of the active keepers, ascending.
    function members() external view returns (address[] memory);
    function keeperOf(address attester) external view returns (Keeper memory);
    function stakeOf(address attester) external view returns (Stake memory);
    function keyOf(address key) external view returns (Key memory);
    function rewardOf(address challenger) external view returns (Due memory);
    function burnable() external view returns (Due memory);
    function isActive(address attester) external view returns (bool);

    function BOND_TOKEN() external view returns (IERC20);
    /// @notice What each keeper stakes, token units.
    function BOND() external view returns (uint96);
    /// @notice Least number of seats with which anything passes.
    function MIN_KEEPERS() external view returns (uint16);
    /// @notice From bonding to activation, seconds.
    function JOIN_DELAY() external view returns (uint40);
    /// @notice From leaving to the release of the bond, seconds.
    function UNBONDING() external view returns (uint40);
    /// @notice Share of a slashed bond that its challenger earns.
    function CHALLENGER_PPM() external view returns (uint24);
}
