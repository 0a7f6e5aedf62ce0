import type { Operation, Peer } from "./GasRow.ts";

/** What an operation is meant to cost at most, gas. */
export const TARGETS: Readonly<Partial<Record<Operation, number>>> = {
  deposit: 75_000,
  "withdraw-flat": 85_000,
  "trade-ledger": 92_900,
  trade: 150_000,
  liquidate: 110_000,
  "guard-check": 300,
  "checkpoint-post-3of4": 85_000,
  "checkpoint-post-4of5": 95_000,
  "checkpoint-post-7of10": 120_000,
  "checkpoint-convict": 250_000,
  "soft-pause": 75_000,
};

/**
 * Peers whose contracts are not published as a package, so that nothing here can measure them: figures on EVM prague.
 */
export const PUBLISHED_PEERS: Readonly<Partial<Record<Operation, Peer>>> = {
  "trade-ledger": { name: "dYdX perpetual, trade of two accounts", gas: 92_900, measured: false },
  "checkpoint-post-4of5": { name: "a quorum's post of one root, 4 of 5, without a push", gas: 66_000, measured: false },
  "checkpoint-post-7of10": {
    name: "a quorum's post of one root, 7 of 10, without a push",
    gas: 88_000,
    measured: false,
  },
};
