// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title SmartWallet: an honest ERC-1271 owner of accounts with one changeable key, for tests.
contract SmartWallet is IERC1271 {
    address public key;

    error WalletNotKey(address caller);

    constructor(address key_) {
        key = key_;
    }

    /// @dev What was signed by an earlier key is not signed any more.
    function setKey(address key_) external {
        require(msg.sender == key, WalletNotKey(msg.sender));
        key = key_;
    }

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == key, WalletNotKey(msg.sender));
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        bool isSigned = failure == ECDSA.RecoverError.NoError && signer == key;
        return isSigned ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
