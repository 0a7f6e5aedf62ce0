// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NoReturnToken: transfers return nothing, as with the oldest tokens in use, for tests.
contract NoReturnToken {
    // Its getter is part of ERC-20's ABI.
    // solhint-disable-next-line const-name-snakecase
    uint8 public constant decimals = 8;
    mapping(address account => uint256) public balanceOf;

    error NoReturnTokenTooLittle(address account);

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @dev Whoever calls is allowed.
    function transferFrom(address from, address to, uint256 amount) external {
        _transfer(from, to, amount);
    }

    function transfer(address to, uint256 amount) external {
        _transfer(msg.sender, to, amount);
    }

    function _transfer(address from, address to, uint256 amount) private {
        require(balanceOf[from] >= amount, NoReturnTokenTooLittle(from));
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
