import type { Books } from "../../books/Books.ts";
import { deriveNaively } from "../../books/naive/deriveNaively.ts";
import type { BookName } from "../../domain/bookSet.ts";
import type { SlotCause } from "../../domain/Finding.ts";
import { bytesToHex, hexToBytes, type Hash } from "../../lib/hex.ts";
import { keccak256 } from "../../lib/keccak.ts";
import type { SlotDifference } from "../../trie/Descent.ts";

/** The blocks whose events may explain a difference: above `base`, where the roots were equal, up to `at`. */
export interface Span {
  /** Null for the time before the first block; undefined when it is not known. */
  readonly base: Hash | null | undefined;
  readonly at: Hash;
}

/** What the events of a span imply, as far as it was worked out. */
export interface Implied {
  /** Words that the books wrote, each as it was before. */
  readonly before: ReadonlyMap<Hash, bigint>;
  /** Words by the naive derivation; null where it would take too long. */
  readonly naive: ReadonlyMap<Hash, bigint> | null;
}

/** The naive derivation is slow, and the core waits for it: so many blocks and logs of them at most. */
const MAX_BLOCKS = 32;
const MAX_LOGS = 200;

/** What the events of a span imply for a contract; null when the books do not hold it. */
export function implyWords(books: Books, contract: BookName, { base, at }: Span): Implied | null {
  const before = base === undefined ? null : books.wordsBetween(contract, base, at);
  if (base === undefined || before === null) return null;
  const since = books.blocksSince(base) ?? [];
  const blocks = since.slice(0, since.findIndex(({ hash }) => hash === at) + 1);
  const logs = blocks.reduce((sum, block) => sum + block.logs.length, 0);
  if (blocks.length > MAX_BLOCKS || logs > MAX_LOGS) return { before, naive: null };
  const written = new Map<BookName, Map<Hash, bigint>>();
  const old = new Map<BookName, ReadonlyMap<Hash, bigint> | null>();
  const read = (book: BookName, slot: Hash): bigint => {
    if (!old.has(book)) old.set(book, books.wordsBetween(book, base, null));
    return written.get(book)?.get(slot) ?? old.get(book)?.get(slot) ?? books.read(book, slot);
  };
  const answers = books.answersBefore(since.length);
  try {
    for (const { number, hash, timestamp, logs: ofBlock } of blocks) {
      const { writes } = deriveNaively({
        ...{ addresses: books.addresses, immutables: books.immutables, read },
        block: { number, hash, timestamp, logs: ofBlock },
        priceBefore: (aggregator) => answers.get(aggregator),
        accounts: books.accounts,
      });
      for (const [book, words] of writes) written.set(book, new Map([...(written.get(book) ?? []), ...words]));
    }
  } catch {
    // After something illegal it may meet what it cannot compute. Names are best effort.
    return { before, naive: null };
  }
  return { before, naive: written.get(contract) ?? new Map<Hash, bigint>() };
}

/** Names the slots of words that only the chain has, where the events have touched them. */
export function withTouchedSlots(differences: readonly SlotDifference[], implied: Implied | null): SlotDifference[] {
  if (implied === null || differences.every(({ slot }) => slot !== undefined)) return [...differences];
  const touched = new Map<Hash, Hash>();
  for (const slot of [...implied.before.keys(), ...(implied.naive?.keys() ?? [])]) {
    touched.set(bytesToHex(keccak256(hexToBytes(slot))), slot);
  }
  return differences.map((difference) => {
    const slot = difference.slot ?? touched.get(difference.hashedSlot);
    return slot === undefined ? difference : { ...difference, slot };
  });
}

/** Why a word differs. */
export function classify({ slot, own, chain }: SlotDifference, implied: Implied | null): SlotCause {
  if (implied === null) return "undetermined";
  const { before, naive } = implied;
  // A slot that no event of the span touches is not among what was written.
  const old = slot === undefined ? undefined : before.get(slot);
  const meant = slot === undefined ? undefined : (naive?.get(slot) ?? (naive === null ? undefined : old));
  if (meant !== undefined && meant === chain) return "own-books";
  if (old === undefined && meant === undefined) return "unexplained-write";
  return chain === (old ?? own) ? "missing-effect" : "miscomputed-effect";
}
