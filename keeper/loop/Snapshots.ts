import type { BookBlock, Books } from "../books/Books.ts";
import type { Hash } from "../lib/hex.ts";
import type { Follower, Standing } from "./Follower.ts";
import type { Judge } from "./Judge.ts";
import type { KeeperOptions } from "./KeeperOptions.ts";
import type { Outbox } from "./Outbox.ts";
import type { SnapshotOrder } from "./ports.ts";

/** So many blocks are remembered that may be kept; when they become more, every second one is dropped. */
const MAX_CANDIDATES = 256;

/**
 * Decides of which block the books are kept on disk, and when: of final blocks whose proven roots were the books' with nothing
 * latched, the newest; as often as the options say, and only in sync.
 */
export class Snapshots {
  readonly #options: KeeperOptions;
  readonly #books: Books;
  readonly #judge: Judge;
  readonly #follower: Follower;
  readonly #outbox: Outbox;
  /** Blocks of the books that may be kept once they are final, oldest first. */
  #candidates: SnapshotOrder[] = [];
  #last: { readonly number: number; readonly atMs: number } | null = null;
  #finalNumber = -1;
  #isInSync = false;

  /** @param start block that the keeper began with; null for the deployment */
  constructor(
    options: KeeperOptions,
    parts: {
      readonly books: Books;
      readonly judge: Judge;
      readonly follower: Follower;
      readonly outbox: Outbox;
    },
    start: BookBlock | null,
  ) {
    this.#options = options;
    this.#books = parts.books;
    this.#judge = parts.judge;
    this.#follower = parts.follower;
    this.#outbox = parts.outbox;
    if (start !== null) this.#last = { number: start.number, atMs: 0 };
  }

  /** A block was judged. */
  see({ number, hash }: BookBlock): void {
    const roots = this.#options.snapshotIntervalMs === undefined ? null : this.#judge.rootsOf(hash);
    if (roots === null) return;
    this.#candidates.push({ number, hash, roots });
    if (this.#candidates.length <= MAX_CANDIDATES) return;
    this.#candidates = this.#candidates.filter((_, index) => index % 2 === 0);
  }

  /** The newest block was taken back. */
  forget(hash: Hash): void {
    if (this.#candidates.at(-1)?.hash === hash) this.#candidates.pop();
  }

  /** Orders a snapshot when one is due. */
  decide(standing: Standing, isInSync: boolean, nowMs: number): void {
    const { snapshotIntervalMs } = this.#options;
    this.#isInSync = isInSync;
    this.#finalNumber = this.#final(standing) ?? -1;
    if (snapshotIntervalMs === undefined) return;
    if (this.#last !== null && nowMs - this.#last.atMs < snapshotIntervalMs) return;
    const order = this.take();
    if (order === null) return;
    this.#last = { number: order.number, atMs: nowMs };
    this.#outbox.emit({ type: "snapshot", order });
  }

  /** The snapshot that could be taken now, whenever the last one was; null when none is newer, or may be taken. */
  take(): SnapshotOrder | null {
    if (!this.#isInSync || this.#judge.latched.length > 0 || this.#judge.hasOwnFault) return null;
    const order = this.#candidates.findLast(({ number }) => number <= this.#finalNumber);
    if (order === undefined || order.number <= (this.#last?.number ?? -1)) return null;
    // Where finality has stood still for very long, the books no longer know how they were.
    return this.#books.holds(order.hash) ? order : null;
  }

  /** Height up to which the books' blocks are final; null while nobody can tell. */
  #final({ agreed }: Standing): number | null {
    const { mode, final } = this.#follower.agreement.finality;
    if (mode === null) return null;
    if (mode.policy === "depth") return (agreed?.header?.number ?? -1) - this.#options.chain.confirmations;
    return final !== null && this.#follower.holds(final.hash) ? final.number : null;
  }
}
