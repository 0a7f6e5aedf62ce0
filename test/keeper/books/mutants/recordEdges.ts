import { network } from "hardhat";

import { deployLockstep, type DeployOptions, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { BooksFollower } from "../BooksFollower.ts";
import { tourDust, tourLongLoss, tourMarkedId, tourSmallDebt, tourStaleEnd, tourUsedWords } from "./edgeEnds.ts";
import {
  tourBookSets,
  tourBudget,
  tourFirstReward,
  tourNamedSet,
  tourSeats,
  tourVaultEdges,
  tourWitnesses,
} from "./edgeTours.ts";
import type { Recording } from "./Recording.ts";
import { recordingOf } from "./recordTours.ts";
import { lieOfOldest } from "./tellLies.ts";

/** A tour of a deployment of its own. */
interface EdgeTour {
  readonly name: string;
  readonly options: DeployOptions;
  readonly run: (system: Lockstep, follower: BooksFollower) => Promise<void>;
}

const TOURS: readonly EdgeTour[] = [
  { name: "witnesses", options: { keeperCount: 4 }, run: tourWitnesses },
  { name: "seats", options: { keeperCount: 4, parameters: { minKeepers: 4, joinDelaySeconds: 600 } }, run: tourSeats },
  { name: "budget", options: { keeperCount: 4 }, run: tourBudget },
  { name: "first rewards", options: {}, run: tourFirstReward },
  { name: "dust", options: {}, run: tourDust },
  { name: "long loss", options: {}, run: tourLongLoss },
  { name: "stale end", options: {}, run: tourStaleEnd },
  { name: "used words", options: {}, run: tourUsedWords },
  { name: "small debt", options: {}, run: tourSmallDebt },
  { name: "marked id", options: {}, run: tourMarkedId },
  { name: "limits", options: { keeperCount: 4 }, run: tourVaultEdges },
  { name: "named set", options: {}, run: tourNamedSet },
  { name: "book sets", options: {}, run: tourBookSets },
];

/** Operations at the very ends of what the contracts allow, which the tours have seldom or never; by name, or all. */
export async function recordEdges(only = ""): Promise<Recording[]> {
  const recordings: Recording[] = [];
  for (const { name, options, run } of TOURS) {
    if (!name.includes(only)) continue;
    const system = await deployLockstep(await network.create(), options);
    const follower = await BooksFollower.open(system);
    await run(system, follower);
    await follower.follow();
    await system.connection.close();
    const recording = recordingOf(name, follower);
    recordings.push(run === tourFirstReward ? { ...recording, lies: [lieOfOldest(recording)] } : recording);
  }
  return recordings;
}
