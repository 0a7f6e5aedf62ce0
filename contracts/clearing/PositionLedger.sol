// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IMarginEngine} from "../interfaces/IMarginEngine.sol";
import {EntryKind, HotWord, IPositionLedger, Position} from "../interfaces/IPositionLedger.sol";
import {AccountId} from "../types/AccountId.sol";
import {DEGRADED_FLAGS, Flags, HALT, INCREASE_RISK, NO_FLAGS, WITHDRAW} from "../types/ActionFamily.sol";

/// @title PositionLedger
/// @dev Storage-transparent: every slot is a function of `EntryPosted`, `HotWordPushed` and `ModulesBound`.
/// Invariant INV-13: a word that was once used never becomes zero again (its mark stays), so that it can always be proved
/// by inclusion, and so that a node which keeps zero leaves in its tries still arrives at the canonical storage root.
contract PositionLedger is IPositionLedger {
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev Open positions of one account at most: bounds the cost of a margin check.
    uint16 internal constant MAX_OPEN = 30;
    /// @dev 15 ids of 16 bits fit in a page; its highest bit marks it as used.
    uint256 internal constant IDS_PER_PAGE = 15;
    uint256 internal constant PAGE_USED = 1 << 255;

    struct Account {
        int128 quote;
        uint16 openCount;
        bool isUsed;
    }

    struct Size {
        int128 size;
        bool isUsed;
    }

    struct Collateral {
        uint128 balance;
        bool isUsed;
    }

    /// @inheritdoc IPositionLedger
    address public immutable SETTLEMENT_ASSET;
    /// @inheritdoc IPositionLedger
    uint256 public immutable SETTLEMENT_SCALE;
    /// @inheritdoc IPositionLedger
    uint48 public immutable STALE_LIMIT;
    IMarginEngine public immutable MARGIN;
    address private immutable DEPLOYER;

    HotWord internal _hot;
    mapping(AccountId account => Account) internal _accounts;
    mapping(AccountId account => mapping(uint16 instrument => Size)) internal _sizes;
    mapping(AccountId account => mapping(uint256 page => uint256 ids)) internal _openIds;
    mapping(AccountId account => mapping(address asset => Collateral)) internal _collateral;
    address internal _vault;
    address internal _settlement;
    address internal _guard;

    int256 private transient _quoteImbalance;
    int256 private transient _sizeImbalance;

    /// @param settlementScale 10 ** (18 - decimals of the settlement asset)
    /// @param staleLimit seconds
    constructor(IMarginEngine margin, address settlementAsset, uint256 settlementScale, uint48 staleLimit) {
        require(address(margin) != address(0) && settlementAsset != address(0), LedgerZeroAddress());
        require(settlementScale != 0 && staleLimit != 0, LedgerZeroAmount());
        MARGIN = margin;
        SETTLEMENT_ASSET = settlementAsset;
        SETTLEMENT_SCALE = settlementScale;
        STALE_LIMIT = staleLimit;
        DEPLOYER = msg.sender;
        _setHot(NO_FLAGS, uint48(block.timestamp), 0);
    }

    modifier only(address module) {
        require(msg.sender == module, LedgerNotModule(msg.sender, module));
        _;
    }

    /// @dev Invariant INV-1: what an operation adds to all accounts together is exactly what it says, or it reverts.
    modifier conserves(int256 quote, int256 size) {
        _quoteImbalance = -quote;
        _sizeImbalance = -size;
        _;
        require(_quoteImbalance == 0 && _sizeImbalance == 0, LedgerNotConserved(_quoteImbalance, _sizeImbalance));
    }

    // ---- Setup ----

    /// @inheritdoc IPositionLedger
    function bind(address vault, address settlement, address guard) external {
        require(msg.sender == DEPLOYER, LedgerNotDeployer(msg.sender));
        require(_vault == address(0), LedgerAlreadyBound());
        require(vault != address(0) && settlement != address(0) && guard != address(0), LedgerZeroAddress());
        (_vault, _settlement, _guard) = (vault, settlement, guard);
        emit ModulesBound(vault, settlement, guard);
    }

    // ---- Custody ----

    /// @inheritdoc IPositionLedger
    function credit(AccountId account, address asset, uint256 amount) external only(_vault) {
        _move(EntryKind.Credit, account, asset, _toInt(amount));
    }

    /// @inheritdoc IPositionLedger
    function debit(AccountId account, address asset, uint256 amount) external only(_vault) {
        require(!flags().has(WITHDRAW), LedgerWithdrawalRestricted(account));
        _withdraw(account, asset, amount);
    }

    /// @inheritdoc IPositionLedger
    function debitWitnessed(AccountId account, address asset, uint256 amount) external only(_vault) {
        if (flags().has(HALT)) {
            uint16 openCount = _accounts[account].openCount;
            require(openCount == 0, LedgerNotFlat(account, openCount));
        }
        _withdraw(account, asset, amount);
    }

    function _withdraw(AccountId account, address asset, uint256 amount) private {
        _move(EntryKind.Debit, account, asset, -_toInt(amount));
        _requireInitialMargin(account);
    }

    /// @param amount signed, units of the asset
    function _move(EntryKind kind, AccountId account, address asset, int256 amount) private {
        require(amount != 0, LedgerZeroAmount());
        bool isSettlement = asset == SETTLEMENT_ASSET;
        int256 quote = isSettlement ? amount * int256(SETTLEMENT_SCALE) : int256(0);
        _moveConserved(kind, account, asset, isSettlement ? int256(0) : amount, quote);
    }

    function _moveConserved(
        EntryKind kind,
        AccountId account,
        address asset,
        int256 size,
        int256 quote
    ) private conserves(quote, size) {
        _post(kind, account, uint160(asset), size, quote);
    }

    // ---- Trading ----

    /// @inheritdoc IPositionLedger
    /// @dev Invariant INV-7: under a restriction exactly the trades in which both sides shrink without a flip pass.
    function trade(
        AccountId buyer,
        AccountId seller,
        uint16 instrument,
        uint128 size,
        uint128 quote
    ) external only(_settlement) conserves(0, 0) {
        require(size != 0 && quote != 0, LedgerZeroAmount());
        require(!(buyer == seller), LedgerSameAccount(buyer));
        bool isRestricted = flags().has(INCREASE_RISK);
        int256 sizeDelta = _toInt(size);
        int256 quoteDelta = _toInt(quote);

        bool buyerReduces = _tradeSide(buyer, instrument, sizeDelta, -quoteDelta);
        bool sellerReduces = _tradeSide(seller, instrument, -sizeDelta, quoteDelta);
        require(!isRestricted || buyerReduces, LedgerIncreaseRestricted(buyer, instrument));
        require(!isRestricted || sellerReduces, LedgerIncreaseRestricted(seller, instrument));
        _requireTradeMargin(buyer, instrument, sizeDelta, -quoteDelta, buyerReduces);
        _requireTradeMargin(seller, instrument, -sizeDelta, quoteDelta, sellerReduces);
    }

    /// @return isReducing the position shrank and did not flip
    function _tradeSide(
        AccountId account,
        uint16 instrument,
        int256 sizeDelta,
        int256 quoteDelta
    ) private returns (bool isReducing) {
        int256 sizeBefore = _sizes[account][instrument].size;
        isReducing = (sizeBefore < 0) != (sizeDelta < 0) && SignedMath.abs(sizeDelta) <= SignedMath.abs(sizeBefore);
        _post(EntryKind.Trade, account, instrument, sizeDelta, quoteDelta);
    }

    // ---- Margin ----

    /// @dev Invariant INV-14: who takes risk or money out meets the initial requirement at prices that satisfy every rule.
    /// A flat account owes nothing if its quote is not negative, whatever the oracle says.
    function _requireInitialMargin(AccountId account) private view {
        Account memory state = _accounts[account];
        if (state.openCount == 0) {
            require(state.quote >= 0, LedgerBelowInitialMargin(account, state.quote, 0));
            return;
        }
        IMarginEngine.Valuation memory value = MARGIN.evaluate(state.quote, positionsOf(account));
        require(
            value.equity >= value.initial.toInt256(),
            LedgerBelowInitialMargin(account, value.equity, value.initial)
        );
    }

    /// @dev A reducing side below its initial requirement passes if it is solvent and its maintenance excess has not
    /// fallen, valued at the last price within bounds, so that a bad feed or a pause never blocks the way out.
    function _requireTradeMargin(
        AccountId account,
        uint16 instrument,
        int256 sizeDelta,
        int256 quoteDelta,
        bool isReducing
    ) private view {
        if (!isReducing) return _requireInitialMargin(account);
        int256 quote = _accounts[account].quote;
        Position[] memory positions = positionsOf(account);
        IMarginEngine.Valuation memory value = MARGIN.evaluateAtLastPrice(quote, positions);
        if (value.equity >= value.initial.toInt256()) return;

        bool isSolvent = value.equity >= 0;
        int256 excessAfter = value.equity - value.maintenance.toInt256();
        int128 sizeBefore = (int256(_sizes[account][instrument].size) - sizeDelta).toInt128();
        value = MARGIN.evaluateAtLastPrice(quote - quoteDelta, _withSize(positions, instrument, sizeBefore));
        int256 excessBefore = value.equity - value.maintenance.toInt256();
        require(
            isSolvent && excessAfter >= excessBefore,
            LedgerReductionWorsensHealth(account, excessBefore, excessAfter)
        );
    }

    /// @dev `positions` with the size of `instrument` replaced, or added when it is not among them.
    function _withSize(
        Position[] memory positions,
        uint16 instrument,
        int128 size
    ) private pure returns (Position[] memory result) {
        uint256 count = positions.length;
        uint256 index = 0;
        while (index < count && positions[index].instrument != instrument) ++index;
        result = new Position[](index == count ? count + 1 : count);
        for (uint256 i = 0; i < count; ++i) result[i] = positions[i];
        result[index] = Position(instrument, size);
    }

    // ---- The choke point ----

    /// @dev The only place that writes an account. Everything it writes is in its event or follows from it:
    /// `openCount` and the open ids change exactly when a size leaves or reaches zero.
    function _post(EntryKind kind, AccountId account, uint256 key, int256 sizeDelta, int256 quoteDelta) private {
        Account storage state = _accounts[account];
        int256 quoteAfter = int256(state.quote) + quoteDelta;
        int256 sizeAfter;
        if (kind == EntryKind.Trade) {
            // The key of a trade is an instrument's number: at most 16 bits by the caller's type.
            uint16 instrument = uint16(key);
            int256 sizeBefore = _sizes[account][instrument].size;
            sizeAfter = sizeBefore + sizeDelta;
            _sizes[account][instrument] = Size(sizeAfter.toInt128(), true);
            if (sizeBefore == 0) state.openCount = _open(account, state.openCount, instrument);
            else if (sizeAfter == 0) state.openCount = _close(account, state.openCount, instrument);
        } else if (sizeDelta != 0) {
            address asset = address(uint160(key));
            uint128 before = _collateral[account][asset].balance;
            sizeAfter = int256(uint256(before)) + sizeDelta;
            require(sizeAfter >= 0, LedgerInsufficientCollateral(account, asset, before, SignedMath.abs(sizeDelta)));
            _collateral[account][asset] = Collateral(uint256(sizeAfter).toUint128(), true);
        }
        (state.quote, state.isUsed) = (quoteAfter.toInt128(), true);
        _quoteImbalance += quoteDelta;
        _sizeImbalance += sizeDelta;
        // One per entry: 2^64 entries are out of reach.
        uint64 sequence = ++_hot.sequence;
        emit EntryPosted(sequence, account, kind, key, sizeDelta, quoteDelta, sizeAfter, quoteAfter);
    }

    /// @dev Invariant INV-16: the open ids of an account are exactly the instruments in which its size is not zero.
    function _open(AccountId account, uint16 count, uint16 instrument) private returns (uint16) {
        require(count < MAX_OPEN, LedgerTooManyPositions(account, MAX_OPEN));
        _setOpenId(account, count, instrument);
        return count + 1;
    }

    /// @dev The last id takes the place of the closed one.
    function _close(AccountId account, uint16 count, uint16 instrument) private returns (uint16) {
        uint256 last = count - 1;
        uint16 lastId = _openIdAt(account, last);
        uint256 index = 0;
        while (_openIdAt(account, index) != instrument) ++index;
        if (index != last) _setOpenId(account, index, lastId);
        _setOpenId(account, last, 0);
        return uint16(last);
    }

    function _openIdAt(AccountId account, uint256 index) private view returns (uint16) {
        return uint16(_openIds[account][index / IDS_PER_PAGE] >> ((index % IDS_PER_PAGE) * 16));
    }

    function _setOpenId(AccountId account, uint256 index, uint16 id) private {
        uint256 shift = (index % IDS_PER_PAGE) * 16;
        uint256 page = _openIds[account][index / IDS_PER_PAGE] & ~(uint256(type(uint16).max) << shift);
        _openIds[account][index / IDS_PER_PAGE] = PAGE_USED | page | (uint256(id) << shift);
    }

    // ---- Guard ----

    /// @inheritdoc IPositionLedger
    function push(Flags newFlags, uint48 checkpointTime, uint48 graceUntil) external only(_guard) {
        _setHot(newFlags, checkpointTime, graceUntil);
    }

    function _setHot(Flags newFlags, uint48 checkpointTime, uint48 graceUntil) private {
        _hot = HotWord(_hot.sequence, newFlags, checkpointTime, graceUntil);
        emit HotWordPushed(newFlags, checkpointTime, graceUntil);
    }

    // ---- Views ----

    /// @inheritdoc IPositionLedger
    function flags() public view returns (Flags) {
        HotWord memory hot = _hot;
        return block.timestamp > uint256(hot.checkpointTime) + STALE_LIMIT ? hot.flags | DEGRADED_FLAGS : hot.flags;
    }

    /// @inheritdoc IPositionLedger
    function isStale() external view returns (bool) {
        return block.timestamp > uint256(_hot.checkpointTime) + STALE_LIMIT;
    }

    /// @inheritdoc IPositionLedger
    function hotWord() external view returns (HotWord memory) {
        return _hot;
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
    function sizeOf(AccountId account, uint16 instrument) external view returns (int128) {
        return _sizes[account][instrument].size;
    }

    /// @inheritdoc IPositionLedger
    function collateralOf(AccountId account, address asset) external view returns (uint128) {
        return _collateral[account][asset].balance;
    }

    /// @inheritdoc IPositionLedger
    function positionsOf(AccountId account) public view returns (Position[] memory positions) {
        uint256 count = _accounts[account].openCount;
        positions = new Position[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint16 instrument = _openIdAt(account, i);
            positions[i] = Position(instrument, _sizes[account][instrument].size);
        }
    }

    /// @inheritdoc IPositionLedger
    function modules() external view returns (address vault, address settlement, address guard) {
        return (_vault, _settlement, _guard);
    }

    /// @dev Amounts are bounded to 128 bits before any arithmetic, so that scaling cannot overflow 256 bits.
    function _toInt(uint256 amount) private pure returns (int256) {
        require(amount <= type(uint128).max, LedgerAmountTooLarge(amount));
        return int256(amount);
    }
}
