// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice An account: the owner's address in the upper 20 bytes, a number chosen by the owner in the lower 12.
type AccountId is bytes32;

using {owner, sameAccount as ==} for AccountId global;

/// @notice The address that controls `account`.
function owner(AccountId account) pure returns (address) {
    return address(bytes20(AccountId.unwrap(account)));
}

function sameAccount(AccountId a, AccountId b) pure returns (bool) {
    return AccountId.unwrap(a) == AccountId.unwrap(b);
}
