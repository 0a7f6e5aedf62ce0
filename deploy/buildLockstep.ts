import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Contracts that a variant of the deployment replaces: for drills and tests of a flawed protocol. */
export interface LockstepVariant {
  readonly ledger?: "PositionLedger" | "FlawedPositionLedger";
  readonly margin?: "MarginEngine" | "LaxMarginEngine";
}

const MINUTE = 60;
const UNIT = 10n ** 18n;
const FEED_UNIT = 10n ** 8n;

/** The order of the book contracts in every checkpoint. */
export const BOOK_SET = [
  "CollateralVault",
  "PositionLedger",
  "OrderSettlement",
  "InstrumentRegistry",
  "PriceOracle",
  "KeeperRegistry",
  "SyncGuard",
  "CheckpointRegistry",
] as const;

/**
 * The whole protocol, wired, with two perpetuals and its first book set.
 *
 * Parameters (Ignition `--parameters`): `attester` and `pauser`, the keys of the first keeper, the times in seconds
 * and `postWindowBlocks`. On a local network account 0 of the node deploys and governs, account 1 attests and posts,
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

    const settlementToken = m.contract("MockToken", ["US Dollar", "USD", 6], { id: "SettlementToken" });
    const ethFeed = m.contract("MockAggregator", [8, "ETH / USD", 3_000n * FEED_UNIT], { id: "EthFeed" });
    const btcFeed = m.contract("MockAggregator", [8, "BTC / USD", 60_000n * FEED_UNIT], { id: "BtcFeed" });

    const authority = m.contract("AccessManager", [admin]);
    const oracle = m.contract("PriceOracle", [authority]);
    const instruments = m.contract("InstrumentRegistry", [authority]);
    const marginName = variant.margin ?? "MarginEngine";
    const margin = m.contract(marginName, marginName === "MarginEngine" ? [instruments, oracle] : [], {
      id: "MarginEngine",
    });
    const ledger = m.contract(variant.ledger ?? "PositionLedger", [margin, settlementToken, 10n ** 12n, staleLimit], {
      id: "PositionLedger",
    });
    const keepers = m.contract("KeeperRegistry", [authority]);
    const guard = m.contract("SyncGuard", [ledger, keepers, softTime, coolDown, grace]);
    const registry = m.contract("CheckpointRegistry", [authority, keepers, guard, postWindow]);
    const vault = m.contract("CollateralVault", [authority, ledger, guard, registry]);
    const settlement = m.contract("OrderSettlement", [ledger, instruments, oracle]);

    const bound = [
      m.call(ledger, "bind", [vault, settlement, guard]),
      m.call(guard, "bind", [registry]),
      m.call(keepers, "bind", [registry]),
    ];
    const feeds = [
      m.call(oracle, "setFeed", [1, ethFeed, feedMaxAge, 100n * UNIT, 100_000n * UNIT], { id: "setEthFeed" }),
      m.call(oracle, "setFeed", [2, btcFeed, feedMaxAge, 1_000n * UNIT, 2_000_000n * UNIT], { id: "setBtcFeed" }),
    ];
    const listed = [
      m.call(instruments, "setInstrument", [1, 1, 100_000, 50_000, 20_000], { id: "listEth", after: feeds }),
      m.call(instruments, "setInstrument", [2, 2, 100_000, 50_000, 20_000], { id: "listBtc", after: feeds }),
    ];
    const keeper = m.call(keepers, "add", [attester, pauser], { id: "addKeeper" });
    const books = [vault, ledger, settlement, instruments, oracle, keepers, guard, registry];
    m.call(registry, "setBooks", [books, 0], { after: [...bound, ...listed, keeper] });
    return {
      vault,
      ledger,
      settlement,
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
