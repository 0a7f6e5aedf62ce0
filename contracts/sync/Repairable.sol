// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";

import {IRepairable, Repair} from "../interfaces/IRepairable.sol";

/// @title Repairable: writes the words of a book contract that it lists as repairable, and says so.
/// @dev The contract's own `repair` asks who calls, looks at what is special about a word, and calls {_repair}.
///
/// What a contract lists is what the holder of the repair role can write at most, so each leaves out, or refuses in its
/// `repair`, what would let value leave beyond the two-witness rule: what came never rises, what left never falls, and nothing
/// is listed that values a proven balance, or that is empty until a wind-down begins, as nothing is repaired from then on.
///
/// A slot is a hash of variable and keys: no choice of keys reaches a variable that is not listed. Keys that no value of the
/// key's type encodes to reach a slot that nobody reads.
abstract contract Repairable is IRepairable {
    using SlotDerivation for bytes32;
    using StorageSlot for bytes32;

    /// @dev One byte for each variable, in the order of their slots: how many words it has in the higher half, how many keys in
    /// the lower one. Zero for a variable that is not repaired.
    function _repairable() internal pure virtual returns (bytes32);

    function _requireGuard(address guard) internal view {
        require(msg.sender == guard, RepairNotGuard(msg.sender));
    }

    /// @dev Invariant INV-29: writes a listed word, from what it holds to what is not zero, and nothing else.
    function _repair(Repair calldata item) internal {
        (uint8 variable, bytes32[] calldata keys, uint8 offset) = (item.variable, item.keys, item.offset);
        uint256 terms = variable < 32 ? uint8(_repairable()[variable]) : 0;
        require(keys.length == terms & 15 && offset < terms >> 4, RepairForbidden(variable, keys.length, offset));
        require(item.value != 0, RepairZeroValue());
        bytes32 slot = bytes32(uint256(variable));
        for (uint256 i = 0; i < keys.length; ++i) slot = slot.deriveMapping(keys[i]);
        slot = slot.offset(offset);

        StorageSlot.Bytes32Slot storage word = slot.getBytes32Slot();
        bytes32 actual = word.value;
        require(actual == item.expected, RepairUnexpected(slot, actual, item.expected));
        word.value = item.value;
        emit WordRepaired(slot, actual, item.value);
    }
}
