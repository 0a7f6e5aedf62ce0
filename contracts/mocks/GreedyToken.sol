// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "./MockToken.sol";

/// @title GreedyToken: takes more from the sender than was asked, for tests.
contract GreedyToken is MockToken {
    uint256 private _extra;

    constructor() MockToken("Greedy", "GREED", 18) {}

    /// @notice Every transfer burns so much of the sender beside the amount.
    function setExtra(uint256 extra) external {
        _extra = extra;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0) && _extra != 0) super._update(from, address(0), _extra);
    }
}
