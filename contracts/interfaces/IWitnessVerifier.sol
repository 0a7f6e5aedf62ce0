// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @notice What an account had in one instrument at the witness checkpoint.
/// @param position storage proof of the ledger's position word
/// @param market storage proof of the first word of the ledger's market, with the funding indexes
struct PositionWitness {
    bytes[] position;
    bytes[] market;
}

/// @title WitnessVerifier: reads accounts out of proven storage roots. View only, no storage.
interface IWitnessVerifier {
    error WitnessZeroAddress();
    error WitnessPageCount(uint256 given, uint256 required);
    error WitnessPositionCount(uint256 given, uint256 required);

    /// @notice The word at `slot` under `root`.
    function word(bytes32 root, bytes32 slot, bytes[] calldata proof) external pure returns (uint256);

    /// @notice What the account's settlement balance would be, had all positions that it had under `ledgerRoot` been closed
    /// at the prices of now: quote + Σ (size × price + funding up to then), each rounded down, 1e-18 quote. The price is the final
    /// one where it is fixed, else the oracle's valid one. Reverts when a proof does not hold or an instrument has no price.
    /// @param balanceProof of the account word
    function settlementBalance(
        bytes32 ledgerRoot,
        AccountId account,
        bytes[] calldata balanceProof,
        bytes[][] calldata pages,
        PositionWitness[] calldata positions
    ) external view returns (int256);
}
