import type { Address, Hash } from "../../lib/hex.ts";
import { mapped, word32, type Place } from "./words.ts";

/*
 * Where every variable of the contracts in contracts/clearing is stored, worked out by hand: variables take slots in the order of
 * declaration, base contracts first; what fits shares a word, from the low end; a struct, an array and a mapping
 * start a new word. Constants, immutables and transient variables have no slot.
 */

// ---- CollateralVault is AccessManaged ----

/** Slot 1: `mapping(address asset => Asset) internal _assets;` */
const ASSETS = 1n;
/** Slot 2: `mapping(AccountId account => mapping(address asset => Flow)) internal _flows;` */
const FLOWS = 2n;
/** Slot 3: `mapping(AccountId account => mapping(address asset => Claim)) internal _claims;` */
const CLAIMS = 3n;

const vault = { book: "CollateralVault" } as const;

/** `struct Asset { bool isListed; uint120 held; uint120 claimable; }` */
export function assetAt(asset: Address): Record<"isListed" | "held" | "claimable", Place> {
  const slot = mapped(asset, ASSETS);
  return {
    isListed: { ...vault, slot, offset: 0, bits: 8 },
    held: { ...vault, slot, offset: 8, bits: 120 },
    claimable: { ...vault, slot, offset: 128, bits: 120 },
  };
}

/** `struct Flow { uint120 withdrawn; uint120 claimed; bool isOpen; }` */
export function flowAt(account: Hash, asset: Address): Record<"withdrawn" | "claimed" | "isOpen", Place> {
  const slot = mapped(asset, mapped(account, FLOWS));
  return {
    withdrawn: { ...vault, slot, offset: 0, bits: 120 },
    claimed: { ...vault, slot, offset: 120, bits: 120 },
    isOpen: { ...vault, slot, offset: 240, bits: 8 },
  };
}

/** `struct Claim { uint128 owed; uint128 paid; }` */
export function claimAt(account: Hash, asset: Address): Record<"owed" | "paid", Place> {
  const slot = mapped(asset, mapped(account, CLAIMS));
  return { owed: { ...vault, slot, offset: 0, bits: 128 }, paid: { ...vault, slot, offset: 128, bits: 128 } };
}

// ---- PositionLedger ----

/** Slot 0: `HotWord internal _hot;` */
const HOT = word32(0n);
/** Slot 1: `mapping(AccountId account => Account) internal _accounts;` */
const ACCOUNTS = 1n;
/** Slot 2: `mapping(AccountId account => mapping(uint16 instrument => Size)) internal _sizes;` */
const SIZES = 2n;
/** Slot 3: `mapping(AccountId account => mapping(uint256 page => uint256 ids)) internal _openIds;` */
const OPEN_IDS = 3n;
/** Slot 4: `mapping(AccountId account => mapping(address asset => Collateral)) internal _collateral;` */
const COLLATERAL = 4n;

const ledger = { book: "PositionLedger" } as const;

/** `struct HotWord { uint64 sequence; Flags flags; uint48 checkpointTime; uint48 graceUntil; }`, `type Flags is uint8;` */
export const hot = {
  sequence: { ...ledger, slot: HOT, offset: 0, bits: 64 },
  flags: { ...ledger, slot: HOT, offset: 64, bits: 8 },
  checkpointTime: { ...ledger, slot: HOT, offset: 72, bits: 48 },
  graceUntil: { ...ledger, slot: HOT, offset: 120, bits: 48 },
} as const satisfies Record<string, Place>;

/** `struct Account { int128 quote; uint16 openCount; bool isUsed; }` */
export function accountAt(account: Hash): Record<"quote" | "openCount" | "isUsed", Place> {
  const slot = mapped(account, ACCOUNTS);
  return {
    quote: { ...ledger, slot, offset: 0, bits: 128, isSigned: true },
    openCount: { ...ledger, slot, offset: 128, bits: 16 },
    isUsed: { ...ledger, slot, offset: 144, bits: 8 },
  };
}

/** `struct Size { int128 size; bool isUsed; }` */
export function positionAt(account: Hash, instrument: bigint): Record<"size" | "isUsed", Place> {
  const slot = mapped(instrument, mapped(account, SIZES));
  return {
    size: { ...ledger, slot, offset: 0, bits: 128, isSigned: true },
    isUsed: { ...ledger, slot, offset: 128, bits: 8 },
  };
}

/**
 * The id at an index of the open ones: 15 ids of 16 bits in a page (`IDS_PER_PAGE`), of which the highest bit marks it
 * as used (`PAGE_USED`).
 */
export function openIdAt(account: Hash, index: bigint): Record<"id" | "isPageUsed", Place> {
  const slot = mapped(index / 15n, mapped(account, OPEN_IDS));
  return {
    id: { ...ledger, slot, offset: Number(index % 15n) * 16, bits: 16 },
    isPageUsed: { ...ledger, slot, offset: 255, bits: 1 },
  };
}

/** A balance of another asset than the settlement asset: `struct Collateral { uint128 balance; bool isUsed; }` */
export function collateralAt(account: Hash, asset: Address): Record<"balance" | "isUsed", Place> {
  const slot = mapped(asset, mapped(account, COLLATERAL));
  return {
    balance: { ...ledger, slot, offset: 0, bits: 128 },
    isUsed: { ...ledger, slot, offset: 128, bits: 8 },
  };
}

/** Slots 5 to 7: `address internal _vault; address internal _settlement; address internal _guard;` */
export const modules = {
  vault: { ...ledger, slot: word32(5n), offset: 0, bits: 160 },
  settlement: { ...ledger, slot: word32(6n), offset: 0, bits: 160 },
  guard: { ...ledger, slot: word32(7n), offset: 0, bits: 160 },
} as const satisfies Record<string, Place>;

// ---- OrderSettlement is EIP712 (slots 0 and 1: `string private _nameFallback, _versionFallback;`, never written) ----

/** Slot 2: `mapping(bytes32 orderHash => uint128 size) internal _filled;` */
const FILLED = 2n;

/** How much of an order is filled. */
export function filledAt(orderHash: Hash): Place {
  return { book: "OrderSettlement", slot: mapped(orderHash, FILLED), offset: 0, bits: 128 };
}
