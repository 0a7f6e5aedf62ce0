import type { Hash } from "../../lib/hex.ts";
import type { Header } from "../verify/header.ts";

/** A place on a chain of headers: known by its child, or itself held. */
export interface Place {
  readonly number: number;
  readonly hash: Hash;
}

/** Headers kept; the oldest go first. */
const MAX_HEADERS = 512;
/** Blocks that two heads may lie apart and still be linked. */
export const MAX_LINKS = 16;

/**
 * Verified headers by hash, and how they hang together.
 *
 * A header is self-consistent by its hash and no more: anybody can make one with any parent. A link therefore counts
 * only where the numbers follow each other as well.
 */
export class HeaderBook {
  readonly #headers = new Map<Hash, Header>();

  get(hash: Hash): Header | undefined {
    return this.#headers.get(hash);
  }

  add(header: Header): void {
    if (this.#headers.has(header.hash)) return;
    this.#headers.set(header.hash, header);
    if (this.#headers.size <= MAX_HEADERS) return;
    const [oldest] = this.#headers.keys();
    if (oldest !== undefined) this.#headers.delete(oldest);
  }

  /** The head's place and those below it, as far as headers are held, down to {@link MAX_LINKS} blocks. */
  *chain(head: Header): Generator<Place> {
    let place: Place = head;
    const lowest = head.number - MAX_LINKS;
    for (;;) {
      yield place;
      const header = this.#headers.get(place.hash);
      // A child that lies about its number hangs on nothing.
      if (header?.number !== place.number || place.number <= Math.max(0, lowest)) return;
      place = { number: header.number - 1, hash: header.parentHash };
    }
  }

  /** Whether `ancestor` is the block `descendant` or a verified ancestor of it, at most {@link MAX_LINKS} below. */
  isAncestor(ancestor: Hash, descendant: Hash): boolean {
    const head = this.#headers.get(descendant);
    if (head === undefined) return false;
    const known = this.#headers.get(ancestor);
    for (const { hash, number } of this.chain(head)) {
      if (hash === ancestor) return known === undefined || known.number === number;
    }
    return false;
  }

  /** Headers to fetch before it can be told where two heads part; none when it can, or when they lie too far apart. */
  missingBetween(left: Header, right: Header): Place[] {
    if (Math.abs(left.number - right.number) > MAX_LINKS) return [];
    const [ours, theirs] = [[...this.chain(left)], [...this.chain(right)]];
    const hashes = new Set(ours.map(({ hash }) => hash));
    if (theirs.some(({ hash }) => hashes.has(hash))) return [];
    const lowest = Math.max(left.number, right.number) - MAX_LINKS;
    const [a, b] = [ours.at(-1) ?? left, theirs.at(-1) ?? right];
    return [a, b].filter(({ hash, number }) => {
      return number >= Math.max(a.number, b.number) && number >= lowest && !this.#headers.has(hash);
    });
  }
}
