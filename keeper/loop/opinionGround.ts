import type { Books } from "../books/Books.ts";
import { naiveRootAfter } from "../books/naive/naiveRootAfter.ts";
import { PartialTrie } from "../books/naive/PartialTrie.ts";
import { UnprovenNodeError } from "../books/naive/UnprovenNodeError.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import { assert } from "../lib/assert.ts";
import type { Hash } from "../lib/hex.ts";
import type { NodesBefore } from "./NodesBefore.ts";

/** What the naive derivation starts from, and writes to. */
export interface OpinionGround {
  read(book: BookName, slot: Hash): bigint;
  write(book: BookName, slot: Hash, word: bigint): void;
  root(book: BookName): Hash;
}

/**
 * The chain's own words, from roots that it was proven to have: each word that is read comes with its path, and is hashed up to
 * the root. Nothing that the keeper remembers is believed. Throws UnprovenNodeError where the nodes are not the proven ones.
 *
 * @param roots in the order of the book set
 */
export function provenGround(roots: readonly Hash[], nodes: NodesBefore): OpinionGround {
  const tries = new Map<BookName, PartialTrie>();
  for (const [index, book] of BOOK_NAMES.entries()) {
    const root = roots[index];
    assert(root !== undefined, "there is a root for every book");
    tries.set(book, new PartialTrie(root, (path) => serve(nodes, book, path)));
  }
  const trieOf = (book: BookName): PartialTrie => tries.get(book) as PartialTrie;
  // The derivation reads a variable at a time, and so the same word often.
  const words = new Map(BOOK_NAMES.map((name) => [name, new Map<Hash, bigint>()]));
  const note = (book: BookName, slot: Hash, word: bigint): bigint => {
    words.get(book)?.set(slot, word);
    return word;
  };
  return {
    read: (book, slot) => words.get(book)?.get(slot) ?? note(book, slot, trieOf(book).get(slot)),
    write: (book, slot, word) => {
      trieOf(book).set(slot, note(book, slot, word));
    },
    root: (book) => trieOf(book).root(),
  };
}

/** A trie that cannot serve a node is as wrong about it as one that serves another. */
function serve(nodes: NodesBefore, book: BookName, path: string): string {
  try {
    return nodes.nodeAt(book, path);
  } catch (cause: unknown) {
    throw new UnprovenNodeError(path, "one that cannot be read", { cause });
  }
}

/** All words of all books as they were before the newest `depth` blocks. Costs what the books hold, and so does each root. */
export function wholeGround(books: Books, depth: number): OpinionGround {
  const words = new Map(BOOK_NAMES.map((name) => [name, books.wordsBefore(name, depth)]));
  return {
    read: (book, slot) => words.get(book)?.get(slot) ?? 0n,
    write: (book, slot, word) => {
      words.get(book)?.set(slot, word);
    },
    root: (book) => naiveRootAfter(words.get(book) ?? [], new Map()),
  };
}
