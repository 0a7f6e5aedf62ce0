import { network } from "hardhat";

import { emitEveryEvent } from "../../../helpers/keeper/everyEvent.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { BooksFollower } from "../BooksFollower.ts";
import { deployToured } from "../naive/tourSync.ts";
import { RandomClearing } from "../RandomClearing.ts";
import { tourStrays } from "../tourStrays.ts";
import type { Recording } from "./mutantWorker.ts";

const SEED = 22;
const BLOCKS = 120;

/** A short history with every event, recorded with the chain's roots. */
export async function recordEveryEvent(): Promise<Recording> {
  const connection = await network.create();
  const system = await deployToured(connection);
  await emitEveryEvent(system);
  const follower = await BooksFollower.open(system);
  await follower.follow();
  await connection.close();
  return recordingOf("every event", follower);
}

/** Random clearing, recorded in the same way. */
export async function recordRandom(): Promise<Recording> {
  const connection = await network.create();
  const [random, clearing] = [new SeededRandom(SEED), await RandomClearing.open(connection)];
  for (let block = 0; block < BLOCKS; block += 1) await clearing.step(random);
  const follower = await BooksFollower.open(clearing.system);
  await follower.follow();
  await connection.close();
  return recordingOf("random", follower);
}

/** The whole tour, without and with bits that no field owns. */
export async function recordStrays(): Promise<Recording[]> {
  const { learnt, spoilt } = await tourStrays();
  for (const { system } of [learnt, spoilt]) await system.connection.close();
  return [recordingOf("tour", learnt.follower), recordingOf("strays", spoilt.follower)];
}

function recordingOf(name: string, { books, recorded, findings, mismatches }: BooksFollower): Recording {
  if (findings.length + mismatches.length > 0) throw new Error(`the recording "${name}" is not of honest traffic`);
  return { name, addresses: books.addresses, immutables: books.immutables, blocks: recorded };
}
