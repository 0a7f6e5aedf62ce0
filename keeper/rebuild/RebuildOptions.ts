import type { Books, BookBlock } from "../books/Books.ts";
import type { Source } from "../chain/sources/Source.ts";
import type { BookAddresses, BookName, Immutables } from "../domain/bookSet.ts";
import type { ChainProfile } from "../domain/chainProfile.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { linkHeaders } from "./linkHeaders.ts";
import type { RebuildProgress } from "./Pace.ts";
import type { SourceTally } from "./Tally.ts";

/** A block by number and hash. */
export interface BlockPoint {
  readonly number: number;
  readonly hash: Hash;
}

/** What a rebuild rests on, and how far it goes. */
export interface RebuildOptions {
  /** Opened; they stay the caller's. Votes are counted by operator. */
  readonly sources: readonly Source[];
  readonly chainId: number;
  /** What is final here, and blocks that the chain must have. */
  readonly chain: ChainProfile;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  /** First block that can hold an event of a book contract. */
  readonly deploymentBlock: number;
  /** Books to go on from, which are changed; null to begin at the deployment. */
  readonly from: Books | null;
  /** The last block: one that must be of the chain of k operators, or the newest that they call final. */
  readonly target: BlockPoint | "final";
  /** With fewer blocks up to the newest final one nothing is done. Default 1. */
  readonly minBlocks?: number;
  /** Accepts a single configured operator, whom nobody contradicts. */
  readonly allowUnwitnessed?: boolean;
  readonly requestDeadlineMs: number;
  /** Shortest time for which one source is waited for before another one is asked as well. */
  readonly hedgeMs: number;
  /** A question that nobody answers for so long ends the rebuild. Default 60,000. */
  readonly patienceMs?: number;
  /** Blocks between two for which k operators are asked. Default 256. */
  readonly segmentBlocks?: number;
  /** Beside work that must not wait: gives the thread back every few milliseconds, and has less under way at once. */
  readonly isBackground?: boolean;
  /** False: no account proof is asked for at the end, because the caller has what to compare the roots with. Default true. */
  readonly provesRoots?: boolean;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Hears some ten times a second how far it is. */
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Sees the books after each block. Until the rebuild has ended nothing of it counts. */
  readonly onBlock?: (block: BookBlock, books: Books) => void;
  /** Ends the rebuild with `RebuildCancelled`. */
  readonly signal?: AbortSignal;
  /** For tests: broken twins. */
  readonly replacements?: { readonly linkHeaders?: typeof linkHeaders };
}

/** Whether account proofs at the last block say what the books say; a difference is no result, it is `RebuildMismatch`. */
export type RootsStatement =
  | { readonly kind: "proven" }
  /** Nobody could prove these contracts there, and why. What was proven agrees. */
  | { readonly kind: "unproven"; readonly contracts: readonly BookName[]; readonly detail: string };

/** Books as the chain's logs imply them, up to a block of k operators. */
export interface Rebuilt {
  readonly books: Books;
  /** Where they stand; null when no block of the protocol is final yet. */
  readonly block: BlockPoint | null;
  readonly roots: RootsStatement;
  /** Proven code of the contracts at the block, as far as it was. */
  readonly codeHashes: ReadonlyMap<BookName, Hash>;
  /** Blocks and logs that were applied; of a rebuild that began anew, since then. */
  readonly blocks: number;
  readonly events: number;
  /** What the history proves to be wrong with itself: how often, and the first of it. */
  readonly findingCount: number;
  readonly findings: readonly Finding[];
  /** How often the chain left blocks that had been applied, or the target. */
  readonly restarts: number;
  /** What each source did. */
  readonly sources: readonly SourceTally[];
}
