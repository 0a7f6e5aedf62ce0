import type { Hash } from "../../lib/hex.ts";

/** A mapping's key as its caller has it: text, or a number. */
export type SlotKey = string | bigint;

type Generation = Map<Hash, Map<SlotKey, Hash>>;

/**
 * A bounded memo of the slots that mapping keys lead to, by the mapping's own slot and the key: about least-recently-used.
 *
 * Two levels, so that no text has to be put together for a question: both parts are looked up as they are, and their hashes
 * are kept by the strings themselves. Invariant: at most `2 * capacity` slots. When the young generation is full it becomes
 * the old one and the old one is dropped; a hit in the old one moves to the young.
 */
export class SlotCache {
  readonly #capacity: number;
  #young: Generation = new Map();
  #old: Generation = new Map();
  #youngSize = 0;
  #oldSize = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Slots remembered, those in both generations twice. */
  get size(): number {
    return this.#youngSize + this.#oldSize;
  }

  get(base: Hash, key: SlotKey): Hash | undefined {
    const young = this.#young.get(base)?.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(base)?.get(key);
    if (old !== undefined) this.set(base, key, old);
    return old;
  }

  /** Remembers a slot that {@link get} did not find. */
  set(base: Hash, key: SlotKey, slot: Hash): void {
    if (this.#youngSize >= this.#capacity) {
      [this.#old, this.#oldSize] = [this.#young, this.#youngSize];
      this.#young = new Map();
      this.#youngSize = 0;
    }
    const ofBase = this.#young.get(base);
    if (ofBase === undefined) this.#young.set(base, new Map([[key, slot]]));
    else ofBase.set(key, slot);
    this.#youngSize += 1;
  }
}
