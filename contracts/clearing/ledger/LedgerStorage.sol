// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

import {IInstrumentRegistry} from "../../interfaces/IInstrumentRegistry.sol";
import {IMarginEngine} from "../../interfaces/IMarginEngine.sol";
import {HotWord, IPositionLedger, Market, Modules} from "../../interfaces/IPositionLedger.sol";
import {Account, ClearingSize, Collateral, Debt, LedgerWords, PositionWord} from "../../libraries/LedgerWords.sol";
import {AccountId} from "../../types/AccountId.sol";
import {DEGRADED_FLAGS, Flags} from "../../types/ActionFamily.sol";

/// @title LedgerStorage: what the ledger keeps, who may write, and the word of restrictions.
/// @dev The order of the variables is the layout that keepers prove: no other part declares any but transient ones.
/// Invariant INV-13: a word that was once used never becomes zero again (its mark stays), so that it can always be proved
/// by inclusion, and so that a node which keeps zero leaves in its tries still arrives at the canonical storage root.
abstract contract LedgerStorage is IPositionLedger {
    using LedgerWords for *;

    /// @inheritdoc IPositionLedger
    address public immutable SETTLEMENT_ASSET;
    /// @inheritdoc IPositionLedger
    uint256 public immutable SETTLEMENT_SCALE;
    /// @inheritdoc IPositionLedger
    uint48 public immutable STALE_LIMIT;
    IMarginEngine public immutable MARGIN;
    IInstrumentRegistry public immutable INSTRUMENTS;
    address internal immutable DEPLOYER;

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
        HotWord memory hot;
        hot.checkpointTime = uint40(block.timestamp);
        _setHot(hot);
    }

    /// @dev Each module writes only what is its own.
    modifier only(address module) {
        _requireModule(module);
        _;
    }

    function _requireModule(address module) private view {
        require(msg.sender == module, LedgerNotModule(msg.sender, module));
    }

    function _requireNonZero(address module) internal pure {
        require(module != address(0), LedgerZeroAddress());
    }

    /// @inheritdoc IPositionLedger
    /// @dev Number zero of the fund.
    function fundAccount() public view returns (AccountId) {
        return AccountId.wrap(bytes20(_modules.fund));
    }

    function _stateOf(AccountId account) internal view returns (Account memory state) {
        _accounts[account].load(state);
    }

    // ---- The hot word ----

    /// @dev Restrictions, the times that they depend on, and what every entry counts up.
    function _readHot() internal view returns (HotWord memory hot) {
        _hot.load(hot);
    }

    function _setHot(HotWord memory hot) internal {
        _hot.store(hot);
        _emitHot(hot);
    }

    function _emitHot(HotWord memory hot) internal {
        emit HotWordPushed(hot.flags, hot.checkpointTime, hot.graceUntil);
    }

    /// @dev Invariant INV-25: whatever moves value asks here. What was pushed, and what the stale grade restricts, which
    /// needs no transaction.
    function _inForce(HotWord memory hot) internal view returns (Flags) {
        return _isStale(hot) ? hot.flags | DEGRADED_FLAGS : hot.flags;
    }

    function _isStale(HotWord memory hot) internal view returns (bool) {
        return block.timestamp > uint256(hot.checkpointTime) + STALE_LIMIT;
    }
}
