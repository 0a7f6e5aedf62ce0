import type { Address, Hash } from "../../lib/hex.ts";
import { after, mapped, word32, type Place } from "./words.ts";

/*
 * Where every variable of PositionLedger is stored, worked out by hand: variables take slots in the order of
 * declaration; what fits shares a word, from the low end; a struct, an array and a mapping start a new word.
 * Constants, immutables and transient variables have no slot.
 */

/** Slot 0: `HotWord internal _hot;` */
const HOT = word32(0n);
/** Slot 1: `mapping(AccountId account => Account) internal _accounts;` */
const ACCOUNTS = 1n;
/** Slot 2: `mapping(AccountId account => mapping(uint16 instrument => PositionWord)) internal _positions;` */
const POSITIONS = 2n;
/** Slot 3: `mapping(AccountId account => mapping(uint256 page => uint256 ids)) internal _openIds;` */
const OPEN_IDS = 3n;
/** Slot 4: `mapping(AccountId account => mapping(address asset => Collateral)) internal _collateral;` */
const COLLATERAL = 4n;
/** Slot 5: `mapping(uint16 instrument => Market) internal _markets;` */
const MARKETS = 5n;
/** Slot 6: `mapping(uint16 instrument => ClearingSize) internal _clearingSizes;` */
const CLEARING_SIZES = 6n;
/** Slot 7: `mapping(AccountId account => Debt) internal _debts;` */
const DEBTS = 7n;
/** Slot 8: `Debt internal _totalDebt;` */
const TOTAL_DEBT = word32(8n);

const ledger = { book: "PositionLedger" } as const;

/** `struct HotWord { uint64 sequence; Flags flags; uint40 checkpointTime; uint40 graceUntil; uint104 fees; }`, `type Flags is uint8;` */
export const hot = {
  sequence: { ...ledger, slot: HOT, offset: 0, bits: 64 },
  flags: { ...ledger, slot: HOT, offset: 64, bits: 8 },
  checkpointTime: { ...ledger, slot: HOT, offset: 72, bits: 40 },
  graceUntil: { ...ledger, slot: HOT, offset: 112, bits: 40 },
  fees: { ...ledger, slot: HOT, offset: 152, bits: 104 },
} as const satisfies Record<string, Place>;

/** The fields of an account. */
export type AccountField =
  "quote" | "openCount" | "epoch" | "assets" | "lastInstrument" | "lastWasLong" | "hasDebt" | "isUsed";

/**
 * `struct Account { int128 quote; uint16 openCount; uint32 epoch; uint32 assets; uint16 lastInstrument; bool lastWasLong;
 * bool hasDebt; bool isUsed; }`
 */
export function accountAt(account: Hash): Record<AccountField, Place> {
  const slot = mapped(account, ACCOUNTS);
  return {
    quote: { ...ledger, slot, offset: 0, bits: 128, isSigned: true },
    openCount: { ...ledger, slot, offset: 128, bits: 16 },
    epoch: { ...ledger, slot, offset: 144, bits: 32 },
    assets: { ...ledger, slot, offset: 176, bits: 32 },
    lastInstrument: { ...ledger, slot, offset: 208, bits: 16 },
    lastWasLong: { ...ledger, slot, offset: 224, bits: 8 },
    hasDebt: { ...ledger, slot, offset: 232, bits: 8 },
    isUsed: { ...ledger, slot, offset: 240, bits: 8 },
  };
}

/** `struct PositionWord { int96 size; int96 index; uint40 increasedAt; }` */
export function positionAt(account: Hash, instrument: bigint): Record<"size" | "index" | "increasedAt", Place> {
  const slot = mapped(instrument, mapped(account, POSITIONS));
  return {
    size: { ...ledger, slot, offset: 0, bits: 96, isSigned: true },
    index: { ...ledger, slot, offset: 96, bits: 96, isSigned: true },
    increasedAt: { ...ledger, slot, offset: 192, bits: 40 },
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

/** The fields of a market. */
export type MarketField =
  "longIndex" | "shortIndex" | "accruedAt" | "observedAt" | "clearing" | "openInterest" | "premiumPpb" | "isUsed";

/**
 * `struct Market { int96 longIndex; int96 shortIndex; uint32 accruedAt; uint32 observedAt; int112 clearing; uint96
 * openInterest; int32 premiumPpb; bool isUsed; }`: the first four fill a word.
 */
export function marketAt(instrument: bigint): Record<MarketField, Place> {
  const first = { ...ledger, slot: mapped(instrument, MARKETS) } as const;
  const second = { ...first, slot: after(first.slot, 1n) };
  return {
    longIndex: { ...first, offset: 0, bits: 96, isSigned: true },
    shortIndex: { ...first, offset: 96, bits: 96, isSigned: true },
    accruedAt: { ...first, offset: 192, bits: 32 },
    observedAt: { ...first, offset: 224, bits: 32 },
    clearing: { ...second, offset: 0, bits: 112, isSigned: true },
    openInterest: { ...second, offset: 112, bits: 96 },
    premiumPpb: { ...second, offset: 208, bits: 32, isSigned: true },
    isUsed: { ...second, offset: 240, bits: 8 },
  };
}

/** `struct ClearingSize { int96 size; uint112 uncovered; bool isUsed; }` */
export function clearingSizeAt(instrument: bigint): Record<"size" | "uncovered" | "isUsed", Place> {
  const slot = mapped(instrument, CLEARING_SIZES);
  return {
    size: { ...ledger, slot, offset: 0, bits: 96, isSigned: true },
    uncovered: { ...ledger, slot, offset: 96, bits: 112 },
    isUsed: { ...ledger, slot, offset: 208, bits: 8 },
  };
}

/** `struct Debt { uint128 amount; bool isUsed; }` */
export function debtAt(account: Hash): Record<"amount" | "isUsed", Place> {
  const slot = mapped(account, DEBTS);
  return { amount: { ...ledger, slot, offset: 0, bits: 128 }, isUsed: { ...ledger, slot, offset: 128, bits: 8 } };
}

/** The sum of all debts. */
export const totalDebt = {
  amount: { ...ledger, slot: TOTAL_DEBT, offset: 0, bits: 128 },
  isUsed: { ...ledger, slot: TOTAL_DEBT, offset: 128, bits: 8 },
} as const satisfies Record<string, Place>;

/** Slots 9 to 13: `struct Modules { address vault; address settlement; address guard; address auction; address fund; }` */
export const modules = {
  vault: { ...ledger, slot: word32(9n), offset: 0, bits: 160 },
  settlement: { ...ledger, slot: word32(10n), offset: 0, bits: 160 },
  guard: { ...ledger, slot: word32(11n), offset: 0, bits: 160 },
  auction: { ...ledger, slot: word32(12n), offset: 0, bits: 160 },
  fund: { ...ledger, slot: word32(13n), offset: 0, bits: 160 },
} as const satisfies Record<string, Place>;
