// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "./MockToken.sol";

/// @title FeeToken: keeps a share of every transfer, one per cent unless told otherwise, for tests.
contract FeeToken is MockToken {
    uint256 private _percent = 1;

    constructor() MockToken("Fee", "FEE", 18) {}

    function setPercent(uint256 percent) external {
        _percent = percent;
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : (amount * _percent) / 100;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}
