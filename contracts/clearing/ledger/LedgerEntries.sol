// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {EntryKind, HotWord, Market} from "../../interfaces/IPositionLedger.sol";
import {Funding} from "../../libraries/Funding.sol";
import {Account, ClearingSize, Collateral, LedgerWords, PositionWord} from "../../libraries/LedgerWords.sol";
import {AccountId} from "../../types/AccountId.sol";
import {LedgerStorage} from "./LedgerStorage.sol";

/// @title LedgerEntries: the choke point. Nothing else writes what an account holds.
/// @dev An operation reads the words that its entries share into memory once (`Work`), each entry those of its account
/// (`Entry`), and each word is written once.
abstract contract LedgerEntries is LedgerStorage {
    using LedgerWords for *;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev Open positions of one account at most: bounds the cost of a margin check.
    uint16 internal constant MAX_OPEN = 30;
    /// @dev 15 ids of 16 bits fit in a page; its highest bit marks it as used.
    uint256 internal constant IDS_PER_PAGE = 15;
    uint256 private constant PAGE_USED = 1 << 255;

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

    int256 private transient _quoteImbalance;
    int256 private transient _sizeImbalance;

    // ---- Conservation ----

    /// @dev Invariant INV-1: what an operation adds to all accounts, clearing accounts and fees together is exactly what it
    /// says, or it reverts.
    modifier conserves(int256 quote, int256 size) {
        if (quote != 0) _quoteImbalance = -quote;
        if (size != 0) _sizeImbalance = -size;
        _;
        _requireConserved();
    }

    function _requireConserved() private view {
        (int256 quote, int256 size) = (_quoteImbalance, _sizeImbalance);
        require(quote == 0 && size == 0, LedgerNotConserved(quote, size));
    }

    // ---- The words that entries share ----

    /// @dev Reads the hot word. No market is at work yet.
    function _begin(Work memory work) internal view {
        _hot.load(work.hot);
        work.pooled = int256(uint256(work.hot.fees));
    }

    function _beginIn(Work memory work, uint16 instrument) internal view {
        _begin(work);
        _enter(work, instrument);
    }

    /// @dev A market exists from the first trade on; instrument zero from the first loss on that belongs to none.
    function _enter(Work memory work, uint16 instrument) internal view {
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
    function _finish(Work memory work) internal {
        int256 pooled = int256(uint256(work.hot.fees)) + work.market.clearing;
        int256 quote = work.quoteMoved + pooled - work.pooled;
        if (quote != 0) _quoteImbalance += quote;
        if (work.sizeMoved != 0) _sizeImbalance += work.sizeMoved;
        _hot.store(work.hot);
        if (work.market.isUsed) _markets[work.instrument].store(work.market);
    }

    // ---- Entries ----

    /// @dev Reads the account. Two entries that are on their way at once are of two accounts.
    function _entry(
        EntryKind kind,
        AccountId account,
        uint256 key,
        int256 sizeDelta,
        int256 quoteDelta
    ) internal view returns (Entry memory entry) {
        (entry.kind, entry.account, entry.key) = (kind, account, key);
        (entry.sizeDelta, entry.quoteDelta) = (sizeDelta, quoteDelta);
        _accounts[account].load(entry.state);
    }

    /// @dev The only place that writes a quote. Everything that an entry has written is in its event or follows from it:
    /// `openCount` and the open ids change exactly when a size leaves or reaches zero.
    function _post(Work memory work, Entry memory entry) internal {
        Account memory state = entry.state;
        int256 quoteAfter;
        uint64 sequence;
        // No amount reaches 2^193, and 2^64 entries are out of reach.
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

    function _postPosition(Work memory work, Entry memory entry) internal {
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
    function _changeCollateral(Entry memory entry) internal {
        AccountId account = entry.account;
        address asset = address(uint160(entry.key));
        uint8 id = INSTRUMENTS.collateralIdOf(asset);
        require(id != 0, LedgerUnknownCollateral(asset));
        uint256 available = _collateral[account][asset].balance;
        int256 balance = int256(available) + entry.sizeDelta;
        require(balance >= 0, LedgerInsufficientCollateral(account, asset, available, SignedMath.abs(entry.sizeDelta)));
        _collateral[account][asset] = Collateral(uint256(balance).toUint128(), true);
        uint32 bit = uint32(1) << id;
        if (balance == 0) entry.state.assets &= ~bit;
        else entry.state.assets |= bit;
        entry.sizeAfter = balance;
    }

    /// @dev Invariant INV-21: what leaves the accounts of an instrument comes here. Marks the word as used, even when nothing
    /// is added.
    /// @return sizeAfter what the clearing account holds then
    function _addClearingSize(uint16 instrument, int256 sizeDelta) internal returns (int256 sizeAfter) {
        ClearingSize memory held = _clearingSizes[instrument];
        sizeAfter = held.size + sizeDelta;
        (held.size, held.isUsed) = (sizeAfter.toInt96(), true);
        _clearingSizes[instrument] = held;
        _sizeImbalance += sizeDelta;
    }

    // ---- Open ids ----

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

    // ---- What operations ask of their input ----

    function _requireOwnersDiffer(AccountId a, AccountId b) internal pure {
        address owner = a.owner();
        require(owner != b.owner(), LedgerSameOwner(owner));
    }

    /// @dev Amounts are bounded to 128 bits before any arithmetic, so that scaling cannot overflow 256 bits.
    function _toInt(uint256 amount) internal pure returns (int256) {
        require(amount <= type(uint128).max, LedgerAmountTooLarge(amount));
        return int256(amount);
    }
}
