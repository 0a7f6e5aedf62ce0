// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ICheckpointRegistry} from "../interfaces/ICheckpointRegistry.sol";
import {Asset, Claim, Flow, ICollateralVault, Witness} from "../interfaces/ICollateralVault.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {ISyncGuard} from "../interfaces/ISyncGuard.sol";
import {LedgerLayout} from "../libraries/LedgerLayout.sol";
import {StorageRootProof} from "../sync/StorageRootProof.sol";
import {AccountId} from "../types/AccountId.sol";
import {WITHDRAW} from "../types/ActionFamily.sol";

/// @title CollateralVault
/// @dev Storage-transparent: every slot is a function of the events of {ICollateralVault} and `AuthorityUpdated`.
/// The counters of what left live here and the balances live in the ledger, so that one tampered word never
/// satisfies both witnesses.
contract CollateralVault is ICollateralVault, AccessManaged {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    uint8 internal constant MAX_DECIMALS = 18;

    IPositionLedger public immutable LEDGER;
    ISyncGuard public immutable GUARD;
    ICheckpointRegistry public immutable REGISTRY;
    address private immutable SETTLEMENT_ASSET;
    uint256 private immutable SETTLEMENT_SCALE;

    mapping(address asset => Asset) internal _assets;
    mapping(AccountId account => mapping(address asset => Flow)) internal _flows;
    mapping(AccountId account => mapping(address asset => Claim)) internal _claims;

    bool private transient _isEntered;

    constructor(
        address authority,
        IPositionLedger ledger,
        ISyncGuard guard,
        ICheckpointRegistry registry
    ) AccessManaged(authority) {
        require(
            address(ledger) != address(0) && address(guard) != address(0) && address(registry) != address(0),
            VaultZeroAddress()
        );
        LEDGER = ledger;
        GUARD = guard;
        REGISTRY = registry;
        SETTLEMENT_ASSET = ledger.SETTLEMENT_ASSET();
        SETTLEMENT_SCALE = ledger.SETTLEMENT_SCALE();
        _list(SETTLEMENT_ASSET);
    }

    modifier nonReentrant() {
        require(!_isEntered, VaultReentered());
        _isEntered = true;
        _;
        _isEntered = false;
    }

    modifier onlyOwnerOf(AccountId account) {
        require(msg.sender == account.owner(), VaultNotOwner(account, msg.sender));
        _;
    }

    // ---- Assets ----

    /// @inheritdoc ICollateralVault
    function listAsset(address asset) external restricted {
        _list(asset);
    }

    function _list(address asset) private {
        require(!_assets[asset].isListed, VaultAlreadyListed(asset));
        uint8 decimals = IERC20Metadata(asset).decimals();
        require(decimals <= MAX_DECIMALS, VaultUnsupportedDecimals(asset, decimals));
        _assets[asset].isListed = true;
        emit AssetListed(asset);
    }

    // ---- Deposits ----

    /// @inheritdoc ICollateralVault
    function deposit(
        AccountId account,
        address asset,
        uint256 amount
    ) external nonReentrant returns (uint256 received) {
        require(account.owner() != address(0), VaultZeroAddress());
        require(_assets[asset].isListed, VaultUnlistedAsset(asset));
        require(amount != 0, VaultZeroAmount());

        uint256 custodyBefore = IERC20(asset).balanceOf(address(this));
        IERC20(asset).safeTransferFrom(msg.sender, address(this), amount);
        uint256 custodyAfter = IERC20(asset).balanceOf(address(this));
        require(custodyAfter > custodyBefore, VaultNothingReceived(asset, amount));
        received = custodyAfter - custodyBefore;

        Asset storage state = _assets[asset];
        state.held = (uint256(state.held) + received).toUint120();
        // An account may gain quote by trading before it ever deposits the settlement asset: open that flow as well.
        if (!_flows[account][asset].isOpen) {
            _flows[account][asset].isOpen = true;
            _flows[account][SETTLEMENT_ASSET].isOpen = true;
        }
        emit Deposited(account, asset, msg.sender, received, state.held);
        LEDGER.credit(account, asset, received);
        _requireBacked(asset);
    }

    // ---- Withdrawals ----

    /// @inheritdoc ICollateralVault
    function withdraw(
        AccountId account,
        address asset,
        uint256 amount,
        address to
    ) external nonReentrant onlyOwnerOf(account) {
        LEDGER.debit(account, asset, amount);
        _pay(account, asset, amount, to);
    }

    /// @inheritdoc ICollateralVault
    function withdrawWitnessed(
        AccountId account,
        address asset,
        uint256 amount,
        address to,
        Witness calldata witness
    ) external nonReentrant onlyOwnerOf(account) {
        uint256 limit = payableWitnessed(account, asset, witness);
        require(amount <= limit, VaultAboveWitnessed(account, asset, amount, limit));
        LEDGER.debitWitnessed(account, asset, amount);
        _pay(account, asset, amount, to);
    }

    /// @inheritdoc ICollateralVault
    function payableWitnessed(
        AccountId account,
        address asset,
        Witness calldata witness
    ) public view returns (uint256) {
        (bytes32 ledgerRoot, bytes32 vaultRoot) = _witnessRoots(witness);
        uint256 balanceNow;
        uint256 balanceProven;
        if (asset == SETTLEMENT_ASSET) {
            uint256 word = StorageRootProof.word(ledgerRoot, LedgerLayout.accountSlot(account), witness.balanceProof);
            uint16 openCount = uint16(word >> 128);
            require(openCount == 0, VaultWitnessNotFlat(account, openCount));
            balanceProven = _settlementUnits(int128(uint128(word)));
            balanceNow = _settlementUnits(LEDGER.quoteOf(account));
        } else {
            bytes32 slot = LedgerLayout.collateralSlot(account, asset);
            balanceProven = uint128(StorageRootProof.word(ledgerRoot, slot, witness.balanceProof));
            balanceNow = LEDGER.collateralOf(account, asset);
        }
        uint256 flow = StorageRootProof.word(vaultRoot, LedgerLayout.flowSlot(account, asset), witness.flowProof);
        return _capped(balanceNow, balanceProven, _flows[account][asset].withdrawn, uint120(flow));
    }

    function _pay(AccountId account, address asset, uint256 amount, address to) private {
        require(to != address(0) && to != address(this), VaultZeroAddress());
        Asset storage state = _assets[asset];
        Flow storage flow = _flows[account][asset];
        flow.withdrawn = (uint256(flow.withdrawn) + amount).toUint120();
        state.held -= amount.toUint120();
        emit Withdrawn(account, asset, to, amount, flow.withdrawn, state.held);
        if (!IERC20(asset).trySafeTransfer(to, amount)) {
            Claim storage kept = _claims[account][asset];
            kept.owed += amount.toUint128();
            state.claimable += amount.toUint120();
            emit ClaimKept(account, asset, amount, kept.owed, state.claimable);
        }
        _requireBacked(asset);
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
    function claimWitnessed(
        AccountId account,
        address asset,
        address to,
        Witness calldata witness
    ) external nonReentrant onlyOwnerOf(account) returns (uint256 amount) {
        (, bytes32 vaultRoot) = _witnessRoots(witness);
        uint256 word = StorageRootProof.word(vaultRoot, LedgerLayout.claimSlot(account, asset), witness.balanceProof);
        uint256 flow = StorageRootProof.word(vaultRoot, LedgerLayout.flowSlot(account, asset), witness.flowProof);
        Claim memory kept = _claims[account][asset];
        amount = _capped(
            Math.saturatingSub(kept.owed, kept.paid),
            Math.saturatingSub(uint128(word), uint128(word >> 128)),
            _flows[account][asset].claimed,
            uint120(flow >> 120)
        );
        _payClaim(account, asset, amount, to);
    }

    function _payClaim(AccountId account, address asset, uint256 amount, address to) private {
        require(to != address(0) && to != address(this), VaultZeroAddress());
        require(amount != 0, VaultNothingToClaim(account, asset));
        Asset storage state = _assets[asset];
        Claim storage kept = _claims[account][asset];
        Flow storage flow = _flows[account][asset];
        kept.paid += amount.toUint128();
        flow.claimed = (uint256(flow.claimed) + amount).toUint120();
        state.claimable -= amount.toUint120();
        emit Claimed(account, asset, to, amount, kept.paid, flow.claimed, state.claimable);
        IERC20(asset).safeTransfer(to, amount);
        _requireBacked(asset);
    }

    // ---- The two-witness rule ----

    /// @dev Invariant INV-8: min(now, proven - (out now - out proven)). A counter that fell was tampered with: nothing is payable.
    function _capped(
        uint256 balanceNow,
        uint256 balanceProven,
        uint256 outNow,
        uint256 outProven
    ) private pure returns (uint256) {
        if (outNow < outProven) return 0;
        return Math.min(balanceNow, Math.saturatingSub(balanceProven, outNow - outProven));
    }

    function _witnessRoots(Witness calldata witness) private view returns (bytes32 ledgerRoot, bytes32 vaultRoot) {
        uint64 required = GUARD.witnessNumber();
        require(witness.number == required, VaultWrongWitness(witness.number, required));
        (uint256 ledgerIndex, uint256 vaultIndex) = REGISTRY.verifyRoots(
            witness.number,
            witness.roots,
            address(LEDGER),
            address(this)
        );
        return (witness.roots[ledgerIndex], witness.roots[vaultIndex]);
    }

    /// @dev Rounds down: the fraction of a unit stays in the account.
    function _settlementUnits(int256 quote) private view returns (uint256) {
        return quote > 0 ? uint256(quote) / SETTLEMENT_SCALE : 0;
    }

    // ---- Backing ----

    /// @dev Invariant INV-2: custody covers what accounts hold and what is kept for claims.
    function _requireBacked(address asset) private view {
        uint256 custody = IERC20(asset).balanceOf(address(this));
        uint256 required = uint256(_assets[asset].held) + _assets[asset].claimable;
        require(custody >= required, VaultNotBacked(asset, custody, required));
    }

    // ---- Views ----

    /// @inheritdoc ICollateralVault
    function assetOf(address asset) external view returns (Asset memory) {
        return _assets[asset];
    }

    /// @inheritdoc ICollateralVault
    function flowOf(AccountId account, address asset) external view returns (Flow memory) {
        return _flows[account][asset];
    }

    /// @inheritdoc ICollateralVault
    function claimOf(AccountId account, address asset) external view returns (Claim memory) {
        return _claims[account][asset];
    }
}
