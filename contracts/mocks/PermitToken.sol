// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {MockToken} from "./MockToken.sol";

/// @title PermitToken: a token with EIP-2612 permits, for tests.
contract PermitToken is MockToken, ERC20Permit {
    constructor() MockToken("Permit", "PRM", 8) ERC20Permit("Permit") {}

    function decimals() public view override(MockToken, ERC20) returns (uint8) {
        return super.decimals();
    }

    function _update(address from, address to, uint256 amount) internal override(MockToken, ERC20) {
        super._update(from, to, amount);
    }
}
