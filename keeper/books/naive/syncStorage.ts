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
/** Slot 2: `mapping(address attester => Stake) internal _stakes;` */
const STAKES = 2n;
/** Slot 3: `mapping(address key => Key) internal _keys;` */
const KEYS = 3n;
/** Slot 4: `mapping(address challenger => Due) internal _rewards;` */
const REWARDS = 4n;
/** Slot 5: `mapping(uint256 index => address) internal _members;` */
const MEMBERS = 5n;
/** Slot 6: `Due internal _burnable;` */
const BURNABLE = word32(6n);
/** Slot 7: the struct `_state`. */
const KEEPER_STATE = { book: "KeeperRegistry", slot: word32(7n) } as const;

/** `struct Keeper { address pauser; KeeperStatus status; uint40 since; }`, the enum in a byte. */
export function keeperAt(attester: Address): Record<"pauser" | "status" | "since", Place> {
  const at = { book: "KeeperRegistry", slot: mapped(attester, KEEPERS) } as const;
  return {
    pauser: { ...at, offset: 0, bits: 160 },
    status: { ...at, offset: 160, bits: 8 },
    since: { ...at, offset: 168, bits: 40 },
  };
}

/** `struct Stake { address owner; uint96 amount; }` */
export function stakeAt(attester: Address): Record<"owner" | "amount", Place> {
  const at = { book: "KeeperRegistry", slot: mapped(attester, STAKES) } as const;
  return { owner: { ...at, offset: 0, bits: 160 }, amount: { ...at, offset: 160, bits: 96 } };
}

/** The fields of a key. */
export type KeyField = "attester" | "isPausing" | "booksUntil" | "viewUntil" | "generation";

/** `struct Key { address attester; bool isPausing; uint32 booksUntil; uint32 viewUntil; uint24 generation; }` */
export function keyAt(key: Address): Record<KeyField, Place> {
  const at = { book: "KeeperRegistry", slot: mapped(key, KEYS) } as const;
  return {
    attester: { ...at, offset: 0, bits: 160 },
    isPausing: { ...at, offset: 160, bits: 8 },
    booksUntil: { ...at, offset: 168, bits: 32 },
    viewUntil: { ...at, offset: 200, bits: 32 },
    generation: { ...at, offset: 232, bits: 24 },
  };
}

/** `struct Due { uint128 earned; uint128 paid; }` */
function dueIn(slot: Hash): Record<"earned" | "paid", Place> {
  const at = { book: "KeeperRegistry", slot } as const;
  return { earned: { ...at, offset: 0, bits: 128 }, paid: { ...at, offset: 128, bits: 128 } };
}

/** What a challenger has earned by convictions. */
export function rewardAt(challenger: Address): Record<"earned" | "paid", Place> {
  return dueIn(mapped(challenger, REWARDS));
}

/** What convictions burn. */
export const burnable = dueIn(BURNABLE);

/** The attest key of a member of the keeper set, ascending; from the number of active ones on what is left of earlier sets. */
export function memberAt(index: bigint): Place {
  return { book: "KeeperRegistry", slot: mapped(index, MEMBERS), offset: 0, bits: 160 };
}

/** The registry's own variables: `{ address registry; uint32 setId; uint16 size; uint16 active; }`, and slots 8 and 9. */
export const keepers = {
  registry: { ...KEEPER_STATE, offset: 0, bits: 160 },
  setId: { ...KEEPER_STATE, offset: 160, bits: 32 },
  size: { ...KEEPER_STATE, offset: 192, bits: 16 },
  active: { ...KEEPER_STATE, offset: 208, bits: 16 },
  guard: { book: "KeeperRegistry", slot: word32(8n), offset: 0, bits: 160 },
  commitment: { book: "KeeperRegistry", slot: word32(9n), offset: 0, bits: 256 },
} as const satisfies Record<string, Place>;

// ---- SyncGuard is AccessManaged, EIP712 (slots 1 and 2: `string private _nameFallback, _versionFallback;`, never written) ----

/** Slot 3: `address internal _registry; uint40 internal _creditedAt;` */
const GUARD_HEAD = { book: "SyncGuard", slot: word32(3n) } as const;
/** Slot 4: `Incident internal _incident;` */
const INCIDENT = { book: "SyncGuard", slot: word32(4n) } as const;
/** Slot 5: `Halt internal _halt;` */
const HALT = { book: "SyncGuard", slot: word32(5n) } as const;
/** Slot 6: `bytes32 internal _cause;` */
const CAUSE = { book: "SyncGuard", slot: word32(6n) } as const;

