// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";
import {Flags} from "../types/ActionFamily.sol";

/// @notice An open position.
/// @param size signed, 1e-18 units of the underlying; never zero
struct Position {
    uint16 instrument;
    int128 size;
}

/// @notice The kind of a ledger entry: what `key` names and which of the two amounts moves.
enum EntryKind {
    Credit, // key = asset
    Debit, // key = asset
    Trade // key = instrument
}

/// @notice The word that every guarded operation reads and that most of them write anyway.
/// @param sequence number of entries ever posted
/// @param flags restricted action families, as pushed by the guard
/// @param checkpointTime when the newest valid checkpoint was posted, seconds
/// @param graceUntil no liquidation before, seconds
struct HotWord {
    uint64 sequence;
    Flags flags;
    uint48 checkpointTime;
    uint48 graceUntil;
}

/// @title PositionLedger: the only writer of accounts.
/// @notice The settlement currency lives only in signed `quote`; trading is a zero-sum transfer of quote and size.
/// Every account write posts one entry whose event carries the inputs and the resulting values.
interface IPositionLedger {
    /// @notice One account changed.
    /// @param sequence counts entries from 1 without a gap
    /// @param key the asset's address or the instrument's number
    /// @param sizeDelta change of the position (1e-18 underlying) or of the collateral balance (asset units)
    /// @param quoteDelta change of the settlement balance, 1e-18 quote
    /// @param sizeAfter resulting position or collateral balance
    /// @param quoteAfter resulting settlement balance
    event EntryPosted(
        uint64 indexed sequence,
        AccountId indexed account,
        EntryKind kind,
        uint256 key,
        int256 sizeDelta,
        int256 quoteDelta,
        int256 sizeAfter,
        int256 quoteAfter
    );
    /// @notice The guard pushed new flags or times into the hot word.
    event HotWordPushed(Flags flags, uint48 checkpointTime, uint48 graceUntil);
    /// @notice The modules that may write were set, once and for all.
    event ModulesBound(address vault, address settlement, address guard);

    error LedgerNotDeployer(address caller);
    error LedgerAlreadyBound();
    error LedgerZeroAddress();
    error LedgerNotModule(address caller, address expected);
    error LedgerZeroAmount();
    error LedgerAmountTooLarge(uint256 amount);
    error LedgerSameAccount(AccountId account);
    error LedgerIncreaseRestricted(AccountId account, uint16 instrument);
    error LedgerWithdrawalRestricted(AccountId account);
    error LedgerNotFlat(AccountId account, uint16 openCount);
    error LedgerInsufficientCollateral(AccountId account, address asset, uint256 available, uint256 required);
    error LedgerBelowInitialMargin(AccountId account, int256 equity, uint256 required);
    error LedgerReductionWorsensHealth(AccountId account, int256 excessBefore, int256 excessAfter);
    error LedgerTooManyPositions(AccountId account, uint16 limit);
    error LedgerNotConserved(int256 quoteImbalance, int256 sizeImbalance);

    // Setup

    /// @notice Names the modules that may write. Once, by the deployer.
    function bind(address vault, address settlement, address guard) external;

    // Custody (vault only)

    /// @notice Adds a deposit. Open in every grade.
    function credit(AccountId account, address asset, uint256 amount) external;

    /// @notice Removes a withdrawal. Refused while withdrawals are restricted.
    function debit(AccountId account, address asset, uint256 amount) external;

    /// @notice Removes a withdrawal that the vault has capped by the two-witness rule. While halted, flat accounts only.
    function debitWitnessed(AccountId account, address asset, uint256 amount) external;

    // Trading (settlement only)

    /// @notice Moves `size` from seller to buyer and `quote` from buyer to seller.
    /// @param size 1e-18 underlying
    /// @param quote 1e-18 quote
    function trade(AccountId buyer, AccountId seller, uint16 instrument, uint128 size, uint128 quote) external;

    // Guard

    /// @notice Replaces flags and times of the hot word (guard only).
    function push(Flags flags, uint48 checkpointTime, uint48 graceUntil) external;

    // Views

    /// @notice The restrictions in force now: those pushed, and those of the stale grade, which needs no transaction.
    function flags() external view returns (Flags);
    function isStale() external view returns (bool);
    function hotWord() external view returns (HotWord memory);
    function quoteOf(AccountId account) external view returns (int128);
    function openCountOf(AccountId account) external view returns (uint16);
    function sizeOf(AccountId account, uint16 instrument) external view returns (int128);
    function collateralOf(AccountId account, address asset) external view returns (uint128);
    function positionsOf(AccountId account) external view returns (Position[] memory);
    function modules() external view returns (address vault, address settlement, address guard);

    /// @notice The settlement currency, the only asset that lives in `quote`.
    function SETTLEMENT_ASSET() external view returns (address);
    /// @notice 1e-18 quote per unit of the settlement asset.
    function SETTLEMENT_SCALE() external view returns (uint256);
    /// @notice Age of the newest checkpoint from which the stale grade holds, seconds.
    function STALE_LIMIT() external view returns (uint48);
}
