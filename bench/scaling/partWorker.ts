/*
 * One thread of `bench/scaling.ts`: the part of a trie under some first nibbles of the keys.
 */
import { parentPort, workerData } from "node:worker_threads";

import { assert } from "../../keeper/lib/assert.ts";
import { StorageTrie } from "../../keeper/trie/StorageTrie.ts";
import { keyDigits, randomWords, type Write } from "../trie/randomWords.ts";

/** Which words are this thread's. */
export interface Part {
  readonly seed: number;
  readonly slots: number;
  readonly threads: number;
  readonly index: number;
}

/** What a thread is told to do; it answers with {@link Done}. */
export type Order = { readonly type: "build" } | { readonly type: "update"; readonly writes: readonly Write[] };

/** Its part has its root. */
export interface Done {
  readonly root: string;
}

/** The thread that has a key, by its first nibble. */
export function threadOf(slot: Write[0], threads: number): number {
  return Math.floor((Number.parseInt(keyDigits(slot).slice(0, 1), 16) * threads) / 16);
}

if (parentPort !== null) {
  const port = parentPort;
  const { seed, slots, threads, index } = workerData as Part;
  const words = randomWords(seed, slots).filter(([slot]) => threadOf(slot, threads) === index);
  let trie: StorageTrie | null = null;
  port.on("message", (order: Order) => {
    if (order.type === "build") trie = new StorageTrie();
    assert(trie !== null, "a trie is built before it is updated");
    trie.setMany(order.type === "build" ? words : order.writes);
    port.postMessage({ root: trie.root() } satisfies Done);
  });
  port.postMessage({ root: "" } satisfies Done);
}
