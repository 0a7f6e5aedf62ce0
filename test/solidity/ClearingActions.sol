// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Match, Order} from "../../contracts/interfaces/IOrderSettlement.sol";
import {IMarginEngine} from "../../contracts/interfaces/IMarginEngine.sol";
import {MockToken} from "../../contracts/mocks/MockToken.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {System} from "./System.sol";
import {logLine, vm} from "./Vm.sol";

/// @dev What people do to the protocol, at random and often nonsense. A refusal is fine; a success is counted.
contract ClearingActions {
    uint256 internal constant ONE = 1e18;
    uint256 public constant ACTORS = 6;
    uint256 public constant KINDS = 18;

    System public immutable SYSTEM;
    address[ACTORS] public owners;
    uint256[KINDS] public attempts;
    uint256[KINDS] public successes;
    uint256[KINDS] public refusals;
    mapping(uint256 kind => bytes4) public lastError;

    uint64 private _sequence;
    uint256 private _incidents;

    string[KINDS] private _names = [
        "deposit",
        "withdraw",
        "trade",
        "reduce",
        "move a price",
        "checkpoint",
        "wait",
        "start an auction",
        "bid",
        "collateral auction",
        "collateral bid",
        "settle an option",
        "settle an expiry",
        "cover a shortfall",
        "sweep fees and level clearing",
        "pause",
        "move a volatility",
        "cancel"
    ];

    constructor(System system) {
        SYSTEM = system;
        for (uint256 i = 0; i < ACTORS; ++i) owners[i] = vm.addr(key(i));
    }

    function key(uint256 index) public pure returns (uint256) {
        return 1_000 + index;
    }

    function accountOf(uint256 index) public view returns (AccountId) {
        return AccountId.wrap(bytes32(bytes20(owners[index % ACTORS])));
    }

    function assetOf(uint256 index) public view returns (address) {
        address[4] memory assets = [
            address(SYSTEM.usd()),
            address(SYSTEM.quiet()),
            address(SYSTEM.fee()),
            address(SYSTEM.hook())
        ];
        return assets[index % 4];
    }

    function unitOf(uint256 index) public pure returns (uint256) {
        return [uint256(1e6), 1e8, 1e18, 1e18][index % 4];
    }

    /// @dev One random action; `random` decides everything.
    function act(uint256 random) external {
        uint256 kind = [
            uint256(0), 0, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 9, 10, 11, 12, 12, 13, 14, 15, 16, 17
        ][random % 34];
        _run(kind, uint256(keccak256(abi.encode(random, kind))));
    }

    function run(uint256 kind, uint256 random) external {
        _run(kind % KINDS, random);
    }

    function _run(uint256 kind, uint256 random) private {
        ++attempts[kind];
        try this.perform(kind, random) {
            ++successes[kind];
        } catch (bytes memory reason) {
            ++refusals[kind];
            lastError[kind] = bytes4(reason);
        }
    }

    function perform(uint256 kind, uint256 random) external {
        uint256 who = random % ACTORS;
        uint256 choice = (random >> 16) % 4;
        uint256 amount = (random >> 32) % 1e6;
        if (kind == 0) _deposit(who, choice, amount);
        else if (kind == 1) _withdraw(who, choice, amount);
        else if (kind == 2) _trade(who, (random >> 24) % ACTORS, uint16(1 + choice), amount, random >> 64);
        else if (kind == 3) _reduce(who, (random >> 24) % ACTORS, uint16(1 + choice), amount, random >> 64);
        else if (kind == 4) _movePrice(choice % 2, random >> 64);
        else if (kind == 5) _checkpoint();
        else if (kind == 6) _wait((random >> 64) % 10 minutes);
        else if (kind == 7) SYSTEM.auction().start(_unhealthy(who), uint16(1 + choice));
        else if (kind == 8) _bid(_unhealthy(who), (random >> 24) % ACTORS, uint16(1 + choice), amount);
        else if (kind == 9) SYSTEM.auction().startCollateral(accountOf(who), assetOf(1 + (choice % 3)));
        else if (kind == 10) _bidCollateral(who, (random >> 24) % ACTORS, 1 + (choice % 3), amount);
        else if (kind == 11) settleOption(uint16(3 + (choice % 2)));
        else if (kind == 12) SYSTEM.ledger().settleExpiry(accountOf(who), uint16(3 + (choice % 2)));
        else if (kind == 13) SYSTEM.ledger().coverShortfall(accountOf(who));
        else if (kind == 14) _tidy(uint16(1 + choice));
        else if (kind == 15) SYSTEM.pause(bytes32(++_incidents));
        else if (kind == 16) _moveVolatility(uint16(3 + (choice % 2)), random >> 64);
        else _cancel(who, random >> 64);
    }

    function _deposit(uint256 who, uint256 asset, uint256 amount) private {
        amount = (amount + 1) * (unitOf(asset) / (asset == 0 ? 10 : 10_000));
        MockToken token = MockToken(assetOf(asset));
        token.mint(owners[who], amount);
        if (asset != 1) {
            vm.prank(owners[who]);
            token.approve(address(SYSTEM.vault()), amount);
        }
        AccountId account = accountOf(who);
        vm.prank(owners[who]);
        SYSTEM.vault().deposit(account, address(token), amount);
    }

    function _withdraw(uint256 who, uint256 asset, uint256 amount) private {
        AccountId account = accountOf(who);
        uint256 most = asset == 0
            ? uint256(int256(SYSTEM.ledger().quoteOf(account)) > 0 ? uint128(SYSTEM.ledger().quoteOf(account)) : 0) / 1e12
            : SYSTEM.ledger().collateralOf(account, assetOf(asset));
        amount = 1 + (most * amount) / 1.2e6;
        // Before the prank: it holds for the next call only, and a getter is one.
        (address token, address to) = (assetOf(asset), owners[who]);
        MockTokenLike(token).balanceOf(to);
        _vaultCall(who, abi.encodeCall(SYSTEM.vault().withdraw, (account, token, amount, to)));
    }

    function _vaultCall(uint256 who, bytes memory data) private {
        address vault = address(SYSTEM.vault());
        vm.prank(owners[who]);
        (bool ok, bytes memory result) = vault.call(data);
        if (!ok) _bubble(result);
    }

    function _bubble(bytes memory result) private pure {
        assembly ("memory-safe") {
            revert(add(result, 32), mload(result))
        }
    }

    function markOf(uint16 instrument) public view returns (uint256) {
        return SYSTEM.margin().markOf(instrument);
    }

    function _trade(uint256 buyer, uint256 seller, uint16 instrument, uint256 amount, uint256 random) private {
        uint256 mark = markOf(instrument);
        uint256 price = mark + (mark * (random % 20_000)) / 1e6 - mark / 100;
        uint256 size = 1 + (amount * (instrument % 2 == 0 ? ONE / 20 : ONE)) / 1e5;
        settleMatch(buyer, seller, instrument, uint128(size), uint128(price == 0 ? 1 : price), random);
    }

    function _reduce(uint256 long, uint256 short, uint16 instrument, uint256 amount, uint256 random) private {
        int256 longSize = SYSTEM.ledger().sizeOf(accountOf(long), instrument);
        int256 shortSize = SYSTEM.ledger().sizeOf(accountOf(short), instrument);
        if (longSize < 0) (long, short, longSize, shortSize) = (short, long, shortSize, longSize);
        uint256 most = longSize < -shortSize ? uint256(longSize) : uint256(-shortSize);
        uint256 mark = markOf(instrument);
        uint256 size = amount % 2 == 0 ? most : 1 + (most * amount) / 1e6;
        settleMatch(short, long, instrument, uint128(size), uint128(mark + random % (1 + mark / 100)), random);
    }

    function settleMatch(
        uint256 buyer,
        uint256 seller,
        uint16 instrument,
        uint128 size,
        uint128 price,
        uint256 random
    ) public {
        Order memory buy = _order(buyer, instrument, true, size, price, random);
        Order memory sell = _order(seller, instrument, false, size, price, random >> 8);
        buy.isPostOnly = random % 3 == 0;
        sell.isPostOnly = random % 3 == 1;
        bytes memory buySignature = _sign(buyer, buy);
        SYSTEM.settlement().settle(Match(buy, sell, buySignature, _sign(seller, sell), size));
    }

    function _order(
        uint256 who,
        uint16 instrument,
        bool isBuy,
        uint128 size,
        uint128 price,
        uint256 random
    ) private returns (Order memory order) {
        order.account = accountOf(who);
        order.instrument = instrument;
        order.isBuy = isBuy;
        order.size = size + uint128(random % 3);
        order.limitPrice = price;
        order.maxFeePpm = 10_000;
        order.expiry = type(uint48).max;
        order.epoch = SYSTEM.ledger().epochOf(order.account);
        order.lane = uint64(random % 4);
        order.sequence = ++_sequence;
    }

    function _sign(uint256 who, Order memory order) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key(who), SYSTEM.settlement().hashOrder(order));
        return abi.encodePacked(r, s, v);
    }

    function _movePrice(uint256 feed, uint256 random) private {
        (, int256 answer, , , ) = SYSTEM.feeds(feed).latestRoundData();
        // Mostly small; now and then a jump that breaks accounts.
        uint256 range = random % 16 == 0 ? 250_000 : 8_000;
        int256 base = feed == 0 ? int256(3_000e8) : int256(60_000e8);
        int256 next = answer + (answer * (int256((random >> 8) % (2 * range)) - int256(range))) / 1e6;
        // Drawn back towards where it began, so that it stays within the feed's bounds.
        SYSTEM.feeds(feed).update(int192(next + (base - next) / 50));
    }

    function _checkpoint() private {
        vm.roll(block.number + 1);
        SYSTEM.checkpoint();
    }

    function _wait(uint256 time) private {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + 1 + time / 12);
    }

    /// @dev The first account from `from` on that is below its maintenance requirement, so that auctions do happen.
    function _unhealthy(uint256 from) private view returns (AccountId account) {
        for (uint256 i = 0; i < ACTORS; ++i) {
            account = accountOf(from + i);
            IMarginEngine.Valuation memory value = SYSTEM.ledger().valuationOf(account);
            if (value.equity < int256(value.maintenance)) return account;
        }
    }

    function _bid(AccountId account, uint256 bidder, uint16 instrument, uint256 amount) private {
        uint128 most = SYSTEM.auction().liquidatableOf(account, instrument);
        uint128 size = amount % 3 == 0 ? most : 1 + uint128((uint256(most) * amount) / 1e6);
        bool isLong = SYSTEM.ledger().sizeOf(account, instrument) > 0;
        AccountId own = accountOf(bidder);
        address auction = address(SYSTEM.auction());
        bytes memory data = abi.encodeCall(
            SYSTEM.auction().bid,
            (account, instrument, own, size, isLong ? type(uint128).max : 0)
        );
        vm.prank(owners[bidder]);
        (bool ok, bytes memory result) = auction.call(data);
        if (!ok) _bubble(result);
    }

    function _bidCollateral(uint256 who, uint256 bidder, uint256 asset, uint256 amount) private {
        AccountId account = accountOf(who);
        uint128 balance = SYSTEM.ledger().collateralOf(account, assetOf(asset));
        address auction = address(SYSTEM.auction());
        bytes memory data = abi.encodeCall(
            SYSTEM.auction().bidCollateral,
            (account, assetOf(asset), accountOf(bidder), uint128(1 + (uint256(balance) * amount) / 4e6), type(uint128).max)
        );
        vm.prank(owners[bidder]);
        (bool ok, bytes memory result) = auction.call(data);
        if (!ok) _bubble(result);
    }

    function settleOption(uint16 instrument) public {
        uint256 feed = instrument - 3;
        uint40 expiry = SYSTEM.instruments().optionOf(instrument).expiry;
        uint80 round = uint80(SYSTEM.feeds(feed).latestRound());
        while (true) {
            (, , , uint256 updatedAt, ) = SYSTEM.feeds(feed).getRoundData(round);
            if (updatedAt <= expiry) break;
            --round;
        }
        SYSTEM.instruments().settle(instrument, round);
    }

    function _tidy(uint16 instrument) private {
        SYSTEM.fund().sweepFees();
        SYSTEM.fund().refresh();
        (bool ok, ) = address(SYSTEM.fund()).call(abi.encodeCall(SYSTEM.fund().levelClearing, (instrument)));
        ok;
    }

    function _moveVolatility(uint16 instrument, uint256 random) private {
        uint32 now_ = SYSTEM.instruments().optionOf(instrument).volatilityPpm;
        SYSTEM.setVolatility(instrument, uint32(uint256(now_) + (random % 8_000) - 4_000));
    }

    function _cancel(uint256 who, uint256 random) private {
        AccountId account = accountOf(who);
        bytes memory data = random % 4 == 0
            ? abi.encodeCall(SYSTEM.settlement().cancelAll, (account))
            : abi.encodeCall(SYSTEM.settlement().cancel, (account, uint64(random % 4), ++_sequence));
        address settlement = address(SYSTEM.settlement());
        vm.prank(owners[who]);
        (bool ok, bytes memory result) = settlement.call(data);
        if (!ok) _bubble(result);
    }

    /// @dev How often each action was tried and done.
    function logSummary() external view {
        for (uint256 kind = 0; kind < KINDS; ++kind) {
            logLine(
                string.concat(
                    "  ",
                    _names[kind],
                    ": ",
                    Strings.toString(successes[kind]),
                    " of ",
                    Strings.toString(attempts[kind]),
                    successes[kind] == 0 ? string.concat(" ", Strings.toHexString(uint32(lastError[kind]), 4)) : ""
                )
            );
        }
    }

    function nameOf(uint256 kind) external view returns (string memory) {
        return _names[kind];
    }
}

interface MockTokenLike {
    function balanceOf(address account) external view returns (uint256);
}
