// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @notice Proof of what a checkpoint before the incident says of one account and asset.
/// @param number block number of the witness checkpoint; must be the one the guard names
/// @param roots storage roots of the book set at that checkpoint, in set order
/// @param balanceProof storage proof of the ledger's account word (settlement asset) or collateral word (others);
/// of the vault's claim word for a claim
/// @param flowProof storage proof of the vault's flow word
struct Witness {
    uint64 number;
    bytes32[] roots;
    bytes[] balanceProof;
    bytes[] flowProof;
}

/// @notice What left the vault for one account and asset. Both counters only grow.
/// @param withdrawn debited by withdrawals, asset units
/// @param claimed paid out of kept claims, asset units
/// @param isOpen set by the first deposit, so that the word is never zero once the account is used
struct Flow {
    uint120 withdrawn;
    uint120 claimed;
    bool isOpen;
}

/// @notice Withdrawals whose token transfer failed. Both counters only grow.
struct Claim {
    uint128 owed;
    uint128 paid;
}

/// @notice An allow-listed asset.
/// @param held credited to accounts in the ledger, asset units
/// @param claimable kept for `claim`, asset units
struct Asset {
    bool isListed;
    uint120 held;
    uint120 claimable;
}

/// @title CollateralVault: the only contract that touches tokens.
interface ICollateralVault {
    event AssetListed(address indexed asset);
    /// @param amount as received, asset units
    /// @param held resulting total in accounts, asset units
    event Deposited(AccountId indexed account, address indexed asset, address payer, uint256 amount, uint120 held);
    /// @param withdrawn resulting counter of this account and asset
    /// @param held resulting total in accounts
    event Withdrawn(
        AccountId indexed account,
        address indexed asset,
        address to,
        uint256 amount,
        uint120 withdrawn,
        uint120 held
    );
    /// @notice The token refused the transfer of a withdrawal; the account can claim it.
    event ClaimKept(AccountId indexed account, address indexed asset, uint256 amount, uint128 owed, uint120 claimable);
    event Claimed(
        AccountId indexed account,
        address indexed asset,
        address to,
        uint256 amount,
        uint128 paid,
        uint120 claimed,
        uint120 claimable
    );

    error VaultReentered();
    error VaultZeroAddress();
    error VaultZeroAmount();
    error VaultUnlistedAsset(address asset);
    error VaultAlreadyListed(address asset);
    error VaultUnsupportedDecimals(address asset, uint8 decimals);
    error VaultNotOwner(AccountId account, address caller);
    error VaultNothingReceived(address asset, uint256 requested);
    error VaultNotBacked(address asset, uint256 custody, uint256 required);
    error VaultClaimsRestricted(AccountId account);
    error VaultWrongWitness(uint64 given, uint64 required);
    error VaultWitnessNotFlat(AccountId account, uint16 openCount);
    error VaultAboveWitnessed(AccountId account, address asset, uint256 requested, uint256 payable_);
    error VaultNothingToClaim(AccountId account, address asset);

    /// @notice Allows deposits of `asset` (governance).
    function listAsset(address asset) external;

    /// @notice Takes `amount` from the caller and credits what arrived to `account`. Open in every grade.
    function deposit(AccountId account, address asset, uint256 amount) external returns (uint256 received);

    /// @notice Pays `amount` of the caller's account to `to`, while no restriction stands.
    function withdraw(AccountId account, address asset, uint256 amount, address to) external;

    /// @notice Pays `amount` under a restriction, capped by the two-witness rule:
    /// min(balance now, balance proven - (withdrawn now - withdrawn proven)).
    function withdrawWitnessed(
        AccountId account,
        address asset,
        uint256 amount,
        address to,
        Witness calldata witness
    ) external;

    /// @notice Pays what a failed transfer left owed, while no restriction stands.
    function claim(AccountId account, address asset, address to) external returns (uint256 amount);

    /// @notice Pays what is owed under a restriction, capped by the two-witness rule on the claim word.
    function claimWitnessed(
        AccountId account,
        address asset,
        address to,
        Witness calldata witness
    ) external returns (uint256 amount);

    /// @notice What `withdrawWitnessed` would pay at most, asset units. Reverts when the proofs do not hold.
    function payableWitnessed(
        AccountId account,
        address asset,
        Witness calldata witness
    ) external view returns (uint256);

    function assetOf(address asset) external view returns (Asset memory);
    function flowOf(AccountId account, address asset) external view returns (Flow memory);
    function claimOf(AccountId account, address asset) external view returns (Claim memory);
}
