import { accountOf } from "../accounts.ts";
import { UNIT } from "../orders.ts";
import { readWitness } from "../witness.ts";
import type { Holding } from "./Row.ts";
import { DOLLAR, type Stage } from "./stage.ts";

/** The settlement currency of the flat account. */
export const flatDollars = (stage: Stage): Holding => {
  return { account: accountOf(stage.flat), asset: stage.usd.target as string };
};

/** The settlement currency of an account with a position. */
export const longDollars = (stage: Stage): Holding => ({ ...flatDollars(stage), account: accountOf(stage.long) });

/** The other collateral of an account with a position. */
export const longWeth = (stage: Stage): Holding => {
  return { account: accountOf(stage.long), asset: stage.weth.target as string };
};

/** What the vault kept for the flat account when the token refused it. */
export const claimed = (stage: Stage): Holding => {
  return { account: accountOf(stage.flat), asset: stage.refused.target as string };
};

/** What the checkpoint that withdrawals are proved against says of a holding. */
export async function witnessOf(stage: Stage, { account, asset }: Holding, kind: "balance" | "claim" = "balance") {
  const token = { getAddress: () => Promise.resolve(asset) };
  return await readWitness(stage, stage.witness, account, token, kind);
}

/** Whether the wind-down has begun. */
export async function isWindingDown(stage: Stage): Promise<boolean> {
  return (await stage.guard.claimsUntil()) !== 0n;
}

/** Gives an account settlement currency that it did not deposit: the insurance fund pays it, short or not. */
export async function windfall({ fund }: Stage, account: string, dollars: bigint): Promise<void> {
  const target = await fund.targetQuote();
  await fund.setTarget(0n);
  await fund.refresh();
  await fund.release(account, (dollars * UNIT) / DOLLAR);
  await fund.setTarget(target);
  await fund.refresh();
}
