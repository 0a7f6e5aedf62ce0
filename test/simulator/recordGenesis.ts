import { writeFile } from "node:fs/promises";

import { openMarket, recordMarket } from "./market.ts";

/*
 * Writes simulator/world/genesis.json: what simulated chains begin with, from the real contracts on Hardhat's network. To be
 * recorded again after a change of storage: `npx hardhat run --no-compile test/simulator/recordGenesis.ts`.
 */

const FILE = new URL("../../simulator/world/genesis.json", import.meta.url);

const world = await openMarket();
await writeFile(FILE, `${JSON.stringify(await recordMarket(world), null, 2)}\n`);
await world.close();
