import type { Hash } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";

/** Hashes in the lists that are held, at most: those of a fake header may be long, and there may be many. */
const MAX_LISTED = 1_000_000;
/** A list that is longer is not asked through one by one, at nobody's. */
const MAX_LIST = 20_000;

/**
 * The lists of transactions of the blocks that are held, bounded together: the oldest is let go first. Any of them can be asked
 * for again, and is needed only where a source has no call for the receipts of a block.
 */
export class TransactionLists {
  /** Lengths, in the order in which the lists came. */
  readonly #lengths = new Map<FetchedBlock, number>();
  #listed = 0;

  /** Gives a block its list; one that is too long to ask through is not kept, nor asked for again of that source. */
  keep(block: FetchedBlock, transactions: readonly Hash[], source: string): void {
    if (transactions.length > MAX_LIST) {
      block.tried.header.add(source);
      block.missing = `${transactions.length} transactions are too many to ask for their receipts one by one`;
      return;
    }
    this.drop(block);
    block.transactions = transactions;
    block.listedBy = source;
    this.#lengths.set(block, transactions.length);
    this.#listed += transactions.length;
    for (const oldest of this.#lengths.keys()) {
      if (this.#listed <= MAX_LISTED) break;
      this.drop(oldest);
    }
  }

  /** Takes the list away from a block. */
  drop(block: FetchedBlock): void {
    this.#listed -= this.#lengths.get(block) ?? 0;
    this.#lengths.delete(block);
    block.transactions = [];
    block.listedBy = null;
  }

  /**
   * Makes a block want the list of another source. The header stays: votes for what lies below hang on it.
   *
   * @param oneByOne sources that have no call for the receipts of a block, which another list lets answer again
   */
  refute(block: FetchedBlock, oneByOne: readonly string[]): void {
    if (block.listedBy !== null) block.tried.header.add(block.listedBy);
    for (const source of oneByOne) block.tried.receipts.delete(source);
    this.drop(block);
  }
}
