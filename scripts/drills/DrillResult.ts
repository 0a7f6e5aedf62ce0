import type { LocatedSlot, SlotCause } from "../../keeper/domain/Finding.ts";

/** A word that differs; without a cause where it is a view that differs. */
export interface DrillSlot extends Pick<LocatedSlot, "contract" | "variable" | "account" | "before" | "after"> {
  readonly cause: SlotCause | null;
}

/** What a scenario came to. The first eight fields are the shape of every drill. */
export interface DrillResult {
  readonly scenario: string;
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
  /** What the attacker tried afterwards, and what became of it. */
  readonly attempts: readonly DrillAttempt[];
}

/** One thing that the corrupted state would have allowed. */
export interface DrillAttempt {
  readonly what: string;
  readonly outcome: string;
  /** Refused, or capped at what was proven. */
  readonly isHarmless: boolean;
}
