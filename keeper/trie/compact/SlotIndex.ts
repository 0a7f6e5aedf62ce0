import { addressOf, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import { holdsSlot, mixSlot, SlotTable } from "./SlotTable.ts";

const TABLES = 64;
/** The first table grows at this load, the last at that: so they take turns, and no write waits for all of them. */
const FULLEST = [0.7, 0.8] as const;

/** Which table, from the bits of the hash between those that name the place and the mark. */
function tableOf(hash: number): number {
  return (hash >>> 8) & (TABLES - 1);
}

/** Finds leaves by slot. Slots are compared in the leaves' records, so that an entry takes 5 bytes. */
export class SlotIndex {
  readonly #tables: (SlotTable | undefined)[] = new Array<SlotTable | undefined>(TABLES).fill(undefined);
  #count = 0;

  /** Leaves in the index. */
  get count(): number {
    return this.#count;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#tables.reduce((total, table) => total + (table?.bytes ?? 0), 0);
  }

  /** The leaf of the slot (8 words as memory holds them) that stands at `from`, 0 for none. */
  find(memory: NodeMemory, slots: Uint32Array, from = 0): NodeId {
    const hash = mixSlot(slots, from);
    return this.#tables[tableOf(hash)]?.find(memory, slots, hash, from) ?? 0;
  }

  /**
   * {@link SlotIndex.find} of many: the tables are looked at before any record is, so that the processor waits for many of
   * them at once.
   */
  findMany(memory: NodeMemory, slots: Uint32Array): Uint32Array {
    const count = slots.length / 8;
    const leaves = new Uint32Array(count);
    const hashes = new Uint32Array(count);
    for (let at = 0; at < count; at += 1) {
      const hash = mixSlot(slots, 8 * at);
      hashes[at] = hash;
      leaves[at] = this.#tables[tableOf(hash)]?.first(hash) ?? 0;
    }
    for (let at = 0; at < count; at += 1) {
      const first = leaves[at]!;
      if (first === 0 || holdsSlot(memory, first, slots, 8 * at)) continue;
      const hash = hashes[at]!;
      leaves[at] = this.#tables[tableOf(hash)]?.find(memory, slots, hash, 8 * at) ?? 0;
    }
    return leaves;
  }

  /** Adds a leaf whose slot is not in the index. */
  add(memory: NodeMemory, leaf: NodeId): void {
    const hash = hashOf(memory, leaf);
    this.#table(tableOf(hash)).add(memory, leaf, hash);
    this.#count += 1;
  }

  /** Makes room for about so many leaves in all. */
  reserve(memory: NodeMemory, count: number): void {
    // Two deviations above the mean: nearly all tables need not grow.
    const each = count / TABLES;
    if (each < 8) return;
    for (let at = 0; at < TABLES; at += 1) this.#table(at).reserve(memory, Math.ceil(each + 2 * Math.sqrt(each)));
  }

  /** Adds leaves whose slots, which differ and are not in the index, have these hashes: one table after the other. */
  addMany(memory: NodeMemory, leaves: Uint32Array, hashes: Uint32Array): void {
    const ends = new Uint32Array(TABLES);
    for (const hash of hashes) ends[tableOf(hash)]! += 1;
    for (let table = 1; table < TABLES; table += 1) ends[table]! += ends[table - 1]!;
    const order = new Uint32Array(2 * leaves.length);
    for (let at = leaves.length - 1; at >= 0; at -= 1) {
      const hash = hashes[at]!;
      const to = ends[tableOf(hash)]! - 1;
      ends[tableOf(hash)] = to;
      order[2 * to] = leaves[at]!;
      order[2 * to + 1] = hash;
    }
    for (let at = 0; at < order.length; at += 2) {
      const hash = order[at + 1]!;
      this.#table(tableOf(hash)).add(memory, order[at]!, hash);
    }
    this.#count += leaves.length;
  }

  /** Notes that a leaf in the index has another id, and a record with the same slot. */
  replace(memory: NodeMemory, leaf: NodeId, by: NodeId): void {
    const hash = hashOf(memory, by);
    this.#table(tableOf(hash)).replace(leaf, by, hash);
  }

  /** Removes a leaf, whose record is still whole. */
  remove(memory: NodeMemory, leaf: NodeId): void {
    const hash = hashOf(memory, leaf);
    this.#table(tableOf(hash)).remove(leaf, hash);
    this.#count -= 1;
  }

  #table(at: number): SlotTable {
    const [first, last] = FULLEST;
    return (this.#tables[at] ??= new SlotTable(first + ((last - first) * at) / TABLES));
  }
}

/** The hash of a leaf's slot. */
export function hashOf({ words }: NodeMemory, leaf: NodeId): number {
  return mixSlot(words, (addressOf(leaf) + SLOT_AT) >>> 2);
}
