import { Signature } from "ethers";

import { accountOf } from "../accounts.ts";
import { readWitness } from "../witness.ts";
import { everywhere, SUCCEEDS, unlessRestricted, type Holding, type Row } from "./Row.ts";
import { debtorOf, DOLLAR, FLAT_DOLLARS, give, type Stage } from "./stage.ts";

/** Deposits are paid by the stranger, who allows the vault what the row needs. */
function deposit(
  situation: string,
  target: (stage: Stage) => { readonly account: string; readonly token: "usd" | "weth" },
): Row {
  return {
    ...{ contract: "CollateralVault", fn: "deposit", situation, nature: "adds margin" },
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

const flatDollars = (stage: Stage): Holding => ({
  account: accountOf(stage.flat),
  asset: stage.usd.target as string,
});
const longDollars = (stage: Stage): Holding => ({ ...flatDollars(stage), account: accountOf(stage.long) });
const longWeth = (stage: Stage): Holding => ({ account: accountOf(stage.long), asset: stage.weth.target as string });
const claimed = (stage: Stage): Holding => ({ account: accountOf(stage.flat), asset: stage.refused.target as string });

type User = "flat" | "long" | "stranger";

interface Payment {
  readonly holding: (stage: Stage) => Holding;
  readonly user: User;
  readonly amount: bigint;
  readonly prepare?: (stage: Stage) => Promise<unknown>;
}

function withdraw(situation: string, { holding, user, amount }: Payment, outcomes: Row["outcomes"]): Row {
  return {
    ...{ contract: "CollateralVault", fn: "withdraw", situation, nature: "pays", holding, outcomes },
    from: (stage) => stage[user],
    args: (stage) => {
      const { account, asset } = holding(stage);
      return [account, asset, amount, stage[user].address];
    },
  };
}

async function witnessOf(stage: Stage, { account, asset }: Holding, kind: "balance" | "claim" = "balance") {
  const token = { getAddress: () => Promise.resolve(asset) };
  return await readWitness(stage, stage.witness, account, token, kind);
}

function withdrawWitnessed(situation: string, payment: Payment, outcomes: Row["outcomes"]): Row {
  const { holding, user, amount, prepare } = payment;
  return {
    ...{ contract: "CollateralVault", fn: "withdrawWitnessed", situation, nature: "pays witnessed", holding, outcomes },
    ...(prepare && { prepare }),
    from: (stage) => stage[user],
    args: async (stage) => {
      const { account, asset } = holding(stage);
      return [account, asset, amount, stage[user].address, await witnessOf(stage, holding(stage))];
    },
  };
}

/** What the flat account has been paid out of what the checkpoint proves. */
async function payFlat(stage: Stage, amount: bigint): Promise<void> {
  const { account, asset } = flatDollars(stage);
  const witness = await witnessOf(stage, { account, asset });
  await stage.vault.connect(stage.flat).withdrawWitnessed(account, asset, amount, stage.flat.address, witness);
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

const RESTRICTED = "LedgerWithdrawalRestricted";
const LITTLE = 100n * DOLLAR;
/** More than a quarter of what may leave. */
const MUCH = 300_000n * DOLLAR;

/** What may happen in the vault. */
export const VAULT_ROWS: readonly Row[] = [
  deposit("settlement currency, into an account with a position", (stage) => {
    return { account: accountOf(stage.long), token: "usd" };
  }),
  deposit("settlement currency, into an account that is up for auction", (stage) => {
    return { account: debtorOf(stage, "sold"), token: "usd" };
  }),
  deposit("other collateral, the owner", (stage) => ({ account: accountOf(stage.stranger), token: "weth" })),
  {
    ...{ contract: "CollateralVault", fn: "deposit", situation: "other collateral, anyone else" },
    args: (stage) => [accountOf(stage.long), stage.weth.target, DOLLAR],
    outcomes: everywhere("VaultNotOwner"),
  },
  {
    ...{ contract: "CollateralVault", fn: "depositWithPermit", situation: "other collateral, the owner" },
    nature: "adds margin",
    prepare: (stage) => stage.permit.mint(stage.stranger.address, 1n),
    args: permitArgs,
    outcomes: everywhere(SUCCEEDS),
  },
  withdraw("flat", { holding: flatDollars, user: "flat", amount: LITTLE }, unlessRestricted(RESTRICTED)),
  withdraw("with a position", { holding: longDollars, user: "long", amount: LITTLE }, unlessRestricted(RESTRICTED)),
  withdraw("other collateral", { holding: longWeth, user: "long", amount: 1n }, unlessRestricted(RESTRICTED)),
  withdraw(
    "more than a quarter of the outflow limit",
    { holding: flatDollars, user: "flat", amount: MUCH },
    { ...unlessRestricted(RESTRICTED), "Fund short": "VaultOutflowLimited" },
  ),
  withdraw("not the owner", { holding: flatDollars, user: "stranger", amount: LITTLE }, everywhere("VaultNotOwner")),
  withdrawWitnessed("flat", { holding: flatDollars, user: "flat", amount: LITTLE }, everywhere(SUCCEEDS)),
  withdrawWitnessed(
    "flat, all that the checkpoint proves",
    { holding: flatDollars, user: "flat", amount: FLAT_DOLLARS },
    everywhere(SUCCEEDS, { "Fund short": "VaultOutflowLimited" }),
  ),
  withdrawWitnessed(
    "flat, what came after the checkpoint",
    {
      ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS + 1n },
      prepare: (stage) => give(stage, stage.usd, accountOf(stage.flat), DOLLAR),
    },
    everywhere("VaultAboveWitnessed"),
  ),
  withdrawWitnessed(
    "flat, once more what has left since the checkpoint",
    {
      ...{ holding: flatDollars, user: "flat", amount: FLAT_DOLLARS - LITTLE + 1n },
      prepare: async (stage) => {
        await payFlat(stage, LITTLE);
        await give(stage, stage.usd, accountOf(stage.flat), LITTLE);
      },
    },
    everywhere("VaultAboveWitnessed"),
  ),
  withdrawWitnessed(
    "with a position, settlement currency",
    { holding: longDollars, user: "long", amount: LITTLE },
    everywhere("VaultWitnessNotFlat"),
  ),
  withdrawWitnessed(
    "with a position, other collateral",
    { holding: longWeth, user: "long", amount: 1n },
    everywhere(SUCCEEDS, { Halted: "LedgerNotFlat" }),
  ),
  {
    ...{ contract: "CollateralVault", fn: "claim", situation: "a transfer that was refused", nature: "pays" },
    ...{ from: (stage) => stage.flat, holding: claimed, outcomes: unlessRestricted("VaultClaimsRestricted") },
    args: (stage) => [accountOf(stage.flat), stage.refused.target, stage.flat.address],
  },
  {
    ...{ contract: "CollateralVault", fn: "claimWitnessed", situation: "a transfer that was refused" },
    ...{ nature: "pays witnessed", from: (stage) => stage.flat, holding: claimed, outcomes: everywhere(SUCCEEDS) },
    args: async (stage) => {
      const { account, asset } = claimed(stage);
      return [account, asset, stage.flat.address, await witnessOf(stage, claimed(stage), "claim")];
    },
  },
];
