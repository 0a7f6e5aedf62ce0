import type { BookBlock, Books, Overwritten } from "../books/Books.ts";
import { decodeAnswer } from "../books/naive/decode.ts";
import { deriveNaively } from "../books/naive/deriveNaively.ts";
import { UnprovenNodeError } from "../books/naive/UnprovenNodeError.ts";
import { BOOK_NAMES } from "../domain/bookSet.ts";
import { describeError } from "../lib/describeError.ts";
import type { Hash } from "../lib/hex.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import { NodesBefore } from "./NodesBefore.ts";
import { provenGround, wholeGround, type OpinionGround } from "./opinionGround.ts";
import type { ProvenBooks } from "./requestBlock.ts";

/** What the naive derivation says of the newest blocks of the books. */
export interface SecondOpinion {
  /**
   * It reports nothing wrong and, where roots are proven, arrives at the chain's roots; or it found that the books themselves are
   * no longer what they were proven to be, so that nothing which follows from them stands against the chain.
   */
  readonly agreesWithChain: boolean;
  /** It could not go on, and so says nothing of the chain. */
  readonly hasFailed?: true;
  readonly detail: string;
}

/** The blocks in question, and what is proven of the newest of them. */
interface Question {
  readonly books: Books;
  readonly blocks: readonly BookBlock[];
  readonly proven: ProvenBooks | null;
  readonly overwritten: Overwritten;
}

/**
 * Derives the books' newest blocks again with code that shares nothing with the reducers.
 *
 * If it agrees with the chain where the reducers do not, the fault is the keeper's own, and nothing may be paused. Where it cannot
 * go on it agrees with nobody, so that what was proved stands: no block may end the process, or hold a pause back.
 *
 * It starts from the roots that the chain was proven to have before these blocks, takes each word that it needs with its path,
 * and hashes that up to the root itself: it costs what the blocks cost, not what the books hold. Only where no root is known, or
 * where the books' nodes are not the proven ones, are all words copied and hashed. docs/decisions/0031-second-opinion-at-scale.md
 *
 * @param blocks the newest blocks of the books, oldest first: all since the roots were last proven to agree, because a
 * fault of our own may lie in any of them
 * @param proven what is proven of the newest of them
 * @param rootsBefore the chain's roots right before them, in the order of the book set; null when they are not known
 */
export function askSecondOpinion(
  books: Books,
  blocks: readonly BookBlock[],
  proven: ProvenBooks | null,
  rootsBefore: readonly Hash[] | null = null,
): SecondOpinion {
  const question = { books, blocks, proven, overwritten: books.overwritten(blocks.length) };
  const roots = rootsBefore ?? rootsOfNothing(question);
  if (roots === null) {
    return explain(
      judgeFrom(() => wholeGround(books, blocks.length), question),
      "no root before is known",
    );
  }
  try {
    return judgeFrom(() => provenGround(roots, new NodesBefore(books, question.overwritten)), question);
  } catch (error: unknown) {
    if (!(error instanceof UnprovenNodeError)) throw error;
    return judgeDamaged(roots, error.message, question);
  }
}

/** Before their first block the books are empty, and so is the chain. */
function rootsOfNothing({ books, blocks }: Question): Hash[] | null {
  return books.blocksSince(null)?.length === blocks.length ? BOOK_NAMES.map(() => EMPTY_ROOT) : null;
}

/** The books' nodes are not the chain's. Either their hashes are wrong and their words are right, or not even these are. */
function judgeDamaged(roots: readonly Hash[], reason: string, question: Question): SecondOpinion {
  try {
    const ground = wholeGround(question.books, question.blocks.length);
    for (const [index, name] of BOOK_NAMES.entries()) {
      const root = ground.root(name);
      if (root === roots[index]) continue;
      const detail = `${name}: ${reason}: its words had the root ${roots[index]}, and now have ${root}`;
      return { agreesWithChain: true, detail };
    }
    return explain(
      judgeFrom(() => ground, question),
      reason,
    );
  } catch (error: unknown) {
    return { agreesWithChain: true, detail: `${reason}: the words cannot even be read: ${describeError(error)}` };
  }
}

function explain(opinion: SecondOpinion, reason: string): SecondOpinion {
  return { ...opinion, detail: `${opinion.detail} (all words were hashed: ${reason})` };
}

function judgeFrom(ground: () => OpinionGround, question: Question): SecondOpinion {
  try {
    return deriveAll(ground(), question);
  } catch (error: unknown) {
    if (error instanceof UnprovenNodeError) throw error;
    return {
      agreesWithChain: false,
      hasFailed: true,
      detail: `a second derivation could not go on: ${describeError(error)}`,
    };
  }
}

/** Derives the blocks, one after the other, up to the first problem; then compares the roots. */
function deriveAll(ground: OpinionGround, { books, blocks, proven, overwritten }: Question): SecondOpinion {
  const answers = new Map(overwritten.answers);
  for (const { number, hash, timestamp, logs } of blocks) {
    const { writes, problems } = deriveNaively({
      addresses: books.addresses,
      immutables: books.immutables,
      block: { number, hash, timestamp, logs },
      read: (book, slot) => ground.read(book, slot),
      // What the blocks wrote over is known even where it was nothing.
      priceBefore: (aggregator) => (answers.has(aggregator) ? answers.get(aggregator) : books.answerOf(aggregator)),
      accounts: books.accounts,
      isUntilProblem: true,
    });
    const [problem] = problems;
    if (problem !== undefined) return { agreesWithChain: false, detail: `${problem.book}: ${problem.detail}` };
    for (const [book, written] of writes) for (const [slot, value] of written) ground.write(book, slot, value);
    for (const log of logs) {
      const answer = decodeAnswer(log);
      if (answer !== undefined) answers.set(answer.aggregator, answer);
    }
  }
  for (const name of BOOK_NAMES) {
    if (proven === null) break;
    // A contract that is not there has no storage.
    const onChain = proven[name]?.storageRoot ?? EMPTY_ROOT;
    const root = ground.root(name);
    if (root === onChain) continue;
    return { agreesWithChain: false, detail: `${name}: it arrives at ${root}, the chain has ${onChain}` };
  }
  return { agreesWithChain: true, detail: "a second derivation of the block agrees with the chain" };
}
