import { addressOf, SLOT_AT, type NodeId } from "./layout.ts";
import type { NodeMemory } from "./NodeMemory.ts";
import { mixSlot, SlotTable } from "./SlotTable.ts";

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

  /** The leaf of a slot (8 words as memory holds them), 0 for none. */
  find(memory: NodeMemory, slot: Uint32Array): NodeId {
    const hash = mixSlot(slot, 0);
    return this.#tables[tableOf(hash)]?.find(memory, slot, hash) ?? 0;
  }

  /** What stands first where each of these slots is looked for: mostly its leaf, if there is one; 0 for nothing. */
  candidates(slots: Uint32Array): Uint32Array {
    const candidates = new Uint32Array(slots.length / 8);
    for (let at = 0; at < candidates.length; at += 1) {
      const hash = mixSlot(slots, 8 * at);
      candidates[at] = this.#tables[tableOf(hash)]?.first(hash) ?? 0;
    }
    return candidates;
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

  /** Notes that a leaf in the index has another id, and a record with the same slot. */
  replace(memory: NodeMemory, leaf: NodeId, by: NodeId): void {
    const hash = hashOf(memory, by);
    this.#table(tableOf(hash)).replace(leaf, by, hash);
  }

  /** Removes a leaf, whose record is still whole. */
  remove(memory: NodeMemory, leaf: NodeId): void {
    const hash = hashOf(memory, leaf);
    this.#table(tableOf(hash)).remove(memory, leaf, hash);
    this.#count -= 1;
  }

  /** All leaves, in no order. */
  leaves(): Uint32Array {
    const leaves = new Uint32Array(this.#count);
    let end = 0;
    for (const table of this.#tables) end = table?.list(leaves, end) ?? end;
    return leaves;
  }

  #table(at: number): SlotTable {
    const [first, last] = FULLEST;
    return (this.#tables[at] ??= new SlotTable(first + ((last - first) * at) / TABLES));
  }
}

function hashOf({ words }: NodeMemory, leaf: NodeId): number {
  return mixSlot(words, (addressOf(leaf) + SLOT_AT) >>> 2);
}
