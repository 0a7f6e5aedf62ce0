import type { Address } from "../../lib/hex.ts";
import { after, mapped, word32, type Place } from "./words.ts";

/*
 * Where every variable of the contracts in contracts/risk is stored, worked out by hand: variables take slots in the order of
 * declaration, base contracts first; what fits shares a word, from the low end; a struct, an array and a mapping
 * start a new word. Constants, immutables and transient variables have no slot.
 */

// ---- InstrumentRegistry is AccessManaged ----

/** Slot 1: `mapping(uint16 instrument => Instrument) internal _instruments;` */
const INSTRUMENTS = 1n;
/** Slot 2: `mapping(uint16 instrument => OptionTerms) internal _options;` */
const OPTIONS = 2n;
/** Slot 3: `mapping(uint16 instrument => Settlement) internal _settlements;` */
const SETTLEMENTS = 3n;
/** Slot 4: `mapping(uint8 id => CollateralTerms) internal _collateral;` */
const COLLATERAL = 4n;
/** Slot 5: `mapping(address asset => uint8 id) internal _collateralIds;` */
const COLLATERAL_IDS = 5n;
/** Slot 6: `uint8 internal _collateralCount;` */
const COLLATERAL_COUNT = 6n;
/** Slot 7: `DebtCaps internal _debtCaps;`, a struct, which starts a new word. */
const DEBT_CAPS = 7n;

const instruments = { book: "InstrumentRegistry" } as const;

/** `enum InstrumentKind { None, Perpetual, Call, Put }` */
export const PERPETUAL = 1n;
/** Pays what the price is above the strike. */
export const CALL = 2n;
/** Pays what the price is below the strike. */
export const PUT = 3n;

/** The fields of an instrument, with their bits in the order of declaration; together they fill a word. */
export const INSTRUMENT_FIELDS = {
  kind: 8,
  feed: 16,
  initialPpm: 24,
  maintenancePpm: 24,
  priceBandPpm: 24,
  lagVolatilityPpm: 24,
  maxFundingPpm: 24,
  makerFeePpm: 16,
  takerFeePpm: 16,
  maxOpenInterest: 80,
} as const;

/** A field of an instrument. */
export type InstrumentField = keyof typeof INSTRUMENT_FIELDS;

/**
 * `struct Instrument { InstrumentKind kind; uint16 feed; uint24 initialPpm; uint24 maintenancePpm; uint24 priceBandPpm;
 * uint24 lagVolatilityPpm; uint24 maxFundingPpm; uint16 makerFeePpm; uint16 takerFeePpm; uint80 maxOpenInterest; }`
 */
export function instrumentAt(instrument: bigint): Record<InstrumentField, Place> {
  const slot = mapped(instrument, INSTRUMENTS);
  const places: Partial<Record<InstrumentField, Place>> = {};
  let offset = 0;
  for (const [field, bits] of Object.entries(INSTRUMENT_FIELDS)) {
    places[field as InstrumentField] = { ...instruments, slot, offset, bits };
    offset += bits;
  }
  return places as Record<InstrumentField, Place>;
}

/** The fields of an option. */
export type OptionField = "strike" | "expiry" | "volatilityPpm" | "volatilityShockPpm" | "volatilityAt";

/** `struct OptionTerms { uint128 strike; uint40 expiry; uint32 volatilityPpm; uint24 volatilityShockPpm; uint32 volatilityAt; }` */
export function optionAt(instrument: bigint): Record<OptionField, Place> {
  const at = { ...instruments, slot: mapped(instrument, OPTIONS) } as const;
  return {
    strike: { ...at, offset: 0, bits: 128 },
    expiry: { ...at, offset: 128, bits: 40 },
    volatilityPpm: { ...at, offset: 168, bits: 32 },
    volatilityShockPpm: { ...at, offset: 200, bits: 24 },
    volatilityAt: { ...at, offset: 224, bits: 32 },
  };
}

/** `struct Settlement { uint128 price; uint40 settledAt; bool isUsed; bool isWindDown; }` */
export function settlementAt(instrument: bigint): Record<"price" | "settledAt" | "isUsed" | "isWindDown", Place> {
  const at = { ...instruments, slot: mapped(instrument, SETTLEMENTS) } as const;
  return {
    price: { ...at, offset: 0, bits: 128 },
    settledAt: { ...at, offset: 128, bits: 40 },
    isUsed: { ...at, offset: 168, bits: 8 },
    isWindDown: { ...at, offset: 176, bits: 8 },
  };
}

/** `struct CollateralTerms { address asset; uint16 feed; uint24 haircutPpm; uint8 decimals; }` */
export function collateralTermsAt(id: bigint): Record<"asset" | "feed" | "haircutPpm" | "decimals", Place> {
  const at = { ...instruments, slot: mapped(id, COLLATERAL) } as const;
  return {
    asset: { ...at, offset: 0, bits: 160 },
    feed: { ...at, offset: 160, bits: 16 },
    haircutPpm: { ...at, offset: 176, bits: 24 },
    decimals: { ...at, offset: 200, bits: 8 },
  };
}

/** The number of an asset among the collaterals. */
export function collateralIdAt(asset: Address): Place {
  return { ...instruments, slot: mapped(asset, COLLATERAL_IDS), offset: 0, bits: 8 };
}

/** How many assets are collateral. */
export const collateralCount: Place = { ...instruments, slot: word32(COLLATERAL_COUNT), offset: 0, bits: 8 };

/** `struct DebtCaps { uint128 account; uint128 total; }` */
export const debtCaps = {
  account: { ...instruments, slot: word32(DEBT_CAPS), offset: 0, bits: 128 },
  total: { ...instruments, slot: word32(DEBT_CAPS), offset: 128, bits: 128 },
} as const satisfies Record<string, Place>;

// ---- PriceOracle is AccessManaged ----

/** Slot 1: `mapping(uint16 feed => Feed) internal _feeds;` */
const FEEDS = 1n;

/** The fields of a feed. */
export type FeedField =
  | "aggregator"
  | "decimals"
  | "maxAge"
  | "maxDeviationPpm"
  | "hasSecondary"
  | "minPrice"
  | "maxPrice"
  | "secondary"
  | "secondaryDecimals"
  | "secondaryMaxAge";

/**
 * `struct Feed { address aggregator; uint8 decimals; uint32 maxAge; uint24 maxDeviationPpm; bool hasSecondary; uint128
 * minPrice; uint128 maxPrice; address secondary; uint8 secondaryDecimals; uint32 secondaryMaxAge; }`: of the first word
 * 232 bits are taken, so that `minPrice` starts the second one, which the bounds fill.
 */
export function feedAt(feed: bigint): Record<FeedField, Place> {
  const first = { book: "PriceOracle", slot: mapped(feed, FEEDS) } as const;
  const second = { ...first, slot: after(first.slot, 1n) };
  const third = { ...first, slot: after(first.slot, 2n) };
  return {
    aggregator: { ...first, offset: 0, bits: 160 },
    decimals: { ...first, offset: 160, bits: 8 },
    maxAge: { ...first, offset: 168, bits: 32 },
    maxDeviationPpm: { ...first, offset: 200, bits: 24 },
    hasSecondary: { ...first, offset: 224, bits: 8 },
    minPrice: { ...second, offset: 0, bits: 128 },
    maxPrice: { ...second, offset: 128, bits: 128 },
    secondary: { ...third, offset: 0, bits: 160 },
    secondaryDecimals: { ...third, offset: 160, bits: 8 },
    secondaryMaxAge: { ...third, offset: 168, bits: 32 },
  };
}
