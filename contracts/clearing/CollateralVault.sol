// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICheckpointRegistry} from "../interfaces/ICheckpointRegistry.sol";
import {
    Asset,
    AssetLimits,
    Claim,
    ClaimPaid,
    Flow,
    ICollateralVault,
    Registration,
    WindDown,
    Witness
} from "../interfaces/ICollateralVault.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {IRepairable, Repair} from "../interfaces/IRepairable.sol";
import {ISyncGuard} from "../interfaces/ISyncGuard.sol";
import {IWitnessVerifier} from "../interfaces/IWitnessVerifier.sol";
import {LedgerLayout} from "../libraries/LedgerLayout.sol";
import {Repairable} from "../sync/Repairable.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags, FUND_SHORT, WITHDRAW} from "../types/ActionFamily.sol";

/// @title CollateralVault
/// @dev Storage-transparent: every slot is a function of the events of {ICollateralVault} and {IRepairable}, and of
/// `AuthorityUpdated`.
/// The counters of what came and left live here and the balances live in the ledger, so that one tampered word never
/// satisfies both witnesses.
/// Custody is never compared with what is owed: what an operation moves is measured, and what is missing is for the
/// keepers to see. A vault that refused to work while a unit is missing would close the exit for all over one unit.
contract CollateralVault is ICollateralVault, AccessManaged, Repairable {
    using RateLimiter for RateLimiter.RefillingBucket;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint8 internal constant MAX_DECIMALS = 18;
    uint256 private constant MILLION = 1e6;
    /// @dev What a withdrawal weighs in the shared limit while the insurance fund is short.
    uint256 private constant SHORT_WEIGHT = 4;
    /// @dev An empty limit or allowance is full again after this at the latest: limits slow the exit and never close it.
    uint256 private constant MAX_PERIOD = 30 days;
    /// @dev Of `_assets`, `_flows`, `_claims` and `_limits`, in slots 1 to 4: one word a key, or two keys. Not the allowances,
    /// which refill by themselves, nor what is empty until a wind-down begins, nor what was paid of claims.
    bytes32 private constant REPAIRABLE = bytes32(hex"0011121211");
    uint8 private constant ASSETS_VARIABLE = 1;
    uint8 private constant FLOWS_VARIABLE = 2;
    uint8 private constant LIMITS_VARIABLE = 4;

    IPositionLedger public immutable LEDGER;
    ISyncGuard public immutable GUARD;
    ICheckpointRegistry public immutable REGISTRY;
    IWitnessVerifier public immutable VERIFIER;
    address private immutable SETTLEMENT_ASSET;
    uint256 private immutable SETTLEMENT_SCALE;

    mapping(address asset => Asset) internal _assets;
    mapping(AccountId account => mapping(address asset => Flow)) internal _flows;
    mapping(AccountId account => mapping(address asset => Claim)) internal _claims;
    mapping(address asset => AssetLimits) internal _limits;
    /// @dev Keyed by account. Only a withdrawal that the shared limit does not let out reads an item, and then writes it.
    mapping(address asset => RateLimiter.RefillingBucket) internal _allowances;
    mapping(AccountId account => mapping(address asset => Registration)) internal _registrations;
    mapping(address asset => WindDown) internal _windDowns;
    mapping(AccountId account => mapping(address asset => ClaimPaid)) internal _claimsPaid;

    /// @dev One while a function runs that moves tokens or limits. A whole word, which needs no reading to be written.
    uint256 private transient _entered;

    constructor(
        address authority,
        IPositionLedger ledger,
        ISyncGuard guard,
        ICheckpointRegistry registry,
        IWitnessVerifier verifier,
        AssetLimits memory settlementLimits
    ) AccessManaged(authority) {
        _requireNonZero(address(ledger));
        _requireNonZero(address(guard));
        _requireNonZero(address(registry));
        _requireNonZero(address(verifier));
        LEDGER = ledger;
        GUARD = guard;
        REGISTRY = registry;
        VERIFIER = verifier;
        SETTLEMENT_ASSET = ledger.SETTLEMENT_ASSET();
        SETTLEMENT_SCALE = ledger.SETTLEMENT_SCALE();
        _list(SETTLEMENT_ASSET, settlementLimits);
    }

    modifier nonReentrant() {
        require(_entered == 0, VaultReentered());
        _entered = 1;
        _;
        _entered = 0;
    }

    modifier onlyOwnerOf(AccountId account) {
        require(msg.sender == account.owner(), VaultNotOwner(account, msg.sender));
        _;
    }

    function _requireNonZero(address given) private pure {
        require(given != address(0), VaultZeroAddress());
    }

    // ---- Assets ----

    /// @inheritdoc ICollateralVault
    function listAsset(address asset, AssetLimits calldata limits) external nonReentrant restricted {
        _list(asset, limits);
    }

    function _list(address asset, AssetLimits memory limits) private {
        require(!_assets[asset].isListed, VaultAlreadyListed(asset));
        uint8 decimals = IERC20Metadata(asset).decimals();
        require(decimals <= MAX_DECIMALS, VaultUnsupportedDecimals(asset, decimals));
        emit AssetListed(asset, uint40(block.timestamp));
        // A new limit is full. `_setLimits` refuses a capacity that does not fit.
        _setLimits(asset, limits, Asset(0, uint96(_capacityOf(limits)), uint40(block.timestamp), true));
    }

    /// @inheritdoc ICollateralVault
    /// @dev What has refilled so far counts by the old limits. The allowances refill by the new ones since their last use.
    function setLimits(address asset, AssetLimits calldata limits) external nonReentrant restricted {
        Asset memory state = _assets[asset];
        require(state.isListed, VaultUnlistedAsset(asset));
        _relax(state, _limits[asset]);
        _setLimits(asset, limits, state);
    }

    function _setLimits(address asset, AssetLimits memory limits, Asset memory state) private {
        uint256 allowance = _requireLimits(limits);
        _write(asset, state);
        _limits[asset] = limits;
        // 112 bits of cap and 32 of share fit.
        _allowances[asset].updateSettings(limits.period, uint208(allowance));
        emit LimitsSet(
            asset,
            limits.cap,
            limits.outflowPpm,
            limits.allowancePpm,
            limits.period,
            state.level,
            state.levelAt
        );
    }

    /// @return allowance of each account
    function _requireLimits(AssetLimits memory limits) private pure returns (uint256 allowance) {
        uint256 capacity = _capacityOf(limits);
        allowance = _allowanceOf(limits);
        // At least one unit a second, so that rounding down on every touch never keeps a limit from filling up.
        bool isRefilling = limits.period != 0 && limits.period <= MAX_PERIOD && capacity >= limits.period;
        require(
            isRefilling && capacity <= type(uint96).max && allowance != 0,
            VaultBadLimits(limits.cap, limits.outflowPpm, limits.allowancePpm, limits.period)
        );
    }

    /// @dev A function of its own, because in a longer one the compiler writes the word once for each field.
    function _write(address asset, Asset memory state) private {
        _assets[asset] = state;
    }

    // ---- Deposits ----

    /// @inheritdoc ICollateralVault
    function deposit(
        AccountId account,
        address asset,
        uint256 amount
    ) external nonReentrant returns (uint256 received) {
        return _deposit(account, asset, amount);
    }

    /// @inheritdoc ICollateralVault
    function depositWithPermit(
        AccountId account,
        address asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 received) {
        require(_assets[asset].isListed, VaultUnlistedAsset(asset));
        // Anyone may have carried the permit here already: then the allowance stands and the transfer decides.
        try IERC20Permit(asset).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _deposit(account, asset, amount);
    }

    /// @dev What arrived is measured, so that fees and lies of a token are the payer's, and the gap between custody and
    /// what is owed does not move. Collateral is put into an account by its owner only: each asset adds a price to what the
    /// account is judged by and something to sell before its loss is settled. The settlement asset adds neither.
    function _deposit(AccountId account, address asset, uint256 amount) private returns (uint256 received) {
        address owner = account.owner();
        require(owner != address(0), VaultZeroAddress());
        require(amount != 0, VaultZeroAmount());
        require(msg.sender == owner || asset == SETTLEMENT_ASSET, VaultNotOwner(account, msg.sender));
        Asset memory state = _assets[asset];
        require(state.isListed, VaultUnlistedAsset(asset));

        uint256 custodyBefore = IERC20(asset).balanceOf(address(this));
        IERC20(asset).safeTransferFrom(msg.sender, address(this), amount);
        uint256 custodyAfter = IERC20(asset).balanceOf(address(this));
        require(custodyAfter > custodyBefore, VaultNothingReceived(asset, amount));
        received = custodyAfter - custodyBefore;

        // While the token had control, the lock kept the words of the asset as they were read.
        AssetLimits memory limits = _limits[asset];
        uint256 held = state.held + received;
        require(held <= limits.cap, VaultAboveCap(asset, held, limits.cap));
        _relax(state, limits);
        // The cap fits 112 bits.
        state.held = uint112(held);
        uint256 level = state.level + received;
        state.level = level < type(uint96).max ? uint96(level) : type(uint96).max;
        _write(asset, state);
        _countIn(account, asset, received);
        emit Deposited(account, asset, msg.sender, received, state.held, state.level);
        LEDGER.credit(account, asset, received);
    }

    /// @dev An account may gain quote by trading before it ever deposits the settlement asset: opens that flow as well.
    function _countIn(AccountId account, address asset, uint256 amount) private {
        Flow storage flow = _flows[account][asset];
        if (flow.openedAt == 0) {
            flow.openedAt = block.number.toUint40();
            Flow storage settlement = _flows[account][SETTLEMENT_ASSET];
            if (settlement.openedAt == 0) settlement.openedAt = block.number.toUint40();
        }
        flow.deposited = (flow.deposited + amount).toUint104();
    }

    // ---- Withdrawals ----

    /// @inheritdoc ICollateralVault
    function withdraw(
        AccountId account,
        address asset,
        uint256 amount,
        address to
    ) external nonReentrant onlyOwnerOf(account) {
        require(amount != 0, VaultZeroAmount());
        _pay(account, asset, amount, to, LEDGER.debit(account, asset, amount));
    }

    /// @inheritdoc ICollateralVault
    function withdrawWitnessed(
        AccountId account,
        address asset,
        uint256 amount,
        address to,
        Witness calldata witness
    ) external nonReentrant onlyOwnerOf(account) {
        require(amount != 0, VaultZeroAmount());
        // Asked of the guard: a bit of the ledger that was tampered with keeps nobody in.
        require(GUARD.claimsUntil() == 0, VaultWindDown());
        uint256 limit = payableWitnessed(account, asset, witness);
        require(amount <= limit, VaultAboveWitnessed(account, asset, amount, limit));
        _pay(account, asset, amount, to, LEDGER.debitWitnessed(account, asset, amount));
    }

    /// @dev The ledger has debited `amount`, so the asset is listed: an unlisted one has no balances.
    function _pay(AccountId account, address asset, uint256 amount, address to, Flags inForce) private {
        require(to != address(0) && to != address(this), VaultZeroAddress());
        Asset memory state = _assets[asset];
        // Quote that was won from accounts in debt is worth their collateral, which is not here as settlement asset.
        require(amount <= state.held, VaultCustodyShort(asset, state.held, amount));
        _relax(state, _limits[asset]);
        uint208 allowanceUsed = _spend(account, asset, amount, state, inForce);
        // At most `held`, as required above.
        state.held -= uint112(amount);
        _write(asset, state);
        uint104 withdrawn = _countOut(account, asset, amount);
        emit Withdrawn(account, asset, to, amount, withdrawn, allowanceUsed, state.held, state.level);
        if (!_send(asset, to, amount)) _keep(account, asset, amount);
    }

    /// @dev Opens the flow as well: an account may withdraw what it never deposited.
    /// @return withdrawn resulting counter
    function _countOut(AccountId account, address asset, uint256 amount) private returns (uint104 withdrawn) {
        Flow storage flow = _flows[account][asset];
        if (flow.openedAt == 0) flow.openedAt = block.number.toUint40();
        flow.withdrawn = withdrawn = (flow.withdrawn + amount).toUint104();
    }

    /// @dev The vault owes a refused transfer as before, and to the same account.
    function _keep(AccountId account, address asset, uint256 amount) private {
        // Adds back what was just taken off.
        uint112 held = _assets[asset].held += uint112(amount);
        uint128 owed = _claims[account][asset].owed += amount.toUint128();
        emit ClaimKept(account, asset, amount, owed, held);
    }

    /// @dev Invariant INV-2: no operation widens the gap between custody and what is owed. What is owed falls by `amount`
    /// when the transfer succeeds and not at all when it fails; custody falls by no more.
    function _send(address asset, address to, uint256 amount) private returns (bool isSent) {
        uint256 custodyBefore = IERC20(asset).balanceOf(address(this));
        isSent = IERC20(asset).trySafeTransfer(to, amount);
        uint256 taken = Math.saturatingSub(custodyBefore, IERC20(asset).balanceOf(address(this)));
        uint256 paid = isSent ? amount : 0;
        require(taken <= paid, VaultTookMore(asset, paid, taken));
    }

    // ---- Outflow limit ----

    /// @dev Moves the level towards the capacity, from below and from above, by what has become due since `levelAt`.
    /// The excess above it is what recent deposits brought: without it a deposit and its withdrawal would use the limit up.
    function _relax(Asset memory state, AssetLimits memory limits) private view {
        uint256 capacity = _capacityOf(limits);
        uint256 level = state.level;
        // Capacity and level fit 96 bits, times 40; `levelAt` is never ahead.
        unchecked {
            uint256 step = (capacity * (block.timestamp - state.levelAt)) / limits.period;
            if (level < capacity) level = step < capacity - level ? level + step : capacity;
            else level = step < level - capacity ? level - step : capacity;
        }
        state.level = uint96(level);
        state.levelAt = uint40(block.timestamp);
    }

    /// @dev Invariant INV-20: nobody uses up the allowance of another. The shared limit first; a withdrawal that it does not
    /// let out whole uses the account's own allowance. Asset units.
    function _spend(
        AccountId account,
        address asset,
        uint256 amount,
        Asset memory state,
        Flags inForce
    ) private returns (uint208 allowanceUsed) {
        uint256 weight = _weightOf(inForce);
        uint256 outlet = state.level / weight;
        if (amount <= outlet) {
            // At most the level.
            state.level -= uint96(amount * weight);
            return 0;
        }
        RateLimiter.RefillingBucket storage allowance = _allowances[asset];
        bytes32 key = AccountId.unwrap(account);
        if (!allowance.tryConsume(key, amount)) {
            revert VaultOutflowLimited(asset, amount, outlet, allowance.available(key));
        }
        return allowance._items[key]._lastUsed;
    }

    function _weightOf(Flags inForce) private pure returns (uint256) {
        return inForce.has(FUND_SHORT) ? SHORT_WEIGHT : 1;
    }

    function _capacityOf(AssetLimits memory limits) private pure returns (uint256) {
        return _shareOf(limits.cap, limits.outflowPpm);
    }

    function _allowanceOf(AssetLimits memory limits) private pure returns (uint256) {
        return _shareOf(limits.cap, limits.allowancePpm);
    }

    function _shareOf(uint112 cap, uint32 ppm) private pure returns (uint256) {
        // 112 and 32 bits.
        unchecked {
            return (uint256(cap) * ppm) / MILLION;
        }
    }

    // ---- Claims ----

    /// @inheritdoc ICollateralVault
    function claim(
        AccountId account,
        address asset,
        address to
    ) external nonReentrant onlyOwnerOf(account) returns (uint256 amount) {
        require(!LEDGER.flags().has(WITHDRAW), VaultClaimsRestricted(account));
        Claim memory kept = _claims[account][asset];
        amount = kept.owed - kept.paid;
        _payClaim(account, asset, amount, to);
    }

    /// @inheritdoc ICollateralVault
    /// @dev What was kept left its account before the incident, so it is not shared in a wind-down; but it is paid no longer
    /// than claims are registered, so that nothing leaves between the payments of those.
    function claimWitnessed(
        AccountId account,
        address asset,
        address to,
        Witness calldata witness
    ) external nonReentrant onlyOwnerOf(account) returns (uint256 amount) {
        uint256 until = GUARD.claimsUntil();
        require(until == 0 || block.timestamp <= until, VaultRegistrationClosed(until));
        amount = _claimWitnessed(account, asset, witness);
        _payClaim(account, asset, amount, to);
    }

    /// @dev Without a proof nothing was paid before the witness, which never makes more payable. What no checkpoint proves at all
    /// stays owed.
    function _claimWitnessed(
        AccountId account,
        address asset,
        Witness calldata witness
    ) private view returns (uint256) {
        (, bytes32 vaultRoot) = _witnessRoots(witness, GUARD.witnessNumber());
        uint256 proven = _wordProven(vaultRoot, LedgerLayout.claimSlot(account, asset), witness.balanceProof);
        uint256 paid = uint120(_wordProven(vaultRoot, LedgerLayout.claimPaidSlot(account, asset), witness.flowProof));
        uint256 paidNow = _claimsPaid[account][asset].claimed;
        if (paidNow < paid) return 0;
        Claim memory kept = _claims[account][asset];
        return
            _capped(
                Math.saturatingSub(kept.owed, kept.paid),
                Math.saturatingSub(uint128(proven), uint128(proven >> 128)),
                paidNow - paid
            );
    }

    /// @dev The outflow limit let a claim out when it was withdrawn.
    function _payClaim(AccountId account, address asset, uint256 amount, address to) private {
        require(to != address(0) && to != address(this), VaultZeroAddress());
        require(amount != 0, VaultNothingToClaim(account, asset));
        uint112 held = _assets[asset].held;
        require(amount <= held, VaultCustodyShort(asset, held, amount));
        // At most `held`, as required above.
        _assets[asset].held = held -= uint112(amount);
        uint128 paid = _claims[account][asset].paid += amount.toUint128();
        uint120 claimed = (_claimsPaid[account][asset].claimed + amount).toUint120();
        _claimsPaid[account][asset] = ClaimPaid(claimed, true);
        emit Claimed(account, asset, to, amount, paid, claimed, held);
        require(_send(asset, to, amount), SafeERC20.SafeERC20FailedOperation(asset));
    }

    // ---- The two-witness rule ----

    /// @inheritdoc ICollateralVault
    function payableWitnessed(
        AccountId account,
        address asset,
        Witness calldata witness
    ) public view returns (uint256) {
        (uint256 brought, uint256 leftSince) = _broughtAndLeft(account, asset, witness);
        return _capped(_balanceNow(account, asset), brought, leftSince);
    }

    /// @return brought what the witness proves, and what was deposited since; nothing when a counter was tampered with and fell
    /// @return leftSince what was withdrawn since
    function _broughtAndLeft(
        AccountId account,
        address asset,
        Witness calldata witness
    ) private view returns (uint256 brought, uint256 leftSince) {
        Flow memory flow = _flows[account][asset];
        uint64 number = GUARD.witnessNumber();
        if (number == 0) return (flow.deposited, flow.withdrawn);
        (bytes32 ledgerRoot, bytes32 vaultRoot) = _witnessRoots(witness, number);
        if (witness.balanceProof.length != 0) brought = _balanceProven(account, asset, ledgerRoot, witness);
        (uint256 depositedBefore, uint256 withdrawnBefore) = _isYounger(flow, number)
            ? (0, 0)
            : _flowProven(account, asset, vaultRoot, witness.flowProof);
        if (flow.deposited < depositedBefore || flow.withdrawn < withdrawnBefore) return (0, 0);
        return (brought + flow.deposited - depositedBefore, flow.withdrawn - withdrawnBefore);
    }

    /// @dev Invariant INV-8: min(now, proven + (in now - in proven) - (out now - out proven)). One tampered word pays nothing that
    /// the account was not proven to have or has not brought since: a balance is capped by the counters, and a counter, or its
    /// age, by the balance. Whoever tampers with words of both contracts, again and again, takes what the outflow limit lets out
    /// until the pause ends, and in a wind-down, where there is no limit, a larger share of what is there.
    function _capped(uint256 balance, uint256 brought, uint256 leftSince) private pure returns (uint256) {
        return Math.min(balance, Math.saturatingSub(brought, leftSince));
    }

    /// @dev Whether there was no flow word at the witness, neither counter: a word is as old as `openedAt` says.
    function _isYounger(Flow memory flow, uint64 number) private pure returns (bool) {
        return flow.openedAt > number || (flow.openedAt | flow.deposited | flow.withdrawn) == 0;
    }

    /// @param number of the witness, as the guard names it
    /// @return ledgerRoot storage root of the ledger at the witness
    /// @return vaultRoot storage root of this contract at the witness
    function _witnessRoots(
        Witness calldata witness,
        uint64 number
    ) private view returns (bytes32 ledgerRoot, bytes32 vaultRoot) {
        uint64 given = witness.attestation.blockNumber;
        require(given == number, VaultWrongWitness(given, number));
        (uint256 ledgerIndex, uint256 vaultIndex) = REGISTRY.verifyRoots(
            witness.attestation,
            witness.roots,
            address(LEDGER),
            address(this)
        );
        return (witness.roots[ledgerIndex], witness.roots[vaultIndex]);
    }

    /// @return asset units
    function _balanceProven(
        AccountId account,
        address asset,
        bytes32 ledgerRoot,
        Witness calldata witness
    ) private view returns (uint256) {
        if (asset != SETTLEMENT_ASSET) {
            bytes32 slot = LedgerLayout.collateralSlot(account, asset);
            return uint128(VERIFIER.word(ledgerRoot, slot, witness.balanceProof));
        }
        return
            _settlementUnits(
                VERIFIER.settlementBalance(ledgerRoot, account, witness.balanceProof, witness.pages, witness.positions)
            );
    }

    /// @dev Refuses an empty proof: without what had come until the witness, all that ever came would count as brought since.
    function _flowProven(
        AccountId account,
        address asset,
        bytes32 vaultRoot,
        bytes[] calldata flowProof
    ) private view returns (uint256 deposited, uint256 withdrawn) {
        uint256 flow = VERIFIER.word(vaultRoot, LedgerLayout.flowSlot(account, asset), flowProof);
        return (uint104(flow), uint104(flow >> 104));
    }

    /// @return word zero without a proof
    function _wordProven(bytes32 root, bytes32 slot, bytes[] calldata proof) private view returns (uint256 word) {
        if (proof.length != 0) word = VERIFIER.word(root, slot, proof);
    }

    /// @return asset units
    function _balanceNow(AccountId account, address asset) private view returns (uint256) {
        return asset == SETTLEMENT_ASSET ? _settlementNow(account) : LEDGER.collateralOf(account, asset);
    }

    /// @dev With open positions, what these are worth at the worst of what a rule of the oracle leaves open counts as well, as it
    /// does in the proven balance.
    function _settlementNow(AccountId account) private view returns (uint256) {
        if (LEDGER.openCountOf(account) == 0) return _settlementUnits(LEDGER.quoteOf(account));
        return _settlementUnits(LEDGER.valuationOf(account).cash);
    }

    /// @dev Rounds down: the fraction of a unit stays in the account.
    function _settlementUnits(int256 quote) private view returns (uint256) {
        return quote > 0 ? uint256(quote) / SETTLEMENT_SCALE : 0;
    }

    // ---- Wind-down ----

    /// @inheritdoc ICollateralVault
    /// @dev The counter of what was withdrawn rises with each registration, so that all of them together are what one would be, and
    /// whoever registers an account at a bad moment takes nothing from it: the rest is registered later.
    function registerClaim(
        AccountId account,
        address asset,
        Witness calldata witness
    ) external nonReentrant returns (uint112 amount) {
        uint256 until = GUARD.claimsUntil();
        require(until != 0, VaultNotWindDown());
        require(block.timestamp <= until, VaultRegistrationClosed(until));
        require(!(account == LEDGER.fundAccount()), VaultFundAccount());
        amount = payableWitnessed(account, asset, witness).toUint112();
        require(amount != 0, VaultNothingToClaim(account, asset));
        LEDGER.debitWitnessed(account, asset, amount);
        _countOut(account, asset, amount);
        Registration storage own = _registrations[account][asset];
        (own.amount, own.isUsed) = (own.amount + amount, true);
        WindDown storage all = _windDowns[asset];
        uint112 registered = all.registered + amount;
        (all.registered, all.isUsed) = (registered, true);
        emit ClaimRegistered(account, asset, amount, registered);
    }

    /// @inheritdoc ICollateralVault
    /// @dev Invariant INV-31: each claim gets the same share. What all share is fixed by the first payment, and nothing else leaves from then on: rounded down, the shares never
    /// exceed it. What custody does not suffice for is owed no longer. A transfer that the token refuses is tried again later.
    function payRegistration(AccountId account, address asset) external nonReentrant returns (uint112 paid) {
        uint256 until = GUARD.claimsUntil();
        require(until != 0, VaultNotWindDown());
        require(block.timestamp > until, VaultRegistrationOpen(until));
        uint112 amount = _registrations[account][asset].amount;
        require(amount != 0 && !_registrations[account][asset].isPaid, VaultNothingRegistered(account, asset));
        uint112 held = _assets[asset].held;
        WindDown memory all = _fixedWindDown(asset, held, amount);
        // At most `amount`.
        paid = all.custody < all.registered ? uint112((uint256(amount) * all.custody) / all.registered) : amount;
        _registrations[account][asset] = Registration(amount, paid, true, true);
        // Quote that was won from accounts in debt can make claims exceed what is held.
        _assets[asset].held = held = uint112(Math.saturatingSub(held, amount));
        address to = account.owner();
        emit RegistrationPaid(account, asset, to, paid, all.custody, held);
        require(_send(asset, to, paid), SafeERC20.SafeERC20FailedOperation(asset));
    }

    /// @dev Nothing is no share: a token that is gone for a while, or for good, fixes none.
    function _fixedWindDown(address asset, uint112 held, uint112 amount) private returns (WindDown memory all) {
        all = _windDowns[asset];
        if (all.isFixed) return all;
        // At most `held`.
        uint112 custody = uint112(Math.min(held, IERC20(asset).balanceOf(address(this))));
        require(custody != 0, VaultCustodyShort(asset, 0, amount));
        (all.custody, all.isFixed) = (custody, true);
        _windDowns[asset] = all;
    }

    // ---- Repair ----

    /// @inheritdoc IRepairable
    /// @dev No counter moves to where more would be payable by the two-witness rule: what came never rises, what left never falls,
    /// and the age of both stays. No repair promises more than there is, and limits slow the exit and never close it.
    function repair(Repair calldata item) external nonReentrant {
        _requireGuard(address(GUARD));
        if (item.variable == FLOWS_VARIABLE) {
            bool isSafe = _paysNoMore(uint256(item.expected), uint256(item.value));
            require(isSafe, RepairForbidden(item.variable, item.keys.length, item.offset));
        }
        _repair(item);
        if (item.variable == ASSETS_VARIABLE) {
            address asset = address(uint160(uint256(item.keys[0])));
            uint112 held = _assets[asset].held;
            uint256 custody = IERC20(asset).balanceOf(address(this));
            require(custody >= held, VaultCustodyShort(asset, custody, held));
        } else if (item.variable == LIMITS_VARIABLE) {
            _requireLimits(_limits[address(uint160(uint256(item.keys[0])))]);
        }
    }

    /// @param before, next flow words
    function _paysNoMore(uint256 before, uint256 next) private pure returns (bool) {
        bool isCounterSafe = uint104(next) <= uint104(before) && uint104(next >> 104) >= uint104(before >> 104);
        return isCounterSafe && next >> 208 == before >> 208;
    }

    function _repairable() internal pure override returns (bytes32) {
        return REPAIRABLE;
    }

    // ---- Views ----

    /// @inheritdoc ICollateralVault
    function assetOf(address asset) external view returns (Asset memory) {
        return _assets[asset];
    }

    /// @inheritdoc ICollateralVault
    function limitsOf(address asset) external view returns (AssetLimits memory) {
        return _limits[asset];
    }

    /// @inheritdoc ICollateralVault
    function availableOf(AccountId account, address asset) external view returns (uint256 level, uint256 allowance) {
        Asset memory state = _assets[asset];
        require(state.isListed, VaultUnlistedAsset(asset));
        _relax(state, _limits[asset]);
        level = state.level / _weightOf(LEDGER.flags());
        allowance = _allowances[asset].available(AccountId.unwrap(account));
    }

    /// @inheritdoc ICollateralVault
    function flowOf(AccountId account, address asset) external view returns (Flow memory) {
        return _flows[account][asset];
    }

    /// @inheritdoc ICollateralVault
    function claimPaidOf(AccountId account, address asset) external view returns (ClaimPaid memory) {
        return _claimsPaid[account][asset];
    }

    /// @inheritdoc ICollateralVault
    function registrationOf(AccountId account, address asset) external view returns (Registration memory) {
        return _registrations[account][asset];
    }

    /// @inheritdoc ICollateralVault
    function windDownOf(address asset) external view returns (WindDown memory) {
        return _windDowns[asset];
    }

    /// @inheritdoc ICollateralVault
    function claimOf(AccountId account, address asset) external view returns (Claim memory) {
        return _claims[account][asset];
    }
}
