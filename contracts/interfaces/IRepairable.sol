// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A word of a book contract that shall hold something else.
/// @param variable number of the storage variable, as in solc's `storageLayout`
/// @param keys of the mapping, outermost first; none for a variable that is no mapping
/// @param offset of the word in a struct of several words
/// @param expected what the word holds now
/// @param value what it shall hold; never zero
struct Repair {
    uint8 variable;
    bytes32[] keys;
    uint8 offset;
    bytes32 expected;
    bytes32 value;
}

/// @title IRepairable: a book contract whose words governance can repair while the protocol is halted.
/// @notice Only what the contract keeps of accounts, markets and limits; never addresses, roles or restrictions.
interface IRepairable {
    event WordRepaired(bytes32 indexed slot, bytes32 expected, bytes32 value);

    error RepairNotGuard(address caller);
    error RepairForbidden(uint8 variable, uint256 keys, uint8 offset);
    error RepairZeroValue();
    error RepairUnexpected(bytes32 slot, bytes32 actual, bytes32 expected);

    /// @notice Writes the word (guard only).
    function repair(Repair calldata item) external;
}
