import type { Link } from "../chain/agree/Ancestry.ts";
import type { ServedHead } from "../chain/agree/Votes.ts";
import type { Hash } from "../lib/hex.ts";
import type { FetchedBlock } from "./FetchedBlock.ts";

/**
 * The blocks that the books hold, newest last: one branch, by hash and by height. The newest as they were fetched; of the deep ones
 * only how they are linked.
 */
export class Canonical {
  readonly #depth: number;
  readonly #byHash = new Map<Hash, FetchedBlock>();
  readonly #links = new Map<Hash, Link>();
  readonly #byNumber = new Map<number, Hash>();
  /** Up to here no account proofs are kept any more. */
  #released: number | null = null;
  /** Up to here blocks are links only. */
  #letGo: number | null = null;
  #newest = -1;
  /** Parent of the lowest block since there was none. */
  #below: Hash | null = null;
  #root: Hash | null = null;
  #floor: ServedHead | null = null;

  /** @param depth blocks that can be taken back */
  constructor(depth: number) {
    this.#depth = depth;
  }

  get(hash: Hash): FetchedBlock | undefined {
    return this.#byHash.get(hash);
  }

  has(hash: Hash): boolean {
    return this.#links.has(hash);
  }

  /** Height and parent of a block, however deep. */
  link(hash: Hash): Link | undefined {
    return this.#links.get(hash);
  }

  /** The block on which the first one stood when k operators stood behind the branch: what is without it is another chain. */
  get root(): Hash | null {
    return this.#root;
  }

  /** k operators stand behind the branch: from now on its root is that of the chain. */
  anchor(): void {
    this.#root ??= this.#below;
  }

  /** The block that the books began with, below which they hold nothing; null when they began with the deployment. */
  get floor(): ServedHead | null {
    return this.#floor;
  }

  /** The books begin with this block. */
  begin(fetched: FetchedBlock): void {
    this.push(fetched);
    this.#floor = fetched.header === null ? null : { number: fetched.header.number, hash: fetched.hash };
  }

  hashes(): Iterable<Hash> {
    return this.#links.keys();
  }

  /** The block at a height, as far as the books reach. */
  at(number: number): Hash | undefined {
    return this.#byNumber.get(number);
  }

  /** The block that lies so many below another; null below what is kept. */
  below(block: FetchedBlock, depth: number): FetchedBlock | null {
    let found: FetchedBlock | undefined = block;
    for (let step = 0; step < depth && found !== undefined; step += 1) {
      found = this.#byHash.get(found.header?.parentHash ?? "0x");
    }
    return found ?? null;
  }

  /** The newest block at or below another that fulfils a condition, no deeper than `depth`. */
  newest(from: FetchedBlock, depth: number, fulfils: (block: FetchedBlock) => boolean): FetchedBlock | null {
    let block: FetchedBlock | null = from;
    for (let step = 0; step < depth && block !== null; step += 1) {
      if (fulfils(block)) return block;
      block = this.below(block, 1);
    }
    return null;
  }

  /**
   * Of a block and those below it, down to a height, the newest with the greatest weight.
   *
   * @param most a weight that none exceeds: beyond a block that has it nothing is looked at
   */
  strongest(from: FetchedBlock, downTo: number, most: number, weigh: (block: FetchedBlock) => number): FetchedBlock {
    let [best, weight] = [from, weigh(from)];
    let block = this.below(from, 1);
    while (weight < most && block?.header != null && block.header.number >= downTo) {
      const other = weigh(block);
      if (other > weight) [best, weight] = [block, other];
      block = this.below(block, 1);
    }
    return best;
  }

  push(fetched: FetchedBlock): void {
    const { hash, header } = fetched;
    if (header === null) return;
    if (this.#links.size === 0) this.#below = header.parentHash;
    // After a reorg there are proofs again at heights that were released before.
    this.#released = Math.min(this.#released ?? Infinity, header.number - 1);
    this.#letGo = Math.min(this.#letGo ?? Infinity, header.number - 1);
    this.#newest = header.number;
    this.#byHash.set(hash, fetched);
    this.#links.set(hash, { number: header.number, parentHash: header.parentHash });
    this.#byNumber.set(header.number, hash);
    const [oldest] = this.#links.keys();
    if (this.#links.size > this.#depth && oldest !== undefined) this.remove(oldest);
  }

  remove(hash: Hash): void {
    const number = this.#links.get(hash)?.number;
    this.#byHash.delete(hash);
    this.#links.delete(hash);
    if (number !== undefined && this.#byNumber.get(number) === hash) this.#byNumber.delete(number);
  }

  /**
   * Lets go of the account proofs of blocks up to a height: they are final, or as deep as proofs are kept. The height may lie
   * beyond the books, which may still be catching up.
   */
  releaseUpTo(number: number): void {
    const to = Math.min(number, this.#newest);
    const from = this.#released ?? to;
    for (let height = from + 1; height <= to; height += 1) {
      const hash = this.#byNumber.get(height);
      const fetched = hash === undefined ? undefined : this.#byHash.get(hash);
      if (fetched !== undefined) fetched.served = null;
    }
    this.#released = Math.max(from, to);
  }

  /**
   * Lets go of everything but the links of blocks up to a height, and says which these are. Should a reorg lead away from them and
   * back, they are fetched again: the books keep what they need to take them back.
   */
  letGoUpTo(number: number): Hash[] {
    const to = Math.min(number, this.#newest);
    const from = this.#letGo ?? to;
    const gone: Hash[] = [];
    for (let height = from + 1; height <= to; height += 1) {
      const hash = this.#byNumber.get(height);
      if (hash !== undefined && this.#byHash.delete(hash)) gone.push(hash);
    }
    this.#letGo = Math.max(from, to);
    return gone;
  }
}