/** The guard's own variables. */
export const guard = {
  registry: { ...GUARD_HEAD, offset: 0, bits: 160 },
  creditedAt: { ...GUARD_HEAD, offset: 160, bits: 40 },
  cause: { ...CAUSE, offset: 0, bits: 256 },
} as const satisfies Record<string, Place>;

/**
 * `struct Incident { uint40 softUntil; uint40 softBlock; uint40 witnessNumber; uint24 generation; uint32 nonce; uint40
 * liftedAt; uint40 startedAt; }`
 */
export const incident = {
  softUntil: { ...INCIDENT, offset: 0, bits: 40 },
  softBlock: { ...INCIDENT, offset: 40, bits: 40 },
  witnessNumber: { ...INCIDENT, offset: 80, bits: 40 },
  generation: { ...INCIDENT, offset: 120, bits: 24 },
  nonce: { ...INCIDENT, offset: 144, bits: 32 },
  liftedAt: { ...INCIDENT, offset: 176, bits: 40 },
  startedAt: { ...INCIDENT, offset: 216, bits: 40 },
} as const satisfies Record<string, Place>;

/**
 * `struct Halt { uint40 haltedAt; uint40 pausedAt; uint40 haltBlock; uint40 repairBlock; uint40 windDownAt; uint32
 * clearedNonce; bool isUsed; }`
 */
export const halt = {
  haltedAt: { ...HALT, offset: 0, bits: 40 },
  pausedAt: { ...HALT, offset: 40, bits: 40 },
  haltBlock: { ...HALT, offset: 80, bits: 40 },
  repairBlock: { ...HALT, offset: 120, bits: 40 },
  windDownAt: { ...HALT, offset: 160, bits: 40 },
  clearedNonce: { ...HALT, offset: 200, bits: 32 },
  isUsed: { ...HALT, offset: 232, bits: 8 },
} as const satisfies Record<string, Place>;

// ---- CheckpointRegistry is AccessManaged, EIP712 (slots 1 and 2: the unwritten strings) ----

/** Slots 3 to 130: `Checkpoint[RING] internal _ring;`, 64 structs of 2 words. */
const RING = 3n;
/** Slot 131: `Cursor internal _cursor;` */
const CURSOR = { book: "CheckpointRegistry", slot: word32(131n) } as const;
/** Slot 133: `Reward internal _reward;` */
const REWARD = { book: "CheckpointRegistry", slot: word32(133n) } as const;
/** Slot 134: `mapping(uint32 version => BookSet) internal _bookSets;` */
const BOOK_SETS = 134n;

/** The fields of a checkpoint. */
export type CheckpointField = "digest" | "blockNumber" | "postedAt" | "carrier" | "status" | "isPaid";

/**
 * `struct Checkpoint { bytes32 digest; uint40 blockNumber; uint40 postedAt; address carrier; CheckpointStatus status; bool
 * isPaid; }`, the enum in a byte.
 */
export function checkpointAt(index: bigint): Record<CheckpointField, Place> {
  const first = { book: "CheckpointRegistry", slot: word32(RING + 2n * index) } as const;
  const second = { ...first, slot: after(first.slot, 1n) };
  return {
    digest: { ...first, offset: 0, bits: 256 },
    blockNumber: { ...second, offset: 0, bits: 40 },
    postedAt: { ...second, offset: 40, bits: 40 },
    carrier: { ...second, offset: 80, bits: 160 },
    status: { ...second, offset: 240, bits: 8 },
    isPaid: { ...second, offset: 248, bits: 8 },
  };
}

/**
 * `struct Cursor { uint40 highest; uint40 newest; uint40 posts; uint32 setId; uint16 bookSetVersion; uint40 bookSetFrom; uint8
 * bookCount; }`
 */
export const cursor = {
  highest: { ...CURSOR, offset: 0, bits: 40 },
  newest: { ...CURSOR, offset: 40, bits: 40 },
  posts: { ...CURSOR, offset: 80, bits: 40 },
  setId: { ...CURSOR, offset: 120, bits: 32 },
  bookSetVersion: { ...CURSOR, offset: 152, bits: 16 },
  bookSetFrom: { ...CURSOR, offset: 168, bits: 40 },
  bookCount: { ...CURSOR, offset: 208, bits: 8 },
} as const satisfies Record<string, Place>;

/** Slot 132: `bytes32 internal _keeperSet;` */
export const keeperSet: Place = { book: "CheckpointRegistry", slot: word32(132n), offset: 0, bits: 256 };

/** `struct Reward { uint96 perBlock; uint32 maxBlocks; bool isUsed; }` */
export const reward = {
  perBlock: { ...REWARD, offset: 0, bits: 96 },
  maxBlocks: { ...REWARD, offset: 96, bits: 32 },
  isUsed: { ...REWARD, offset: 128, bits: 8 },
} as const satisfies Record<string, Place>;

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
