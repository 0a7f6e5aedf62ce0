// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IInsuranceFund} from "../interfaces/IInsuranceFund.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {AccountId} from "../types/AccountId.sol";
import {FUND_SHORT} from "../types/ActionFamily.sol";

/// @title InsuranceFund
/// @dev Storage-transparent: every slot is a function of `TargetSet` and `AuthorityUpdated`. It holds no tokens and
/// signs nothing: what its account in the ledger has leaves only through {release}, {payReward} and shortfalls.
contract InsuranceFund is IInsuranceFund, AccessManaged {
    /// @param amount 1e-18 quote
    struct Target {
        uint128 amount;
        bool isUsed;
    }

    IPositionLedger public immutable LEDGER;
    /// @inheritdoc IInsuranceFund
    AccountId public immutable ACCOUNT;

    Target internal _target;

    constructor(address authority, IPositionLedger ledger, uint128 target_) AccessManaged(authority) {
        require(address(ledger) != address(0), FundZeroAddress());
        LEDGER = ledger;
        ACCOUNT = AccountId.wrap(bytes32(bytes20(address(this))));
        _setTarget(target_);
    }

    // ---- Governance ----

    /// @inheritdoc IInsuranceFund
    function setTarget(uint128 target_) external restricted {
        _setTarget(target_);
    }

    function _setTarget(uint128 target_) private {
        _target = Target(target_, true);
        emit TargetSet(target_);
    }

    /// @inheritdoc IInsuranceFund
    /// @dev While the flag stands, a shortfall was not paid or withdrawals are slowed down because of the fund: nothing
    /// leaves before {refresh} has found it full again.
    function release(AccountId to, uint128 quote) external restricted {
        require(to.owner() != address(0), FundZeroAddress());
        require(!_isMarkedShort(), FundShort());
        uint128 kept = _target.amount;
        int256 left = int256(LEDGER.quoteOf(ACCOUNT)) - int256(uint256(quote));
        require(left >= int256(uint256(kept)), FundBelowTarget(left, kept));
        LEDGER.release(to, quote);
    }

    // ---- Checkpoint registry ----

    /// @inheritdoc IInsuranceFund
    function payReward(AccountId to, uint128 quote) external restricted {
        require(to.owner() != address(0), FundZeroAddress());
        require(!_isMarkedShort(), FundShort());
        LEDGER.sweepFees();
        int256 available = LEDGER.quoteOf(ACCOUNT);
        require(available >= int256(uint256(quote)), FundExhausted(available, quote));
        LEDGER.release(to, quote);
    }

    // ---- Anyone ----

    /// @inheritdoc IInsuranceFund
    function sweepFees() external returns (uint256 amount) {
        return LEDGER.sweepFees();
    }

    /// @inheritdoc IInsuranceFund
    function levelClearing(uint16 instrument) external returns (int256 amount) {
        return LEDGER.levelClearing(instrument);
    }

    /// @inheritdoc IInsuranceFund
    function refresh() external returns (bool isShort) {
        int256 quote = LEDGER.quoteOf(ACCOUNT);
        isShort = quote < int256(uint256(_target.amount));
        if (isShort != _isMarkedShort()) LEDGER.setFundShort(isShort);
    }

    function _isMarkedShort() private view returns (bool) {
        return LEDGER.hotWord().flags.has(FUND_SHORT);
    }

    // ---- Views ----

    /// @inheritdoc IInsuranceFund
    function targetQuote() external view returns (uint128) {
        return _target.amount;
    }
}
