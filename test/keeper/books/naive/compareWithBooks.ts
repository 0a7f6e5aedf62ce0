import { ZeroHash } from "ethers";

import { Books } from "../../../../keeper/books/Books.ts";
import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { NaiveFollower } from "./NaiveFollower.ts";

/**
 * Lets the reducers apply the blocks that were followed, and compares what they write with what was derived, word by
 * word and block by block.
 *
 * @returns what differs, and what the reducers call wrong
 */
export function compareWithBooks({ followed }: NaiveFollower): string[] {
  const [first] = followed;
  if (first === undefined) return ["nothing was followed"];
  const { addresses, immutables } = first.input;
  const books = new Books({ addresses, immutables });
  const differences: string[] = [];
  let parentHash = ZeroHash as Hash;
  for (const { input, result } of followed) {
    const { number, hash } = input.block;
    for (const { cause, detail } of books.apply({ ...input.block, parentHash })) {
      differences.push(`block ${number}: ${cause}: ${detail}`);
    }
    parentHash = hash;
    for (const [book, words] of result.writes) {
      for (const [slot, word] of words) {
        const reduced = books.read(book, slot);
        if (reduced !== word) differences.push(`block ${number}: ${book} ${slot}: ${reduced} is not ${word}`);
      }
    }
  }
  const last = followed.at(-1)!;
  for (const book of BOOK_NAMES) {
    for (const [slot, word] of books.wordsBefore(book, 0)) {
      const derived = last.result.writes.get(book)?.get(slot) ?? last.input.read(book, slot);
      if (derived !== word) differences.push(`${book} ${slot}: ${word} is not ${derived}`);
    }
  }
  return differences;
}
