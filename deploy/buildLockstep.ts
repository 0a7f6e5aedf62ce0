import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { Future, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { id as keccakOf } from "ethers";

import { ROLES } from "./roles.ts";

/** Contracts that a variant of the deployment replaces: for drills and tests of a flawed protocol. */
export interface LockstepVariant {
  readonly ledger?: "PositionLedger" | "FlawedPositionLedger";
  readonly margin?: "MarginEngine" | "LaxMarginEngine";
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
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

/** Times in seconds and blocks. */
function timesOf(m: IgnitionModuleBuilder) {
  return {
    stale: m.getParameter("staleLimitSeconds", 20 * MINUTE),
    guard: {
      viewTime: m.getParameter("viewTimeSeconds", 20 * MINUTE),
      softTime: m.getParameter("softTimeSeconds", 60 * MINUTE),
      coolDown: m.getParameter("coolDownSeconds", 60 * MINUTE),
      grace: m.getParameter("graceSeconds", 15 * MINUTE),
      windDownTime: m.getParameter("windDownSeconds", 30 * DAY),
      claimPeriod: m.getParameter("claimPeriodSeconds", 30 * DAY),
    },
    postWindow: m.getParameter("postWindowBlocks", 64),
    feedMaxAge: m.getParameter("feedMaxAgeSeconds", 60 * MINUTE),
  };
}

/** What keepers have at stake. On a local chain one keeper is enough, and it joins at once. */
function keeperTermsOf(m: IgnitionModuleBuilder) {
  return {
    bond: m.getParameter("bond", 1_000n * UNIT),
    minKeepers: m.getParameter("minKeepers", 1),
    joinDelay: m.getParameter("joinDelaySeconds", DAY),
    unbonding: m.getParameter("unbondingSeconds", 14 * DAY),
    challengerPpm: m.getParameter("challengerPpm", 500_000),
  };
}

/** Terms of both perpetuals, of the settlement asset and of auctions. */
function termsOf(m: IgnitionModuleBuilder) {
  return {
    perpetual: {
      kind: 1,
      initialPpm: 100_000,
      maintenancePpm: 50_000,
      priceBandPpm: 20_000,
      lagVolatilityPpm: 800_000,
      maxFundingPpm: 7_500,
      makerFeePpm: m.getParameter("makerFeePpm", 200),
      takerFeePpm: m.getParameter("takerFeePpm", 500),
      maxOpenInterest: m.getParameter("maxOpenInterest", 10n ** 12n),
    },
    limits: {
      cap: m.getParameter("settlementCap", 10n ** 15n),
      outflowPpm: m.getParameter("outflowPpm", 100_000),
      allowancePpm: m.getParameter("allowancePpm", 100),
      period: m.getParameter("outflowPeriodSeconds", 60 * MINUTE),
    },
    auctions: {
      duration: m.getParameter("auctionSeconds", 20 * MINUTE),
      maxDiscountPpm: m.getParameter("maxDiscountPpm", 40_000),
      window: m.getParameter("liquidationWindowSeconds", 60 * MINUTE),
      capacity: m.getParameter("liquidationCapacity", 10_000_000n * UNIT),
    },
  };
}

/** What prices and margin rest on, and the tokens and feeds of a local network. */
function deployRisk(m: IgnitionModuleBuilder, variant: LockstepVariant) {
  const settlementToken = m.contract("MockToken", ["US Dollar", "USD", 6], { id: "SettlementToken" });
  const bondToken = m.contract("MockToken", ["Lockstep Bond", "BOND", 18], { id: "BondToken" });
  const ethFeed = m.contract("MockAggregator", [8, "ETH / USD", 3_000n * FEED_UNIT], { id: "EthFeed" });
  const btcFeed = m.contract("MockAggregator", [8, "BTC / USD", 60_000n * FEED_UNIT], { id: "BtcFeed" });
  const authority = m.contract("AccessManager", [m.getAccount(0)]);
  const sequencerFeed = m.getParameter("sequencerFeed", NO_ADDRESS);
  const sequencerGrace = m.getParameter("sequencerGraceSeconds", 60 * MINUTE);
  const oracle = m.contract("PriceOracle", [authority, sequencerFeed, sequencerGrace]);
  const instruments = m.contract("InstrumentRegistry", [authority, oracle]);
  const marginName = variant.margin ?? "MarginEngine";
  const marginParts = marginName === "MarginEngine" ? [instruments, oracle] : [];
  const margin = m.contract(marginName, marginParts, { id: "MarginEngine" });
  return { settlementToken, bondToken, ethFeed, btcFeed, authority, sequencerFeed, oracle, instruments, margin };
}

/** The contracts, each with the ones before it. */
function deployContracts(m: IgnitionModuleBuilder, variant: LockstepVariant) {
  const { sequencerFeed, ...risk } = deployRisk(m, variant);
  const { authority, oracle, instruments, margin, settlementToken, bondToken } = risk;
  const times = timesOf(m);
  const terms = termsOf(m);
  const ledgerParts = [margin, instruments, settlementToken, times.stale];
  const ledger = m.contract(variant.ledger ?? "PositionLedger", ledgerParts, { id: "PositionLedger" });
  const keepers = m.contract("KeeperRegistry", [authority, bondToken, keeperTermsOf(m)]);
  const guard = m.contract("SyncGuard", [authority, ledger, keepers, times.guard, sequencerFeed]);
  const fund = m.contract("InsuranceFund", [authority, ledger, m.getParameter("fundTarget", 0n)]);
  const registry = m.contract("CheckpointRegistry", [authority, keepers, guard, fund, ledger, times.postWindow]);
  const verifier = m.contract("WitnessVerifier", [ledger, instruments, margin]);
  const vault = m.contract("CollateralVault", [authority, ledger, guard, registry, verifier, terms.limits]);
  const settlement = m.contract("OrderSettlement", [ledger, instruments, oracle]);
  const auctionParts = [authority, ledger, margin, instruments, oracle, vault, terms.auctions];
  const auction = m.contract("LiquidationAuction", auctionParts);
  return { ...risk, ledger, keepers, guard, fund, registry, verifier, vault, settlement, auction };
}

type Contracts = ReturnType<typeof deployContracts>;

function byName({
  vault,
  ledger,
  settlement,
  auction,
  fund,
  instruments,
  oracle,
  keepers,
  guard,
  registry,
}: Contracts) {
  return {
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
}

/** Binds the modules, lists the perpetuals, adds the first keeper, and starts the first book set. */
function setUp(m: IgnitionModuleBuilder, contracts: Contracts) {
  const { vault, ledger, settlement, auction, fund, instruments, oracle, keepers, guard, registry } = contracts;
  const { feedMaxAge } = timesOf(m);
  const { perpetual } = termsOf(m);
  const bound = [
    m.call(ledger, "bind", [{ vault, settlement, guard, auction, fund }]),
    m.call(guard, "bind", [registry]),
    m.call(keepers, "bind", [registry, guard]),
  ];
  const ethBounds = [100n * UNIT, 100_000n * UNIT];
  const btcBounds = [1_000n * UNIT, 2_000_000n * UNIT];
  const feeds = [
    m.call(oracle, "setFeed", [1, contracts.ethFeed, feedMaxAge, ...ethBounds], { id: "setEthFeed" }),
    m.call(oracle, "setFeed", [2, contracts.btcFeed, feedMaxAge, ...btcBounds], { id: "setBtcFeed" }),
  ];
  const listed = [
    m.call(instruments, "setInstrument", [1, { ...perpetual, feed: 1 }], { id: "listEth", after: feeds }),
    m.call(instruments, "setInstrument", [2, { ...perpetual, feed: 2 }], { id: "listBtc", after: feeds }),
  ];
  const keeper = addKeeper(m, contracts, bound);
  const books = BOOK_SET.map((name) => byName(contracts)[name]);
  return m.call(registry, "setBooks", [books, 0], { after: [...bound, ...listed, keeper] });
}

/** Approves, bonds and activates the first keeper; the deployer pays its bond and gets it back when it leaves. */
function addKeeper(m: IgnitionModuleBuilder, { keepers, bondToken }: Contracts, bound: readonly Future[]) {
  const attester = m.getParameter("attester", m.getAccount(1));
  const pauser = m.getParameter("pauser", m.getAccount(2));
  const { bond } = keeperTermsOf(m);
  const owner = m.getAccount(0);
  const approved = m.call(keepers, "approve", [attester, pauser, owner], { id: "approveKeeper", after: [...bound] });
  const minted = m.call(bondToken, "mint", [owner, bond], { id: "mintBond" });
  const allowed = m.call(bondToken, "approve", [keepers, bond], { id: "allowBond", after: [minted] });
  const bonded = m.call(keepers, "bond", [attester], { id: "bondKeeper", after: [approved, allowed] });
  return m.call(keepers, "activate", [attester], { id: "activateKeeper", after: [bonded] });
}

/** Gives every restricted function its role: from then on only the holders of a role, after its delay. */
function assignRoles(m: IgnitionModuleBuilder, contracts: Contracts, booked: ReturnType<typeof setUp>): void {
  const { authority } = contracts;
  const delay = m.getParameter("governanceDelaySeconds", 0);
  const grants = ROLES.flatMap((role) => [
    ...role.functions.map(({ contract, signature }) => {
      const args = [byName(contracts)[contract], [keccakOf(signature).slice(0, 10)], role.id];
      const label = `${role.name}_${contract}_${signature.slice(0, signature.indexOf("("))}`;
      return m.encodeFunctionCall(authority, "setTargetFunctionRole", args, { id: label });
    }),
    role.holder === undefined
      ? m.encodeFunctionCall(authority, "grantRole", [role.id, m.getAccount(0), delay], { id: `grant_${role.name}` })
      : m.encodeFunctionCall(authority, "grantRole", [role.id, byName(contracts)[role.holder], 0], {
          id: `grant_${role.name}`,
        }),
  ]);
  m.call(authority, "multicall", [grants], { id: "assignRoles", after: [booked] });
}

/**
 * The whole protocol, wired, with two perpetuals, its roles and its first book set.
 *
 * Parameters (Ignition `--parameters`): `attester` and `pauser`, the keys of the first keeper; `bond` (1e-18 bond token),
 * `minKeepers` (at least 4 unless the chain is local), `challengerPpm`; the times in seconds and `postWindowBlocks`; `makerFeePpm` and `takerFeePpm`; the limits of the settlement asset in its units; the terms of
 * auctions; `fundTarget` (1e-18 quote); `sequencerFeed` on an L2; `governanceDelaySeconds`, the delay of every role.
 * On a local network account 0 of the node deploys and holds all roles without delay, account 1 attests and posts,
 * account 2 pauses, and tokens and feeds are mocks that anyone can move.
 */
export function buildLockstep(id: string, variant: LockstepVariant = {}) {
  return buildModule(id, (m) => {
    const contracts = deployContracts(m, variant);
    assignRoles(m, contracts, setUp(m, contracts));
    return contracts;
  });
}
