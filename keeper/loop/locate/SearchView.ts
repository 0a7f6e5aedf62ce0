import type { Books } from "../../books/Books.ts";
import type { BookName } from "../../domain/bookSet.ts";
import type { LocatedSlot } from "../../domain/Finding.ts";
import type { Hash } from "../../lib/hex.ts";
import type { StorageProofAnswer } from "../../trie/Descent.ts";
import type { FetchedBlock } from "../FetchedBlock.ts";
import type { KeeperOptions } from "../KeeperOptions.ts";
import type { Outbox } from "../Outbox.ts";
import type { LocatedAt } from "../ports.ts";
import type { SeenKeys } from "../SeenKeys.ts";

/** What a search needs to know of the chain at each moment. */
export interface SearchView {
  /** The newest block of the books. */
  readonly tip: FetchedBlock;
  /** The block of the books that lies so many below another; null when they do not reach there. */
  readonly below: (block: FetchedBlock, depth: number) => FetchedBlock | null;
  /** Sources that may be asked, best first. */
  readonly sources: readonly string[];
  readonly nowMs: number;
}

/** What a search came to, so far or in the end. */
export interface SearchResult {
  /** Where it searched; null when no block could be. */
  readonly at: LocatedAt | null;
  readonly slots: readonly LocatedSlot[];
  /** Every slot that differs is among them. */
  readonly isComplete: boolean;
  /** More slots differ than are looked for. */
  readonly isTruncated: boolean;
  /** What is not as it should be; empty when all was found. */
  readonly notes: readonly string[];
}

/** Takes proofs of a contract's words after a block, once they are verified: they are evidence. */
export type KeepProofs = (contract: BookName, blockHash: Hash, answers: readonly StorageProofAnswer[]) => void;

/** What a search works with. */
export interface SearchParts {
  readonly options: KeeperOptions;
  readonly books: Books;
  readonly outbox: Outbox;
  readonly seen: SeenKeys;
  readonly keepProofs: KeepProofs;
}
