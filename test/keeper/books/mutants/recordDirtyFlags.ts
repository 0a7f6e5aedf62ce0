import { network } from "hardhat";

import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { emitEveryEvent } from "../../../helpers/keeper/everyEvent.ts";
import { BooksFollower, type Poke } from "../BooksFollower.ts";
import { deployToured } from "../naive/tourSync.ts";
import { nameWords, withDirtyFlags, type Words } from "../tourStrays.ts";
import type { Recording } from "./Recording.ts";
import { recordingOf } from "./recordTours.ts";

/** As what a flag that is set is stored: the contracts take every number but zero for the same. */
const DIRTY = 2n;

/**
 * The short history with every event, in which before each transaction every flag that is set becomes another number than
 * one, on the chain and in the books: so it shows which flags an operation writes again, though they do not change.
 */
export async function recordDirtyFlags(): Promise<Recording> {
  const learnt = await open();
  await emitEveryEvent(learnt.system);
  await learnt.follower.follow();
  const words = await nameWords(learnt);
  await learnt.system.connection.close();

  const { system, follower } = await open();
  beforeTransactions(system, async () => {
    // What is changed past all code belongs to no header: nobody looks at this block.
    await system.ethers.provider.send("evm_mine", []);
    await follower.follow();
    await follower.poke(dirtyFlags(follower, words));
  });
  await emitEveryEvent(system);
  await follower.follow();
  await system.connection.close();
  return recordingOf("dirty flags", follower);
}

async function open() {
  const system = await deployToured(await network.create());
  return { system, follower: await BooksFollower.open(system) };
}

function beforeTransactions({ connection: { provider } }: Lockstep, act: () => Promise<void>): void {
  const request = provider.request.bind(provider);
  provider.request = async (call) => {
    if (call.method === "eth_sendTransaction" || call.method === "eth_sendRawTransaction") await act();
    return (await request(call)) as unknown;
  };
}

function dirtyFlags({ books }: BooksFollower, words: Words): Poke[] {
  return BOOK_NAMES.flatMap((book) =>
    [...books.trie(book).slots()].flatMap(([slot, word]): Poke[] => {
      const name = words.get(book)?.get(slot);
      const dirty = name === undefined ? word : withDirtyFlags(word, name, DIRTY);
      return dirty === word ? [] : [[book, slot, dirty]];
    }),
  );
}
