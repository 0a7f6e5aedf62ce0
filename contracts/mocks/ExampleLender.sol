// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IPositionLedger} from "../interfaces/IPositionLedger.sol";
import {AccountId} from "../types/AccountId.sol";
import {INCREASE_RISK} from "../types/ActionFamily.sol";

/// @title ExampleLender: somebody else's contract that believes the ledger.
/// @notice Lends up to half of what an account of its borrower is booked with, while nothing is wrong with the books.
/// @dev For docs/testing.md and its test, not for use: it neither values positions nor liquidates.
contract ExampleLender {
    using SafeERC20 for IERC20;

    IPositionLedger public immutable LEDGER;
    IERC20 public immutable TOKEN;
    /// @notice Lent against an account, units of the token.
    mapping(AccountId account => uint256) public lentTo;

    error ExampleLenderNotOwner(AccountId account, address caller);
    error ExampleLenderBooksRestricted();
    error ExampleLenderTooMuch(uint256 amount, uint256 limit);

    constructor(IPositionLedger ledger, IERC20 token) {
        LEDGER = ledger;
        TOKEN = token;
    }

    /// @notice Lends `amount` units of the token to the owner of `account`.
    function borrow(AccountId account, uint256 amount) external {
        require(account.owner() == msg.sender, ExampleLenderNotOwner(account, msg.sender));
        // What the guard refuses to the protocol's own traders is no basis for a loan either.
        require(!LEDGER.flags().has(INCREASE_RISK), ExampleLenderBooksRestricted());
        int256 quote = LEDGER.quoteOf(account);
        uint256 limit = quote > 0 ? uint256(quote) / LEDGER.SETTLEMENT_SCALE() / 2 : 0;
        uint256 lent = lentTo[account] + amount;
        require(lent <= limit, ExampleLenderTooMuch(lent, limit));
        lentTo[account] = lent;
        TOKEN.safeTransfer(msg.sender, amount);
    }
}
