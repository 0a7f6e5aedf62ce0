// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice What a wallet does when it is asked whether it signed.
/// @dev Agree: says yes to everything. Deny: another value. Dirty: yes, and more in the same word. Short: yes, in less
/// than a word. Refuse: reverts. Burn: uses up the gas. Flood: returns half a megabyte that starts with yes. Reenter: says
/// yes if a call of the tester's choice succeeds. Look: says yes if that call returns what the tester expects.
enum Malice {
    Agree,
    Deny,
    Dirty,
    Short,
    Refuse,
    Burn,
    Flood,
    Reenter,
    Look
}

/// @title HostileWallet: an ERC-1271 owner that does its worst, for tests.
/// @dev `isValidSignature` is no view here, so that nothing but its caller keeps it from writing.
contract HostileWallet {
    uint256 private constant FLOOD_BYTES = 1 << 19;

    Malice private _malice;
    address private _target;
    bytes private _data;
    bytes32 private _expected;

    error WalletRefuses();

    function setMalice(Malice malice) external {
        _malice = malice;
    }

    /// @param expected keccak256 of what the call returns
    function setCall(address target, bytes calldata data, bytes32 expected) external {
        (_target, _data, _expected) = (target, data, expected);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        bytes4 yes = IERC1271.isValidSignature.selector;
        Malice malice = _malice;
        if (malice == Malice.Agree) return yes;
        if (malice == Malice.Deny) return bytes4(0xffffffff);
        if (malice == Malice.Reenter || malice == Malice.Look) return _call(malice == Malice.Look) ? yes : bytes4(0);
        if (malice == Malice.Burn) _burn();
        if (malice == Malice.Dirty) _return(bytes32(yes) | bytes32(uint256(1)), 32);
        if (malice == Malice.Short) _return(yes, 31);
        if (malice == Malice.Flood) _return(yes, FLOOD_BYTES);
        revert WalletRefuses();
    }

    function _call(bool isLooking) private returns (bool) {
        // solhint-disable-next-line avoid-low-level-calls
        (bool success, bytes memory result) = _target.call(_data);
        return success && (!isLooking || keccak256(result) == _expected);
    }

    function _burn() private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly {
            invalid()
        }
    }

    function _return(bytes32 word, uint256 length) private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, word)
            return(start, length)
        }
    }
}
