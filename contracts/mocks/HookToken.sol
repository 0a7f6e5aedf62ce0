// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {MockToken} from "./MockToken.sol";

/// @title HookToken: makes a call of the tester's choice inside every transfer, for tests.
contract HookToken is MockToken {
    address private _target;
    bytes private _data;

    constructor() MockToken("Hook", "HOOK", 18) {}

    function setHook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (_target != address(0) && from != address(0)) Address.functionCall(_target, _data);
    }
}
