import type { Hash } from "../../lib/hex.ts";
import type { Relation } from "./HeadHistory.ts";

/** What is needed of a verified header. */
export interface Link {
  readonly number: number;
  readonly parentHash: Hash;
}

/** How deep branches are compared; further apart, nothing is known of them. */
const MAX_DEPTH = 20_000;

/** How blocks lie to each other, as far as verified headers show it. */
export class Ancestry {
  readonly #header: (hash: Hash) => Link | undefined;
  readonly #canonicalAt: (number: number) => Hash | undefined;

  /**
   * @param header a verified header, or undefined
   * @param canonicalAt the block of one known branch at a height, a shortcut through long stretches of it
   */
  constructor(
    header: (hash: Hash) => Link | undefined,
    canonicalAt: (number: number) => Hash | undefined = () => undefined,
  ) {
    this.#header = header;
    this.#canonicalAt = canonicalAt;
  }

  /** Whether `ancestor` is `descendant` or is known to be one of its ancestors. */
  readonly isAncestor = (ancestor: Hash, descendant: Hash): boolean => {
    if (ancestor === descendant) return true;
    const lowest = this.#header(ancestor)?.number;
    let hash = descendant;
    for (let depth = 0; depth < MAX_DEPTH && hash !== ancestor; depth += 1) {
      const header = this.#header(hash);
      if (header === undefined || lowest === undefined || header.number <= lowest) return false;
      if (this.#canonicalAt(header.number) === hash && this.#canonicalAt(lowest) !== undefined) {
        return this.#canonicalAt(lowest) === ancestor;
      }
      hash = header.parentHash;
    }
    return hash === ancestor;
  };

  /** The block at a height on the way down from another; undefined when it is not known, or not below it. */
  at(number: number, descendant: Hash): Hash | undefined {
    let hash = descendant;
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
      const header = this.#header(hash);
      if (header === undefined || header.number < number) return undefined;
      if (header.number === number) return hash;
      if (this.#canonicalAt(header.number) === hash && this.#canonicalAt(number) !== undefined) {
        return this.#canonicalAt(number);
      }
      hash = header.parentHash;
    }
    return undefined;
  }

  /** Height of the newest block that both have in common; null when it is not known. */
  forkHeight(one: Hash, other: Hash): number | null {
    let [left, right] = [one, other];
    for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
      const [leftLink, rightLink] = [this.#header(left), this.#header(right)];
      if (leftLink === undefined || rightLink === undefined) return null;
      if (left === right) return leftLink.number;
      if (leftLink.number >= rightLink.number) left = leftLink.parentHash;
      if (rightLink.number >= leftLink.number) right = rightLink.parentHash;
    }
    return null;
  }

  /** How `head` lies to `other`. */
  readonly relate = (head: Hash, other: Hash): Relation => {
    if (head === other) return "same";
    if (this.isAncestor(other, head)) return "ahead";
    if (this.isAncestor(head, other)) return "behind";
    return this.forkHeight(head, other) === null ? "unknown" : "competing";
  };
}
