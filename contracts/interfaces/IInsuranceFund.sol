// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @title InsuranceFund: owns the ledger account that pays shortfalls.
/// @notice Its money is the quote of its account in the ledger; anyone adds to it by depositing there.
interface IInsuranceFund {
    event TargetSet(uint128 target);

    error FundZeroAddress();
    error FundShort();
    error FundBelowTarget(int256 left, uint128 target);
    error FundExhausted(int256 available, uint256 requested);

    /// @notice Sets what the fund should hold, 1e-18 quote (governance). Below it the fund is short.
    function setTarget(uint128 target) external;

    /// @notice Moves what is above the target to another account (governance).
    function release(AccountId to, uint128 quote) external;

    /// @notice Sweeps the collected fees and pays the carrier of a checkpoint (the checkpoint registry's role), whatever the
    /// target, and never while the fund is short.
    function payReward(AccountId to, uint128 quote) external;

    /// @notice Moves collected fees into the fund. Anyone.
    function sweepFees() external returns (uint256 amount);

    /// @notice Brings the clearing account of an instrument without open positions to zero, as far as the fund goes. Anyone.
    function levelClearing(uint16 instrument) external returns (int256 amount);

    /// @notice Sets or clears the ledger's flag that the fund is short: it holds less than the target. Anyone.
    function refresh() external returns (bool isShort);

    function ACCOUNT() external view returns (AccountId);
    /// @notice What the fund should hold, 1e-18 quote. Not called `target`, which is a contract's address in ethers.
    function targetQuote() external view returns (uint128);
}
