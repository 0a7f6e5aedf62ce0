import { Signature } from "ethers";

import { accountOf } from "../accounts.ts";
import type { Caller } from "./callers.ts";
import { claimed, flatDollars, isWindingDown, longDollars, longWeth, windfall, witnessOf } from "./holdings.ts";
import { CLAIM_SECONDS, loseQuorum } from "./keepers.ts";
import { everywhere, SUCCEEDS, whereRestricted, type Holding, type Row } from "./Row.ts";
import { debtorOf, DOLLAR, FLAT_DOLLARS, give, type Stage } from "./stage.ts";

const CONTRACT = "CollateralVault";
/** In which the outflow limit is full again, seconds. */
const PERIOD = 3_600;

/** Deposits are paid by the stranger, who allows the vault what the row needs. */
function deposit(
  situation: string,
  target: (stage: Stage) => { readonly account: string; readonly token: "usd" | "weth" },
  by: Caller = "anyone",
): Row {
  return {
    ...{ contract: CONTRACT, fn: "deposit", by, situation, nature: "adds margin" },
    prepare: async (stage) => {
      const token = stage[target(stage).token];
      await token.mint(stage.stranger.address, DOLLAR);
      await token.connect(stage.stranger).approve(stage.vault.target, DOLLAR);
    },
    args: (stage) => {
      const { account, token } = target(stage);
      return [account, stage[token].target, DOLLAR];
    },
    outcomes: everywhere(SUCCEEDS),
  };
}

interface Payment {
  readonly holding: (stage: Stage) => Holding;
  readonly user: "flat" | "long" | "stranger";
  readonly amount: bigint;
  readonly prepare?: (stage: Stage) => Promise<unknown>;
}

const callerOf = ({ user }: Payment): Caller => (user === "stranger" ? "anyone else" : "the owner");

function withdraw(situation: string, payment: Payment, outcomes: Row["outcomes"]): Row {
  const { holding, user, amount } = payment;
  return {
    ...{ contract: CONTRACT, fn: "withdraw", by: callerOf(payment), situation, nature: "pays", holding, outcomes },
    from: (stage) => stage[user],
    args: (stage) => {
      const { account, asset } = holding(stage);
      return [account, asset, amount, stage[user].address];
    },
  };
}

function withdrawWitnessed(situation: string, payment: Payment, outcomes: Row["outcomes"]): Row {
  const { holding, user, amount, prepare } = payment;
  return {
    ...{ contract: CONTRACT, fn: "withdrawWitnessed", by: callerOf(payment), situation },
    ...{ nature: "pays witnessed", holding, outcomes: { ...outcomes, ...(user !== "stranger" && WIND_DOWN) } },
    ...(prepare && { prepare }),
    from: (stage) => stage[user],
    args: async (stage) => {
      const { account, asset } = holding(stage);
      return [account, asset, amount, stage[user].address, await witnessOf(stage, holding(stage))];
    },
  };
}

/** In a wind-down claims are registered instead. */
const WIND_DOWN = { "Wind-down": "VaultWindDown" } as const;

/** The flat account is paid out of what the checkpoint proves, as long as it is. */
async function payFlat(stage: Stage, amount: bigint): Promise<void> {
  if (await isWindingDown(stage)) return;
  const { account, asset } = flatDollars(stage);
  const witness = await witnessOf(stage, { account, asset });
  await stage.vault.connect(stage.flat).withdrawWitnessed(account, asset, amount, stage.flat.address, witness);
}

/** The same in parts, as the outflow limit lets them out while the fund is short. */
async function payThreeQuarters(stage: Stage): Promise<void> {
  for (const _ of [1, 2, 3]) {
    await payFlat(stage, FLAT_DOLLARS / 4n);
    await stage.connection.networkHelpers.time.increase(PERIOD);
  }
}

/** A permit of the stranger's for one unit. */
async function permitArgs({ stranger, permit, vault, ethers }: Stage): Promise<readonly unknown[]> {
  const deadline = 2 ** 40;
  const { chainId } = await ethers.provider.getNetwork();
  const types = ["owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"];
  const fields = types.map((field) => {
    const [name, type] = field.split(" ") as [string, string];
    return { name, type };
  });
  const message = { owner: stranger.address, spender: vault.target, value: 1n, nonce: 0n, deadline };
  const domain = { name: "Permit", version: "1", chainId, verifyingContract: permit.target as string };
  const { v, r, s } = Signature.from(await stranger.signTypedData(domain, { Permit: fields }, message));
  return [accountOf(stranger), permit.target, 1n, deadline, v, r, s];
}

const RESTRICTED = whereRestricted("LedgerWithdrawalRestricted");
const LITTLE = 100n * DOLLAR;
/** More than a quarter of what may leave. */
const MUCH = 300_000n * DOLLAR;

const DEPOSITS: readonly Row[] = [
  deposit("settlement currency, into an account with a position", (stage) => {
    return { account: accountOf(stage.long), token: "usd" };
  }),
  deposit("settlement currency, into an account that is up for auction", (stage) => {
    return { account: debtorOf(stage, "sold"), token: "usd" };
  }),
  deposit("other collateral", (stage) => ({ account: accountOf(stage.stranger), token: "weth" }), "the owner"),
  {
    ...{ contract: CONTRACT, fn: "deposit", by: "anyone else", situation: "other collateral" },
    args: (stage) => [accountOf(stage.short), stage.weth.target, DOLLAR],
    outcomes: everywhere("VaultNotOwner"),
  },
  {
    ...{ contract: CONTRACT, fn: "depositWithPermit", by: "the owner", situation: "other collateral" },
    nature: "adds margin",
    prepare: (stage) => stage.permit.mint(stage.stranger.address, 1n),
    args: permitArgs,
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: CONTRACT, fn: "depositWithPermit", by: "anyone else", situation: "other collateral" },
    args: async (stage) => [accountOf(stage.short), ...(await permitArgs(stage)).slice(1)],
    outcomes: everywhere("VaultNotOwner"),
  },
];

