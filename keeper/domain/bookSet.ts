import type { Address } from "../lib/hex.ts";

/** The book contracts, in the order of every checkpoint's roots. */
export const BOOK_NAMES = [
  "CollateralVault",
  "PositionLedger",
  "OrderSettlement",
  "LiquidationAuction",
  "InsuranceFund",
  "InstrumentRegistry",
  "PriceOracle",
  "KeeperRegistry",
  "SyncGuard",
  "CheckpointRegistry",
] as const;

/** A contract whose storage can move value or loosen a limit, and is therefore replayed and compared. */
export type BookName = (typeof BOOK_NAMES)[number];

/** Addresses of the book contracts. */
export type BookAddresses = Readonly<Record<BookName, Address>>;

/** What the contracts hold in code instead of storage; read once at start and bound to the code hash. */
export interface Immutables {
  readonly settlementAsset: Address;
  /** 1e-18 quote per unit of the settlement asset. */
  readonly settlementScale: bigint;
  /** Age of the newest checkpoint from which the stale grade holds, seconds. */
  readonly staleLimit: bigint;
  /** Duration of a soft pause, seconds. */
  readonly softTime: bigint;
  /** Cool-down of a keeper's soft pause, seconds. */
  readonly coolDown: bigint;
  /** Time without liquidations after a restriction ends, seconds. */
  readonly grace: bigint;
  /** Chainlink's uptime feed of an L2's sequencer; zero on a chain without one. */
  readonly sequencerFeed: Address;
  /** No price is valid for so long after the sequencer came back, seconds. */
  readonly sequencerGrace: bigint;
}
