import type { BookBlock, Books } from "../books/Books.ts";
import { decodeAnswer } from "../books/naive/decode.ts";
import { deriveNaively } from "../books/naive/deriveNaively.ts";
import { naiveRootAfter } from "../books/naive/naiveRootAfter.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** What the naive derivation says of the newest blocks of the books. */
export interface SecondOpinion {
  /** It reports nothing wrong and, where roots are proven, arrives at the chain's roots. */
  readonly agreesWithChain: boolean;
  readonly detail: string;
}

/**
 * Derives the books' newest blocks again with code that shares nothing with the reducers.
 *
 * If it agrees with the chain where the reducers do not, the fault is the keeper's own, and nothing may be paused.
 *
 * @param blocks the newest blocks of the books, oldest first: all since the roots were last proven to agree, because a
 * fault of our own may lie in any of them
 * @param proven what is proven of the newest of them
 */
export function askSecondOpinion(
  books: Books,
  blocks: readonly BookBlock[],
  proven: ProvenBooks | null,
): SecondOpinion {
  const words = new Map(BOOK_NAMES.map((name) => [name, books.wordsBefore(name, blocks.length)]));
  const answers = books.answersBefore(blocks.length);
  for (const { number, hash, timestamp, logs } of blocks) {
    const { writes, problems } = deriveNaively({
      addresses: books.addresses,
      immutables: books.immutables,
      block: { number, hash, timestamp, logs },
      read: (book, slot) => words.get(book)?.get(slot) ?? 0n,
      priceBefore: (aggregator) => answers.get(aggregator),
      accounts: books.accounts,
    });
    const [problem] = problems;
    if (problem !== undefined) return { agreesWithChain: false, detail: `${problem.book}: ${problem.detail}` };
    for (const [book, written] of writes) for (const [slot, value] of written) words.get(book)?.set(slot, value);
    for (const log of logs) {
      const answer = decodeAnswer(log);
      if (answer !== undefined) answers.set(answer.aggregator, answer);
    }
  }
  for (const name of BOOK_NAMES) {
    if (proven === null) break;
    // A contract that is not there has no storage.
    const onChain = proven[name]?.storageRoot ?? EMPTY_ROOT;
    const root = naiveRootAfter(words.get(name) ?? [], new Map());
    if (root === onChain) continue;
    return { agreesWithChain: false, detail: `${name}: it arrives at ${root}, the chain has ${onChain}` };
  }
  return { agreesWithChain: true, detail: "a second derivation of the block agrees with the chain" };
}
