import type { Hash, Hex } from "../lib/hex.ts";

/** One belief: what an off-chain part of the protocol thinks an account has. */
export interface ViewRow {
  readonly account: Hex;
  /** `quote`, or the number of an instrument for a position. */
  readonly item: string;
  /** 1e-18 quote, or 1e-18 underlying; signed. */
  readonly amount: bigint;
}

/** A view as its owner stamped it. */
export interface View {
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly rows: readonly ViewRow[];
}

/** How a row differs from the proven books at the view's own block. */
export interface ViewDifference {
  readonly kind: "phantom" | "missing" | "wrong" | "duplicate";
  readonly account: Hex;
  readonly item: string;
  readonly believed: bigint;
  readonly proven: bigint;
}

/** What a comparison came to. */
export type Comparison =
  | { readonly kind: "equal" }
  | { readonly kind: "different"; readonly differences: readonly ViewDifference[] }
  /** The view stands at a block that is not of this chain any more. */
  | { readonly kind: "orphaned" }
  /** The books are not there yet, or no longer. */
  | { readonly kind: "unknown"; readonly detail: string };
