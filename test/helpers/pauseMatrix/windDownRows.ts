import { UNIT } from "../orders.ts";
import { flatDollars, isWindingDown, longDollars, witnessOf } from "./holdings.ts";
import { CLAIM_SECONDS, WIND_DOWN_SECONDS } from "./keepers.ts";
import { everywhere, SUCCEEDS, type Holding, type Row } from "./Row.ts";
import { OPTION, type Stage } from "./stage.ts";

const DAY = 86_400;
/** The perpetual that the account with a position has, and one that nobody has fixed. */
const [ETH, BTC] = [1, 2];

/** The same outcome in every grade but the wind-down. */
const except = (elsewhere: string, inWindDown: string): Row["outcomes"] => {
  return everywhere(elsewhere, { "Wind-down": inWindDown });
};

const NOT_YET = "VaultNotWindDown";
const increase = async ({ connection }: Stage, seconds: number) =>
  await connection.networkHelpers.time.increase(seconds);
const fundDollars = async (stage: Stage): Promise<Holding> => {
  return { ...flatDollars(stage), account: await stage.ledger.fundAccount() };
};

const registerArgs = async (stage: Stage, holding: Holding): Promise<readonly unknown[]> => {
  return [holding.account, holding.asset, await witnessOf(stage, holding)];
};

/** Registers in the wind-down what the flat account has. */
async function register(stage: Stage): Promise<void> {
  if (!(await isWindingDown(stage))) return;
  const { account, asset } = flatDollars(stage);
  const vault = stage.vault.connect(stage.stranger);
  await vault.registerClaim(account, asset, await witnessOf(stage, { account, asset }));
}

/** Closes the position of the long account at the fixed price. */
async function closeLong(stage: Stage): Promise<void> {
  if (!(await isWindingDown(stage))) return;
  await stage.guard.connect(stage.stranger).fixPrice(ETH, await stage.ethFeed.latestRound());
  await stage.ledger.connect(stage.stranger).settleExpiry(longDollars(stage).account, ETH);
}

const registration = (situation: string, outcomes: Row["outcomes"]): Row => ({
  ...{ contract: "CollateralVault", fn: "registerClaim", situation, outcomes },
  args: async (stage) => await registerArgs(stage, flatDollars(stage)),
});

const payment = (situation: string, outcomes: Row["outcomes"]): Row => ({
  ...{ contract: "CollateralVault", fn: "payRegistration", situation, nature: "pays registered", outcomes },
  ...{ holding: flatDollars, args: (stage) => [flatDollars(stage).account, flatDollars(stage).asset] },
});

const CLAIMS: readonly Row[] = [
  registration("flat", except(NOT_YET, SUCCEEDS)),
  {
    ...registration("flat, all of it is registered already", except(NOT_YET, "VaultNothingToClaim")),
    prepare: register,
  },
  {
    ...registration("flat, too late", except(NOT_YET, "VaultRegistrationClosed")),
    prepare: async (stage) => await increase(stage, CLAIM_SECONDS + 1),
  },
  {
    ...registration("with a position", except(NOT_YET, "LedgerNotFlat")),
    args: async (stage) => await registerArgs(stage, longDollars(stage)),
  },
  {
    ...registration("with a position that has been closed at the fixed price", except(NOT_YET, SUCCEEDS)),
    prepare: closeLong,
    args: async (stage) => await registerArgs(stage, longDollars(stage)),
  },
  {
    ...registration("the insurance fund", except(NOT_YET, "VaultFundAccount")),
    args: async (stage) => await registerArgs(stage, await fundDollars(stage)),
  },
  {
    ...payment("once registration is over", except(NOT_YET, SUCCEEDS)),
    isExit: true,
    prepare: async (stage) => {
      await register(stage);
      await increase(stage, CLAIM_SECONDS + 1);
    },
  },
  { ...payment("before registration is over", except(NOT_YET, "VaultRegistrationOpen")), prepare: register },
  {
    ...payment("nothing was registered", except(NOT_YET, "VaultNothingRegistered")),
    prepare: async (stage) => await increase(stage, CLAIM_SECONDS + 1),
  },
];

const fixing = (situation: string, inWindDown: string, instrument: number): Row => ({
  ...{ contract: "SyncGuard", fn: "fixPrice", situation, outcomes: except("GuardNotWindDown", inWindDown) },
  args: async ({ ethFeed, btcFeed }) => {
    return [instrument, await (instrument === ETH ? ethFeed : btcFeed).latestRound()];
  },
});

const governedFixing = (situation: string, outcomes: Row["outcomes"]): Row => ({
  ...{ contract: "SyncGuard", fn: "fixPriceByGovernance", by: "governance", situation },
  ...{ from: (stage) => stage.admin, args: () => [BTC, 54_000n * UNIT], outcomes },
});

const PRICES: readonly Row[] = [
  fixing("a perpetual, by its round", SUCCEEDS, ETH),
  fixing("an option that has not expired", SUCCEEDS, OPTION.live),
  fixing("an option that has expired and has no price", "InstrumentExpiredBefore", OPTION.unsettled),
  fixing("an option that has its price", "InstrumentAlreadySettled", OPTION.settled),
  governedFixing("at once", except("GuardNotWindDown", "GuardWindDownTooEarly")),
  {
    ...governedFixing("a week later", except("GuardNotWindDown", SUCCEEDS)),
    prepare: async (stage) => await increase(stage, 7 * DAY),
  },
  {
    ...{ contract: "SyncGuard", fn: "fixPriceByGovernance", by: "anyone else", situation: "" },
    outcomes: everywhere("AccessManagedUnauthorized"),
  },
  {
    ...{ contract: "PositionLedger", fn: "settleExpiry", situation: "a position in a perpetual" },
    args: (stage) => [longDollars(stage).account, ETH],
    outcomes: everywhere("LedgerNotSettled"),
  },
  {
    ...{ contract: "PositionLedger", fn: "settleExpiry" },
    situation: "a position in a perpetual, whose price has been fixed if one can be",
    prepare: async (stage) => {
      if (await isWindingDown(stage)) await stage.guard.fixPrice(ETH, await stage.ethFeed.latestRound());
    },
    args: (stage) => [longDollars(stage).account, ETH],
    outcomes: except("LedgerNotSettled", SUCCEEDS),
  },
];

const START = { contract: "SyncGuard", fn: "startWindDown", args: () => [] } as const;

/** How a wind-down begins, and what may happen in it. */
export const WIND_DOWN_ROWS: readonly Row[] = [
  ...CLAIMS,
  ...PRICES,
  { ...START, situation: "at once", outcomes: except("GuardWindDownTooEarly", "GuardWindDown") },
  {
    ...{ ...START, situation: "halted, or without a checkpoint, for so long as it takes" },
    prepare: async (stage) => await increase(stage, WIND_DOWN_SECONDS),
    outcomes: except(SUCCEEDS, "GuardWindDown"),
  },
];
