import { network } from "hardhat";

import { deployLockstep, depositUsd } from "../../../fixtures/deployLockstep.ts";
import { emitEveryEvent } from "../../../helpers/keeper/everyEvent.ts";
import { OrderBook, readTerms, UNIT } from "../../../helpers/orders.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { BooksFollower } from "../BooksFollower.ts";
import { deployToured } from "../naive/tourSync.ts";
import { RandomClearing } from "../RandomClearing.ts";
import { tourStrays } from "../tourStrays.ts";
import type { Recording } from "./Recording.ts";

const SEED = 22;
const BLOCKS = 120;
const USD = 1_000_000n;
/** Open ids in a page. */
const LANES = 15;

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

/**
 * Positions in more instruments than a page of open ids has lanes, closed from both pages; recorded in the same way. The ids
 * that are closed are the first of all, the last of all, and one between.
 */
export async function recordManyPositions(): Promise<Recording> {
  const system = await deployLockstep(await network.create(), { keeperCount: 4 });
  const [buyer, seller] = [system.users[0]!, system.users[1]!];
  for (const user of [buyer, seller]) await depositUsd(system, user, 1_000_000n * USD);
  const orders = new OrderBook(system);
  const terms = await readTerms(system, 1);
  const instruments = Array.from({ length: LANES + 3 }, (_, index) => 500 + index);
  for (const instrument of instruments) {
    await system.instruments.setInstrument(instrument, terms);
    await orders.trade(buyer, seller, { instrument, size: UNIT / 100n });
  }
  for (const instrument of [500, 517, 508, 516, 515, 514]) {
    await orders.trade(seller, buyer, { instrument, size: UNIT / 100n });
  }
  const follower = await BooksFollower.open(system);
  await follower.follow();
  await system.connection.close();
  return recordingOf("many positions", follower);
}

/** The whole tour, without and with bits that no field owns. */
export async function recordStrays(): Promise<Recording[]> {
  const { learnt, spoilt } = await tourStrays();
  for (const { system } of [learnt, spoilt]) await system.connection.close();
  return [recordingOf("tour", learnt.follower), recordingOf("strays", spoilt.follower)];
}

/** What a follower has recorded; nothing may have been found in it. */
export function recordingOf(name: string, { books, recorded, findings, mismatches }: BooksFollower): Recording {
  if (findings.length + mismatches.length > 0) throw new Error(`the recording "${name}" is not of honest traffic`);
  return { name, addresses: books.addresses, immutables: books.immutables, blocks: recorded, lies: [] };
}
