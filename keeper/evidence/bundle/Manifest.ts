import type { Action } from "../../domain/decide.ts";
import type { BookAddresses, Immutables } from "../../domain/bookSet.ts";
import type { Finding, LocatedSlot } from "../../domain/Finding.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Address, Hash } from "../../lib/hex.ts";

/** The version of the format: a reader refuses every other one. */
export const BUNDLE_FORMAT = 1;

/** A block, named. */
export interface NamedBlock {
  readonly number: number;
  readonly hash: Hash;
}

/** One blob: several roles may have the same content, which is stored once. */
export interface BlobEntry {
  /** `headers`, `accounts/<number>`, `nodes/<contract>`, … */
  readonly role: string;
  /** Of the body's bytes, 64 digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The last answer of an aggregator before the step, as the keeper has it. */
export interface ClaimedAnswer {
  readonly aggregator: Address;
  readonly answer: bigint;
  /** Seconds. */
  readonly updatedAt: bigint;
  /** Block whose receipts show it; null where the keeper does not hold them any more. */
  readonly block: number | null;
}

/** What the keeper decides by, as `settingsOf` tells it: the members that are looked at, and the others for their hash. */
export interface BundleSettings {
  readonly chainId: number;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly policy: Policy;
  /** Who pauses; null where the keeper has no key for it. */
  readonly pauser: Address | null;
  readonly [other: string]: unknown;
}

/** How much a bundle can show: nothing of the step, that the books and the chain differ, or where they do as well. */
export type BundleLevel = "incomplete" | "root-only" | "located";

/** What a bundle says. All of it is a claim until it is verified. */
export interface Manifest {
  readonly format: typeof BUNDLE_FORMAT;
  /** The program that wrote it. */
  readonly software: string;
  readonly settings: BundleSettings;
  readonly incident: {
    readonly id: Hash;
    readonly kind: "Diverged" | "OwnFault";
    /** Of the step's last block; those beyond what fits here are in the blob `findings`. */
    readonly findings: readonly Finding[];
    /** Of all findings and the settings, as a soft pause says it on chain. */
    readonly evidenceHash: Hash;
    /** What the keeper's second opinion said; null where it was not asked. */
    readonly detail: string | null;
  };
  /** What follows from the verdict by the policy among the settings. */
  readonly actions: readonly Action[];
  readonly level: BundleLevel;
  /** Why the step is not whole; null when it is. */
  readonly lack: string | null;
  /** The block before the step; null where there is none. */
  readonly base: NamedBlock | null;
  /** The step's blocks, oldest first. */
  readonly blocks: readonly NamedBlock[];
  readonly answers: readonly ClaimedAnswer[];
  readonly located: readonly LocatedSlot[];
  /** What the search for slots could not do; empty when it found and named all. */
  readonly note: string;
  /** What did not fit, or could not be had, by its role. */
  readonly omitted: readonly { readonly role: string; readonly why: string }[];
  readonly blobs: readonly BlobEntry[];
}
