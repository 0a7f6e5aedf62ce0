import { addressOf, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";

const SMALLEST = 8;
/** Full to at most four fifths; a new table is filled to a little over a half. */
const GROWTH = 1.5;
const FULLEST = 0.8;

/** Mixes the 8 words of a slot: real slots are small numbers, hashes, and hashes with small numbers added. */
function mix(words: Uint32Array, start: number): number {
  let hash = 0;
  for (let at = 0; at < 8; at += 1) {
    hash = Math.imul(hash ^ words[start + at]!, 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return Math.imul(hash, 0x85eb_ca77) >>> 0;
}

function slotWord(leaf: NodeId): number {
  return (addressOf(leaf) + SLOT_AT) >>> 2;
}

/**
 * Finds leaves by slot: a table of ids with linear probing, in which an entry stands at or after the place that its hash
 * names. Slots are compared in the leaves' records, so that an entry takes 4 bytes.
 */
export class SlotIndex {
  #ids: Uint32Array = new Uint32Array(SMALLEST);
  #count = 0;

  /** Leaves in the table. */
  get count(): number {
    return this.#count;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#ids.byteLength;
  }

  /** The leaf of a slot (8 words as memory holds them), 0 for none. */
  find(memory: NodeMemory, slot: Uint32Array): NodeId {
    const { words } = memory;
    const ids = this.#ids;
    for (let at = this.#placeOf(slot, 0); ; at = at + 1 === ids.length ? 0 : at + 1) {
      const id = ids[at]!;
      if (id === 0) return 0;
      const start = slotWord(id);
      let equal = 0;
      while (equal < 8 && words[start + equal] === slot[equal]) equal += 1;
      if (equal === 8) return id;
    }
  }

  /** Adds a leaf whose slot is not in the table. */
  add(memory: NodeMemory, leaf: NodeId): void {
    if (this.#count + 1 > this.#ids.length * FULLEST) this.reserve(memory, Math.ceil(this.#ids.length * GROWTH * FULLEST));
    this.#insert(memory, leaf);
    this.#count += 1;
  }

  /** Makes room for so many leaves in all. */
  reserve(memory: NodeMemory, count: number): void {
    const length = Math.max(SMALLEST, Math.ceil(count / FULLEST));
    if (length <= this.#ids.length) return;
    const old = this.#ids;
    this.#ids = new Uint32Array(length);
    for (const id of old) if (id !== 0) this.#insert(memory, id);
  }

  /** Notes that a leaf in the table has another id, and a record with the same slot. */
  replace(memory: NodeMemory, leaf: NodeId, by: NodeId): void {
    // The old record may be overwritten already but for the first bytes, hence the place is found by the new one.
    this.#ids[this.#positionOf(memory, leaf, by)] = by;
  }

  /** Removes a leaf, whose record is still whole. */
  remove(memory: NodeMemory, leaf: NodeId): void {
    const ids = this.#ids;
    const { words } = memory;
    let hole = this.#positionOf(memory, leaf, leaf);
    for (let at = hole; ;) {
      at = at + 1 === ids.length ? 0 : at + 1;
      const id = ids[at]!;
      if (id === 0) break;
      const place = this.#placeOf(words, slotWord(id));
      // It may move to the hole unless its place lies behind the hole, going round.
      const isBetween = hole <= at ? hole < place && place <= at : hole < place || place <= at;
      if (isBetween) continue;
      ids[hole] = id;
      hole = at;
    }
    ids[hole] = 0;
    this.#count -= 1;
  }

  /** All leaves, in no order. */
  leaves(): Uint32Array {
    const leaves = new Uint32Array(this.#count);
    let count = 0;
    for (const id of this.#ids) {
      if (id === 0) continue;
      leaves[count] = id;
      count += 1;
    }
    return leaves;
  }

  #insert({ words }: NodeMemory, leaf: NodeId): void {
    const ids = this.#ids;
    let at = this.#placeOf(words, slotWord(leaf));
    while (ids[at] !== 0) at = at + 1 === ids.length ? 0 : at + 1;
    ids[at] = leaf;
  }

  #positionOf({ words }: NodeMemory, leaf: NodeId, sameSlot: NodeId): number {
    const ids = this.#ids;
    let at = this.#placeOf(words, slotWord(sameSlot));
    while (ids[at] !== leaf) at = at + 1 === ids.length ? 0 : at + 1;
    return at;
  }

  #placeOf(words: Uint32Array, start: number): number {
    return Math.floor((mix(words, start) * this.#ids.length) / 4_294_967_296);
  }
}
