import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import type { Hash } from "../lib/hex.ts";
import type { WordStore } from "./WordStore.ts";

/**
 * The words of the books while a block is applied: each is read from its trie once, and what the block wrote goes there when it
 * is done, in one batch for each book.
 *
 * Invariant: until {@link BlockWords.flush} the tries are those before the block.
 */
export class BlockWords {
  readonly #tries: Readonly<Record<BookName, WordStore>>;
  readonly #known = mapsOf<Map<Hash, bigint>>(() => new Map());
  readonly #written = mapsOf<Set<Hash>>(() => new Set());

  constructor(tries: Readonly<Record<BookName, WordStore>>) {
    this.#tries = tries;
  }

  /** A word as the block has left it so far; 0 where there is none. */
  get(book: BookName, slot: Hash): bigint {
    const known = this.#known[book];
    let word = known.get(slot);
    if (word === undefined) {
      word = this.#tries[book].get(slot);
      known.set(slot, word);
    }
    return word;
  }

  set(book: BookName, slot: Hash, word: bigint): void {
    this.#known[book].set(slot, word);
    this.#written[book].add(slot);
  }

  /** Brings what was written into the tries. Nothing is written afterwards. */
  flush(): void {
    for (const book of BOOK_NAMES) {
      const known = this.#known[book];
      const writes = Array.from(this.#written[book], (slot): [Hash, bigint] => [slot, known.get(slot) ?? 0n]);
      if (writes.length > 0) this.#tries[book].setMany(writes);
    }
  }
}

function mapsOf<Value>(make: () => Value): Readonly<Record<BookName, Value>> {
  return Object.fromEntries(BOOK_NAMES.map((name) => [name, make()] as const)) as Record<BookName, Value>;
}
