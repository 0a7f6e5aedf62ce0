import type { Address, Hash } from "../../lib/hex.ts";
import { after, elementOf, mapped, word32, type Place } from "./words.ts";

/*
 * Where every variable of the contracts in contracts/sync is stored, worked out by hand: variables take slots in the order of
 * declaration, base contracts first; what fits shares a word, from the low end; a struct, an array and a mapping
 * start a new word. Constants, immutables and transient variables have no slot.
 */

// ---- KeeperRegistry is AccessManaged ----

/** Slot 1: `mapping(address attester => Keeper) internal _keepers;` */
const KEEPERS = 1n;
/** Slot 2: `mapping(address key => address attester) internal _attesters;` */
const ATTESTERS = 2n;
/** Slot 3: `address internal _registry; uint32 internal _setId; uint16 internal _count;` */
const KEEPER_TOTALS = { book: "KeeperRegistry", slot: word32(3n) } as const;

/** `struct Keeper { address pauser; bool isActive; bool isJailed; }` */
export function keeperAt(attester: Address): Record<"pauser" | "isActive" | "isJailed", Place> {
  const at = { book: "KeeperRegistry", slot: mapped(attester, KEEPERS) } as const;
  return {
    pauser: { ...at, offset: 0, bits: 160 },
    isActive: { ...at, offset: 160, bits: 8 },
    isJailed: { ...at, offset: 168, bits: 8 },
  };
}

/** Whose pauser a key is. */
export function attesterAt(pauser: Address): Place {
  return { book: "KeeperRegistry", slot: mapped(pauser, ATTESTERS), offset: 0, bits: 160 };
}

/** The registry's own variables. */
export const keepers = {
  registry: { ...KEEPER_TOTALS, offset: 0, bits: 160 },
  setId: { ...KEEPER_TOTALS, offset: 160, bits: 32 },
  count: { ...KEEPER_TOTALS, offset: 192, bits: 16 },
} as const satisfies Record<string, Place>;

// ---- SyncGuard ----

/** Slot 0: `address internal _registry; uint48 internal _liftedAt;` */
const GUARD_HEAD = { book: "SyncGuard", slot: word32(0n) } as const;
/** Slot 1: `Incident internal _incident;` */
const INCIDENT = { book: "SyncGuard", slot: word32(1n) } as const;
/** Slot 2: `mapping(bytes32 incidentId => uint64 blockNumber) internal _pausedBlocks;` */
const PAUSED_BLOCKS = 2n;
/** Slot 3: `mapping(address attester => Use) internal _uses;` */
const USES = 3n;

/** The guard's own variables. */
export const guard = {
  registry: { ...GUARD_HEAD, offset: 0, bits: 160 },
  liftedAt: { ...GUARD_HEAD, offset: 160, bits: 48 },
} as const satisfies Record<string, Place>;

/** `struct Incident { uint48 softUntil; uint64 softBlock; uint64 witnessNumber; uint32 generation; }` */
export const incident = {
  softUntil: { ...INCIDENT, offset: 0, bits: 48 },
  softBlock: { ...INCIDENT, offset: 48, bits: 64 },
  witnessNumber: { ...INCIDENT, offset: 112, bits: 64 },
  generation: { ...INCIDENT, offset: 176, bits: 32 },
} as const satisfies Record<string, Place>;

/** The block that the soft pause of an incident judged. */
export function pausedBlockAt(incidentId: Hash): Place {
  return { book: "SyncGuard", slot: mapped(incidentId, PAUSED_BLOCKS), offset: 0, bits: 64 };
}

/** `struct Use { bool isUsed; uint32 generation; }` */
export function useAt(attester: Address): Record<"isUsed" | "generation", Place> {
  const at = { book: "SyncGuard", slot: mapped(attester, USES) } as const;
  return { isUsed: { ...at, offset: 0, bits: 8 }, generation: { ...at, offset: 8, bits: 32 } };
}

// ---- CheckpointRegistry is AccessManaged, EIP712 (slots 1 and 2: the unwritten strings) ----

/** Slots 3 to 194: `Checkpoint[RING] internal _ring;`, 64 structs of 3 words. */
const RING = 3n;
/** Slot 195: `Cursor internal _cursor;` */
const CURSOR = { book: "CheckpointRegistry", slot: word32(195n) } as const;
/** Slot 196: `uint32 internal _bookSetVersion;` */
const BOOK_SET_VERSION = 196n;
/** Slot 197: `mapping(uint32 version => BookSet) internal _bookSets;` */
const BOOK_SETS = 197n;

/** The fields of a checkpoint. */
export type CheckpointField =
  "blockHash" | "booksRoot" | "blockNumber" | "postedAt" | "setId" | "bookSetVersion" | "status";

/**
 * `struct Checkpoint { bytes32 blockHash; bytes32 booksRoot; uint64 blockNumber; uint48 postedAt; uint32 setId;
 * uint32 bookSetVersion; CheckpointStatus status; }`, the enum in a byte.
 */
export function checkpointAt(index: bigint): Record<CheckpointField, Place> {
  const first = { book: "CheckpointRegistry", slot: word32(RING + 3n * index) } as const;
  const third = { ...first, slot: after(first.slot, 2n) };
  return {
    blockHash: { ...first, offset: 0, bits: 256 },
    booksRoot: { ...first, slot: after(first.slot, 1n), offset: 0, bits: 256 },
    blockNumber: { ...third, offset: 0, bits: 64 },
    postedAt: { ...third, offset: 64, bits: 48 },
    setId: { ...third, offset: 112, bits: 32 },
    bookSetVersion: { ...third, offset: 144, bits: 32 },
    status: { ...third, offset: 176, bits: 8 },
  };
}

/** `struct Cursor { uint64 highest; uint64 newest; uint64 posts; }` */
export const cursor = {
  highest: { ...CURSOR, offset: 0, bits: 64 },
  newest: { ...CURSOR, offset: 64, bits: 64 },
  posts: { ...CURSOR, offset: 128, bits: 64 },
} as const satisfies Record<string, Place>;

/** The number of the newest book set. */
export const bookSetVersion: Place = {
  book: "CheckpointRegistry",
  slot: word32(BOOK_SET_VERSION),
  offset: 0,
  bits: 32,
};

/** `struct BookSet { address[] contracts; uint64 activeFrom; }`: the length, then `activeFrom`. */
export function bookSetAt(version: bigint): Record<"length" | "activeFrom", Place> {
  const first = { book: "CheckpointRegistry", slot: mapped(version, BOOK_SETS) } as const;
  return {
    length: { ...first, offset: 0, bits: 256 },
    activeFrom: { ...first, slot: after(first.slot, 1n), offset: 0, bits: 64 },
  };
}

/** A contract of a book set: an address does not share its word with the next one. */
export function bookAt(version: bigint, index: bigint): Place {
  const slot = elementOf(mapped(version, BOOK_SETS), index);
  return { book: "CheckpointRegistry", slot, offset: 0, bits: 160 };
}
