// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title MockToken: a token that anyone can mint, for local networks.
/// @dev It can be told to refuse transfers to an address, as tokens with a block list do.
contract MockToken is ERC20 {
    uint8 private immutable DECIMALS;
    mapping(address account => bool) public isBlocked;

    error MockTokenBlocked(address account);

    constructor(string memory name, string memory symbol, uint8 decimals_) ERC20(name, symbol) {
        DECIMALS = decimals_;
    }

    function decimals() public view virtual override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setBlocked(address account, bool isBlocked_) external {
        isBlocked[account] = isBlocked_;
    }

    function _update(address from, address to, uint256 amount) internal virtual override {
        require(!isBlocked[to], MockTokenBlocked(to));
        super._update(from, to, amount);
    }
}
