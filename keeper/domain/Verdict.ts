import type { NO_SYNC } from "./conditions.ts";
import type { Hash } from "../lib/hex.ts";
import type { Finding } from "./Finding.ts";

/** Why nothing could be said about a block. None of these is a divergence. */
export type UnknownReason =
  | "no-source"
  | "no-answer"
  | "no-proof"
  | "no-quorum"
  | "unsupported-header"
  /** Conditions of the chain: see `conditions.ts`. */
  | "split"
  | (typeof NO_SYNC)[number];

/**
 * What a keeper says of one block.
 *
 * - `InSync`: roots equal, results recomputed, operations legal; `isWitnessed` when k operators vote for the block.
 * - `Diverged`: proved to differ, in this block or in an earlier one that still stands (latched).
 * - `OwnFault`: the naive second derivation agrees with the chain and the reducers do not: the keeper is wrong.
 * - `Unknown`: it could not be proved that they agree. Never a reason to pause.
 */
export type Verdict =
  | { readonly kind: "InSync"; readonly isWitnessed: boolean; readonly roots: readonly Hash[] }
  | { readonly kind: "Diverged"; readonly findings: readonly Finding[]; readonly isLatched: boolean }
  | { readonly kind: "OwnFault"; readonly findings: readonly Finding[]; readonly detail: string }
  | { readonly kind: "Unknown"; readonly reason: UnknownReason; readonly detail: string };

/** What is said of a view that differs from the proven books at its own block. */
export interface ViewVerdict {
  readonly kind: "ViewDiverged";
  readonly view: string;
  readonly findings: readonly Finding[];
  /** Its owner wants new risk refused while it does. */
  readonly mayPause: boolean;
}
