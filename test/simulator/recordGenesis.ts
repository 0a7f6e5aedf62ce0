import { writeFile } from "node:fs/promises";

import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { depositUsd } from "../fixtures/deployLockstep.ts";
import { OrderBook, UNIT } from "../helpers/orders.ts";
import { World } from "../helpers/keeper/World.ts";
import { BooksFollower } from "../keeper/books/BooksFollower.ts";

/*
 * Writes simulator/world/genesis.json: what simulated chains begin with, from the real contracts on Hardhat's network. To be
 * recorded again after a change of storage: `npx hardhat run --no-compile test/simulator/recordGenesis.ts`.
 */

const KEEPERS = 4;
const USD = 1_000_000n;
const FILE = new URL("../../simulator/world/genesis.json", import.meta.url);

const world = await World.open({ keeperCount: KEEPERS });
const { system, addresses, immutables } = world;
const [alice, bob, carol, dave] = system.users;
if (alice === undefined || bob === undefined || carol === undefined || dave === undefined) throw new Error("no users");
for (const user of [alice, bob, carol, dave]) await depositUsd(system, user, 50_000n * USD);
const orders = new OrderBook(system);
await orders.trade(alice, bob, { size: 2n * UNIT });
await orders.trade(carol, dave, { size: 3n * UNIT });
await orders.trade(bob, carol, { size: UNIT });

const follower = await BooksFollower.open(system);
await follower.follow();
if (follower.mismatches.length > 0) throw new Error("the books are not the chain's");
const { books } = follower;
const { tip } = books;
if (tip === null) throw new Error("there is no block");
const codeHashes: [string, Hash][] = [];
for (const name of BOOK_NAMES) {
  const proof = await world.send("eth_getProof", addresses[name], [], "latest");
  codeHashes.push([name, (proof as { readonly codeHash: Hash }).codeHash]);
}
const sections = [...books.exportAt(tip.hash, books.roots())].map(({ kind, bytes }) => {
  return { kind, base64: Buffer.from(bytes).toString("base64") };
});
const genesis = {
  addresses,
  immutables: Object.fromEntries(Object.entries(immutables).map(([name, value]) => [name, String(value)])),
  codeHashes: Object.fromEntries(codeHashes),
  keepers: system.keepers.map(({ attester, pauser }) => {
    return { attest: attester.address.toLowerCase(), pause: pauser.address.toLowerCase() };
  }),
  ethFeed: (system.ethFeed.target as string).toLowerCase(),
  sections,
};
await writeFile(FILE, `${JSON.stringify(genesis, null, 2)}\n`);
await world.close();
