import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { id as keccakOf } from "ethers";

import { ROLES } from "./roles.ts";

/** Contracts that a variant of the deployment replaces: for drills and tests of a flawed protocol. */
export interface LockstepVariant {
  readonly ledger?: "PositionLedger" | "FlawedPositionLedger";
  readonly margin?: "MarginEngine" | "LaxMarginEngine";
}

const MINUTE = 60;
const UNIT = 10n ** 18n;
const FEED_UNIT = 10n ** 8n;
const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

/** The order of the book contracts in every checkpoint. */
export const BOOK_SET = [
  "CollateralVault",
  "PositionLedger",
  "OrderSettlement",
  "LiquidationAuction",
  "InsuranceFund",
  "InstrumentRegistry",
  "PriceOracle",
  "KeeperRegistry",
  "SyncGuard",
  "CheckpointRegistry",
] as const;

/**
 * The whole protocol, wired, with two perpetuals, its roles and its first book set.
 *
 * Parameters (Ignition `--parameters`): `attester` and `pauser`, the keys of the first keeper; the times in seconds and
 * `postWindowBlocks`; `makerFeePpm` and `takerFeePpm`; the limits of the settlement asset in its units; the terms of
 * auctions; `fundTarget` (1e-18 quote); `sequencerFeed` on an L2; `governanceDelaySeconds`, the delay of every role.
 * On a local network account 0 of the node deploys and holds all roles without delay, account 1 attests and posts,
 * account 2 pauses, and tokens and feeds are mocks that anyone can move.
 */
