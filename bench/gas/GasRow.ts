/** The operations of the gas bench, in the order of its table. */
export const OPERATIONS = [
  "deposit-first",
  "deposit",
  "withdraw-flat",
  "withdraw-secured",
  "trade-ledger",
  "trade",
  "trade-reduce",
  "trade-first-lane",
  "trade-open",
  "trade-batch-10",
  "trade-options",
  "cancel",
  "cancel-all",
  "auction-start",
  "liquidate",
  "settle-expiry",
  "cover-shortfall",
  "option-price",
  "margin-1-perpetual",
  "margin-30-options",
  "guard-check",
  "checkpoint-post-1of1",
  "checkpoint-post-3of4",
  "checkpoint-post-4of5",
  "checkpoint-post-7of10",
  "checkpoint-prove-1-book",
  "checkpoint-prove-4-books",
  "checkpoint-prove-10-books",
  "soft-pause",
  "soft-pause-repeated",
  "hard-pause-3of4",
  "resume-3of4",
  "withdraw-witnessed",
  "withdraw-witnessed-position",
  "checkpoint-convict",
] as const;

/** Name of an operation; docs/performance.md says what each does, and from which state. */
export type Operation = (typeof OPERATIONS)[number];

/**
 * What an operation used.
 *
 * Invariant: without `execution`, `gas` depends on the contracts and this bench only. The calldata of the others carries
 * block hashes, storage roots or signatures of them, and a zero byte costs less than another: whatever changes any
 * contract moves their `gas` by a few bytes' price, and their `execution` not at all.
 */
export interface GasMeasure {
  readonly operation: Operation;
  readonly gas: number;
  /** `gas` without what the transaction and its calldata cost. */
  readonly execution?: number;
}

/** Gas of the same operation of a protocol of the same kind. */
export interface Peer {
  readonly name: string;
  readonly gas: number;
  /** Whether this run measured it, on the same chain; the figure is its publisher's, else. */
  readonly measured: boolean;
}

/** A row of `npm run bench:gas -- --json`. */
export interface GasRow {
  readonly operation: Operation;
  readonly gas: number;
  readonly target: number | null;
  readonly peer: Peer | null;
}
