/**
 * How a mutant differs from the reducers as they are.
 *
 * Of honest traffic, where a keeper with the mutant would call itself wrong, as nothing is wrong with the chain:
 * - `root`: it arrives at another storage root than the chain has.
 * - `miscomputed`: it calls a right result wrong.
 * - `illegal`, `unreadable`: it objects to an operation or a log, and to no root and no result in the same block.
 *
 * Of a block with a lie in it, to which the reducers as they are object:
 * - `misses a lie`: it finds nothing. Where the chain has the roots that it arrives at, a keeper with the mutant would call a
 *   block in sync that is not: such a mutant is one of a check, and no honest chain shows it.
 *
 * Without a verdict:
 * - `throws`: applying an honest block ends in an error; a keeper stops there. A reducer that fails is a finding instead.
 * - `does not load`, `does not end`.
 */
export type KillKind =
  "root" | "miscomputed" | "illegal" | "unreadable" | "misses a lie" | "throws" | "does not load" | "does not end";

/** What tells a mutant, and where. */
export interface Killer {
  readonly kind: KillKind;
  readonly detail: string;
}

/** What killed a mutant; null when nothing did. */
export interface Judged {
  readonly name: string;
  /** Whether the books load the changed file at all: where they do not, no traffic can tell. */
  readonly isPart: boolean;
  readonly killer: Killer | null;
}
