import { network } from "hardhat";

import { Traffic } from "../../keeper/books/naive/Traffic.ts";
import { deployLockstep, type DeployOptions } from "../../fixtures/deployLockstep.ts";
import type { SeededRandom } from "../SeededRandom.ts";
import { World } from "./World.ts";

/** Times short enough for everything to happen, fees, limits that bind, and auctions that are worth a bid. */
const PARAMETERS = {
  ...{ feedMaxAgeSeconds: 1_800, softTimeSeconds: 2_400, coolDownSeconds: 1_200, graceSeconds: 120 },
  ...{ makerFeePpm: 200, takerFeePpm: 500, maxOpenInterest: 10n ** 9n, sequencerGraceSeconds: 60 },
  ...{ settlementCap: 10n ** 12n, outflowPpm: 5_000, allowancePpm: 1_000, outflowPeriodSeconds: 1_200 },
  ...{ auctionSeconds: 900, maxDiscountPpm: 150_000, liquidationCapacity: 10n ** 23n },
};

/** A deployment with a sequencer's feed, and random traffic on it that mines nothing by itself. */
export async function openTraffic(
  random: SeededRandom,
  options: DeployOptions = {},
): Promise<{ readonly world: World; readonly traffic: Traffic }> {
  const connection = await network.create();
  const sequencer = await connection.ethers.deployContract("MockSequencerFeed");
  const parameters = { ...PARAMETERS, ...options.parameters, sequencerFeed: sequencer.target as string };
  const world = await World.of(await deployLockstep(connection, { ...options, parameters }));
  return { world, traffic: await Traffic.start(world.system, random, sequencer) };
}
