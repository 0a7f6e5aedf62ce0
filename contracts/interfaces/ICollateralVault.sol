// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";
import {Attestation} from "./ICheckpointRegistry.sol";
import {PositionWitness} from "./IWitnessVerifier.sol";

/// @notice Proof of what a checkpoint before the incident says of one account and asset. When the guard names none (there was
/// none before the incident), nothing of it is looked at.
/// @param attestation of the witness checkpoint; its block must be the one the guard names
/// @param roots storage roots of the book set at that checkpoint, in set order
/// @param balanceProof storage proof of the ledger's account word (settlement asset) or collateral word (others);
/// of the vault's claim word for a claim. Empty when there was no such word: then nothing is proven
/// @param flowProof storage proof of the vault's flow word, which must not be left out when that word is as old as the
/// checkpoint, and is not looked at when it is younger. For a claim of the word of paid claims; empty when there was none
/// @param pages storage proofs of the ledger's pages of open ids, for an account that had positions (settlement asset only)
/// @param positions what it had, in the order of the open ids
struct Witness {
    Attestation attestation;
    bytes32[] roots;
    bytes[] balanceProof;
    bytes[] flowProof;
    bytes[][] pages;
    PositionWitness[] positions;
}

/// @notice What an account registered in a wind-down, asset units.
/// @param amount debited from its balance
/// @param paid of it; what custody did not suffice for is never paid
struct Registration {
    uint112 amount;
    uint112 paid;
    bool isPaid;
    bool isUsed;
}

/// @notice A wind-down's claims on an asset, asset units.
/// @param registered in time, all accounts together
/// @param custody what is shared among them, fixed by the first payment
struct WindDown {
    uint112 registered;
    uint112 custody;
    bool isFixed;
    bool isUsed;
}

/// @notice What came into the vault and left it for one account and asset. Both counters only grow. What would bring one to
/// 2^104 units (2e13 whole tokens of 18 decimals) reverts: a withdrawal never before the account itself has taken out that much,
/// a deposit when it was given that much.
/// @param deposited credited by deposits, asset units
/// @param withdrawn debited by withdrawals and registered claims, asset units
/// @param openedAt block of the first deposit or withdrawal, so that the word is never zero once the account is used. The
/// settlement asset's is opened by the first deposit of any asset
struct Flow {
    uint104 deposited;
    uint104 withdrawn;
    uint40 openedAt;
}

/// @notice What was paid out of kept claims of one account and asset. The counter only grows.
/// @param claimed asset units
struct ClaimPaid {
    uint120 claimed;
    bool isUsed;
}

/// @notice Withdrawals whose token transfer failed. Both counters only grow.
struct Claim {
    uint128 owed;
    uint128 paid;
}

/// @notice An allow-listed asset, in the word that every movement reads.
/// @param held what the vault owes: balances in the ledger and kept claims, asset units
/// @param level what may leave through the shared outflow limit, as of `levelAt`, asset units
/// @param levelAt seconds
struct Asset {
    uint112 held;
    uint96 level;
    uint40 levelAt;
    bool isListed;
}

/// @notice The limits of an asset.
/// @param cap that deposits may bring `held` to, asset units
/// @param outflowPpm capacity of the shared outflow limit, parts per million of the cap
/// @param allowancePpm what an account may withdraw beside the shared limit in one period, parts per million of the cap
/// @param period in which an empty limit or allowance fills up again, seconds
struct AssetLimits {
    uint112 cap;
    uint32 outflowPpm;
    uint32 allowancePpm;
    uint32 period;
}

/// @title CollateralVault: the only contract that touches tokens.
interface ICollateralVault {
    event AssetListed(address indexed asset, uint40 levelAt);
    /// @param level resulting shared limit
    event LimitsSet(
        address indexed asset,
        uint112 cap,
        uint32 outflowPpm,
        uint32 allowancePpm,
        uint32 period,
        uint96 level,
        uint40 levelAt
    );
    /// @param amount as received, asset units
    /// @param held, level resulting words of the asset
    event Deposited(
        AccountId indexed account,
        address indexed asset,
        address payer,
        uint256 amount,
        uint112 held,
        uint96 level
    );
    /// @param withdrawn resulting counter of this account and asset
    /// @param allowanceUsed what the account's own allowance has used up after it; zero when the shared limit paid
    /// @param held, level resulting words of the asset
    event Withdrawn(
        AccountId indexed account,
        address indexed asset,
        address to,
        uint256 amount,
        uint120 withdrawn,
        uint208 allowanceUsed,
        uint112 held,
        uint96 level
    );
    /// @notice The token refused the transfer of a withdrawal; the account can claim it, and the vault owes it still.
    event ClaimKept(AccountId indexed account, address indexed asset, uint256 amount, uint128 owed, uint112 held);
    event Claimed(
        AccountId indexed account,
        address indexed asset,
        address to,
        uint256 amount,
        uint128 paid,
        uint120 claimed,
        uint112 held
    );

