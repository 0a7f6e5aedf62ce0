import type { BookBlock, Books } from "../books/Books.ts";
import { deriveNaively } from "../books/naive/deriveNaively.ts";
import { naiveRootAfter } from "../books/naive/naiveRootAfter.ts";
import type { VerifiedLog } from "../chain/verify/receipts.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** What the naive derivation says of the newest block of the books. */
export interface SecondOpinion {
  /** It reports nothing wrong and, where roots are proven, arrives at the chain's roots. */
  readonly agreesWithChain: boolean;
  readonly detail: string;
}

/**
 * Derives the books' newest block again with code that shares nothing with the reducers.
 *
 * If it agrees with the chain where the reducers do not, the fault is the keeper's own, and nothing may be paused.
 */
export function askSecondOpinion(
  books: Books,
  block: BookBlock,
  logs: readonly VerifiedLog[],
  proven: ProvenBooks | null,
): SecondOpinion {
  const before = new Map(BOOK_NAMES.map((name) => [name, books.wordsBeforeTip(name)]));
  const answers = books.answersBeforeTip();
  const { writes, problems } = deriveNaively({
    addresses: books.addresses,
    immutables: books.immutables,
    block: { number: block.number, hash: block.hash, timestamp: block.timestamp, logs },
    read: (book, slot) => before.get(book)?.get(slot) ?? 0n,
    priceBefore: (aggregator) => answers.get(aggregator),
  });
  const [problem] = problems;
  if (problem !== undefined) return { agreesWithChain: false, detail: `${problem.book}: ${problem.detail}` };
  for (const name of proven === null ? [] : BOOK_NAMES) {
    const contract = proven?.[name];
    if (contract == null) continue;
    const root = naiveRootAfter(before.get(name) ?? [], writes.get(name) ?? new Map());
    if (root !== contract.storageRoot) {
      return {
        agreesWithChain: false,
        detail: `${name}: it arrives at ${root}, the chain has ${contract.storageRoot}`,
      };
    }
  }
  return { agreesWithChain: true, detail: "a second derivation of the block agrees with the chain" };
}
