import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { tourLosses } from "./tourLosses.ts";
import { tourOptions } from "./tourOptions.ts";
import { tourConvictions, tourGovernance, tourGuard } from "./tourSync.ts";
import { tourTrades } from "./tourTrades.ts";
import { tourVault } from "./tourVault.ts";

/** One of everything that an honest protocol can do, so that every event of every book contract is emitted. */
export async function tour(system: Lockstep): Promise<void> {
  const token = await tourVault(system);
  await tourTrades(system);
  await tourOptions(system);
  await tourLosses(system, token);
  await tourGuard(system);
  await tourConvictions(system);
  await tourGovernance(system);
}
