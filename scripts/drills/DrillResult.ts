import type { LocatedSlot, SlotCause } from "../../keeper/domain/Finding.ts";

/** A word that differs; without a cause where it is a view that differs. */
export interface DrillSlot extends Pick<LocatedSlot, "contract" | "variable" | "account" | "before" | "after"> {
  readonly cause: SlotCause | null;
}

/** What a scenario came to. These fields are the shape of every drill with one keeper or two. */
export interface DrillResult {
  readonly scenario: string;
  /** Whether the keeper has to pause, or must not: the books agree, or nothing is proven. */
  readonly expects: "pause" | "no-pause";
  readonly contained: boolean;
  readonly verdict: string;
  readonly cause: string;
  readonly located: readonly DrillSlot[];
  /** Blocks from the divergent one to the verdict, and to the pause. */
  readonly blocks: { readonly detect: number | null; readonly pause: number | null };
  /** `detect`: last needed byte → verdict; `decide`: verdict → signed; `broadcast`: → accepted; `include`: → proven. */
  readonly ms: {
    readonly detect: number | null;
    readonly decide: number | null;
    readonly broadcast: number | null;
    readonly include: number | null;
    /** Head announced → last needed byte: the node's share. */
    readonly node: number | null;
  };
  /** What was done about it, in order: milliseconds since it was broken. */
  readonly reactions: readonly DrillReaction[];
  /** What the attacker tried afterwards, what else had to hold, and what became of it. */
  readonly attempts: readonly DrillAttempt[];
  /** Whether the node of a test deployment is as it was before; null where the chain was the drill's own. */
  readonly restored: boolean | null;
}

/** Something that the keeper did, or noticed. */
export interface DrillReaction {
  readonly what: string;
  readonly ms: number;
}

/** One thing that the corrupted state would have allowed, or that has to hold all the same. */
export interface DrillAttempt {
  readonly what: string;
  readonly outcome: string;
  /** Refused, or capped at what was proven; or as it has to be. */
  readonly isHarmless: boolean;
}
