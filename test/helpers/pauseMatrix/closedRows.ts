import { accountOf } from "../accounts.ts";
import { COLLATERAL, WIDE } from "../assets.ts";
import { readTerms, UNIT } from "../orders.ts";
import { everywhere, SUCCEEDS, type ContractName, type Row } from "./Row.ts";
import { AUCTION_TERMS, OPTION, type Stage } from "./stage.ts";

const YEAR = 365 * 86_400;
const NOT_MODULE = "LedgerNotModule";
const UNAUTHORIZED = "AccessManagedUnauthorized";

/** What only a role may call: nobody else, whatever the grade; and the role in every grade, as no pause stops governance. */
function governed(
  contract: ContractName,
  fn: string,
  args: NonNullable<Row["args"]>,
  outcomes: Row["outcomes"] = everywhere(SUCCEEDS),
): Row[] {
  const from = (stage: Stage) => stage.admin;
  return [
    { contract, fn, by: "governance", situation: "", from, args, outcomes },
    { contract, fn, by: "anyone else", situation: "", outcomes: everywhere(UNAUTHORIZED) },
  ];
}

/** What only one contract of the protocol may call. */
function internal(contract: ContractName, fns: readonly string[], error: string): Row[] {
  return fns.map((fn) => ({ contract, fn, by: "anyone else", situation: "", outcomes: everywhere(error) }));
}

/** What the deployer did once. */
function bound(contract: ContractName, notDeployer: string, alreadyBound: string): Row[] {
  return [
    { contract, fn: "bind", by: "anyone else", situation: "", outcomes: everywhere(notDeployer) },
    {
      ...{ contract, fn: "bind", by: "deployer", situation: "again", from: (stage) => stage.admin },
      outcomes: everywhere(alreadyBound),
    },
  ];
}

/** Only the authority itself moves a contract to another one, and only for governance. */
function withAuthority(...contracts: readonly ContractName[]): Row[] {
  return contracts.flatMap((contract) => internal(contract, ["setAuthority"], UNAUTHORIZED));
}

async function optionArgs(stage: Stage): Promise<readonly unknown[]> {
  const terms = { ...(await readTerms(stage, 2)), kind: 2, maxFundingPpm: 0 };
  const expiry = (await stage.connection.networkHelpers.time.latest()) + YEAR;
  return [77, terms, 60_000n * UNIT, expiry, 800_000, 250_000];
}

/** The later block from which the books are others. */
async function bookArgs({ books, ethers }: Stage): Promise<readonly unknown[]> {
  return [books, (await ethers.provider.getBlockNumber()) + 1_000];
}

/** Every function that is not for everyone. */
export const CLOSED_ROWS: readonly Row[] = [
  ...internal(
    "PositionLedger",
    [
      ...["credit", "debit", "debitWitnessed", "trade", "advanceEpoch", "liquidate", "sellCollateral"],
      ...["sweepFees", "release", "levelClearing", "setFundShort", "push", "restrict", "checkpointed"],
    ],
    NOT_MODULE,
  ),
  ...internal("SyncGuard", ["onCheckpoint", "onConviction"], "GuardNotRegistry"),
  ...internal("SyncGuard", ["onQuorumLost"], "GuardNotKeeperRegistry"),
  ...internal("KeeperRegistry", ["slash"], "KeeperRegistryNotCheckpointRegistry"),
  ...internal("KeeperRegistry", ["usePause"], "KeeperRegistryNotGuard"),
  ...internal("CheckpointRegistry", ["onKeeperSet"], "RegistryNotKeeperRegistry"),
  ...internal("InsuranceFund", ["payReward"], UNAUTHORIZED),
  ...internal("InstrumentRegistry", ["settleWindDown"], UNAUTHORIZED),
  ...bound("PositionLedger", "LedgerNotDeployer", "LedgerAlreadyBound"),
  ...bound("SyncGuard", "GuardNotDeployer", "GuardAlreadyBound"),
  ...bound("KeeperRegistry", "KeeperRegistryNotDeployer", "KeeperRegistryAlreadyBound"),
  ...withAuthority("CollateralVault", "LiquidationAuction", "InsuranceFund", "InstrumentRegistry"),
  ...withAuthority("PriceOracle", "KeeperRegistry", "SyncGuard", "CheckpointRegistry"),

  ...governed("CollateralVault", "listAsset", (stage) => [stage.spare.target, WIDE]),
  ...governed("CollateralVault", "setLimits", (stage) => [stage.weth.target, WIDE]),
  ...governed("LiquidationAuction", "setTerms", () => [AUCTION_TERMS]),
  ...governed("InsuranceFund", "setTarget", () => [UNIT]),
  ...governed(
    "InsuranceFund",
    "release",
    (stage) => [accountOf(stage.rich), UNIT],
    everywhere(SUCCEEDS, { "Fund short": "FundShort" }),
  ),
  ...governed("InstrumentRegistry", "setInstrument", async (stage) => [1, await readTerms(stage, 1)]),
  ...governed("InstrumentRegistry", "listOption", optionArgs),
  ...governed("InstrumentRegistry", "setVolatility", () => [OPTION.live, 800_000]),
  ...governed("InstrumentRegistry", "settleByGovernance", () => [OPTION.unsettled, UNIT]),
  ...governed("InstrumentRegistry", "setCollateral", (stage) => {
    return [stage.weth.target, COLLATERAL.feed, COLLATERAL.haircutPpm];
  }),
  ...governed("InstrumentRegistry", "setDebtCaps", () => [UNIT, UNIT]),
  ...governed("PriceOracle", "setFeed", (stage) => [9, stage.ethFeed.target, 3_600, UNIT, 10_000n * UNIT]),
  ...governed("PriceOracle", "setSecondary", (stage) => [1, stage.btcFeed.target, 3_600, 100_000]),
  ...governed("CheckpointRegistry", "setBooks", bookArgs),
  ...governed("CheckpointRegistry", "setReward", () => [UNIT, 10]),
];
