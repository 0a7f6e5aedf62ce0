// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {CollateralVault} from "../../contracts/clearing/CollateralVault.sol";
import {InsuranceFund} from "../../contracts/clearing/InsuranceFund.sol";
import {LiquidationAuction} from "../../contracts/clearing/LiquidationAuction.sol";
import {OrderSettlement} from "../../contracts/clearing/OrderSettlement.sol";
import {PositionLedger} from "../../contracts/clearing/PositionLedger.sol";
import {AssetLimits} from "../../contracts/interfaces/ICollateralVault.sol";
import {Attestation} from "../../contracts/interfaces/ICheckpointRegistry.sol";
import {Instrument, InstrumentKind} from "../../contracts/interfaces/IInstrumentRegistry.sol";
import {AuctionTerms} from "../../contracts/interfaces/ILiquidationAuction.sol";
import {Modules} from "../../contracts/interfaces/IPositionLedger.sol";
import {FeeToken} from "../../contracts/mocks/FeeToken.sol";
import {HookToken} from "../../contracts/mocks/HookToken.sol";
import {MockAggregator} from "../../contracts/mocks/MockAggregator.sol";
import {MockToken} from "../../contracts/mocks/MockToken.sol";
import {NoReturnToken} from "../../contracts/mocks/NoReturnToken.sol";
import {InstrumentRegistry} from "../../contracts/risk/InstrumentRegistry.sol";
import {MarginEngine} from "../../contracts/risk/MarginEngine.sol";
import {PriceOracle} from "../../contracts/risk/PriceOracle.sol";
import {CheckpointRegistry} from "../../contracts/sync/CheckpointRegistry.sol";
import {KeeperRegistry} from "../../contracts/sync/KeeperRegistry.sol";
import {SyncGuard} from "../../contracts/sync/SyncGuard.sol";
import {AccountId} from "../../contracts/types/AccountId.sol";
import {vm} from "./Vm.sol";

/// @dev The whole protocol with two perpetuals, a call and a put, and three kinds of awkward collateral.
contract System {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant ATTESTER_KEY = 0xA77E57;
    uint40 internal immutable CALL_EXPIRY = uint40(block.timestamp + 2 days);
    uint40 internal immutable PUT_EXPIRY = uint40(block.timestamp + 4 days);

    MockToken public usd;
    NoReturnToken public quiet;
    FeeToken public fee;
    HookToken public hook;
    MockAggregator[2] public feeds;
    PriceOracle public oracle;
    InstrumentRegistry public instruments;
    MarginEngine public margin;
    PositionLedger public ledger;
    KeeperRegistry public keepers;
    SyncGuard public guard;
    CheckpointRegistry public registry;
    CollateralVault public vault;
    OrderSettlement public settlement;
    LiquidationAuction public auction;
    InsuranceFund public fund;

    constructor() {
        AccessManager authority = new AccessManager(address(this));
        usd = new MockToken("US Dollar", "USD", 6);
        quiet = new NoReturnToken();
        fee = new FeeToken();
        hook = new HookToken();
        feeds[0] = new MockAggregator(8, "ETH / USD", 3_000e8);
        feeds[1] = new MockAggregator(8, "BTC / USD", 60_000e8);
        oracle = new PriceOracle(address(authority), address(0), 1 hours);
        instruments = new InstrumentRegistry(address(authority), oracle);
        margin = new MarginEngine(instruments, oracle);
        ledger = new PositionLedger(margin, instruments, address(usd), 20 minutes);
        keepers = new KeeperRegistry(address(authority));
        guard = new SyncGuard(ledger, keepers, 1 hours, 1 hours, 15 minutes);
        registry = new CheckpointRegistry(address(authority), keepers, guard, 64);
        AssetLimits memory limits = AssetLimits(1e30, 100_000, 1_000, 1 hours);
        vault = new CollateralVault(address(authority), ledger, guard, registry, limits);
        settlement = new OrderSettlement(ledger, instruments, oracle, margin);
        auction = new LiquidationAuction(
            address(authority),
            ledger,
            margin,
            instruments,
            oracle,
            vault,
            AuctionTerms(20 minutes, 100_000, 1 hours, 1e30)
        );
        fund = new InsuranceFund(address(authority), ledger, 1);
        ledger.bind(
            Modules(address(vault), address(settlement), address(guard), address(auction), address(fund))
        );
        guard.bind(address(registry));
        keepers.bind(address(registry));
        _list();
        keepers.add(vm.addr(ATTESTER_KEY), address(this));
        address[] memory books = new address[](1);
        books[0] = address(ledger);
        registry.setBooks(books, 0);
    }

    function _list() private {
        oracle.setFeed(1, address(feeds[0]), 1 hours, uint128(10 * ONE), uint128(1_000_000 * ONE));
        oracle.setFeed(2, address(feeds[1]), 1 hours, uint128(100 * ONE), uint128(10_000_000 * ONE));
        Instrument memory terms = Instrument({
            kind: InstrumentKind.Perpetual,
            feed: 1,
            initialPpm: 100_000,
            maintenancePpm: 50_000,
            priceBandPpm: 20_000,
            lagVolatilityPpm: 800_000,
            maxFundingPpm: 7_500,
            makerFeePpm: 200,
            takerFeePpm: 500,
            maxOpenInterest: 1e9
        });
        instruments.setInstrument(1, terms);
        terms.feed = 2;
        instruments.setInstrument(2, terms);
        (terms.feed, terms.kind, terms.maxFundingPpm) = (1, InstrumentKind.Call, 0);
        instruments.listOption(3, terms, uint128(3_000 * ONE), CALL_EXPIRY, 800_000, 250_000);
        (terms.feed, terms.kind) = (2, InstrumentKind.Put);
        instruments.listOption(4, terms, uint128(60_000 * ONE), PUT_EXPIRY, 800_000, 250_000);
        AssetLimits memory limits = AssetLimits(1e30, 100_000, 1_000, 1 hours);
        instruments.setCollateral(address(quiet), 1, 200_000);
        instruments.setCollateral(address(fee), 1, 200_000);
        instruments.setCollateral(address(hook), 2, 200_000);
        vault.listAsset(address(quiet), limits);
        vault.listAsset(address(fee), limits);
        vault.listAsset(address(hook), limits);
        instruments.setDebtCaps(uint128(200_000 * ONE), uint128(1_000_000 * ONE));
    }

    /// @dev A checkpoint of the block before, signed by the only keeper. What its roots say does not matter here.
    function checkpoint() public {
        bytes32[] memory roots = new bytes32[](1);
        roots[0] = bytes32(uint256(1));
        uint64 number = uint64(block.number - 1);
        Attestation memory attestation = Attestation(
            keepers.setId(),
            1,
            number,
            blockhash(number),
            keccak256(abi.encodePacked(roots))
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ATTESTER_KEY, registry.hashAttestation(attestation));
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = abi.encodePacked(r, s, v);
        registry.post(attestation, roots, signatures);
    }

    function pause(bytes32 incidentId) public {
        guard.softPause(incidentId, uint64(block.number - 1), blockhash(block.number - 1), bytes32(uint256(1)));
    }

    function setVolatility(uint16 instrument, uint32 volatilityPpm) public {
        instruments.setVolatility(instrument, volatilityPpm);
    }
}
