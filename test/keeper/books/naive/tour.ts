import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { tourKeepers } from "./tourKeepers.ts";
import { tourLosses } from "./tourLosses.ts";
import { tourOptions } from "./tourOptions.ts";
import { tourRepairs } from "./tourRepairs.ts";
import { tourGovernance, tourGuard, tourOutage, tourRewards } from "./tourSync.ts";
import { tourTrades } from "./tourTrades.ts";
import { tourVault } from "./tourVault.ts";
import { tourWindDown } from "./tourWindDown.ts";

/**
 * One of everything that an honest protocol can do, its end apart: keepers can still pause. For a deployment of
 * {@link deployToured}. Returns the system with the keepers that are active then.
 */
export async function liveTour(system: Lockstep): Promise<Lockstep> {
  const token = await tourVault(system);
  await tourTrades(system);
  await tourOptions(system);
  await tourLosses(system, token);
  await tourRewards(system);
  await tourGuard(system);
  await tourOutage(system);
  const grown = await tourKeepers(system);
  await tourRepairs(grown);
  await tourGovernance(grown);
  return grown;
}

/**
 * The same and the very end, so that every event of every book contract is emitted; an outage, where the system has a
 * sequencer, included. Four keepers.
 */
export async function tour(system: Lockstep): Promise<void> {
  await tourWindDown(await liveTour(system));
}
