import type { Books, BooksOptions } from "../../../../keeper/books/Books.ts";
import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { Killer } from "./Judged.ts";
import type { Mutant } from "./listMutants.ts";
import type { Lie, Recording } from "./Recording.ts";

/** Makes books of the reducers in question. */
export type Opened = (options: BooksOptions) => Books;

/** A lie is applied on top of what can be taken back. */
const UNDO_DEPTH = 4;

/** Applies a recording from its first block on; the first difference from what was recorded, null for none. */
export function replay({ name, addresses, immutables, blocks }: Recording, open: Opened): Killer | null {
  const own = open({ addresses, immutables, undoDepth: UNDO_DEPTH });
  for (const { pokes, block, roots } of blocks) {
    for (const [book, slot, value] of pokes) own.trie(book).set(slot, value);
    const findings = own.apply(block);
    const isOtherRoot = own.roots().join() !== roots.join();
    if (findings.length === 0 && !isOtherRoot) continue;
    const told = findings.find(({ cause }) => cause === "miscomputed") ?? findings[0];
    const detail = `${name} ${block.number}: ${told === undefined ? "another root" : `${told.contract} ${told.detail}`}`;
    if (isOtherRoot) return { kind: "root", detail };
    const cause = told!.cause;
    return { kind: cause === "miscomputed" || cause === "unreadable" ? cause : "illegal", detail };
  }
  return null;
}

/**
 * Applies the same with the lies of each block before it; the first that is believed, null when none is. Lies that concern
 * another contract than the changed file are left out.
 */
export function replayLies(recording: Recording, open: Opened, mutant: Mutant | null): Killer | null {
  const { name, addresses, immutables, blocks } = recording;
  const lies = recording.lies.filter(({ contracts }) => mutant === null || mayTell(mutant, contracts));
  if (lies.length === 0) return null;
  const own = open({ addresses, immutables, undoDepth: UNDO_DEPTH });
  let next = 0;
  for (const [at, { pokes, block }] of blocks.entries()) {
    for (const [book, slot, value] of pokes) own.trie(book).set(slot, value);
    for (; lies[next]?.at === at; next += 1) {
      const { logs, timestamp, what } = lies[next] as Lie;
      const isBelieved = own.apply({ ...block, timestamp, logs }).length === 0;
      own.undo();
      if (isBelieved) return { kind: "misses a lie", detail: `${name} ${block.number}: ${what}` };
    }
    if (next === lies.length) return null;
    own.apply(block);
  }
  return null;
}

/** Only the file of a reducer itself belongs to one contract. */
function mayTell({ file }: Mutant, contracts: readonly string[]): boolean {
  const contract = BOOK_NAMES.find((name) => file === `${name}.ts`);
  return contract === undefined || contracts.includes(contract);
}
