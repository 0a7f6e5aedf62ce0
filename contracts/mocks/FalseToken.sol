// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {MockToken} from "./MockToken.sol";

/// @title FalseToken: answers `false` instead of reverting, honestly or not, for tests.
contract FalseToken is MockToken {
    bool private _isFalse;
    bool private _isMoving;

    constructor() MockToken("False", "FALSE", 6) {}

    /// @param isFalse whether `transfer` answers false
    /// @param isMoving whether it moves the tokens all the same
    function setFalse(bool isFalse, bool isMoving) external {
        (_isFalse, _isMoving) = (isFalse, isMoving);
    }

    function transfer(address to, uint256 amount) public override(ERC20) returns (bool) {
        if (!_isFalse) return super.transfer(to, amount);
        if (_isMoving) super.transfer(to, amount);
        return false;
    }
}
