import { addressOf, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const SMALLEST = 8;
const GROWTH = 1.25;
/** Stands where a leaf was removed: no id, because no leaf has this tag. */
const GONE = 0xffff_ffff;

/** Where a leaf's slot lies, in words of 4 bytes. */
function slotWord(leaf: NodeId): number {
  return (addressOf(leaf) + SLOT_AT) >>> 2;
}

/** Whether a leaf is that of the slot that stands at `from`. */
export function holdsSlot({ words }: NodeMemory, leaf: NodeId, slots: Uint32Array, from: number): boolean {
  const start = slotWord(leaf);
  for (let at = 0; at < 8; at += 1) if (words[start + at] !== slots[from + at]) return false;
  return true;
}

/**
 * Mixes the 8 words of a slot into 32 bits: real slots are small numbers, hashes, and hashes with small numbers added.
 */
export function mixSlot(words: Uint32Array, start: number): number {
  let hash = 0;
  for (let at = start; at < start + 8; at += 1) {
    hash = Math.imul(hash ^ words[at]!, 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85eb_ca77);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * A table of ids with linear probing: an entry stands at or after the place that its slot's hash names, and no empty one
 * lies between. One byte of the hash beside each id tells nearly all wrong entries without a look at their records.
 * Removing looks at no other record either: it leaves {@link GONE} behind, unless an empty place follows, and what is
 * added next takes that place.
 */
export class SlotTable {
  #ids: Uint32Array = new Uint32Array(SMALLEST);
  #marks: Uint8Array = new Uint8Array(SMALLEST);
  #count = 0;
  /** Places that are {@link GONE}. */
  #gone = 0;
  readonly #fullest: number;

  /** `fullest` is the part of the table that may be taken before it grows, below 1. */
  constructor(fullest: number) {
    this.#fullest = fullest;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#ids.byteLength + this.#marks.byteLength;
  }

  /** Leaves in the table. */
  get count(): number {
    return this.#count;
  }

  /** The leaf of the slot (8 words as memory holds them) that stands at `from`, with this hash; 0 for none. */
  find(memory: NodeMemory, slots: Uint32Array, hash: number, from = 0): NodeId {
    const ids = this.#ids;
    const marks = this.#marks;
    const mark = hash & 255;
    for (let at = this.#placeOf(hash); ; at = at + 1 === ids.length ? 0 : at + 1) {
      const id = ids[at]!;
      if (id === 0) return 0;
      if (marks[at] === mark && id !== GONE && holdsSlot(memory, id, slots, from)) return id;
    }
  }

  /** The first entry with the mark of a hash where that is looked for: nearly always its leaf, if there is one; else 0. */
  first(hash: number): NodeId {
    const ids = this.#ids;
    const mark = hash & 255;
    for (let at = this.#placeOf(hash); ; at = at + 1 === ids.length ? 0 : at + 1) {
      const id = ids[at]!;
      if (id === 0 || (this.#marks[at] === mark && id !== GONE)) return id;
    }
  }

  /** Adds a leaf whose slot is not in the table. */
  add(memory: NodeMemory, leaf: NodeId, hash: number): void {
    if (this.#count + this.#gone + 1 > this.#ids.length * this.#fullest) {
      this.#rebuild(memory, this.#lengthFor(Math.ceil(this.#count * GROWTH) + 1));
    }
    this.#insert(leaf, hash);
    this.#count += 1;
  }

  /** Makes room for so many leaves in all. */
  reserve(memory: NodeMemory, count: number): void {
    const length = this.#lengthFor(count);
    if (length > this.#ids.length) this.#rebuild(memory, length);
  }

  /** Notes that a leaf in the table, whose slot has this hash, has another id. */
  replace(leaf: NodeId, by: NodeId, hash: number): void {
    this.#ids[this.#positionOf(leaf, hash)] = by;
  }

  /** Removes a leaf whose slot has this hash. */
  remove(leaf: NodeId, hash: number): void {
    const ids = this.#ids;
    const last = ids.length - 1;
    let at = this.#positionOf(leaf, hash);
    this.#count -= 1;
    ids[at] = GONE;
    this.#gone += 1;
    if (ids[at === last ? 0 : at + 1] !== 0) return;
    // Nothing is looked for beyond: this place and those before it that are gone end the search, too.
    for (; ids[at] === GONE; at = at === 0 ? last : at - 1) {
      ids[at] = 0;
      this.#gone -= 1;
    }
  }

  #lengthFor(count: number): number {
    return Math.max(SMALLEST, Math.ceil(count / this.#fullest) + 1);
  }

  #rebuild({ words }: NodeMemory, length: number): void {
    const old = this.#ids;
    this.#ids = new Uint32Array(length);
    this.#marks = new Uint8Array(length);
    this.#gone = 0;
    for (const id of old) if (id !== 0 && id !== GONE) this.#insert(id, mixSlot(words, slotWord(id)));
  }

  #insert(leaf: NodeId, hash: number): void {
    const ids = this.#ids;
    let at = this.#placeOf(hash);
    while (ids[at] !== 0 && ids[at] !== GONE) at = at + 1 === ids.length ? 0 : at + 1;
    if (ids[at] === GONE) this.#gone -= 1;
    ids[at] = leaf;
    this.#marks[at] = hash & 255;
  }

  #positionOf(leaf: NodeId, hash: number): number {
    const ids = this.#ids;
    let at = this.#placeOf(hash);
    while (ids[at] !== leaf) at = at + 1 === ids.length ? 0 : at + 1;
    return at;
  }

  #placeOf(hash: number): number {
    return Math.floor((hash * this.#ids.length) / 4_294_967_296);
  }
}
