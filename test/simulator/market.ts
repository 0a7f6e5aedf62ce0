import { hooks, network } from "hardhat";
import type { NetworkHooks } from "hardhat/types/hooks";
import type { NetworkConnection } from "hardhat/types/network";

import { BOOK_NAMES } from "../../keeper/domain/bookSet.ts";
import type { Hash } from "../../keeper/lib/hex.ts";
import { deployLockstep, depositUsd } from "../fixtures/deployLockstep.ts";
import { OrderBook, UNIT } from "../helpers/orders.ts";
import { World } from "../helpers/keeper/World.ts";
import { BooksFollower } from "../keeper/books/BooksFollower.ts";

/** The recorded chain's first block, seconds since the epoch; each later one is a second younger. */
const BEGUN_AT = 1_795_368_670;
const KEEPERS = 4;
const USD = 1_000_000n;

/** What simulated chains begin with, as JSON holds it. */
export interface Recording {
  readonly addresses: Readonly<Record<string, string>>;
  readonly immutables: Readonly<Record<string, string>>;
  readonly codeHashes: Readonly<Record<string, string>>;
  readonly keepers: readonly { readonly attest: string; readonly pause: string }[];
  readonly ethFeed: string;
  readonly sections: readonly { readonly kind: number; readonly base64: string }[];
}

/**
 * The real contracts on Hardhat's network with four keepers, deposits and open positions. Each transaction is a block of its own,
 * a second after the one before, so that every word is the same whenever it is done.
 */
export async function openMarket(): Promise<World> {
  const connection = await network.create({ override: { initialDate: new Date(BEGUN_AT * 1_000) } });
  return await inSteps(connection, async () => {
    const world = await World.of(await deployLockstep(connection, { keeperCount: KEEPERS }));
    const { system } = world;
    const [alice, bob, carol, dave] = system.users;
    if (alice === undefined || bob === undefined || carol === undefined || dave === undefined) {
      throw new Error("no users");
    }
    for (const user of [alice, bob, carol, dave]) await depositUsd(system, user, 50_000n * USD);
    const orders = new OrderBook(system);
    await orders.trade(alice, bob, { size: 2n * UNIT });
    await orders.trade(carol, dave, { size: 3n * UNIT });
    await orders.trade(bob, carol, { size: UNIT });
    return world;
  });
}

/** Does something on a network whose clock goes on by a second with each transaction, however long it takes. */
async function inSteps<T>(connection: NetworkConnection, act: () => Promise<T>): Promise<T> {
  let seconds = BEGUN_AT;
  let before: Promise<unknown> = Promise.resolve();
  const handlers: Partial<NetworkHooks> = {
    onRequest: async (context, given, request, next) => {
      if (given.id !== connection.id || !request.method.startsWith("eth_send")) return next(context, given, request);
      const turn = before.then(async () => {
        seconds += 1;
        const [id, method] = [`time ${seconds}`, "evm_setNextBlockTimestamp"];
        await next(context, given, { jsonrpc: "2.0", id, method, params: [seconds] });
        return await next(context, given, request);
      });
      before = turn.catch(() => undefined);
      return turn;
    },
  };
  hooks.registerHandlers("network", handlers);
  try {
    return await act();
  } finally {
    hooks.unregisterHandlers("network", handlers);
  }
}

/** Reads the books of a market from its logs, and all that a simulated chain takes from it. */
export async function recordMarket(world: World): Promise<Recording> {
  const { system, addresses, immutables } = world;
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
  return {
    addresses,
    immutables: Object.fromEntries(Object.entries(immutables).map(([name, value]) => [name, String(value)])),
    codeHashes: Object.fromEntries(codeHashes),
    keepers: system.keepers.map(({ attester, pauser }) => {
      return { attest: attester.address.toLowerCase(), pause: pauser.address.toLowerCase() };
    }),
    ethFeed: (system.ethFeed.target as string).toLowerCase(),
    sections: [...books.exportAt(tip.hash, books.roots())].map(({ kind, bytes }) => {
      return { kind, base64: Buffer.from(bytes).toString("base64") };
    }),
  };
}
