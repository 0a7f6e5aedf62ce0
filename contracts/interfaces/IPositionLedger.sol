// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrumentRegistry} from "./IInstrumentRegistry.sol";
import {IMarginEngine} from "./IMarginEngine.sol";
import {AccountId} from "../types/AccountId.sol";
import {Flags} from "../types/ActionFamily.sol";

/// @notice An open position.
/// @param size signed, 1e-18 units of the underlying; never zero
struct Position {
    uint16 instrument;
    int128 size;
}

/// @notice A balance of an asset other than the settlement asset.
/// @param id number of the asset in the instrument registry
/// @param balance asset units
struct CollateralBalance {
    uint8 id;
    uint128 balance;
}

/// @notice All that decides what an account is worth.
/// @param quote settlement balance with the funding and the losses that the open positions still owe, 1e-18 quote
/// @param checkpointTime when the newest valid checkpoint was posted, seconds
struct Portfolio {
    int256 quote;
    Position[] positions;
    CollateralBalance[] collateral;
    uint40 checkpointTime;
}

/// @notice The kind of a ledger entry: what `key` names and why the amounts move.
enum EntryKind {
    Credit, // key = asset: a deposit
    Debit, // key = asset: a withdrawal
    Trade, // key = instrument: one side of a trade; buyer first, then seller
    Liquidation, // key = instrument: the liquidated account first, then the bidder
    Expiry, // key = instrument: a position in a settled option becomes quote, against the clearing account
    CollateralSale, // key = asset: the indebted account first, then the bidder
    Cover, // key = 0: the account that is short first, then the insurance fund
    Socialisation, // key = instrument: the rest of a shortfall, against the clearing account; marks its size word used
    FeeSweep, // key = 0: fees to the insurance fund
    Release, // key = 0: the insurance fund first, then the receiver
    ClearingLevel // key = instrument: the fund levels a clearing account without positions; marks its size word used
}

/// @notice The word that every guarded operation reads and that most of them write anyway.
/// @param sequence number of entries ever posted
/// @param flags restricted action families, as pushed by the guard
/// @param checkpointTime when the newest valid checkpoint was posted, seconds
/// @param graceUntil no liquidation before, seconds
/// @param fees collected and not swept yet, 1e-18 quote
struct HotWord {
    uint64 sequence;
    Flags flags;
    uint40 checkpointTime;
    uint40 graceUntil;
    uint104 fees;
}

/// @notice What all positions of an instrument have in common: its clearing account and its cumulative payments.
/// @param longIndex cumulative payment of a long position, 1e-18 quote per unit of underlying
/// @param shortIndex the same that a short position refers to; a short receives what a rise of it means
/// @param accruedAt funding is accrued up to here, seconds
/// @param observedAt the premium's time credit is used up to here, seconds
/// @param clearing settlement balance of the clearing account, 1e-18 quote
/// @param openInterest sum of the long sizes of accounts, 1e-18 underlying
/// @param premiumPpb weighted premium of trade prices over the mark, parts per billion
struct Market {
    int96 longIndex;
    int96 shortIndex;
    uint32 accruedAt;
    uint32 observedAt;
    int112 clearing;
    uint96 openInterest;
    int32 premiumPpb;
    bool isUsed;
}

/// @notice One trade of two accounts, as the settlement found it to be agreed.
/// @param size 1e-18 underlying
/// @param price 1e-18 quote per underlying
/// @param mark the oracle's valid price of the underlying; zero when there is none, and then both sides must reduce
/// @param priceTime of the mark, seconds
/// @param isPriceUsable whether there is a last price within bounds, however old
/// @param quote what the buyer pays, 1e-18 quote
/// @param buyerFee, sellerFee 1e-18 quote
/// @param buyerEpoch, sellerEpoch order epochs under which the orders were signed
/// @param isBuyerReduceOnly, isSellerReduceOnly whether that side must shrink
struct TradeInput {
    AccountId buyer;
    AccountId seller;
    uint16 instrument;
    uint128 size;
    uint128 price;
    uint128 mark;
    uint40 priceTime;
    bool isPriceUsable;
    uint128 quote;
    uint128 buyerFee;
    uint128 sellerFee;
    uint32 buyerEpoch;
    uint32 sellerEpoch;
    bool isBuyerReduceOnly;
    bool isSellerReduceOnly;
}

/// @notice The contracts that may write, each only what is its own.
struct Modules {
    address vault;
    address settlement;
    address guard;
    address auction;
    address fund;
}

