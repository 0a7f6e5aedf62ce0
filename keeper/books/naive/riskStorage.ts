import { after, mapped, type Place } from "./words.ts";

/*
 * Where every variable of the contracts in contracts/risk is stored, worked out by hand: variables take slots in the order of
 * declaration, base contracts first; what fits shares a word, from the low end; a struct, an array and a mapping
 * start a new word. Constants, immutables and transient variables have no slot.
 */

// ---- InstrumentRegistry is AccessManaged ----

/** Slot 1: `mapping(uint16 instrument => Instrument) internal _instruments;` */
const INSTRUMENTS = 1n;

/** `struct Instrument { bool isListed; uint16 feed; uint32 initialPpm; uint32 maintenancePpm; uint32 priceBandPpm; }` */
export function instrumentAt(
  instrument: bigint,
): Record<"isListed" | "feed" | "initialPpm" | "maintenancePpm" | "priceBandPpm", Place> {
  const at = { book: "InstrumentRegistry", slot: mapped(instrument, INSTRUMENTS) } as const;
  return {
    isListed: { ...at, offset: 0, bits: 8 },
    feed: { ...at, offset: 8, bits: 16 },
    initialPpm: { ...at, offset: 24, bits: 32 },
    maintenancePpm: { ...at, offset: 56, bits: 32 },
    priceBandPpm: { ...at, offset: 88, bits: 32 },
  };
}

// ---- PriceOracle is AccessManaged ----

/** Slot 1: `mapping(uint16 feed => Feed) internal _feeds;` */
const FEEDS = 1n;

/**
 * `struct Feed { address aggregator; uint8 decimals; uint48 maxAge; uint128 minPrice; uint128 maxPrice; }`: of the
 * first word 216 bits are taken, so that `minPrice` starts the second one.
 */
export function feedAt(feed: bigint): Record<"aggregator" | "decimals" | "maxAge" | "minPrice" | "maxPrice", Place> {
  const first = { book: "PriceOracle", slot: mapped(feed, FEEDS) } as const;
  const second = { ...first, slot: after(first.slot, 1n) };
  return {
    aggregator: { ...first, offset: 0, bits: 160 },
    decimals: { ...first, offset: 160, bits: 8 },
    maxAge: { ...first, offset: 168, bits: 48 },
    minPrice: { ...second, offset: 0, bits: 128 },
    maxPrice: { ...second, offset: 128, bits: 128 },
  };
}
