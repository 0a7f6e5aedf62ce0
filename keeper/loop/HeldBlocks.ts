import type { BlockFacts } from "../chain/verify/blockFacts.ts";
import type { Hash } from "../lib/hex.ts";
import { newBlock, type FetchedBlock } from "./FetchedBlock.ts";
import { TransactionLists } from "./TransactionLists.ts";

/** Blocks that are held before those that nobody needs are looked for. */
const MAX_HELD = 20_000;

/** The blocks that are held, with their lists of transactions, as few and as small as can be. */
export class HeldBlocks {
  readonly #blocks = new Map<Hash, FetchedBlock>();
  readonly #lists = new TransactionLists();
  #limit = MAX_HELD;

  readonly get = (hash: Hash): FetchedBlock | undefined => this.#blocks.get(hash);

  /** The block with this hash, from now on held. */
  hold(hash: Hash, wantsProofs: boolean, nowMs: number): FetchedBlock {
    const held = this.#blocks.get(hash);
    if (held !== undefined) {
      held.wantsProofs ||= wantsProofs && held.facts === null;
      return held;
    }
    const block = newBlock(hash, wantsProofs, nowMs);
    this.#blocks.set(hash, block);
    return block;
  }

  /** Gives a block a list, unless it has one, needs none any more or is no longer held. */
  keepList(block: FetchedBlock, transactions: readonly Hash[], source: string): void {
    if (this.#blocks.get(block.hash) !== block || block.listedBy !== null || block.facts !== null) return;
    this.#lists.keep(block, transactions, source);
  }

  /** Takes a list away that nobody has receipts for; see {@link TransactionLists.refute}. */
  refuteList(block: FetchedBlock, oneByOne: readonly string[]): void {
    this.#lists.refute(block, oneByOne);
  }

  /** Gives a block its facts: the list has done its service. */
  keepFacts(block: FetchedBlock, facts: BlockFacts): void {
    block.facts = facts;
    this.#lists.drop(block);
  }

  forget(hash: Hash): void {
    const block = this.#blocks.get(hash);
    if (block !== undefined) this.#lists.drop(block);
    this.#blocks.delete(hash);
  }

  /** Forgets what nobody needs any more, when there is much of it: sources can invent blocks without end. */
  prune(needed: () => ReadonlySet<Hash>): void {
    if (this.#blocks.size < this.#limit) return;
    const kept = needed();
    for (const hash of this.#blocks.keys()) if (!kept.has(hash)) this.forget(hash);
    this.#limit = Math.max(MAX_HELD, 2 * this.#blocks.size);
  }
}
