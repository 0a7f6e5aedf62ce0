import { tourKeepers } from "../../keeper/books/naive/tourKeepers.ts";
import { tourLosses } from "../../keeper/books/naive/tourLosses.ts";
import { tourOptions } from "../../keeper/books/naive/tourOptions.ts";
import { tourRepairs } from "../../keeper/books/naive/tourRepairs.ts";
import { tourGovernance, tourGuard, tourOutage, tourRewards } from "../../keeper/books/naive/tourSync.ts";
import { tourTrades } from "../../keeper/books/naive/tourTrades.ts";
import { tourVault } from "../../keeper/books/naive/tourVault.ts";
import type { Lockstep } from "../../fixtures/deployLockstep.ts";

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
