import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";

import { Books } from "../keeper/books/Books.ts";
import type { Recording } from "../test/keeper/books/mutants/mutantWorker.ts";

/**
 * Events of book contracts that the books take in a second of processor time, with the roots of every block and without:
 * `node scripts/measureReducers.ts FILE [ROUNDS]`, with a file that `mutateReducers.ts --recordings FILE` wrote.
 */
const [file = "", rounds = "9"] = process.argv.slice(2);
const recordings = deserialize(readFileSync(file)) as Recording[];

/** Events a second of processor time: the median of all rounds but the first. */
function measure({ addresses, immutables, blocks }: Recording, hasRoots: boolean): number {
  const books = new Set<string>(Object.values(addresses));
  const events = blocks.reduce((sum, { block }) => sum + block.logs.filter((log) => books.has(log.address)).length, 0);
  const rates = Array.from({ length: Number(rounds) }, () => {
    const own = new Books({ addresses, immutables, undoDepth: 64 });
    const before = process.cpuUsage();
    for (const { pokes, block } of blocks) {
      for (const [book, slot, value] of pokes) own.trie(book).set(slot, value);
      own.apply(block);
      if (hasRoots) own.roots();
    }
    const { user, system } = process.cpuUsage(before);
    return events / ((user + system) / 1e6);
  });
  const sorted = rates.slice(1).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

for (const recording of recordings) {
  const [alone, rooted] = [measure(recording, false), measure(recording, true)].map(Math.round);
  console.log(`${recording.name}: ${alone} events/s applied, ${rooted} events/s with the roots of each block`);
}
