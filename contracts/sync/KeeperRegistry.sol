// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICheckpointRegistry} from "../interfaces/ICheckpointRegistry.sol";
import {
    Due,
    IKeeperRegistry,
    Keeper,
    KeeperStatus,
    KeeperTerms,
    Key,
    PauseTerms,
    Stake
} from "../interfaces/IKeeperRegistry.sol";
import {ISyncGuard} from "../interfaces/ISyncGuard.sol";
import {PauseBudget} from "../libraries/PauseBudget.sol";
import {Quorum} from "../libraries/Quorum.sol";
import {CauseClass} from "../types/CauseClass.sol";
import {KeeperSet} from "../types/KeeperSet.sol";

/// @title KeeperRegistry
/// @dev Storage-transparent: every slot is a function of the events of {IKeeperRegistry} and `AuthorityUpdated`.
/// Both keys of a keeper are entered in `_keys`, so that a key in use is found by one word, which is never empty after a
/// successful call: see docs/decisions/0010-no-empty-word-is-read.md. Invariant INV-18: keys are never reused, and who was
/// removed or convicted never becomes active again.
/// A conviction moves no token: rewards and burns are pulled later, so that no token can block it. Bonds that left are
/// those of their own keepers: stakes, rewards not claimed and what is not burned yet add up to the balance, always.
contract KeeperRegistry is IKeeperRegistry, AccessManaged {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev The registry, which is asked at every change of the members, in one word with what changes.
    /// @param size active keepers, and seats that slashed ones left vacant
    struct State {
        address registry;
        uint32 setId;
        uint16 size;
        uint16 active;
    }

    uint256 private constant MILLION = 1e6;
    uint256 internal constant MAX_KEEPERS = 32;
    /// @dev Below four, one liar is a third of the keepers or more.
    uint256 private constant LEAST_KEEPERS = 4;
    /// @dev Convicting oneself costs at least half of the bond.
    uint256 private constant MAX_CHALLENGER_PPM = 500_000;
    address private constant BURNED = 0x000000000000000000000000000000000000dEaD;

    address private immutable DEPLOYER;
    IERC20 public immutable BOND_TOKEN;
    uint96 public immutable BOND;
    uint16 public immutable MIN_KEEPERS;
    uint40 public immutable JOIN_DELAY;
    uint40 public immutable UNBONDING;
    uint24 public immutable CHALLENGER_PPM;

    mapping(address attester => Keeper) internal _keepers;
    mapping(address attester => Stake) internal _stakes;
    mapping(address key => Key) internal _keys;
    mapping(address challenger => Due) internal _rewards;
    /// @dev Attest keys of the active keepers, ascending. What stands at and beyond their number is left over.
    mapping(uint256 index => address) internal _members;
    Due internal _burnable;
    State internal _state;
    address internal _guard;
    bytes32 internal _commitment;

    /// @dev One while a function runs that moves tokens.
    uint256 private transient _entered;

    constructor(address authority, IERC20 bondToken, KeeperTerms memory terms) AccessManaged(authority) {
        require(address(bondToken) != address(0), KeeperRegistryZeroAddress());
        bool isLocal = block.chainid == 31_337 || block.chainid == 1_337;
        bool isEnough = terms.minKeepers >= (isLocal ? 1 : LEAST_KEEPERS) && terms.minKeepers <= MAX_KEEPERS;
        require(
            isEnough && terms.bond != 0 && terms.unbonding != 0 && terms.challengerPpm <= MAX_CHALLENGER_PPM,
            KeeperRegistryBadTerms(terms.minKeepers, terms.challengerPpm)
        );
        DEPLOYER = msg.sender;
        BOND_TOKEN = bondToken;
        BOND = terms.bond;
        MIN_KEEPERS = terms.minKeepers;
        JOIN_DELAY = terms.joinDelay;
        UNBONDING = terms.unbonding;
        CHALLENGER_PPM = terms.challengerPpm;
    }

    modifier nonReentrant() {
        require(_entered == 0, KeeperRegistryReentered());
        _entered = 1;
        _;
        _entered = 0;
    }

    // ---- Setup ----

    /// @inheritdoc IKeeperRegistry
    function bind(address registry, address guard) external {
        require(msg.sender == DEPLOYER, KeeperRegistryNotDeployer(msg.sender));
        require(_guard == address(0), KeeperRegistryAlreadyBound());
        require(registry != address(0) && guard != address(0), KeeperRegistryZeroAddress());
        _state.registry = registry;
        _guard = guard;
        emit KeeperRegistryBound(registry, guard);
    }

    // ---- Joining ----

    /// @inheritdoc IKeeperRegistry
    function approve(address attester, address pauser, address owner) external restricted {
        require(attester != address(0) && pauser != address(0) && owner != address(0), KeeperRegistryZeroAddress());
        require(_keys[attester].attester == address(0), KeeperRegistryKeyInUse(attester));
        require(attester != pauser && _keys[pauser].attester == address(0), KeeperRegistryKeyInUse(pauser));
        _keepers[attester] = Keeper(pauser, KeeperStatus.Approved, uint40(block.timestamp));
        _stakes[attester] = Stake(owner, 0);
        _keys[attester] = _keys[pauser] = Key(attester, false, 0, 0, 0);
        emit KeeperApproved(attester, pauser, owner);
    }

    /// @inheritdoc IKeeperRegistry
    /// @dev All is written before the token is called. A token that comes back from there finds a keeper whose bond is on
    /// its way; if it does not arrive, all of that is undone.
    function bond(address attester) external nonReentrant {
        Keeper memory keeper = _keepers[attester];
        require(keeper.status == KeeperStatus.Approved, KeeperRegistryWrongStatus(attester, keeper.status));
        State memory state = _state;
        require(state.registry != address(0), KeeperRegistryNotBound());
        _setStatus(attester, keeper, KeeperStatus.Bonded);
        _stakes[attester].amount = BOND;
        emit KeeperBonded(attester, msg.sender, BOND, uint40(block.timestamp) + _delayOf(state));
        uint256 before = BOND_TOKEN.balanceOf(address(this));
        BOND_TOKEN.safeTransferFrom(msg.sender, address(this), BOND);
        _checkMoved(before, BOND_TOKEN.balanceOf(address(this)), BOND);
    }

    /// @inheritdoc IKeeperRegistry
    function activate(address attester) external {
        Keeper memory keeper = _keepers[attester];
        require(keeper.status == KeeperStatus.Bonded, KeeperRegistryWrongStatus(attester, keeper.status));
        State memory state = _state;
        uint256 possibleFrom = uint256(keeper.since) + _delayOf(state);
        require(block.timestamp >= possibleFrom, KeeperRegistryTooEarly(attester, possibleFrom));
        require(state.active < MAX_KEEPERS, KeeperRegistryTooMany(MAX_KEEPERS));
        _setStatus(attester, keeper, KeeperStatus.Active);
        _keys[keeper.pauser].isPausing = true;
        emit KeeperActivated(attester);
        // A vacant seat is taken before another one is added, so there are never more than MAX_KEEPERS.
        if (state.size == state.active) ++state.size;
        _changeSet(state, _insert(attester, state.active));
    }

    /// @dev A protocol without enough seats cannot work: who joins it then is a founder, and nothing waits for it.
    function _delayOf(State memory state) private view returns (uint40) {
        return state.size < MIN_KEEPERS ? 0 : JOIN_DELAY;
    }

    // ---- Leaving ----

    /// @inheritdoc IKeeperRegistry
    function requestExit(address attester) external {
        require(msg.sender == _stakes[attester].owner, KeeperRegistryNotOwner(attester, msg.sender));
        Keeper memory keeper = _keepers[attester];
        if (keeper.status == KeeperStatus.Active) {
            State memory state = _state;
            uint256 left = state.active - 1;
            // A vacant seat counts: who is left must reach a quorum of all that are.
            uint256 required = Math.max(MIN_KEEPERS, _twoThirdsOf(state.size - 1));
            require(left >= required || ISyncGuard(_guard).isHalted(), KeeperRegistryTooFew(left, required));
        }
        _leave(attester, keeper);
    }

    /// @inheritdoc IKeeperRegistry
    function remove(address attester) external restricted {
        Keeper memory keeper = _keepers[attester];
        if (keeper.status == KeeperStatus.Approved) {
            _setStatus(attester, keeper, KeeperStatus.Withdrawn);
            emit BondWithdrawn(attester, _stakes[attester].owner, 0);
        } else if (keeper.status == KeeperStatus.Active) {
            bool wasWorking = _isWorking(_state);
            _leave(attester, keeper);
            State memory state = _state;
            if (wasWorking && !_isWorking(state)) ISyncGuard(_guard).onQuorumLost(state.setId);
        } else {
            _leave(attester, keeper);
        }
    }

    /// @dev From now on the bond waits for convictions only.
    function _leave(address attester, Keeper memory keeper) private {
        KeeperStatus status = keeper.status;
        bool isMember = status == KeeperStatus.Active;
        require(isMember || status == KeeperStatus.Bonded, KeeperRegistryWrongStatus(attester, status));
        _setStatus(attester, keeper, KeeperStatus.Unbonding);
        if (isMember) _keys[keeper.pauser].isPausing = false;
        emit KeeperUnbonding(attester, uint40(block.timestamp) + UNBONDING);
        if (!isMember) return;
        State memory state = _state;
        address[] memory list = _readMembers(state.active);
        _blank(list, attester);
        --state.size;
        _changeSet(state, _compact(list, 1));
    }

    /// @inheritdoc IKeeperRegistry
    function closeSeat() external restricted {
        State memory state = _state;
        require(state.size > state.active, KeeperRegistryNoVacancy(state.size, state.active));
        uint16 left = --state.size;
        require(left >= MIN_KEEPERS, KeeperRegistryTooFew(left, MIN_KEEPERS));
        emit SeatClosed(left);
        _changeSet(state, _readMembers(state.active));
    }

    /// @inheritdoc IKeeperRegistry
    function withdrawBond(address attester) external nonReentrant {
        Keeper memory keeper = _keepers[attester];
        require(keeper.status == KeeperStatus.Unbonding, KeeperRegistryWrongStatus(attester, keeper.status));
        uint256 possibleFrom = uint256(keeper.since) + UNBONDING;
        require(block.timestamp >= possibleFrom, KeeperRegistryTooEarly(attester, possibleFrom));
        Stake memory stake = _stakes[attester];
        _setStatus(attester, keeper, KeeperStatus.Withdrawn);
        _stakes[attester].amount = 0;
        emit BondWithdrawn(attester, stake.owner, stake.amount);
        _send(stake.owner, stake.amount);
    }

    // ---- Convictions ----

    /// @inheritdoc IKeeperRegistry
    /// @dev Invariant INV-27: vacant seats keep the quorum. With each convicted keeper the others do not become fewer than before.
    function slash(address[] calldata attesters, address challenger) external returns (uint256 slashed) {
        State memory state = _state;
        require(msg.sender == state.registry, KeeperRegistryNotCheckpointRegistry(msg.sender));
        address[] memory list = _readMembers(state.active);
        uint256 gone = 0;
        uint128 rewards = 0;
        uint128 burns = 0;
        for (uint256 i = 0; i < attesters.length; ++i) {
            address attester = attesters[i];
            Keeper memory keeper = _keepers[attester];
            KeeperStatus status = keeper.status;
            // The others have nothing to lose: no bond yet, or none any more.
            if (status < KeeperStatus.Bonded || status > KeeperStatus.Unbonding) continue;
            _setStatus(attester, keeper, KeeperStatus.Slashed);
            (uint128 reward, uint128 burned) = _takeStake(attester);
            rewards += reward;
            burns += burned;
            ++slashed;
            if (status == KeeperStatus.Active) {
                _keys[keeper.pauser].isPausing = false;
                _blank(list, attester);
                ++gone;
            }
            emit KeeperSlashed(attester, challenger, reward, burned);
        }
        if (rewards != 0) _rewards[challenger].earned += rewards;
        if (burns != 0) _burnable.earned += burns;
        if (gone != 0) _changeSet(state, _compact(list, gone));
    }

    /// @dev Rounds the reward down; what rounding leaves is burned.
    function _takeStake(address attester) private returns (uint128 reward, uint128 burned) {
        uint256 amount = _stakes[attester].amount;
        _stakes[attester].amount = 0;
        // Both fit, because the amount has 96 bits and the share is at most half of it.
        reward = uint128((amount * CHALLENGER_PPM) / MILLION);
        burned = uint128(amount) - reward;
    }

    /// @inheritdoc IKeeperRegistry
    function claimReward(address to) external nonReentrant returns (uint128 amount) {
        require(to != address(0), KeeperRegistryZeroAddress());
        amount = _settle(_rewards[msg.sender], msg.sender);
        emit RewardClaimed(msg.sender, to, amount);
        _send(to, amount);
    }

    /// @inheritdoc IKeeperRegistry
    function burn() external nonReentrant returns (uint128 amount) {
        amount = _settle(_burnable, BURNED);
        emit BondsBurned(amount);
        _send(BURNED, amount);
    }

    function _settle(Due storage due, address account) private returns (uint128 amount) {
        uint128 earned = due.earned;
        amount = earned - due.paid;
        require(amount != 0, KeeperRegistryNothingDue(account));
        due.paid = earned;
    }

    // ---- Tokens ----

    /// @dev Invariant INV-28: what it holds is what it owes. A token that takes more from this contract than it was told to would take it from the other keepers.
    function _send(address to, uint256 amount) private {
        uint256 before = BOND_TOKEN.balanceOf(address(this));
        BOND_TOKEN.safeTransfer(to, amount);
        _checkMoved(BOND_TOKEN.balanceOf(address(this)), before, amount);
    }

    function _checkMoved(uint256 smaller, uint256 larger, uint256 required) private pure {
        uint256 moved = Math.saturatingSub(larger, smaller);
        require(moved == required, KeeperRegistryBondDiffers(moved, required));
    }

    // ---- The set ----

    function _setStatus(address attester, Keeper memory keeper, KeeperStatus status) private {
        _keepers[attester] = Keeper(keeper.pauser, status, uint40(block.timestamp));
    }

    /// @dev `members` are written already.
    function _changeSet(State memory state, address[] memory list) private {
        ++state.setId;
        // At most MAX_KEEPERS.
        state.active = uint16(list.length);
        _state = state;
        uint16 required = _quorumOf(state.size);
        bytes32 hash = Quorum.hash(KeeperSet(state.setId, required, list));
        _commitment = hash;
        emit KeeperSetChanged(state.setId, state.size, required, list, hash);
        ICheckpointRegistry(state.registry).onKeeperSet(state.setId, hash);
    }

    /// @dev Larger members move up by one.
    function _insert(address attester, uint256 active) private returns (address[] memory list) {
        list = new address[](active + 1);
        uint256 place = active;
        for (; place > 0; --place) {
            address member = _members[place - 1];
            if (member < attester) break;
            list[place] = _members[place] = member;
        }
        list[place] = _members[place] = attester;
        for (uint256 i = 0; i < place; ++i) list[i] = _members[i];
    }

    function _readMembers(uint256 active) private view returns (address[] memory list) {
        list = new address[](active);
        for (uint256 i = 0; i < active; ++i) list[i] = _members[i];
    }

    function _blank(address[] memory list, address attester) private pure {
        uint256 place = 0;
        while (list[place] != attester) ++place; // an active keeper is in the list
        list[place] = address(0);
    }

    /// @dev Members move down to where `gone` of them have been blanked.
    function _compact(address[] memory list, uint256 gone) private returns (address[] memory kept) {
        kept = new address[](list.length - gone);
        uint256 place = 0;
        for (uint256 i = 0; i < list.length; ++i) {
            address member = list[i];
            if (member == address(0)) continue;
            if (place != i) _members[place] = member;
            kept[place] = member;
            ++place;
        }
    }

    function _twoThirdsOf(uint256 seats) private pure returns (uint256) {
        return (2 * seats) / 3 + 1;
    }

    /// @dev At most MAX_KEEPERS seats, so it fits.
    function _quorumOf(uint256 seats) private view returns (uint16) {
        return seats < MIN_KEEPERS ? type(uint16).max : uint16(_twoThirdsOf(seats));
    }

    function _isWorking(State memory state) private view returns (bool) {
        return state.active >= _quorumOf(state.size);
    }

    // ---- Pauses ----

    /// @inheritdoc IKeeperRegistry
    function usePause(
        address pauser,
        CauseClass class_,
        PauseTerms calldata terms
    ) external returns (address attester, uint32 softUntil) {
        require(msg.sender == _guard, KeeperRegistryNotGuard(msg.sender));
        Key memory key = _keys[pauser];
        require(key.isPausing, KeeperRegistryNotPauser(pauser));
        attester = key.attester;
        (uint256 armedAt, uint256 time) = PauseBudget.next(key, class_, terms);
        require(block.timestamp >= armedAt, KeeperRegistryNotRearmed(attester, armedAt));
        softUntil = (block.timestamp + time).toUint32();
        key.generation = terms.generation;
        if (class_ == CauseClass.View) key.viewUntil = softUntil;
        else key.booksUntil = softUntil;
        _writeKey(pauser, key);
        emit PauseUsed(attester, class_, terms.generation, softUntil);
    }

    /// @dev A function of its own, because in a longer one the compiler writes the word once for each field.
    function _writeKey(address pauser, Key memory key) private {
        _keys[pauser] = key;
    }

    // ---- Views ----

    /// @inheritdoc IKeeperRegistry
    function commitment() external view returns (bytes32) {
        return _commitment;
    }

    /// @inheritdoc IKeeperRegistry
    function setId() external view returns (uint32) {
        return _state.setId;
    }

    /// @inheritdoc IKeeperRegistry
    function quorum() external view returns (uint16) {
        return _quorumOf(_state.size);
    }

    /// @inheritdoc IKeeperRegistry
    function count() external view returns (uint16) {
        return _state.active;
    }

    /// @inheritdoc IKeeperRegistry
    function size() external view returns (uint16) {
        return _state.size;
    }

    /// @inheritdoc IKeeperRegistry
    function members() external view returns (address[] memory) {
        return _readMembers(_state.active);
    }

    /// @inheritdoc IKeeperRegistry
    function keeperOf(address attester) external view returns (Keeper memory) {
        return _keepers[attester];
    }

    /// @inheritdoc IKeeperRegistry
    function stakeOf(address attester) external view returns (Stake memory) {
        return _stakes[attester];
    }

    /// @inheritdoc IKeeperRegistry
    function keyOf(address key) external view returns (Key memory) {
        return _keys[key];
    }

    /// @inheritdoc IKeeperRegistry
    function rewardOf(address challenger) external view returns (Due memory) {
        return _rewards[challenger];
    }

    /// @inheritdoc IKeeperRegistry
    function burnable() external view returns (Due memory) {
        return _burnable;
    }

    /// @inheritdoc IKeeperRegistry
    function isActive(address attester) external view returns (bool) {
        return _keepers[attester].status == KeeperStatus.Active;
    }
}
