// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IKeeperRegistry, KeeperStatus} from "../interfaces/IKeeperRegistry.sol";

/// @title ConvictionHarness: an adversary that tries many convictions in one call, each in the same state.
/// @dev The registries are those of a whole deployment and the calls are whole calls, so that nothing of what judges them is
/// of this contract. It only undoes what each of them did and tells who paid for it.
contract ConvictionHarness {
    /// @notice A call that has to succeed before the convictions are tried: governance's, or of the keepers' owner.
    struct Preparation {
        address target;
        bytes data;
    }

    uint256 private constant REFUSED = 1 << 216;
    uint256 private constant CONVICTED = 2 << 216;

    address private immutable REGISTRY;
    IKeeperRegistry private immutable KEEPERS;
    /// @dev Attest keys; the bit of an outcome is the index here.
    address[] private _attesters;

    error HarnessUnprepared(uint256 index, bytes answer);
    /// @param outcome as {run} returns it
    error HarnessUndone(bytes32 outcome);

    constructor(address registry, IKeeperRegistry keepers, address[] memory attesters) {
        REGISTRY = registry;
        KEEPERS = keepers;
        _attesters = attesters;
    }

    /// @notice Prepares, then tries each of `convictions`: calldata for the checkpoint registry.
    /// @return outcomes of each one. Refused: the selector of the error, then a byte of {REFUSED}. Convicted: four empty
    /// bytes, a byte of {CONVICTED}, and who is convicted afterwards in the lowest bits. Empty when the gas ran out.
    function run(
        Preparation[] calldata preparations,
        bytes[] calldata convictions
    ) external returns (bytes32[] memory outcomes) {
        for (uint256 i = 0; i < preparations.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (bool isDone, bytes memory answer) = preparations[i].target.call(preparations[i].data);
            require(isDone, HarnessUnprepared(i, answer));
        }
        outcomes = new bytes32[](convictions.length);
        for (uint256 i = 0; i < convictions.length; ++i) {
            try this.attempt(convictions[i]) {} catch (bytes memory reason) {
                // A selector and the outcome.
                if (reason.length == 36) {
                    // solhint-disable-next-line no-inline-assembly
                    assembly ("memory-safe") {
                        mstore(add(add(outcomes, 0x20), shl(5, i)), mload(add(reason, 0x24)))
                    }
                }
            }
        }
    }

    /// @notice Tries one conviction and reverts, so that it leaves nothing behind.
    function attempt(bytes calldata conviction) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool isConvicted, bytes memory answer) = REGISTRY.call(conviction);
        uint256 outcome = isConvicted ? CONVICTED | _convicted() : REFUSED | uint256(bytes32(bytes4(answer)));
        revert HarnessUndone(bytes32(outcome));
    }

    function _convicted() private view returns (uint256 mask) {
        for (uint256 i = 0; i < _attesters.length; ++i) {
            if (KEEPERS.keeperOf(_attesters[i]).status == KeeperStatus.Slashed) mask |= 1 << i;
        }
    }
}
