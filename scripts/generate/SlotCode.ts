import { addSlot, dataSlot, slotOf } from "../../keeper/books/layout/slots.ts";

/** A slot at generation time: what is known of it, and the code of what is not. */
export interface SlotCode {
  /** Code of a slot that keys lead to; null while no mapping or inner array is on the way. */
  readonly base: string | null;
  /** Words to add that are known now. */
  readonly constant: bigint;
  /** bigint expressions to add. */
  readonly terms: readonly string[];
}

/** The slot with this number. */
export function constantSlot(constant: bigint): SlotCode {
  return { base: null, constant, terms: [] };
}

/** The slot that `code` computes. */
export function computedSlot(code: string): SlotCode {
  return { base: code, constant: 0n, terms: [] };
}

/** The code of a slot: a literal where nothing has to be computed. */
export function slotSource({ base, constant, terms }: SlotCode): string {
  if (base === null) {
    const literal = `"${slotOf(constant)}"`;
    return terms.length === 0 ? literal : `addSlot(${literal}, ${terms.join(" + ")})`;
  }
  const summands = constant === 0n ? terms : [...terms, `${constant}n`];
  return summands.length === 0 ? base : `addSlot(${base}, ${summands.join(" + ")})`;
}

/** `slot + count` for a number of words known now. */
export function slotPlus(slot: SlotCode, count: bigint): SlotCode {
  return { ...slot, constant: BigInt(addSlot(slotOf(slot.constant), count)) };
}

/** `slot + count` for a bigint expression. */
export function slotPlusCode(slot: SlotCode, count: string): SlotCode {
  return { ...slot, terms: [...slot.terms, count] };
}

/** keccak256(slot). */
export function slotOfData(slot: SlotCode): SlotCode {
  if (slot.base !== null || slot.terms.length > 0) return computedSlot(`dataSlot(${slotSource(slot)})`);
  return constantSlot(BigInt(dataSlot(slotOf(slot.constant))));
}
