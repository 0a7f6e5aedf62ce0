import type { Hash } from "../../lib/hex.ts";
import type { Layout } from "./Layout.ts";
import type { NamedSlot } from "./NamedSlot.ts";
import { SlotSearch, type Candidates } from "./SlotSearch.ts";

/** What {@link nameSlots} looks for, and where it may stop. */
export interface NameSlotsOptions {
  readonly layout: Layout;
  /** Slots as a contract addresses them. */
  readonly slots?: readonly Hash[];
  /** keccak256 of slots, as the secure storage trie holds them. */
  readonly hashedSlots?: readonly Hash[];
  /** Mapping keys worth trying, by Solidity type (`address`, `AccountId`, `bytes32`, `uint64`). */
  readonly candidates: Candidates;
  /** Elements of each array tried for hashed slots; a plain slot is found at any index. Default 64. */
  readonly maxElements?: number;
  /** Keccak calls at most; they are what a search costs. Default 2,000,000. */
  readonly maxHashes?: number;
}

/** Names by the slot or hashed slot asked for; what is missing was not found. */
export interface NameSlotsResult {
  readonly names: ReadonlyMap<Hash, NamedSlot>;
  /** False when `maxHashes` ended the search: then "not found" means "not looked for everywhere". */
  readonly isExhaustive: boolean;
}

/**
 * Finds the names (`accounts[0xabc…].quote`) of many slots in one pass over the layout and the candidate keys.
 *
 * Candidates serve a mapping whose key type carries their label, or is elementarily the same (`bytes32` serves
 * `AccountId`). Bools, enums and their values need no candidates.
 */
export function nameSlots(options: NameSlotsOptions): NameSlotsResult {
  const search = new SlotSearch(options);
  search.run();
  return { names: search.found, isExhaustive: !search.isOverBudget };
}

/** {@link nameSlots} for one slot, plain or hashed: its name, or null when no variable and candidate reach it. */
export function nameSlot(
  options: Omit<NameSlotsOptions, "slots" | "hashedSlots"> & ({ slot: Hash } | { hashedSlot: Hash }),
): NamedSlot | null {
  const target = "slot" in options ? options.slot : options.hashedSlot;
  const targets = "slot" in options ? { slots: [target] } : { hashedSlots: [target] };
  return nameSlots({ ...options, ...targets }).names.get(target) ?? null;
}
