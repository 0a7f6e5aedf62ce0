import type { BookName } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import type { Hash } from "../../lib/hex.ts";
import type { BundleProblemKind } from "./BundleProblem.ts";
import type { BundleLevel } from "./Manifest.ts";

/** A word before the step, as the events of the step leave it, and as the chain has it: each proved. */
export interface ProvenSlot {
  readonly contract: BookName;
  readonly hashedSlot: Hash;
  /** Checked against its hash; null where nobody knows it. */
  readonly slot: Hash | null;
  /** As the keeper names it: only told. */
  readonly name: string;
  readonly before: bigint;
  readonly implied: bigint;
  readonly chain: bigint;
}

/** What a bundle comes to. */
export interface Verification {
  readonly result: "confirmed" | BundleProblemKind;
  /** In one sentence. */
  readonly reason: string;
  /** Where it failed; null when confirmed. */
  readonly failure: { readonly check: string; readonly blob: string } | null;
  /** Checks that passed, in order. */
  readonly passed: readonly string[];
  readonly incidentId: Hash | null;
  /** Of the findings and settings, as the keeper's soft pause says it on chain; null where it could not be computed. */
  readonly evidenceHash: Hash | null;
  readonly kind: "Diverged" | "OwnFault" | null;
  /** What was shown when it is confirmed, else what the bundle says that it could show. */
  readonly level: BundleLevel | null;
  /** The program that wrote the bundle. */
  readonly software: string | null;
  /** What the replay finds, with its own words: nothing of the bundle's. */
  readonly findings: readonly Finding[];
  readonly slots: readonly ProvenSlot[];
  /** What the replay rests on and no proof shows: to be compared by whoever reads it. */
  readonly given: readonly string[];
  /** What only the keeper says. */
  readonly claimed: readonly string[];
  /** What nothing offline can show, and where to look. */
  readonly lookUp: readonly string[];
}
