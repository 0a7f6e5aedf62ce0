// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A set of action families that are restricted, one bit each, as stored in the ledger's hot word.
type Flags is uint8;

using {union as |, without, has} for Flags global;

/// @dev No flag: everything runs.
Flags constant NO_FLAGS = Flags.wrap(0);
/// @dev New risk is refused; a trade must shrink both sides.
Flags constant INCREASE_RISK = Flags.wrap(1);
/// @dev Withdrawals and claims follow the two-witness rule.
Flags constant WITHDRAW = Flags.wrap(2);
/// @dev Liquidations are refused.
Flags constant LIQUIDATE = Flags.wrap(4);
/// @dev The hard grade: only flat accounts leave.
Flags constant HALT = Flags.wrap(8);
/// @dev The insurance fund is short: every withdrawal weighs four times in the outflow limit. Set and cleared by the
/// ledger and the fund, never by the guard, which leaves it as it is.
Flags constant FUND_SHORT = Flags.wrap(16);
/// @dev The wind-down has begun: positions are closed at fixed prices, and claims are registered. Never cleared.
Flags constant WIND_DOWN = Flags.wrap(32);

/// @dev What the soft pause and the stale grade restrict.
Flags constant DEGRADED_FLAGS = Flags.wrap(1 | 2);
/// @dev What the hard pause restricts.
Flags constant HALTED_FLAGS = Flags.wrap(1 | 2 | 4 | 8);

function union(Flags a, Flags b) pure returns (Flags) {
    return Flags.wrap(Flags.unwrap(a) | Flags.unwrap(b));
}

function without(Flags a, Flags b) pure returns (Flags) {
    return Flags.wrap(Flags.unwrap(a) & ~Flags.unwrap(b));
}

/// @notice Whether every family of `b` is restricted in `a`.
function has(Flags a, Flags b) pure returns (bool) {
    return Flags.unwrap(a) & Flags.unwrap(b) == Flags.unwrap(b);
}