export function buildLockstep(id: string, variant: LockstepVariant = {}) {
  return buildModule(id, (m) => {
    const admin = m.getAccount(0);
    const attester = m.getParameter("attester", m.getAccount(1));
    const pauser = m.getParameter("pauser", m.getAccount(2));
    const staleLimit = m.getParameter("staleLimitSeconds", 20 * MINUTE);
    const softTime = m.getParameter("softTimeSeconds", 60 * MINUTE);
    const coolDown = m.getParameter("coolDownSeconds", 60 * MINUTE);
    const grace = m.getParameter("graceSeconds", 15 * MINUTE);
    const postWindow = m.getParameter("postWindowBlocks", 64);
    const feedMaxAge = m.getParameter("feedMaxAgeSeconds", 60 * MINUTE);
    const perpetual = {
      kind: 1,
      initialPpm: 100_000,
      maintenancePpm: 50_000,
      priceBandPpm: 20_000,
      lagVolatilityPpm: 800_000,
      maxFundingPpm: 7_500,
      makerFeePpm: m.getParameter("makerFeePpm", 200),
      takerFeePpm: m.getParameter("takerFeePpm", 500),
      maxOpenInterest: m.getParameter("maxOpenInterest", 10n ** 12n),
    };
    const limits = {
      cap: m.getParameter("settlementCap", 10n ** 15n),
      outflowPpm: m.getParameter("outflowPpm", 100_000),
      allowancePpm: m.getParameter("allowancePpm", 100),
      period: m.getParameter("outflowPeriodSeconds", 60 * MINUTE),
    };
    const auctionTerms = {
      duration: m.getParameter("auctionSeconds", 20 * MINUTE),
      maxDiscountPpm: m.getParameter("maxDiscountPpm", 40_000),
      window: m.getParameter("liquidationWindowSeconds", 60 * MINUTE),
      capacity: m.getParameter("liquidationCapacity", 10_000_000n * UNIT),
    };

    const settlementToken = m.contract("MockToken", ["US Dollar", "USD", 6], { id: "SettlementToken" });
    const ethFeed = m.contract("MockAggregator", [8, "ETH / USD", 3_000n * FEED_UNIT], { id: "EthFeed" });
    const btcFeed = m.contract("MockAggregator", [8, "BTC / USD", 60_000n * FEED_UNIT], { id: "BtcFeed" });

    const authority = m.contract("AccessManager", [admin]);
    const sequencer = [m.getParameter("sequencerFeed", NO_ADDRESS), m.getParameter("sequencerGraceSeconds", 3_600)];
    const oracle = m.contract("PriceOracle", [authority, ...sequencer]);
    const instruments = m.contract("InstrumentRegistry", [authority, oracle]);
    const marginName = variant.margin ?? "MarginEngine";
    const margin = m.contract(marginName, marginName === "MarginEngine" ? [instruments, oracle] : [], {
      id: "MarginEngine",
    });
    const ledgerName = variant.ledger ?? "PositionLedger";
    const ledger = m.contract(ledgerName, [margin, instruments, settlementToken, staleLimit], { id: "PositionLedger" });
    const keepers = m.contract("KeeperRegistry", [authority]);
    const guard = m.contract("SyncGuard", [ledger, keepers, softTime, coolDown, grace]);
    const registry = m.contract("CheckpointRegistry", [authority, keepers, guard, postWindow]);
    const vault = m.contract("CollateralVault", [authority, ledger, guard, registry, limits]);
    const settlement = m.contract("OrderSettlement", [ledger, instruments, oracle]);
    const auctionParts = [authority, ledger, margin, instruments, oracle, vault, auctionTerms];
    const auction = m.contract("LiquidationAuction", auctionParts);
    const fund = m.contract("InsuranceFund", [authority, ledger, m.getParameter("fundTarget", 0n)]);

    const bound = [
      m.call(ledger, "bind", [{ vault, settlement, guard, auction, fund }]),
      m.call(guard, "bind", [registry]),
      m.call(keepers, "bind", [registry]),
    ];
    const feeds = [
      m.call(oracle, "setFeed", [1, ethFeed, feedMaxAge, 100n * UNIT, 100_000n * UNIT], { id: "setEthFeed" }),
      m.call(oracle, "setFeed", [2, btcFeed, feedMaxAge, 1_000n * UNIT, 2_000_000n * UNIT], { id: "setBtcFeed" }),
    ];
    const listed = [
      m.call(instruments, "setInstrument", [1, { ...perpetual, feed: 1 }], { id: "listEth", after: feeds }),
      m.call(instruments, "setInstrument", [2, { ...perpetual, feed: 2 }], { id: "listBtc", after: feeds }),
    ];
    const keeper = m.call(keepers, "add", [attester, pauser], { id: "addKeeper" });
    const byName = {
      CollateralVault: vault,
      PositionLedger: ledger,
      OrderSettlement: settlement,
      LiquidationAuction: auction,
      InsuranceFund: fund,
      InstrumentRegistry: instruments,
      PriceOracle: oracle,
      KeeperRegistry: keepers,
      SyncGuard: guard,
      CheckpointRegistry: registry,
    };
    const books = BOOK_SET.map((name) => byName[name]);
    const booked = m.call(registry, "setBooks", [books, 0], { after: [...bound, ...listed, keeper] });

    // Last of all: from here on only the holders of a role, after its delay.
    const delay = m.getParameter("governanceDelaySeconds", 0);
    const grants = ROLES.flatMap((role) => [
      ...role.functions.map(({ contract, signature }) => {
        const args = [byName[contract], [keccakOf(signature).slice(0, 10)], role.id];
        const label = `${role.name}_${contract}_${signature.slice(0, signature.indexOf("("))}`;
        return m.encodeFunctionCall(authority, "setTargetFunctionRole", args, { id: label });
      }),
      m.encodeFunctionCall(authority, "grantRole", [role.id, admin, delay], { id: `grant_${role.name}` }),
    ]);
    m.call(authority, "multicall", [grants], { id: "assignRoles", after: [booked] });
    return {
      vault,
      ledger,
      settlement,
      auction,
      fund,
      instruments,
      oracle,
      margin,
      keepers,
      guard,
      registry,
      authority,
      settlementToken,
      ethFeed,
      btcFeed,
    };
  });
}
