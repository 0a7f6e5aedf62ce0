import type { BookBlock } from "../../books/BookBlock.ts";
import { PartialTrie } from "../../books/naive/PartialTrie.ts";
import type { ProvenContract } from "../../chain/verify/blockFacts.ts";
import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import type { Hash } from "../../lib/hex.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import type { StepOpinion, StepReplay, StepWrites } from "./replayStep.ts";
import { writeOrder } from "./writeOrder.ts";

/** What account proofs show of the book contracts at one block. */
export type ProvenStep = Readonly<Record<BookName, ProvenContract | null>>;

/** The tries before the step, in which writes end in the roots after it. */
export interface StepTries {
  readonly before: ProvenStep;
  /** Null where the bundle has no account proofs after the step. */
  readonly after: ProvenStep | null;
  readonly nodeAt: (book: BookName, path: string) => string;
}

/** The roots that writes lead to, in the order of the book set. */
export function rootsAfter({ before, nodeAt }: StepTries, writes: StepWrites): ReadonlyMap<BookName, Hash> {
  const pairs = BOOK_NAMES.map((name): [BookName, Hash] => {
    const root = before[name]?.storageRoot ?? EMPTY_ROOT;
    const ofBook = writes.get(name) ?? new Map<Hash, bigint>();
    if (ofBook.size === 0) return [name, root];
    const trie = new PartialTrie(root, (path) => nodeAt(name, path));
    for (const [slot, word] of writeOrder(ofBook)) trie.set(slot, word);
    return [name, trie.root()];
  });
  return new Map(pairs);
}

/** Everything that stands against the chain after the step: what a keeper would find. */
export function findingsOf(tries: StepTries, { findings, writes }: StepReplay, block: BookBlock): Finding[] {
  const { before, after } = tries;
  if (after === null) return [...findings];
  const found: Finding[] = [...findings];
  const implied = rootsAfter(tries, writes);
  for (const contract of BOOK_NAMES) {
    const at = { contract, blockNumber: block.number, blockHash: block.hash, logIndex: null };
    const [root, onChain] = [implied.get(contract), after[contract]?.storageRoot ?? EMPTY_ROOT];
    if (root !== onChain) {
      const detail = `the events imply the storage root ${root}, the chain has ${onChain}`;
      found.push({ ...at, cause: "unexplained-write", detail });
    }
    const [codeBefore, code] = [before[contract]?.codeHash, after[contract]?.codeHash];
    if (codeBefore !== undefined && code !== undefined && codeBefore !== code) {
      const detail = `code hash ${code}, before the step ${codeBefore}`;
      found.push({ ...at, cause: "code-changed", detail });
    }
  }
  return found;
}

/** Why the naive derivation does not agree with the chain; null when it does. */
export function disagreement(tries: StepTries, { problem, writes }: StepOpinion): string | null {
  if (problem !== null) return problem;
  if (tries.after === null) return null;
  for (const [name, root] of rootsAfter(tries, writes)) {
    const onChain = tries.after[name]?.storageRoot ?? EMPTY_ROOT;
    if (root !== onChain) return `${name}: it arrives at ${root}, the chain has ${onChain}`;
  }
  return null;
}
