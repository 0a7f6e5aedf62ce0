// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DebtCaps, IInstrumentRegistry, Instrument, Settlement} from "../interfaces/IInstrumentRegistry.sol";

/// @title The instrument registry's answers, without decoding them.
/// @dev Its structs have static fields only, so that an encoded answer is laid out as the struct is in memory. It is the
/// registry's own encoding, so no field has to be validated; only its length is. That saves a ledger, which has no byte to
/// spare, the decoders of five structs. A test compares each with the registry's own answer.
// solhint-disable no-inline-assembly
library RegistryReads {
    function terms(IInstrumentRegistry registry, uint16 instrument) internal view returns (Instrument memory answer) {
        uint256 at = _ask(registry, IInstrumentRegistry.instrumentOf.selector, instrument, 10);
        assembly ("memory-safe") {
            answer := at
        }
    }

    function settlement(
        IInstrumentRegistry registry,
        uint16 instrument
    ) internal view returns (Settlement memory answer) {
        uint256 at = _ask(registry, IInstrumentRegistry.settlementOf.selector, instrument, 3);
        assembly ("memory-safe") {
            answer := at
        }
    }

    /// @return 1e-18 quote per underlying
    function strike(IInstrumentRegistry registry, uint16 instrument) internal view returns (uint128) {
        return uint128(_first(_ask(registry, IInstrumentRegistry.optionOf.selector, instrument, 5)));
    }

    function caps(IInstrumentRegistry registry) internal view returns (DebtCaps memory answer) {
        uint256 at = _ask(registry, IInstrumentRegistry.debtCaps.selector, 0, 2);
        assembly ("memory-safe") {
            answer := at
        }
    }

    function collateralAsset(IInstrumentRegistry registry, uint8 id) internal view returns (address) {
        return address(uint160(_first(_ask(registry, IInstrumentRegistry.collateralOf.selector, id, 4))));
    }

    function collateralId(IInstrumentRegistry registry, address asset) internal view returns (uint8) {
        return uint8(_first(_ask(registry, IInstrumentRegistry.collateralIdOf.selector, uint160(asset), 1)));
    }

    /// @dev Memory from the free pointer on is this function's own until it moves the pointer.
    /// @param argument the only one; ignored by a function that takes none
    /// @param words length of the answer
    /// @return answer where it is in memory
    function _ask(
        IInstrumentRegistry registry,
        bytes4 selector,
        uint256 argument,
        uint256 words
    ) private view returns (uint256 answer) {
        assembly ("memory-safe") {
            let length := shl(5, words)
            answer := mload(0x40)
            mstore(0x40, add(answer, length))
            mstore(0x00, selector)
            mstore(0x04, argument)
            if iszero(and(eq(returndatasize(), length), staticcall(gas(), registry, 0x00, 0x24, answer, length))) {
                returndatacopy(answer, 0x00, returndatasize())
                revert(answer, returndatasize())
            }
        }
    }

    function _first(uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(at)
        }
    }
}