/// @title PositionLedger: the only writer of accounts.
/// @notice The settlement currency lives only in signed `quote`; trading is a zero-sum transfer of quote and size.
/// Every account write posts one entry whose event carries the inputs and the resulting values.
interface IPositionLedger {
    /// @notice One account changed: quoteAfter = quoteBefore + quoteDelta - fee + funding.
    /// @param sequence counts entries from 1 without a gap
    /// @param key the asset's address, the instrument's number, or zero; see `EntryKind`
    /// @param sizeDelta change of the position (1e-18 underlying) or of the collateral balance (asset units)
    /// @param quoteDelta change of the settlement balance, funding and fee apart, 1e-18 quote
    /// @param fee paid by the account, 1e-18 quote
    /// @param funding what the position had accrued (funding and socialised losses), now settled, 1e-18 quote
    /// @param sizeAfter resulting position or collateral balance
    /// @param quoteAfter resulting settlement balance
    event EntryPosted(
        uint64 indexed sequence,
        AccountId indexed account,
        EntryKind kind,
        uint256 key,
        int256 sizeDelta,
        int256 quoteDelta,
        uint256 fee,
        int256 funding,
        int256 sizeAfter,
        int256 quoteAfter
    );
    /// @notice Funding was accrued up to now at `mark`, and a trade of `size` at `price` observed (both zero: none).
    event FundingUpdated(
        uint16 indexed instrument,
        uint128 mark,
        uint128 price,
        uint128 size,
        int96 longIndex,
        int96 shortIndex,
        int32 premiumPpb
    );
    /// @notice A shortfall that the insurance fund could not pay is charged to one side of an instrument.
    /// @param fromLongs whether the long positions pay, else the short ones
    /// @param amount 1e-18 quote
    /// Each position of that side (longs: the open interest; shorts: that and the size of the clearing account) pays its
    /// part, rounded up.
    /// @param perUnit what each unit of underlying on that side is charged with, at most its maintenance share, 1e-18 quote
    /// @param indexAfter resulting index of that side
    event LossSocialised(
        uint16 indexed instrument,
        AccountId indexed account,
        bool fromLongs,
        uint256 amount,
        uint256 perUnit,
        int96 indexAfter
    );
    /// @notice What positions do not cover of an account's negative quote, and the sum over all accounts, as recorded.
    event DebtRecorded(AccountId indexed account, uint128 debt, uint128 totalDebt);
    /// @notice Orders signed under an earlier epoch are dead.
    event EpochAdvanced(AccountId indexed account, uint32 epoch);
    /// @notice Guard, ledger or fund changed flags or times of the hot word.
    event HotWordPushed(Flags flags, uint48 checkpointTime, uint48 graceUntil);
    /// @notice The modules that may write were set, once and for all.
    event ModulesBound(address vault, address settlement, address guard, address auction, address fund);

    error LedgerNotDeployer(address caller);
    error LedgerAlreadyBound();
    error LedgerZeroAddress();
    error LedgerUnsupportedDecimals(uint8 decimals);
    error LedgerNotModule(address caller, address expected);
    error LedgerZeroAmount();
    error LedgerAmountTooLarge(uint256 amount);
    error LedgerSameAccount(AccountId account);
    error LedgerSameOwner(address owner);
    error LedgerUnknownCollateral(address asset);
    error LedgerIncreaseRestricted(AccountId account, uint16 instrument);
    error LedgerWithdrawalRestricted(AccountId account);
    error LedgerLiquidationRestricted(AccountId account);
    error LedgerHalted();
    error LedgerNotFlat(AccountId account, uint16 openCount);
    error LedgerInsufficientCollateral(AccountId account, address asset, uint256 available, uint256 required);
    error LedgerInsufficientQuote(AccountId account, int256 quote, uint256 required);
    error LedgerBelowInitialMargin(AccountId account, int256 equity, uint256 required);
    error LedgerReductionWorsensHealth(AccountId account, int256 excessBefore, int256 excessAfter);
    error LedgerNotReducing(AccountId account, uint16 instrument);
    error LedgerOldEpoch(AccountId account, uint32 signed, uint32 current);
    error LedgerOpenInterestCap(uint16 instrument, uint256 openInterest, uint256 cap);
    error LedgerDebtCap(AccountId account, uint256 debt, uint256 cap);
    error LedgerTotalDebtCap(uint256 totalDebt, uint256 cap);
    error LedgerTooManyPositions(AccountId account, uint16 limit);
    error LedgerNotSettled(uint16 instrument);
    error LedgerNoPosition(AccountId account, uint16 instrument);
    error LedgerNoShortfall(AccountId account, int256 quote);
    error LedgerNothingToAccrue(uint16 instrument);
    error LedgerNothingToLevel(uint16 instrument, int256 clearing, uint256 openInterest);
    error LedgerNotConserved(int256 quoteImbalance, int256 sizeImbalance);

    // Setup

    /// @notice Names the modules that may write. Once, by the deployer.
    function bind(Modules calldata modules_) external;

    // Custody (vault only)

    /// @notice Adds a deposit. Open in every grade.
    function credit(AccountId account, address asset, uint256 amount) external;

    /// @notice Removes a withdrawal. Refused while withdrawals are restricted.
    /// @return inForce the flags in force, so that the vault need not ask again
    function debit(AccountId account, address asset, uint256 amount) external returns (Flags inForce);

