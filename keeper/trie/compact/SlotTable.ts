import { addressOf, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const SMALLEST = 8;
const GROWTH = 1.25;

/** Where a leaf's slot lies, in words of 4 bytes. */
function slotWord(leaf: NodeId): number {
  return (addressOf(leaf) + SLOT_AT) >>> 2;
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
 */
export class SlotTable {
  #ids: Uint32Array = new Uint32Array(SMALLEST);
  #marks: Uint8Array = new Uint8Array(SMALLEST);
  #count = 0;
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

  /** The leaf of a slot (8 words as memory holds them) with this hash, 0 for none. */
  find({ words }: NodeMemory, slot: Uint32Array, hash: number): NodeId {
    const ids = this.#ids;
    const marks = this.#marks;
    const mark = hash & 255;
    for (let at = this.#placeOf(hash); ; at = at + 1 === ids.length ? 0 : at + 1) {
      const id = ids[at]!;
      if (id === 0) return 0;
      if (marks[at] !== mark) continue;
      const start = slotWord(id);
      let equal = 0;
      while (equal < 8 && words[start + equal] === slot[equal]) equal += 1;
      if (equal === 8) return id;
    }
  }

  /** The entry at the place that a hash names, or the next one if only that has the hash's mark. */
  first(hash: number): NodeId {
    const at = this.#placeOf(hash);
    const next = at + 1 === this.#ids.length ? 0 : at + 1;
    const mark = hash & 255;
    return this.#ids[this.#marks[at] !== mark && this.#marks[next] === mark ? next : at]!;
  }

  /** Adds a leaf whose slot is not in the table. */
  add(memory: NodeMemory, leaf: NodeId, hash: number): void {
    if (this.#count + 1 > this.#ids.length * this.#fullest) this.reserve(memory, Math.ceil(this.#count * GROWTH) + 1);
    this.#insert(leaf, hash);
    this.#count += 1;
  }

  /** Makes room for so many leaves in all. */
  reserve({ words }: NodeMemory, count: number): void {
    const length = Math.ceil(count / this.#fullest) + 1;
    if (length <= this.#ids.length) return;
    const old = this.#ids;
    this.#ids = new Uint32Array(length);
    this.#marks = new Uint8Array(length);
    for (const id of old) if (id !== 0) this.#insert(id, mixSlot(words, slotWord(id)));
  }

  /** Notes that a leaf in the table, whose slot has this hash, has another id. */
  replace(leaf: NodeId, by: NodeId, hash: number): void {
    this.#ids[this.#positionOf(leaf, hash)] = by;
  }

  /** Removes a leaf whose slot has this hash, and moves what follows up. */
  remove({ words }: NodeMemory, leaf: NodeId, hash: number): void {
    const ids = this.#ids;
    let hole = this.#positionOf(leaf, hash);
    for (let at = hole; ;) {
      at = at + 1 === ids.length ? 0 : at + 1;
      const id = ids[at]!;
      if (id === 0) break;
      const place = this.#placeOf(mixSlot(words, slotWord(id)));
      // It moves to the hole unless its place lies behind the hole, going round.
      const isBehind = hole <= at ? hole < place && place <= at : hole < place || place <= at;
      if (isBehind) continue;
      ids[hole] = id;
      this.#marks[hole] = this.#marks[at]!;
      hole = at;
    }
    ids[hole] = 0;
    this.#count -= 1;
  }

  /** Writes all leaves into `target` from `start` on, in no order; where they end. */
  list(target: Uint32Array, start: number): number {
    let end = start;
    for (const id of this.#ids) {
      if (id === 0) continue;
      target[end] = id;
      end += 1;
    }
    return end;
  }

  #insert(leaf: NodeId, hash: number): void {
    const ids = this.#ids;
    let at = this.#placeOf(hash);
    while (ids[at] !== 0) at = at + 1 === ids.length ? 0 : at + 1;
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
