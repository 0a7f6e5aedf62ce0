// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../types/AccountId.sol";

/// @title Where the words of the two-witness rule are stored.
/// @dev The numbers are solc's `storageLayout`; a test compares them, so a moved variable fails the build.
library LedgerLayout {
    uint256 internal constant LEDGER_ACCOUNTS_SLOT = 1;
    uint256 internal constant LEDGER_POSITIONS_SLOT = 2;
    uint256 internal constant LEDGER_OPEN_IDS_SLOT = 3;
    uint256 internal constant LEDGER_COLLATERAL_SLOT = 4;
    uint256 internal constant LEDGER_MARKETS_SLOT = 5;
    uint256 internal constant VAULT_FLOWS_SLOT = 2;
    uint256 internal constant VAULT_CLAIMS_SLOT = 3;
    uint256 internal constant VAULT_CLAIMS_PAID_SLOT = 8;

    /// @notice Slot of the ledger's account word `{int128 quote, uint16 openCount, ...}`; the rest of it is no witness's concern.
    function accountSlot(AccountId account) internal pure returns (bytes32) {
        return keccak256(abi.encode(account, LEDGER_ACCOUNTS_SLOT));
    }

    /// @notice Slot of the ledger's position word `{int96 size, int96 index, ...}`.
    function positionSlot(AccountId account, uint16 instrument) internal pure returns (bytes32) {
        return keccak256(abi.encode(instrument, keccak256(abi.encode(account, LEDGER_POSITIONS_SLOT))));
    }

    /// @notice Slot of one of the ledger's pages of open ids: 15 of 16 bits each, the first lowest.
    function pageSlot(AccountId account, uint256 page) internal pure returns (bytes32) {
        return keccak256(abi.encode(page, keccak256(abi.encode(account, LEDGER_OPEN_IDS_SLOT))));
    }

    /// @notice Slot of the first word of the ledger's market `{int96 longIndex, int96 shortIndex, ...}`.
    function marketSlot(uint16 instrument) internal pure returns (bytes32) {
        return keccak256(abi.encode(instrument, LEDGER_MARKETS_SLOT));
    }

    /// @notice Slot of the ledger's collateral word `{uint128 balance, bool isUsed}`.
    function collateralSlot(AccountId account, address asset) internal pure returns (bytes32) {
        return _nested(account, asset, LEDGER_COLLATERAL_SLOT);
    }

    /// @notice Slot of the vault's flow word `{uint104 deposited, uint104 withdrawn, uint40 openedAt}`.
    function flowSlot(AccountId account, address asset) internal pure returns (bytes32) {
        return _nested(account, asset, VAULT_FLOWS_SLOT);
    }

    /// @notice Slot of the vault's claim word `{uint128 owed, uint128 paid}`.
    function claimSlot(AccountId account, address asset) internal pure returns (bytes32) {
        return _nested(account, asset, VAULT_CLAIMS_SLOT);
    }

    /// @notice Slot of the vault's word of paid claims `{uint120 claimed, bool isUsed}`.
    function claimPaidSlot(AccountId account, address asset) internal pure returns (bytes32) {
        return _nested(account, asset, VAULT_CLAIMS_PAID_SLOT);
    }

    function _nested(AccountId account, address asset, uint256 slot) private pure returns (bytes32) {
        return keccak256(abi.encode(asset, keccak256(abi.encode(account, slot))));
    }
}
