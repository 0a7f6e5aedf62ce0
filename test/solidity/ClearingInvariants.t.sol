// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IMarginEngine} from "../../contracts/interfaces/IMarginEngine.sol";
import {HotWord, Market} from "../../contracts/interfaces/IPositionLedger.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {ClearingActions} from "./ClearingActions.sol";
import {System} from "./System.sol";
import {logLine, vm} from "./Vm.sol";

interface IBalance {
    function balanceOf(address account) external view returns (uint256);
}

/// @dev Stateful fuzz of the whole protocol: six actors, hostile tokens, prices that jump, pauses, options that expire.
/// The runner picks the calls of the invariant tests; the seeded test prints what it really did.
contract ClearingInvariants {
    uint256 private constant SCALE = 1e12;
    uint256 private constant ONE = 1e18;
    uint256 private constant STEPS = 1_500;

    System private _system;
    ClearingActions private _actions;
    uint256 private _actors;

    error Broken(string what, int256 left, int256 right);

    function setUp() external {
        vm.warp(1_800_000_000);
        vm.roll(1_000);
        _system = new System();
        _actions = new ClearingActions(_system);
        _actors = _actions.ACTORS();
        // The insurance fund begins with something to lose.
        _system.usd().mint(address(this), 200_000e6);
        _system.usd().approve(address(_system.vault()), 200_000e6);
        _system.vault().deposit(_system.fund().ACCOUNT(), address(_system.usd()), 200_000e6);
        for (uint256 i = 0; i < 4 * _actors; ++i) _actions.run(0, uint256(keccak256(abi.encode("deposit", i))));
    }

    /// @dev The runner calls these contracts only.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_actions);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(_actions);
        selectors[0].selectors = new bytes4[](1);
        selectors[0].selectors[0] = ClearingActions.act.selector;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function invariant_booksBalance() external view {
        _checkMoney();
        _checkSizes();
    }

    function test_everyActionSucceedsAndEveryoneLeaves() external {
        for (uint256 seed = 1; seed <= 2; ++seed) {
            uint256 random = uint256(keccak256(abi.encode(seed)));
            for (uint256 step = 0; step < STEPS; ++step) {
                random = uint256(keccak256(abi.encode(random)));
                _actions.act(random);
                if (step % 10 == 0) {
                    _checkMoney();
                    _checkSizes();
                }
            }
            logLine(string.concat("seed ", Strings.toString(seed), ", ", Strings.toString(STEPS), " actions"));
        }
        _actions.logSummary();
        for (uint256 kind = 0; kind < _actions.KINDS(); ++kind) {
            require(_actions.successes(kind) != 0, Broken(_actions.nameOf(kind), 0, 1));
        }
        _everyoneLeaves();
    }

    // ---- Money ----

    /// @dev Σ quote + Σ clearing + fees + claims = held = what custody holds at least; per other asset Σ balances + claims = held.
    function _checkMoney() private view {
        int256 quotes = int256(_system.ledger().quoteOf(_system.fund().ACCOUNT()));
        for (uint256 i = 0; i < _actors; ++i) quotes += _system.ledger().quoteOf(_actions.accountOf(i));
        for (uint16 i = 1; i <= 4; ++i) quotes += _system.ledger().marketOf(i).clearing;
        HotWord memory hot = _system.ledger().hotWord();
        quotes += int256(uint256(hot.fees));
        for (uint256 asset = 0; asset < 4; ++asset) {
            address token = _actions.assetOf(asset);
            uint256 owed = 0;
            for (uint256 i = 0; i < _actors; ++i) {
                AccountId account = _actions.accountOf(i);
                owed += _system.vault().claimOf(account, token).owed - _system.vault().claimOf(account, token).paid;
                owed += _system.ledger().collateralOf(account, token);
            }
            uint256 held = _system.vault().assetOf(token).held;
            uint256 custody = IBalance(token).balanceOf(address(_system.vault()));
            if (asset == 0) _equal("quote and custody", quotes + int256(owed * SCALE), int256(held * SCALE));
            else _equal("collateral and custody", int256(owed), int256(held));
            require(custody >= held, Broken("custody", int256(custody), int256(held)));
        }
    }

    function _checkSizes() private view {
        for (uint16 instrument = 1; instrument <= 4; ++instrument) {
            int256 sum = _system.ledger().clearingSizeOf(instrument);
            int256 longs = 0;
            for (uint256 i = 0; i < _actors; ++i) {
                int256 size = _system.ledger().sizeOf(_actions.accountOf(i), instrument);
                sum += size;
                if (size > 0) longs += size;
            }
            _equal("sum of sizes", sum, 0);
            _equal("open interest", longs, int256(uint256(_system.ledger().marketOf(instrument).openInterest)));
        }
    }

    function _equal(string memory what, int256 left, int256 right) private pure {
        require(left == right, Broken(what, left, right));
    }

    // ---- Exit ----

    /// @dev When everybody closes, everybody is paid: what is left is fractions of a unit and what belongs to the fund.
    function _everyoneLeaves() private {
        _becomeCalm();
        for (uint16 option = 3; option <= 4; ++option) {
            if (_system.instruments().settlementOf(option).settledAt == 0) _actions.settleOption(option);
            for (uint256 i = 0; i < _actors; ++i) {
                if (_system.ledger().sizeOf(_actions.accountOf(i), option) != 0)
                    _system.ledger().settleExpiry(_actions.accountOf(i), option);
            }
        }
        for (uint16 instrument = 1; instrument <= 2; ++instrument) _closePerpetual(instrument);
        for (uint256 i = 0; i < _actors; ++i) _sellOff(i);
        _system.fund().sweepFees();
        for (uint16 i = 1; i <= 4; ++i) {
            if (_system.ledger().marketOf(i).clearing != 0) _system.fund().levelClearing(i);
        }
        _system.fund().refresh();
        for (uint256 i = 0; i < _actors; ++i) _payOut(i);
        _checkMoney();
        _checkSizes();
        int256 fund = _system.ledger().quoteOf(_system.fund().ACCOUNT());
        require(fund >= 0, Broken("fund", fund, 0));
    }

    /// @dev Fresh prices where they began, no pause, a checkpoint, past every grace and expiry.
    function _becomeCalm() private {
        vm.warp(block.timestamp + 5 days);
        vm.roll(block.number + 40_000);
        _system.checkpoint();
        vm.warp(block.timestamp + 16 minutes);
        vm.roll(block.number + 100);
        _system.checkpoint();
        (, int256 eth, , , ) = _system.feeds(0).latestRoundData();
        (, int256 btc, , , ) = _system.feeds(1).latestRoundData();
        _system.feeds(0).update(int192(eth));
        _system.feeds(1).update(int192(btc));
        _system.ledger().accrueFunding(1);
        // Whoever is rich enough to take over what has to be auctioned.
        for (uint256 i = 0; i < _actors; ++i) {
            _system.usd().mint(address(this), 1e14);
            _system.usd().approve(address(_system.vault()), 1e14);
            _system.vault().deposit(_actions.accountOf(i), address(_system.usd()), 1e14);
        }
    }

    function _closePerpetual(uint16 instrument) private {
        uint128 mark = uint128(_actions.markOf(instrument));
        for (uint256 i = 0; i < _actors; ++i) {
            for (uint256 j = 0; j < _actors; ++j) {
                int256 long = _system.ledger().sizeOf(_actions.accountOf(i), instrument);
                int256 short = -_system.ledger().sizeOf(_actions.accountOf(j), instrument);
                if (long <= 0 || short <= 0) continue;
                _actions.settleMatch(j, i, instrument, uint128(uint256(long < short ? long : short)), mark, 2);
            }
        }
        _equal("open after closing", int256(uint256(_system.ledger().marketOf(instrument).openInterest)), 0);
    }

    /// @dev Every deposit of the calm covers what an account owes.
    function _sellOff(uint256 i) private view {
        int256 quote = _system.ledger().quoteOf(_actions.accountOf(i));
        require(quote >= 0, Broken("still owes", quote, 0));
    }

    function _payOut(uint256 i) private {
        AccountId account = _actions.accountOf(i);
        address to = _actions.owners(i);
        for (uint256 asset = 0; asset < 4; ++asset) {
            address token = _actions.assetOf(asset);
            uint256 amount = asset == 0
                ? uint256(int256(_system.ledger().quoteOf(account))) / SCALE
                : _system.ledger().collateralOf(account, token);
            if (amount == 0) continue;
            vm.warp(block.timestamp + 1 hours);
            vm.roll(block.number + 300);
            _system.checkpoint();
            vm.prank(to);
            _system.vault().withdraw(account, token, amount, to);
        }
        require(_system.ledger().quoteOf(account) < int256(SCALE), Broken("left behind", _system.ledger().quoteOf(account), 0));
    }
}
