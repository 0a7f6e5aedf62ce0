import type { NetworkConnection } from "hardhat/types/network";

import type { FeeToken, HookToken, NoReturnToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, type DeployOptions, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { readTerms } from "../orders.ts";

const UNIT = 10n ** 18n;
const HOUR = 60 * 60;
const LIMITS = { cap: 10n ** 26n, outflowPpm: 100_000, allowancePpm: 1_000, period: 3_600 };
const KIND = { call: 2, put: 3 } as const;

/** Numbers of the options: a call on ETH and a put on BTC. */
export const OPTIONS = [3, 4] as const;

/** Fees, short restrictions, and limits that matter little. */
export const AWKWARD_PARAMETERS = {
  ...{ makerFeePpm: 200, takerFeePpm: 500, feedMaxAgeSeconds: 3_600, maxDiscountPpm: 100_000 },
  // A thousand units, so that trades of a few have weight in the premium.
  ...{ maxOpenInterest: 10n ** 9n, settlementCap: 10n ** 26n, fundTarget: 1n, liquidationCapacity: 10n ** 30n },
  ...{ staleLimitSeconds: 900, viewTimeSeconds: 900, softTimeSeconds: 1_800, coolDownSeconds: 900, graceSeconds: 120 },
};

/** The deployment with options, fees and three kinds of collateral that wallets and exchanges know to be awkward. */
export interface AwkwardMarket extends Lockstep {
  /** Returns nothing from `transfer`; 8 decimals; priced as ETH. */
  readonly quiet: NoReturnToken;
  /** Takes 1 % of every transfer; priced as ETH. */
  readonly fee: FeeToken;
  /** Calls back in the middle of a transfer; priced as BTC. */
  readonly hook: HookToken;
}

/** Deploys the protocol with fees, short restrictions, two options that expire in two and in three hours, and the collateral. */
export async function deployAwkwardMarket(
  connection: NetworkConnection,
  options: DeployOptions = {},
): Promise<AwkwardMarket> {
  const parameters = { ...AWKWARD_PARAMETERS, ...options.parameters };
  return await listAwkwardAssets(await deployLockstep(connection, { ...options, parameters }));
}

/** Deploys the awkward tokens on a deployment with {@link AWKWARD_PARAMETERS}, and lists them and the options. */
export async function listAwkwardAssets(system: Lockstep): Promise<AwkwardMarket> {
  const { ethers, instruments, vault } = system;
  const quiet = await ethers.deployContract("NoReturnToken");
  const fee = await ethers.deployContract("FeeToken");
  const hook = await ethers.deployContract("HookToken");
  for (const [token, feed] of [[quiet, 1] as const, [fee, 1] as const, [hook, 2] as const]) {
    await instruments.setCollateral(token.target, feed, 200_000);
    await vault.listAsset(token.target, LIMITS);
  }
  await instruments.setDebtCaps(200_000n * UNIT, 1_000_000n * UNIT);
  const { timestamp } = (await ethers.provider.getBlock("latest"))!;
  const terms = { ...(await readTerms(system, 1)), maxFundingPpm: 0 };
  const call = { ...terms, kind: KIND.call };
  const put = { ...terms, kind: KIND.put, feed: 2 };
  await instruments.listOption(OPTIONS[0], call, 3_000n * UNIT, timestamp + 2 * HOUR, 800_000, 250_000);
  await instruments.listOption(OPTIONS[1], put, 60_000n * UNIT, timestamp + 3 * HOUR, 800_000, 250_000);
  return { ...system, quiet, fee, hook };
}
