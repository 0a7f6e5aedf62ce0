import type { ContractRunner } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";

/** The limits of an asset, as the vault takes them; see `AssetLimits`. */
export interface Limits {
  readonly cap: bigint;
  readonly outflowPpm: bigint;
  readonly allowancePpm: bigint;
  readonly period: bigint;
}

/** A token that tests can mint. */
export interface TestToken {
  readonly target: unknown;
}

/** Limits that no ordinary test reaches. */
export const WIDE: Limits = { cap: 10n ** 27n, outflowPpm: 1_000_000n, allowancePpm: 1_000_000n, period: 3_600n };

/** The feed and haircut (parts per million) that {@link listCollateral} gives an asset. */
export const COLLATERAL = { feed: 1, haircutPpm: 100_000 } as const;

/** Lists an asset in the vault and as collateral at the price of feed 1. */
export async function listCollateral(system: Lockstep, token: TestToken, limits: Limits = WIDE): Promise<string> {
  const asset = token.target as string;
  await system.vault.listAsset(asset, limits);
  await system.instruments.setCollateral(asset, COLLATERAL.feed, COLLATERAL.haircutPpm);
  return asset;
}

/** Acts as contract `address`, with ether for its gas. */
export async function impersonate({ connection, ethers }: Lockstep, address: string): Promise<ContractRunner> {
  await connection.networkHelpers.setBalance(address, 10n ** 18n);
  return await ethers.getImpersonatedSigner(address);
}

/** Sets or clears the flag that the insurance fund is short, in the fund's name. */
export async function setFundShort(system: Lockstep, isShort: boolean) {
  const fund = await impersonate(system, await system.fund.getAddress());
  return await system.ledger.connect(fund).setFundShort(isShort);
}
