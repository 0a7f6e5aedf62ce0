// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {
    DebtCaps,
    IInstrumentRegistry,
    Instrument,
    InstrumentKind,
    Settlement
} from "../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine, Pricing} from "../interfaces/IMarginEngine.sol";
import {
    CollateralBalance,
    EntryKind,
    HotWord,
    IPositionLedger,
    Market,
    Modules,
    Portfolio,
    Position,
    TradeInput
} from "../interfaces/IPositionLedger.sol";
import {Funding} from "../libraries/Funding.sol";
import {Account, ClearingSize, Collateral, Debt, LedgerWords, PositionWord} from "../libraries/LedgerWords.sol";
import {RegistryReads} from "../libraries/RegistryReads.sol";
import {AccountId} from "../types/AccountId.sol";
import {
    DEGRADED_FLAGS,
    Flags,
    FUND_SHORT,
    HALT,
    INCREASE_RISK,
    LIQUIDATE,
    NO_FLAGS,
    WITHDRAW
} from "../types/ActionFamily.sol";

/// @title PositionLedger
/// @dev Storage-transparent: every slot is a function of the events. An operation reads the words it needs into memory once
/// (`Work`, `Entry`), and writes each once.
/// Invariant INV-13: a word that was once used never becomes zero again (its mark stays), so that it can always be proved
/// by inclusion, and so that a node which keeps zero leaves in its tries still arrives at the canonical storage root.
contract PositionLedger is IPositionLedger {
    using LedgerWords for *;
    using RegistryReads for IInstrumentRegistry;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev Open positions of one account at most: bounds the cost of a margin check.
    uint16 internal constant MAX_OPEN = 30;
    /// @dev 15 ids of 16 bits fit in a page; its highest bit marks it as used.
    uint256 internal constant IDS_PER_PAGE = 15;
    uint256 internal constant PAGE_USED = 1 << 255;
    int256 internal constant ONE = 1e18;

    /// @dev Memory only: what an operation shares among its entries.
    /// @param pooled fees, and the clearing balance if a market is at work, before the operation
    /// @param quoteMoved, sizeMoved what the entries add to their accounts, 1e-18 quote and 1e-18 underlying or asset units
    struct Work {
        HotWord hot;
        Market market;
        uint16 instrument;
        int256 pooled;
        int256 quoteMoved;
        int256 sizeMoved;
    }

    /// @dev Memory only: one entry on its way, and what it found and left.
    /// @param instrument whose position it has changed, or zero
    struct Entry {
        EntryKind kind;
        AccountId account;
        uint256 key;
        int256 sizeDelta;
        int256 quoteDelta;
        uint256 fee;
        int256 funding;
        int256 sizeBefore;
        int256 sizeAfter;
        bool isReducing;
        uint16 instrument;
        Account state;
    }

    /// @inheritdoc IPositionLedger
    address public immutable SETTLEMENT_ASSET;
    /// @inheritdoc IPositionLedger
    uint256 public immutable SETTLEMENT_SCALE;
    /// @inheritdoc IPositionLedger
    uint48 public immutable STALE_LIMIT;
    IMarginEngine public immutable MARGIN;
    IInstrumentRegistry public immutable INSTRUMENTS;
    address private immutable DEPLOYER;

    HotWord internal _hot;
    mapping(AccountId account => Account) internal _accounts;
    mapping(AccountId account => mapping(uint16 instrument => PositionWord)) internal _positions;
    mapping(AccountId account => mapping(uint256 page => uint256 ids)) internal _openIds;
    mapping(AccountId account => mapping(address asset => Collateral)) internal _collateral;
    mapping(uint16 instrument => Market) internal _markets;
    mapping(uint16 instrument => ClearingSize) internal _clearingSizes;
    mapping(AccountId account => Debt) internal _debts;
    Debt internal _totalDebt;
    Modules internal _modules;

    int256 private transient _quoteImbalance;
    int256 private transient _sizeImbalance;

    /// @param settlementAsset a token with 18 decimals at most
    /// @param staleLimit seconds
    constructor(IMarginEngine margin, IInstrumentRegistry instruments, address settlementAsset, uint48 staleLimit) {
        _requireNonZero(address(margin));
        _requireNonZero(address(instruments));
        _requireNonZero(settlementAsset);
        require(staleLimit != 0, LedgerZeroAmount());
        uint8 decimals = IERC20Metadata(settlementAsset).decimals();
        require(decimals <= 18, LedgerUnsupportedDecimals(decimals));
        MARGIN = margin;
        INSTRUMENTS = instruments;
        SETTLEMENT_ASSET = settlementAsset;
        SETTLEMENT_SCALE = 10 ** (18 - decimals);
        STALE_LIMIT = staleLimit;
        DEPLOYER = msg.sender;
        _setHot(NO_FLAGS, uint40(block.timestamp), 0);
    }

    modifier only(address module) {
        _requireModule(module);
        _;
    }

    /// @dev Invariant INV-1: what an operation adds to all accounts, clearing accounts and fees together is exactly what it
    /// says, or it reverts.
    modifier conserves(int256 quote, int256 size) {
        if (quote != 0) _quoteImbalance = -quote;
        if (size != 0) _sizeImbalance = -size;
        _;
        _requireConserved();
    }

    function _requireModule(address module) private view {
        require(msg.sender == module, LedgerNotModule(msg.sender, module));
    }

    function _requireConserved() private view {
        (int256 quote, int256 size) = (_quoteImbalance, _sizeImbalance);
        require(quote == 0 && size == 0, LedgerNotConserved(quote, size));
    }

    // ---- Setup ----

    /// @inheritdoc IPositionLedger
    /// @dev The fund's account is marked as used, so that paying a shortfall never reads an empty word.
    function bind(Modules calldata modules_) external {
        require(msg.sender == DEPLOYER, LedgerNotDeployer(msg.sender));
        require(_modules.vault == address(0), LedgerAlreadyBound());
        Modules memory given = modules_;
        _requireNonZero(given.vault);
        _requireNonZero(given.settlement);
        _requireNonZero(given.guard);
        _requireNonZero(given.auction);
        _requireNonZero(given.fund);
        _modules = given;
        _accounts[fundAccount()].isUsed = true;
        emit ModulesBound(given.vault, given.settlement, given.guard, given.auction, given.fund);
    }

    function _requireNonZero(address module) private pure {
        require(module != address(0), LedgerZeroAddress());
    }

    // ---- Custody ----

    /// @inheritdoc IPositionLedger
    function credit(AccountId account, address asset, uint256 amount) external only(_modules.vault) {
        Work memory work;
        _begin(work);
        _move(work, EntryKind.Credit, account, asset, _toInt(amount));
    }

    /// @inheritdoc IPositionLedger
    function debit(
        AccountId account,
        address asset,
        uint256 amount
    ) external only(_modules.vault) returns (Flags inForce) {
        Work memory work;
        _begin(work);
        inForce = _inForce(work.hot);
        require(!inForce.has(WITHDRAW), LedgerWithdrawalRestricted(account));
        _withdraw(work, account, asset, amount);
    }

    /// @inheritdoc IPositionLedger
    function debitWitnessed(
        AccountId account,
        address asset,
        uint256 amount
    ) external only(_modules.vault) returns (Flags inForce) {
        Work memory work;
        _begin(work);
        inForce = _inForce(work.hot);
        if (inForce.has(HALT)) {
            uint16 openCount = _accounts[account].openCount;
            require(openCount == 0, LedgerNotFlat(account, openCount));
        }
        _withdraw(work, account, asset, amount);
    }

    /// @dev What other assets back may be traded with, and never be withdrawn in the settlement currency.
    function _withdraw(Work memory work, AccountId account, address asset, uint256 amount) private {
        Entry memory entry = _move(work, EntryKind.Debit, account, asset, -_toInt(amount));
        IMarginEngine.Valuation memory value = _valueOf(work, entry);
        _requireEquity(account, value, value.initial + value.lagPremium);
        require(asset != SETTLEMENT_ASSET || value.cash >= 0, LedgerDebtCap(account, _shortOf(value.cash), 0));
        _recordDebt(account, entry.state, value.cash, true);
    }

    /// @param amount signed, units of the asset
    function _move(
        Work memory work,
        EntryKind kind,
        AccountId account,
        address asset,
        int256 amount
    ) private returns (Entry memory entry) {
        require(amount != 0, LedgerZeroAmount());
        entry = _entry(kind, account, uint160(asset), amount, 0);
        if (asset == SETTLEMENT_ASSET) {
            // At most 128 bits times 10^18.
            (entry.sizeDelta, entry.quoteDelta) = (0, amount * int256(SETTLEMENT_SCALE));
        }
        _moveConserved(work, entry);
    }

    function _moveConserved(Work memory work, Entry memory entry) private conserves(entry.quoteDelta, entry.sizeDelta) {
        if (entry.sizeDelta != 0) _changeCollateral(entry);
        _post(work, entry);
        _finish(work);
    }

    // ---- Trading ----

    /// @inheritdoc IPositionLedger
    /// @dev Invariant INV-7: under a restriction exactly the trades in which both sides shrink without a flip pass.
    function trade(TradeInput calldata input_) external only(_modules.settlement) conserves(0, 0) {
        TradeInput memory input = input_;
        require(input.size != 0, LedgerZeroAmount());
        _requireOwnersDiffer(input.buyer, input.seller);
        int256 size = int256(uint256(input.size));
        int256 quote = int256(uint256(input.quote));
        Entry memory buyer = _entry(EntryKind.Trade, input.buyer, input.instrument, size, -quote);
        Entry memory seller = _entry(EntryKind.Trade, input.seller, input.instrument, -size, quote);
        (buyer.fee, seller.fee) = (input.buyerFee, input.sellerFee);
        _requireEpoch(buyer, input.buyerEpoch);
        _requireEpoch(seller, input.sellerEpoch);

        Work memory work;
        _beginIn(work, input.instrument);
        bool isRestricted = _inForce(work.hot).has(INCREASE_RISK);
        Instrument memory terms = _terms(input.instrument);
        _observe(work, input, terms, isRestricted);
        uint256 interestBefore = work.market.openInterest;
        _postPosition(work, buyer);
        _postPosition(work, seller);
        if (!buyer.isReducing) _requireMayGrow(buyer, isRestricted, input.isBuyerReduceOnly, input.mark);
        if (!seller.isReducing) _requireMayGrow(seller, isRestricted, input.isSellerReduceOnly, input.mark);
        _requireInterest(input.instrument, work.market.openInterest, interestBefore, terms);
        _finish(work);
        _checkTrader(work, buyer, input, terms);
        _checkTrader(work, seller, input, terms);
    }

    function _requireInterest(uint16 instrument, uint256 interest, uint256 before, Instrument memory terms) private pure {
        uint256 cap = uint256(terms.maxOpenInterest) * 1e12;
        require(interest <= cap || interest <= before, LedgerOpenInterestCap(instrument, interest, cap));
    }

    /// @dev A trade at a valid mark settles the funding up to now at the old premium, and then moves the premium.
    function _observe(
        Work memory work,
        TradeInput memory input,
        Instrument memory terms,
        bool isRestricted
    ) private {
        if (terms.kind != InstrumentKind.Perpetual || input.mark == 0) return;
        _accrue(work, terms, input.mark, isRestricted);
        if (isRestricted) return _emitFunding(work, input.mark, 0, 0);
        Funding.observe(work.market, input.price, input.mark, input.size, block.timestamp, terms.maxOpenInterest);
        _emitFunding(work, input.mark, input.price, input.size);
    }

    function _requireEpoch(Entry memory entry, uint32 signed) private pure {
        uint32 current = entry.state.epoch;
        require(signed == current, LedgerOldEpoch(entry.account, signed, current));
    }

    /// @dev Of a side that opens, grows or flips. Without a valid mark the engine says what is wrong with the price.
    function _requireMayGrow(Entry memory entry, bool isRestricted, bool isReduceOnly, uint128 mark) private view {
        uint16 instrument = uint16(entry.key);
        require(!isRestricted, LedgerIncreaseRestricted(entry.account, instrument));
        if (!isReduceOnly && mark == 0) _markOf(instrument);
        require(!isReduceOnly && mark != 0, LedgerNotReducing(entry.account, instrument));
    }

    /// @inheritdoc IPositionLedger
    function advanceEpoch(AccountId account) external only(_modules.settlement) returns (uint32 epoch) {
        Account memory state = _stateOf(account);
        epoch = ++state.epoch;
        state.isUsed = true;
        _accounts[account].store(state);
        emit EpochAdvanced(account, epoch);
    }

    // ---- Margin ----

    /// @dev Invariant INV-14: who takes risk or money out meets the initial requirement at prices that satisfy every rule.
    function _checkTrader(
        Work memory work,
        Entry memory entry,
        TradeInput memory input,
        Instrument memory terms
    ) private {
        IMarginEngine.Valuation memory value;
        if (entry.sizeAfter != 0 && _isAlone(entry.state) && _isKnown(input, terms)) {
            value = _valueOnly(work, entry, input, terms);
            if (!entry.isReducing) return _requireEquity(entry.account, value, value.initial + value.lagPremium);
            if (value.equity >= value.initial.toInt256()) return;
        }
        Portfolio memory portfolio = _read(entry.account, entry.state, entry.instrument, entry.sizeAfter);
        portfolio.checkpointTime = work.hot.checkpointTime;
        value = _value(portfolio, entry.isReducing ? Pricing.Last : Pricing.Strict);
        if (entry.isReducing) _requireHealthKept(portfolio, entry, value);
        else _requireEquity(entry.account, value, value.initial + value.lagPremium);
        _recordDebt(entry.account, entry.state, value.cash, !entry.isReducing);
    }

    function _isAlone(Account memory state) private pure returns (bool) {
        return state.openCount == 1 && state.assets == 0 && !state.hasDebt;
    }

    /// @dev Whether the settlement has read all that values a position in the traded instrument.
    function _isKnown(TradeInput memory input, Instrument memory terms) private pure returns (bool) {
        return terms.kind == InstrumentKind.Perpetual && input.mark != 0 && input.priceTime != 0;
    }

    /// @dev The account has just settled its only position, and nothing else.
    function _valueOnly(
        Work memory work,
        Entry memory entry,
        TradeInput memory input,
        Instrument memory terms
    ) private view returns (IMarginEngine.Valuation memory) {
        return
            MARGIN.evaluatePerpetual(
                entry.state.quote,
                entry.sizeAfter,
                input.mark,
                input.priceTime,
                work.hot.checkpointTime,
                terms.initialPpm,
                terms.maintenancePpm,
                terms.lagVolatilityPpm
            );
    }

    function _requireEquity(AccountId account, IMarginEngine.Valuation memory value, uint256 required) private pure {
        require(value.equity >= required.toInt256(), LedgerBelowInitialMargin(account, value.equity, required));
    }

    /// @dev A reducing side below its initial requirement passes if it is solvent and its maintenance excess has not
    /// fallen, valued at the last price within bounds, so that a bad feed or a pause never blocks the way out.
    /// Turns `portfolio` into what it was before the trade, funding settled.
    function _requireHealthKept(
        Portfolio memory portfolio,
        Entry memory entry,
        IMarginEngine.Valuation memory value
    ) private view {
        if (value.equity >= value.initial.toInt256()) return;
        bool isSolvent = value.equity >= 0;
        int256 excessAfter = _excessOf(value);
        portfolio.quote -= entry.quoteDelta - int256(entry.fee);
        _setSize(portfolio.positions, uint16(entry.key), int128(entry.sizeBefore));
        int256 excessBefore = _excessOf(_value(portfolio, Pricing.Last));
        require(
            isSolvent && excessAfter >= excessBefore,
            LedgerReductionWorsensHealth(entry.account, excessBefore, excessAfter)
        );
    }

    function _excessOf(IMarginEngine.Valuation memory value) private pure returns (int256) {
        return value.equity - value.maintenance.toInt256();
    }

    /// @dev Replaces the size of `instrument`, or adds it in the room that `_read` has left for one that was closed.
    function _setSize(Position[] memory positions, uint16 instrument, int128 size) private pure {
        uint256 count = positions.length;
        uint256 index = 0;
        while (index < count && positions[index].instrument != instrument) ++index;
        if (index == count) positions.setLength(count + 1);
        positions[index] = Position(instrument, size);
    }

    /// @param instrument whose position is known to have just been settled: `size` and no funding; zero for none
    function _read(
        AccountId account,
        Account memory state,
        uint16 instrument,
        int256 size
    ) private view returns (Portfolio memory portfolio) {
        portfolio.quote = state.quote;
        uint256 count = state.openCount;
        // Room for one that has just been closed: see `_setSize`.
        bool isClosed = size == 0 && instrument != 0;
        Position[] memory positions = new Position[](isClosed ? count + 1 : count);
        if (isClosed) positions.setLength(count);
        portfolio.positions = positions;
        uint256 ids;
        for (uint256 i = 0; i < count; ++i) {
            // The only position of an account that has just traded needs no list.
            if (count == 1 && size != 0 && instrument != 0) ids = instrument;
            else if (i % IDS_PER_PAGE == 0) ids = _openIds[account][i / IDS_PER_PAGE];
            uint16 id = uint16(ids);
            ids >>= 16;
            Position memory position = positions[i];
            position.instrument = id;
            if (id == instrument) {
                position.size = int128(size);
                continue;
            }
            PositionWord memory word = _positions[account][id].load();
            position.size = word.size;
            int256 index = word.size < 0 ? _markets[id].shortIndex : _markets[id].longIndex;
            portfolio.quote += Funding.settled(word.size, index, word.index);
        }
        if (state.assets != 0) portfolio.collateral = _readCollateral(account, state.assets);
    }

    /// @param assets one bit for each, from bit 1
    function _readCollateral(
        AccountId account,
        uint256 assets
    ) private view returns (CollateralBalance[] memory balances) {
        uint256 count;
        for (uint256 rest = assets; rest != 0; rest &= rest - 1) ++count;
        balances = new CollateralBalance[](count);
        uint8 id;
        for (uint256 i = 0; i < count; ++id) {
            if ((assets >> id) & 1 == 0) continue;
            address asset = INSTRUMENTS.collateralAsset(id);
            balances[i++] = CollateralBalance(id, _collateral[account][asset].balance);
        }
    }

    /// @dev An account without positions and collateral is worth its quote and owes nothing, whatever the oracle says.
    function _value(
        Portfolio memory portfolio,
        Pricing pricing
    ) private view returns (IMarginEngine.Valuation memory value) {
        if (portfolio.positions.length == 0 && portfolio.collateral.length == 0) {
            (value.equity, value.cash, value.isValid) = (portfolio.quote, portfolio.quote, true);
            return value;
        }
        return MARGIN.evaluate(portfolio, pricing);
    }

    function _valueOf(Work memory work, Entry memory entry) private view returns (IMarginEngine.Valuation memory) {
        Portfolio memory portfolio = _read(entry.account, entry.state, entry.instrument, entry.sizeAfter);
        portfolio.checkpointTime = work.hot.checkpointTime;
        return _value(portfolio, Pricing.Strict);
    }

    // ---- Debt ----

    /// @dev Negative quote that only other collateral backs. An account without collateral and without recorded debt has
    /// none that its margin check let pass.
    /// @param state of the account, as stored
    /// @param isCapped whether the account chose this debt
    function _recordDebt(AccountId account, Account memory state, int256 cash, bool isCapped) private {
        if (state.assets == 0 && !state.hasDebt) return;
        uint256 debt = _shortOf(cash);
        if (debt == 0 && !state.hasDebt) return;
        uint256 debtBefore = _debts[account].amount;
        uint256 total;
        if (debt != debtBefore) {
            total = uint256(_totalDebt.amount) + debt - debtBefore;
            _debts[account].store(debt.toUint128());
            _totalDebt.store(total.toUint128());
            if (state.hasDebt != (debt != 0)) _accounts[account].hasDebt = debt != 0;
            emit DebtRecorded(account, uint128(debt), uint128(total));
        }
        if (!isCapped || debt == 0) return;
        DebtCaps memory caps = INSTRUMENTS.caps();
        require(debt <= caps.account, LedgerDebtCap(account, debt, caps.account));
        require(debt <= debtBefore || total <= caps.total, LedgerTotalDebtCap(total, caps.total));
    }

    /// @dev After an entry that no check of its account follows.
    function _refreshDebt(Work memory work, Entry memory entry) private {
        if (entry.state.assets == 0 && !entry.state.hasDebt) return;
        _recordDebt(entry.account, entry.state, _valueOf(work, entry).cash, false);
    }

    /// @inheritdoc IPositionLedger
    function recordDebt(AccountId account) external {
        Account memory state = _stateOf(account);
        require(state.assets != 0 || state.hasDebt, LedgerNoShortfall(account, state.quote));
        _recordDebt(account, state, valuationOf(account).cash, false);
    }

    function _shortOf(int256 cash) private pure returns (uint256) {
        return cash < 0 ? uint256(-cash) : 0;
    }

    // ---- Liquidation ----

    /// @inheritdoc IPositionLedger
    function liquidate(
        AccountId account,
        AccountId bidder,
        uint16 instrument,
        int128 size,
        int128 quote,
        uint128 mark
    ) external only(_modules.auction) conserves(0, 0) {
        require(size != 0, LedgerZeroAmount());
        Work memory work;
        _beginIn(work, instrument);
        _requireLiquidation(work, account, bidder);
        Instrument memory terms = _terms(instrument);
        if (terms.kind == InstrumentKind.Perpetual) {
            _accrue(work, terms, mark, _inForce(work.hot).has(INCREASE_RISK));
            _emitFunding(work, mark, 0, 0);
        }
        Entry memory sale = _entry(EntryKind.Liquidation, account, instrument, -int256(size), quote);
        (sale.state.lastInstrument, sale.state.lastWasLong) = (instrument, size > 0);
        _postPosition(work, sale);
        require(sale.sizeBefore != 0, LedgerNoPosition(account, instrument));
        require(sale.isReducing, LedgerNotReducing(account, instrument));
        Entry memory purchase = _entry(EntryKind.Liquidation, bidder, instrument, size, -int256(quote));
        _postPosition(work, purchase);
        _completeSale(work, sale, purchase);
    }

    /// @inheritdoc IPositionLedger
    function sellCollateral(
        AccountId account,
        AccountId bidder,
        address asset,
        uint128 amount,
        uint128 quote
    ) external only(_modules.auction) conserves(0, 0) {
        require(amount != 0, LedgerZeroAmount());
        Work memory work;
        _begin(work);
        _requireLiquidation(work, account, bidder);
        int256 size = int256(uint256(amount));
        int256 paid = int256(uint256(quote));
        Entry memory sale = _entry(EntryKind.CollateralSale, account, uint160(asset), -size, paid);
        _changeCollateral(sale);
        _post(work, sale);
        Entry memory purchase = _entry(EntryKind.CollateralSale, bidder, uint160(asset), size, -paid);
        _changeCollateral(purchase);
        _post(work, purchase);
        _completeSale(work, sale, purchase);
    }

    function _requireLiquidation(Work memory work, AccountId account, AccountId bidder) private view {
        require(!_inForce(work.hot).has(LIQUIDATE), LedgerLiquidationRestricted(account));
        _requireOwnersDiffer(account, bidder);
    }

    /// @dev The bidder carries away what it can secure; that prices and checkpoints are old is no reason to refuse it.
    /// Its debt is capped like that of any account that takes risk: the auction is no way around the caps.
    function _completeSale(Work memory work, Entry memory sale, Entry memory purchase) private {
        _finish(work);
        IMarginEngine.Valuation memory value = _valueOf(work, purchase);
        _requireEquity(purchase.account, value, value.initial);
        _refreshDebt(work, sale);
        _recordDebt(purchase.account, purchase.state, value.cash, true);
    }

    // ---- Expiry ----

    /// @inheritdoc IPositionLedger
    /// @dev The clearing account takes the position over, so that longs and shorts can be settled in any order.
    function settleExpiry(AccountId account, uint16 instrument) external conserves(0, 0) {
        Work memory work;
        _beginIn(work, instrument);
        require(!_inForce(work.hot).has(HALT), LedgerHalted());
        int256 payoff = _payoff(instrument);
        int256 size = _positions[account][instrument].size;
        require(size != 0, LedgerNoPosition(account, instrument));
        int256 quote = Funding.floorDiv(size * payoff, ONE);

        Entry memory entry = _entry(EntryKind.Expiry, account, instrument, -size, quote);
        (entry.state.lastInstrument, entry.state.lastWasLong) = (instrument, size > 0);
        _postPosition(work, entry);
        work.market.clearing = (work.market.clearing - quote).toInt112();
        _addClearingSize(instrument, size);
        _finish(work);
        _refreshDebt(work, entry);
    }

    /// @return 1e-18 quote per unit of underlying
    function _payoff(uint16 instrument) private view returns (int256) {
        Settlement memory settlement = INSTRUMENTS.settlement(instrument);
        require(settlement.settledAt != 0, LedgerNotSettled(instrument));
        int256 gain = int256(uint256(settlement.price)) - int256(uint256(INSTRUMENTS.strike(instrument)));
        if (_terms(instrument).kind == InstrumentKind.Put) gain = -gain;
        return SignedMath.max(gain, 0);
    }

    /// @return sizeAfter what the clearing account holds then
    function _addClearingSize(uint16 instrument, int256 sizeDelta) private returns (int256 sizeAfter) {
        sizeAfter = _clearingSizes[instrument].size + sizeDelta;
        _clearingSizes[instrument].store(sizeAfter.toInt96());
        _sizeImbalance += sizeDelta;
    }

    // ---- Shortfall ----

    /// @inheritdoc IPositionLedger
    function coverShortfall(AccountId account) external conserves(0, 0) {
        Work memory work;
        _begin(work);
        require(!_inForce(work.hot).has(HALT), LedgerHalted());
        Entry memory cover = _entry(EntryKind.Cover, account, 0, 0, 0);
        Account memory state = cover.state;
        int256 quote = state.quote;
        require(state.openCount == 0 && state.assets == 0 && quote < 0, LedgerNoShortfall(account, quote));

        Entry memory payment = _entry(EntryKind.Cover, fundAccount(), 0, 0, 0);
        int256 covered = SignedMath.min(-quote, SignedMath.max(payment.state.quote, 0));
        if (covered > 0) {
            (cover.quoteDelta, payment.quoteDelta) = (covered, -covered);
            _post(work, cover);
            _post(work, payment);
        }
        if (covered < -quote) _socialise(work, account, -quote - covered);
        _finish(work);
        _recordDebt(account, state, 0, false);
    }

    /// @dev The clearing account pays, and takes it back from the side that won what the account lost. An index that would
    /// leave 96 bits stays, so that no dust of open interest can keep a shortfall from being closed; the fund then levels
    /// the clearing account in the end. So it does when nothing is open.
    function _socialise(Work memory work, AccountId account, int256 amount) private {
        Entry memory entry = _entry(EntryKind.Socialisation, account, 0, 0, amount);
        uint16 instrument = entry.state.lastInstrument;
        bool fromLongs = !entry.state.lastWasLong;
        entry.key = instrument;
        _enter(work, instrument);
        _post(work, entry);

        Market memory market = work.market;
        market.clearing = (market.clearing - amount).toInt112();
        int256 clearingSize = _addClearingSize(instrument, 0);
        int256 open = int256(uint256(market.openInterest)) + (fromLongs ? int256(0) : clearingSize);
        int256 perUnit = open > 0 ? -Funding.floorDiv(-amount * ONE, open) : int256(0);
        int256 index = fromLongs ? market.longIndex + perUnit : market.shortIndex - perUnit;
        if (int96(index) != index) index = fromLongs ? market.longIndex : market.shortIndex;
        if (fromLongs) market.longIndex = int96(index);
        else market.shortIndex = int96(index);
        emit LossSocialised(instrument, account, fromLongs, uint256(amount), int96(index));

        if (work.hot.flags.has(FUND_SHORT)) return;
        work.hot.flags = work.hot.flags | FUND_SHORT;
        _emitHot(work.hot);
    }

    // ---- Funding ----

    /// @inheritdoc IPositionLedger
    function accrueFunding(uint16 instrument) external conserves(0, 0) {
        Instrument memory terms = _terms(instrument);
        require(
            terms.kind == InstrumentKind.Perpetual && _markets[instrument].isUsed,
            LedgerNothingToAccrue(instrument)
        );
        Work memory work;
        _beginIn(work, instrument);
        uint128 mark = _markOf(instrument);
        _accrue(work, terms, mark, _inForce(work.hot).has(INCREASE_RISK));
        _emitFunding(work, mark, 0, 0);
        _markets[instrument].store(work.market);
    }

    function _terms(uint16 instrument) private view returns (Instrument memory) {
        return INSTRUMENTS.terms(instrument);
    }

    function _markOf(uint16 instrument) private view returns (uint128) {
        return MARGIN.markOf(instrument).toUint128();
    }

    function _accrue(Work memory work, Instrument memory terms, uint128 mark, bool isRestricted) private view {
        Funding.accrue(work.market, mark, block.timestamp, work.hot.graceUntil, isRestricted, terms.maxFundingPpm);
    }

    function _emitFunding(Work memory work, uint128 mark, uint128 price, uint128 size) private {
        Market memory market = work.market;
        emit FundingUpdated(work.instrument, mark, price, size, market.longIndex, market.shortIndex, market.premiumPpb);
    }

    // ---- Insurance fund ----

    /// @inheritdoc IPositionLedger
    function sweepFees() external only(_modules.fund) conserves(0, 0) returns (uint256 amount) {
        Work memory work;
        _begin(work);
        amount = work.hot.fees;
        if (amount == 0) return 0;
        work.hot.fees = 0;
        _post(work, _entry(EntryKind.FeeSweep, fundAccount(), 0, 0, int256(amount)));
        _finish(work);
    }

    /// @inheritdoc IPositionLedger
    function release(AccountId to, uint128 quote) external only(_modules.fund) conserves(0, 0) {
        require(quote != 0, LedgerZeroAmount());
        int256 amount = int256(uint256(quote));
        Entry memory payment = _entry(EntryKind.Release, fundAccount(), 0, 0, -amount);
        require(!(to == payment.account), LedgerSameAccount(to));
        int256 available = payment.state.quote;
        require(available >= amount, LedgerInsufficientQuote(payment.account, available, quote));
        Work memory work;
        _begin(work);
        _post(work, payment);
        _post(work, _entry(EntryKind.Release, to, 0, 0, amount));
        _finish(work);
    }

    /// @inheritdoc IPositionLedger
    /// @dev Short positions of a settled option can be left when its open interest, the long ones, is zero: until they are
    /// settled, what is missing in its clearing account is theirs to pay, not the fund's.
    function levelClearing(uint16 instrument) external only(_modules.fund) conserves(0, 0) returns (int256 amount) {
        Work memory work;
        _beginIn(work, instrument);
        amount = -int256(work.market.clearing);
        uint256 open = uint256(work.market.openInterest) + SignedMath.abs(_addClearingSize(instrument, 0));
        require(open == 0 && amount != 0, LedgerNothingToLevel(instrument, -amount, open));
        Entry memory entry = _entry(EntryKind.ClearingLevel, fundAccount(), instrument, 0, 0);
        if (amount > 0) {
            int256 available = entry.state.quote;
            require(available > 0, LedgerInsufficientQuote(entry.account, available, uint256(amount)));
            amount = SignedMath.min(amount, available);
        }
        entry.quoteDelta = -amount;
        _post(work, entry);
        // Between the balance and zero.
        work.market.clearing += int112(amount);
        _finish(work);
    }

    /// @inheritdoc IPositionLedger
    function setFundShort(bool isShort) external only(_modules.fund) {
        HotWord memory hot = _readHot();
        if (hot.flags.has(FUND_SHORT) == isShort) return;
        Flags rest = hot.flags.without(FUND_SHORT);
        _setHot(isShort ? rest | FUND_SHORT : rest, hot.checkpointTime, hot.graceUntil);
    }

    // ---- The choke point ----

    function _stateOf(AccountId account) private view returns (Account memory state) {
        _accounts[account].load(state);
    }

    /// @dev Reads the hot word. No market is at work yet.
    function _begin(Work memory work) private view {
        _hot.load(work.hot);
        work.pooled = int256(uint256(work.hot.fees));
    }

    function _beginIn(Work memory work, uint16 instrument) private view {
        _begin(work);
        _enter(work, instrument);
    }

    function _readHot() private view returns (HotWord memory hot) {
        _hot.load(hot);
    }

    /// @dev A market exists from the first trade on; instrument zero from the first loss on that belongs to none.
    function _enter(Work memory work, uint16 instrument) private view {
        Market memory market = work.market;
        _markets[instrument].load(market);
        if (!market.isUsed) {
            market.isUsed = true;
            // Fits 32 bits until 2106.
            market.accruedAt = market.observedAt = uint32(block.timestamp);
        }
        work.instrument = instrument;
        work.pooled += market.clearing;
    }

    /// @dev Writes what the entries share.
    function _finish(Work memory work) private {
        int256 pooled = int256(uint256(work.hot.fees)) + work.market.clearing;
        int256 quote = work.quoteMoved + pooled - work.pooled;
        if (quote != 0) _quoteImbalance += quote;
        if (work.sizeMoved != 0) _sizeImbalance += work.sizeMoved;
        _hot.store(work.hot);
        if (work.market.isUsed) _markets[work.instrument].store(work.market);
    }

    /// @dev Reads the account. Two entries that are on their way at once are of two accounts.
    function _entry(
        EntryKind kind,
        AccountId account,
        uint256 key,
        int256 sizeDelta,
        int256 quoteDelta
    ) private view returns (Entry memory entry) {
        (entry.kind, entry.account, entry.key) = (kind, account, key);
        (entry.sizeDelta, entry.quoteDelta) = (sizeDelta, quoteDelta);
        _accounts[account].load(entry.state);
    }

    /// @dev The only place that writes what an account holds. Everything it writes is in its event or follows from it:
    /// `openCount` and the open ids change exactly when a size leaves or reaches zero.
    function _post(Work memory work, Entry memory entry) private {
        Account memory state = entry.state;
        int256 quoteAfter;
        uint64 sequence;
        // No amount has more than 2^193, and 2^64 entries are out of reach.
        unchecked {
            int256 change = entry.quoteDelta - int256(entry.fee) + entry.funding;
            quoteAfter = state.quote + change;
            work.quoteMoved += change;
            work.sizeMoved += entry.sizeDelta;
            if (entry.fee != 0) work.hot.fees = (work.hot.fees + entry.fee).toUint104();
            if (entry.funding != 0) work.market.clearing = (work.market.clearing - entry.funding).toInt112();
            sequence = ++work.hot.sequence;
        }
        (state.quote, state.isUsed) = (quoteAfter.toInt128(), true);
        _accounts[entry.account].store(state);
        emit EntryPosted(
            sequence,
            entry.account,
            entry.kind,
            entry.key,
            entry.sizeDelta,
            entry.quoteDelta,
            entry.fee,
            entry.funding,
            entry.sizeAfter,
            quoteAfter
        );
    }

    function _postPosition(Work memory work, Entry memory entry) private {
        _changePosition(work.market, entry);
        _post(work, entry);
    }

    /// @dev Settles what the position has accrued, and starts anew from the index of the side it is on then.
    function _changePosition(Market memory market, Entry memory entry) private {
        // The key of these kinds is an instrument's number: at most 16 bits by the caller's type.
        uint16 instrument = uint16(entry.key);
        entry.instrument = instrument;
        PositionWord storage stored = _positions[entry.account][instrument];
        PositionWord memory word = stored.load();
        int256 sizeBefore = word.size;
        // Sizes have 96 bits, changes 128: neither sums nor negations leave 256.
        unchecked {
            int256 delta = entry.sizeDelta;
            int256 sizeAfter = sizeBefore + delta;
            entry.funding = Funding.settled(sizeBefore, _indexOf(market, sizeBefore), word.index);
            entry.isReducing = sizeBefore < 0 ? delta > 0 && sizeAfter <= 0 : delta < 0 && sizeAfter >= 0;
            (entry.sizeBefore, entry.sizeAfter) = (sizeBefore, sizeAfter);
            word.size = sizeAfter.toInt96();
            word.index = _indexOf(market, sizeAfter);
            if (!entry.isReducing) word.increasedAt = uint40(block.timestamp);
            stored.store(word);

            int256 interest = int256(uint256(market.openInterest));
            if (sizeAfter > 0) interest += sizeAfter;
            if (sizeBefore > 0) interest -= sizeBefore;
            // Negative only if sizes were not what entries made them: then no cast lets it pass.
            market.openInterest = uint256(interest).toUint96();
            if (sizeBefore == 0) _open(entry);
            else if (sizeAfter == 0) _close(entry);
        }
    }

    function _indexOf(Market memory market, int256 size) private pure returns (int96) {
        return size < 0 ? market.shortIndex : market.longIndex;
    }

    /// @dev Bit `id` of `assets` follows the balance.
    function _changeCollateral(Entry memory entry) private {
        AccountId account = entry.account;
        address asset = address(uint160(entry.key));
        uint8 id = INSTRUMENTS.collateralId(asset);
        require(id != 0, LedgerUnknownCollateral(asset));
        uint256 available = _collateral[account][asset].balance;
        int256 balance = int256(available) + entry.sizeDelta;
        require(balance >= 0, LedgerInsufficientCollateral(account, asset, available, SignedMath.abs(entry.sizeDelta)));
        _collateral[account][asset].store(uint256(balance).toUint128());
        uint32 bit = uint32(1) << id;
        if (balance == 0) entry.state.assets &= ~bit;
        else entry.state.assets |= bit;
        entry.sizeAfter = balance;
    }

    /// @dev Invariant INV-16: the open ids of an account are exactly the instruments in which its size is not zero.
    function _open(Entry memory entry) private {
        uint256 count = entry.state.openCount;
        require(count < MAX_OPEN, LedgerTooManyPositions(entry.account, MAX_OPEN));
        _openIds[entry.account][count / IDS_PER_PAGE] |= PAGE_USED | (entry.key << ((count % IDS_PER_PAGE) * 16));
        entry.state.openCount = uint16(count + 1);
    }

    /// @dev The last id takes the place of the closed one. No open id is zero, and the lanes behind the last one are.
    function _close(Entry memory entry) private {
        mapping(uint256 => uint256) storage pages = _openIds[entry.account];
        uint256 last = entry.state.openCount - 1;
        entry.state.openCount = uint16(last);
        uint256 page = last / IDS_PER_PAGE;
        uint256 ids = pages[page];
        uint256 shift = (last % IDS_PER_PAGE) * 16;
        uint256 lastId = uint16(ids >> shift);
        ids ^= lastId << shift;
        bool isPlaced = lastId == entry.key;
        if (!isPlaced) (ids, isPlaced) = _replaceId(ids, entry.key, lastId);
        pages[page] = ids;
        while (!isPlaced) {
            --page;
            (ids, isPlaced) = _replaceId(pages[page], entry.key, lastId);
            if (isPlaced) pages[page] = ids;
        }
    }

    function _replaceId(uint256 ids, uint256 id, uint256 by) private pure returns (uint256, bool) {
        for (uint256 shift = 0; shift < IDS_PER_PAGE * 16; shift += 16) {
            if (uint16(ids >> shift) == id) return (ids ^ ((id ^ by) << shift), true);
        }
        return (ids, false);
    }

    function _requireOwnersDiffer(AccountId a, AccountId b) private pure {
        address owner = a.owner();
        require(owner != b.owner(), LedgerSameOwner(owner));
    }

    /// @dev Amounts are bounded to 128 bits before any arithmetic, so that scaling cannot overflow 256 bits.
    function _toInt(uint256 amount) private pure returns (int256) {
        require(amount <= type(uint128).max, LedgerAmountTooLarge(amount));
        return int256(amount);
    }

    // ---- Guard ----

    /// @inheritdoc IPositionLedger
    /// @dev That the fund is short is not the guard's to say: that bit stays.
    function push(Flags newFlags, uint48 checkpointTime, uint48 graceUntil) external only(_modules.guard) {
        Flags kept = _hot.flags.has(FUND_SHORT) ? FUND_SHORT : NO_FLAGS;
        uint40 time = uint256(checkpointTime).toUint40();
        _setHot(newFlags.without(FUND_SHORT) | kept, time, uint256(graceUntil).toUint40());
    }

    function _setHot(Flags newFlags, uint40 checkpointTime, uint40 graceUntil) private {
        HotWord memory hot = _readHot();
        (hot.flags, hot.checkpointTime, hot.graceUntil) = (newFlags, checkpointTime, graceUntil);
        _hot.store(hot);
        _emitHot(hot);
    }

    function _emitHot(HotWord memory hot) private {
        emit HotWordPushed(hot.flags, hot.checkpointTime, hot.graceUntil);
    }

    function _inForce(HotWord memory hot) private view returns (Flags) {
        return _isStale(hot) ? hot.flags | DEGRADED_FLAGS : hot.flags;
    }

    function _isStale(HotWord memory hot) private view returns (bool) {
        return block.timestamp > uint256(hot.checkpointTime) + STALE_LIMIT;
    }

    // ---- Views ----

    /// @inheritdoc IPositionLedger
    function flags() external view returns (Flags) {
        return _inForce(_readHot());
    }

    /// @inheritdoc IPositionLedger
    function isStale() external view returns (bool) {
        return _isStale(_readHot());
    }

    /// @inheritdoc IPositionLedger
    function hotWord() external view returns (HotWord memory) {
        return _readHot();
    }

    /// @inheritdoc IPositionLedger
    function quoteOf(AccountId account) external view returns (int128) {
        return _accounts[account].quote;
    }

    /// @inheritdoc IPositionLedger
    function openCountOf(AccountId account) external view returns (uint16) {
        return _accounts[account].openCount;
    }

    /// @inheritdoc IPositionLedger
    function epochOf(AccountId account) external view returns (uint32) {
        return _accounts[account].epoch;
    }

    /// @inheritdoc IPositionLedger
    function sizeOf(AccountId account, uint16 instrument) external view returns (int128) {
        return _positions[account][instrument].size;
    }

    /// @inheritdoc IPositionLedger
    function increasedAtOf(AccountId account, uint16 instrument) external view returns (uint40) {
        return _positions[account][instrument].increasedAt;
    }

    /// @inheritdoc IPositionLedger
    function collateralOf(AccountId account, address asset) external view returns (uint128) {
        return _collateral[account][asset].balance;
    }

    /// @inheritdoc IPositionLedger
    function positionsOf(AccountId account) external view returns (Position[] memory) {
        return portfolioOf(account).positions;
    }

    /// @inheritdoc IPositionLedger
    function portfolioOf(AccountId account) public view returns (Portfolio memory portfolio) {
        portfolio = _read(account, _stateOf(account), 0, 0);
        portfolio.checkpointTime = _hot.checkpointTime;
    }

    /// @inheritdoc IPositionLedger
    function valuationOf(AccountId account) public view returns (IMarginEngine.Valuation memory) {
        return _value(portfolioOf(account), Pricing.Strict);
    }

    /// @inheritdoc IPositionLedger
    function marketOf(uint16 instrument) external view returns (Market memory market) {
        _markets[instrument].load(market);
    }

    /// @inheritdoc IPositionLedger
    function clearingSizeOf(uint16 instrument) external view returns (int96) {
        return _clearingSizes[instrument].size;
    }

    /// @inheritdoc IPositionLedger
    function debtOf(AccountId account) external view returns (uint128) {
        return _debts[account].amount;
    }

    /// @inheritdoc IPositionLedger
    function totalDebt() external view returns (uint128) {
        return _totalDebt.amount;
    }

    /// @inheritdoc IPositionLedger
    /// @dev Number zero of the fund.
    function fundAccount() public view returns (AccountId) {
        return AccountId.wrap(bytes20(_modules.fund));
    }

    /// @inheritdoc IPositionLedger
    function modules() external view returns (Modules memory) {
        return _modules;
    }
}
