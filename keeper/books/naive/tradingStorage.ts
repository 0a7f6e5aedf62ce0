import type { Address, Hash } from "../../lib/hex.ts";
import { mapped, word32, type Place } from "./words.ts";

/*
 * Where every variable of OrderSettlement, LiquidationAuction and InsuranceFund is stored, worked out by hand: variables
 * take slots in the order of declaration, base contracts first; what fits shares a word, from the low end; a struct,
 * an array and a mapping start a new word. Constants, immutables and transient variables have no slot.
 */

// ---- OrderSettlement is EIP712 (slots 0 and 1: `string private _nameFallback, _versionFallback;`, never written) ----

/** Slot 2: `mapping(AccountId => mapping(uint64 lane => LaneState)) internal _lanes;` */
const LANES = 2n;

/** `struct LaneState { uint64 sequence; uint128 filled; }` */
export function laneAt(account: Hash, lane: bigint): Record<"sequence" | "filled", Place> {
  const at = { book: "OrderSettlement", slot: mapped(lane, mapped(account, LANES)) } as const;
  return { sequence: { ...at, offset: 0, bits: 64 }, filled: { ...at, offset: 64, bits: 128 } };
}

// ---- LiquidationAuction is AccessManaged ----

/** Slot 1: `AuctionTerms internal _terms;` */
const TERMS = { book: "LiquidationAuction", slot: word32(1n) } as const;
/** Slot 2: `mapping(AccountId account => mapping(uint16 instrument => Auction)) internal _auctions;` */
const AUCTIONS = 2n;
/** Slot 3: `mapping(AccountId account => mapping(address asset => Auction)) internal _collateralAuctions;` */
const COLLATERAL_AUCTIONS = 3n;
/** Slot 4: `mapping(uint16 instrument => Window) internal _windows;` */
const WINDOWS = 4n;

/** Where an auction is stored. */
export type AuctionPlaces = Readonly<Record<"startedAt" | "isUsed", Place>>;

/** `struct AuctionTerms { uint32 duration; uint24 maxDiscountPpm; uint32 window; uint128 capacity; }` */
export const auctionTerms = {
  duration: { ...TERMS, offset: 0, bits: 32 },
  maxDiscountPpm: { ...TERMS, offset: 32, bits: 24 },
  window: { ...TERMS, offset: 56, bits: 32 },
  capacity: { ...TERMS, offset: 88, bits: 128 },
} as const satisfies Record<string, Place>;

/** `struct Auction { uint40 startedAt; bool isUsed; }` */
function auctionIn(slot: Hash): AuctionPlaces {
  const at = { book: "LiquidationAuction", slot } as const;
  return { startedAt: { ...at, offset: 0, bits: 40 }, isUsed: { ...at, offset: 40, bits: 8 } };
}

/** The auction of a position. */
export function auctionAt(account: Hash, instrument: bigint): AuctionPlaces {
  return auctionIn(mapped(instrument, mapped(account, AUCTIONS)));
}

/** The auction of collateral. */
export function collateralAuctionAt(account: Hash, asset: Address): AuctionPlaces {
  return auctionIn(mapped(asset, mapped(account, COLLATERAL_AUCTIONS)));
}

/** `struct Window { uint40 start; uint128 used; }` */
export function windowAt(instrument: bigint): Record<"start" | "used", Place> {
  const at = { book: "LiquidationAuction", slot: mapped(instrument, WINDOWS) } as const;
  return { start: { ...at, offset: 0, bits: 40 }, used: { ...at, offset: 40, bits: 128 } };
}

// ---- InsuranceFund is AccessManaged ----

/** Slot 1: `Target internal _target;` */
const TARGET = { book: "InsuranceFund", slot: word32(1n) } as const;

/** `struct Target { uint128 amount; bool isUsed; }` */
export const fundTarget = {
  amount: { ...TARGET, offset: 0, bits: 128 },
  isUsed: { ...TARGET, offset: 128, bits: 8 },
} as const satisfies Record<string, Place>;
