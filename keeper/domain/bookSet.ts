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
  /** In the domain of what keepers sign. */
  readonly chainId: bigint;
  readonly settlementAsset: Address;
  /** 1e-18 quote per unit of the settlement asset. */
  readonly settlementScale: bigint;
  /** Age of the newest checkpoint from which the stale grade holds, seconds. */
  readonly staleLimit: bigint;
  /** Duration of a soft pause for proved books, seconds. */
  readonly softTime: bigint;
  /** Duration of a soft pause for a view, seconds. */
  readonly viewTime: bigint;
  /** Cool-down of a keeper's soft pause, seconds. */
  readonly coolDown: bigint;
  /** Time without liquidations after a restriction ends, seconds. */
  readonly grace: bigint;
  /** Time halted, or without a checkpoint, after which anyone may start the wind-down, seconds. */
  readonly windDownTime: bigint;
  /** Time in which claims of a wind-down are registered, seconds. */
  readonly claimPeriod: bigint;
  /** What a keeper has at stake, units of the bond token. */
  readonly bond: bigint;
  /** Seats below which nothing passes. */
  readonly minKeepers: bigint;
  /** Time that a bonded keeper waits, seconds. */
  readonly joinDelay: bigint;
  /** Time in which a keeper that left can be convicted, seconds. */
  readonly unbonding: bigint;
  /** The challenger's part of a slashed bond, parts per million. */
  readonly challengerPpm: bigint;
  /** Chainlink's uptime feed of an L2's sequencer; zero on a chain without one. */
  readonly sequencerFeed: Address;
  /** No price is valid for so long after the sequencer came back, seconds. */
  readonly sequencerGrace: bigint;
}