const WITHDRAWALS: readonly Row[] = [
  withdraw("flat", { holding: flatDollars, user: "flat", amount: LITTLE }, RESTRICTED),
  withdraw("with a position", { holding: longDollars, user: "long", amount: LITTLE }, RESTRICTED),
  withdraw("other collateral", { holding: longWeth, user: "long", amount: 1n }, RESTRICTED),
  withdraw(
    "more than a quarter of the outflow limit",
    { holding: flatDollars, user: "flat", amount: MUCH },
    { ...RESTRICTED, "Fund short": "VaultOutflowLimited" },
  ),
  withdraw("flat", { holding: flatDollars, user: "stranger", amount: LITTLE }, everywhere("VaultNotOwner")),
];

const WITNESSED: readonly Row[] = [
  withdrawWitnessed("flat", { holding: flatDollars, user: "flat", amount: LITTLE }, everywhere(SUCCEEDS)),
  {
    ...withdrawWitnessed(
      "flat, all that the checkpoint proves",
      { holding: flatDollars, user: "flat", amount: FLAT_DOLLARS },
      everywhere(SUCCEEDS, { "Fund short": "VaultOutflowLimited" }),
    ),
    isExit: true,
  },
  withdrawWitnessed(
    "flat, once too few keepers are left",
    { holding: flatDollars, user: "flat", amount: LITTLE, prepare: loseQuorum },
    everywhere(SUCCEEDS),
  ),
  {
    ...withdrawWitnessed(
      "flat, the last quarter of what the checkpoint proves",
      {
        ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS / 4n },
        prepare: payThreeQuarters,
      },
      everywhere(SUCCEEDS),
    ),
    isExit: true,
  },
  withdrawWitnessed(
    "flat, what was deposited after the checkpoint, beside the last quarter of what it proves",
    {
      ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS / 4n + DOLLAR },
      prepare: async (stage) => {
        await give(stage, stage.usd, accountOf(stage.flat), DOLLAR);
        await payThreeQuarters(stage);
      },
    },
    everywhere(SUCCEEDS, { "Fund short": "VaultOutflowLimited" }),
  ),
  withdrawWitnessed(
    "flat, what was won after the checkpoint",
    {
      ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS + 1n },
      prepare: (stage) => windfall(stage, accountOf(stage.flat), DOLLAR),
    },
    everywhere("VaultAboveWitnessed"),
  ),
  withdrawWitnessed(
    "flat, once more what has left since the checkpoint",
    {
      ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS - LITTLE + 1n },
      prepare: async (stage) => {
        await payFlat(stage, LITTLE);
        await windfall(stage, accountOf(stage.flat), LITTLE);
      },
    },
    everywhere("VaultAboveWitnessed"),
  ),
  withdrawWitnessed(
    "with a position, settlement currency",
    { holding: longDollars, user: "long", amount: LITTLE },
    everywhere(SUCCEEDS, { Halted: "LedgerNotFlat" }),
  ),
  withdrawWitnessed(
    "with a position, other collateral",
    { holding: longWeth, user: "long", amount: 1n },
    everywhere(SUCCEEDS, { Halted: "LedgerNotFlat" }),
  ),
  withdrawWitnessed("flat", { holding: flatDollars, user: "stranger", amount: LITTLE }, everywhere("VaultNotOwner")),
];

const claimArgs = async (stage: Stage) => {
  const { account, asset } = claimed(stage);
  return [account, asset, stage.flat.address, await witnessOf(stage, claimed(stage), "claim")];
};
/** Longer than claims are registered. */
const tooLate = (stage: Stage) => stage.connection.networkHelpers.time.increase(CLAIM_SECONDS + 1);

const CLAIMS: readonly Row[] = [
  {
    ...{ contract: CONTRACT, fn: "claim", by: "the owner", situation: "a transfer that was refused", nature: "pays" },
    from: (stage) => stage.flat,
    args: (stage) => [accountOf(stage.flat), stage.refused.target, stage.flat.address],
    ...{ holding: claimed, outcomes: whereRestricted("VaultClaimsRestricted") },
  },
  {
    ...{ contract: CONTRACT, fn: "claim", by: "anyone else", situation: "a transfer that was refused" },
    args: (stage) => [accountOf(stage.flat), stage.refused.target, stage.stranger.address],
    outcomes: everywhere("VaultNotOwner"),
  },
  {
    ...{ contract: CONTRACT, fn: "claimWitnessed", by: "the owner", situation: "a transfer that was refused" },
    ...{ nature: "pays witnessed", from: (stage) => stage.flat, args: claimArgs, holding: claimed },
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: CONTRACT, fn: "claimWitnessed", by: "the owner", situation: "after the time of registration" },
    ...{ nature: "pays witnessed", from: (stage) => stage.flat, prepare: tooLate, args: claimArgs, holding: claimed },
    outcomes: everywhere(SUCCEEDS, { "Wind-down": "VaultRegistrationClosed" }),
  },
  {
    ...{ contract: CONTRACT, fn: "claimWitnessed", by: "anyone else", situation: "a transfer that was refused" },
    ...{ args: claimArgs, outcomes: everywhere("VaultNotOwner") },
  },
];

/** What may happen in the vault, but for a wind-down's claims. */
export const VAULT_ROWS: readonly Row[] = [...DEPOSITS, ...WITHDRAWALS, ...WITNESSED, ...CLAIMS];