    /// @notice Removes a withdrawal that the vault has capped by the two-witness rule. While halted, flat accounts only.
    function debitWitnessed(AccountId account, address asset, uint256 amount) external returns (Flags inForce);

    // Trading (settlement only)

    /// @notice Moves size from seller to buyer and quote from buyer to seller, settles their funding, takes the fees.
    function trade(TradeInput calldata input) external;

    /// @notice Makes every order of `account` signed so far unusable.
    function advanceEpoch(AccountId account) external returns (uint32 epoch);

    // Liquidation (auction only)

    /// @notice Moves `size` (signed as the position of `account` is) from `account` to `bidder`, who pays `quote`
    /// (signed: negative when `account` pays). The bidder meets its initial requirement without the lag premium and may
    /// take risk whatever the flags.
    /// @param mark the oracle's valid price of the underlying, 1e-18 quote
    function liquidate(
        AccountId account,
        AccountId bidder,
        uint16 instrument,
        int128 size,
        int128 quote,
        uint128 mark
    ) external;

    /// @notice Sells `amount` of an asset of `account` to `bidder` for `quote`.
    function sellCollateral(AccountId account, AccountId bidder, address asset, uint128 amount, uint128 quote) external;

    // Anyone

    /// @notice Turns a position in an option that has its settlement price into quote.
    function settleExpiry(AccountId account, uint16 instrument) external;

    /// @notice Pays the negative quote of an account that has nothing else: insurance fund first, then socialised to the
    /// side that won in the instrument that was last liquidated or settled in it.
    function coverShortfall(AccountId account) external;

    /// @notice Brings the recorded debt of an account up to date.
    function recordDebt(AccountId account) external;

    /// @notice Accrues the funding of an instrument up to now.
    function accrueFunding(uint16 instrument) external;

    // Insurance fund (fund only)

    /// @notice Moves all collected fees into the fund's account.
    function sweepFees() external returns (uint256 amount);

    /// @notice Moves quote from the fund's account to another one.
    function release(AccountId to, uint128 quote) external;

    /// @notice Brings the clearing account of an instrument without open positions to zero, and pays what is uncovered in one
    /// that has some, as far as the fund goes.
    /// @return amount what the fund paid; negative when it received, 1e-18 quote
    function levelClearing(uint16 instrument) external returns (int256 amount);

    /// @notice Sets or clears the flag that the fund is short.
    function setFundShort(bool isShort) external;

    // Guard

    /// @notice Replaces flags and times of the hot word (guard only).
    function push(Flags flags, uint48 checkpointTime, uint48 graceUntil) external;

    /// @notice Adds flags (guard only).
    function restrict(Flags added) external;

    /// @notice A checkpoint was posted now; the grace starts if it ends the stale grade (guard only).
    /// @param grace seconds
    /// @return before the flags that were pushed
    function checkpointed(uint48 grace) external returns (Flags before);

    // Views

    /// @notice The restrictions in force now: those pushed, and those of the stale grade, which needs no transaction.
    function flags() external view returns (Flags);
    function isStale() external view returns (bool);
    function hotWord() external view returns (HotWord memory);
    /// @notice The booked settlement balance, without what open positions have accrued since.
    function quoteOf(AccountId account) external view returns (int128);
    function openCountOf(AccountId account) external view returns (uint16);
    function epochOf(AccountId account) external view returns (uint32);
    function sizeOf(AccountId account, uint16 instrument) external view returns (int128);
    /// @notice When the position last grew or was opened, seconds.
    function increasedAtOf(AccountId account, uint16 instrument) external view returns (uint40);
    function collateralOf(AccountId account, address asset) external view returns (uint128);
    function positionsOf(AccountId account) external view returns (Position[] memory);
    function portfolioOf(AccountId account) external view returns (Portfolio memory);
    /// @notice What the account is worth and what it must be worth, at prices that satisfy every rule; see `IMarginEngine`.
    function valuationOf(AccountId account) external view returns (IMarginEngine.Valuation memory);
    function marketOf(uint16 instrument) external view returns (Market memory);
    /// @notice Size that the clearing account of a settled option holds, 1e-18 underlying.
    function clearingSizeOf(uint16 instrument) external view returns (int96);
    /// @notice Socialised losses of an instrument that no position was charged with, 1e-18 quote.
    function uncoveredOf(uint16 instrument) external view returns (uint112);
    function debtOf(AccountId account) external view returns (uint128);
    function totalDebt() external view returns (uint128);
    function fundAccount() external view returns (AccountId);
    function modules() external view returns (Modules memory);

    /// @notice What can be traded.
    function INSTRUMENTS() external view returns (IInstrumentRegistry);
    /// @notice The settlement currency, the only asset that lives in `quote`.
    function SETTLEMENT_ASSET() external view returns (address);
    /// @notice 1e-18 quote per unit of the settlement asset.
    function SETTLEMENT_SCALE() external view returns (uint256);
    /// @notice Age of the newest checkpoint from which the stale grade holds, seconds.
    function STALE_LIMIT() external view returns (uint48);
}