    /// @notice An account's claim in the wind-down left its balance and waits for the payment.
    /// @param amount added to what the account registered before, and to its counter of what was withdrawn
    /// @param registered resulting claims on the asset, of all accounts together
    event ClaimRegistered(AccountId indexed account, address indexed asset, uint112 amount, uint112 registered);
    /// @param paid what this one got, pro rata; the rest of it is owed no longer
    /// @param custody what all claims on the asset share
    /// @param held resulting word of the asset
    event RegistrationPaid(
        AccountId indexed account,
        address indexed asset,
        address to,
        uint112 paid,
        uint112 custody,
        uint112 held
    );

    error VaultReentered();
    error VaultZeroAddress();
    error VaultZeroAmount();
    error VaultUnlistedAsset(address asset);
    error VaultAlreadyListed(address asset);
    error VaultUnsupportedDecimals(address asset, uint8 decimals);
    error VaultNotOwner(AccountId account, address caller);
    error VaultNothingReceived(address asset, uint256 requested);
    error VaultTookMore(address asset, uint256 paid, uint256 taken);
    error VaultBadLimits(uint112 cap, uint32 outflowPpm, uint32 allowancePpm, uint32 period);
    error VaultAboveCap(address asset, uint256 held, uint256 cap);
    error VaultCustodyShort(address asset, uint256 held, uint256 requested);
    error VaultOutflowLimited(address asset, uint256 requested, uint256 level, uint256 allowance);
    error VaultClaimsRestricted(AccountId account);
    error VaultWrongWitness(uint64 given, uint64 required);
    error VaultNotWindDown();
    error VaultWindDown();
    error VaultRegistrationClosed(uint256 until);
    error VaultRegistrationOpen(uint256 until);
    error VaultFundAccount();
    error VaultNothingRegistered(AccountId account, address asset);
    error VaultAboveWitnessed(AccountId account, address asset, uint256 requested, uint256 payable_);
    error VaultNothingToClaim(AccountId account, address asset);

    /// @notice Allows deposits of `asset` (governance).
    function listAsset(address asset, AssetLimits calldata limits) external;

    /// @notice Changes the limits of a listed asset (governance).
    /// @dev A limit fills up within 30 days, by at least one unit a second, and no allowance is zero: limits slow the
    /// exit and never close it.
    function setLimits(address asset, AssetLimits calldata limits) external;

    /// @notice Takes `amount` from the caller and credits what arrived to `account`: the settlement asset to anybody's,
    /// another one to the caller's own. Open in every grade.
    function deposit(AccountId account, address asset, uint256 amount) external returns (uint256 received);

    /// @notice Deposits with an EIP-2612 permit instead of an allowance. A permit that somebody else has used already does
    /// no harm: the allowance that it left is used.
    function depositWithPermit(
        AccountId account,
        address asset,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 received);

    /// @notice Pays `amount` of the caller's account to `to`, while no restriction stands and within the outflow limit.
    function withdraw(AccountId account, address asset, uint256 amount, address to) external;

    /// @notice Pays `amount` under a restriction, capped by the two-witness rule:
    /// min(balance now, balance proven + what was deposited since - what was withdrawn since). The proven settlement balance of
    /// an account that had positions is what these would leave it with at the prices of now (see `IWitnessVerifier`), no less
    /// than nothing, and its balance now counts the open ones likewise. Not in a wind-down.
    function withdrawWitnessed(
        AccountId account,
        address asset,
        uint256 amount,
        address to,
        Witness calldata witness
    ) external;

    /// @notice Pays what a failed transfer left owed, while no restriction stands.
    function claim(AccountId account, address asset, address to) external returns (uint256 amount);

    /// @notice Pays what is owed under a restriction, capped by the two-witness rule on the claim word. In a wind-down as long
    /// as claims are registered.
    function claimWitnessed(
        AccountId account,
        address asset,
        address to,
        Witness calldata witness
    ) external returns (uint256 amount);

    /// @notice Registers all that a flat account can take out in a wind-down, by the two-witness rule, and debits it. Anyone,
    /// while claims are registered, and again when more has become payable. An account in debt is repaid first.
    function registerClaim(
        AccountId account,
        address asset,
        Witness calldata witness
    ) external returns (uint112 amount);

    /// @notice Pays a registered claim to the account's owner once registration is over; pro rata when all claims on the asset
    /// exceed what is there. Anyone.
    function payRegistration(AccountId account, address asset) external returns (uint112 paid);

    /// @notice What `withdrawWitnessed` would pay at most, the outflow limit apart, asset units. Reverts when the proofs do not hold.
    /// Nothing when a counter is smaller than it was proven to be. Without a checkpoint before the incident, what was ever
    /// deposited less what was ever withdrawn, if the balance is not less.
    function payableWitnessed(
        AccountId account,
        address asset,
        Witness calldata witness
    ) external view returns (uint256);

    function assetOf(address asset) external view returns (Asset memory);
    function limitsOf(address asset) external view returns (AssetLimits memory);
    /// @notice What the shared limit lets out now, and what the account may withdraw beside it, asset units.
    function availableOf(AccountId account, address asset) external view returns (uint256 level, uint256 allowance);
    function flowOf(AccountId account, address asset) external view returns (Flow memory);
    function claimPaidOf(AccountId account, address asset) external view returns (ClaimPaid memory);
    function registrationOf(AccountId account, address asset) external view returns (Registration memory);
    function windDownOf(address asset) external view returns (WindDown memory);
    function claimOf(AccountId account, address asset) external view returns (Claim memory);
}
