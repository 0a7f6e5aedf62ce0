import type { UnknownReason } from "./Verdict.ts";
import type { Cause } from "./Finding.ts";

/** Everything that a keeper can find wrong. */
export type Trouble = Cause | "own-fault" | UnknownReason;

/** What follows from one cause; the normative table of docs/architecture.md. */
export interface Response {
  /** Proved by the chain's own commitments, claimed by somebody, ordered by an operator, or about the keeper itself. */
  readonly evidence: "proved" | "claimed" | "ordered" | "own";
  readonly action: "soft-pause" | "latch" | "alert";
  /** Whose budget of pauses is drawn on, on chain and here; null where nothing is paused. */
  readonly budget: "books" | "view" | null;
  /**
   * What happens while nothing can be decided or sent. `closed`: nothing is signed, so that the stale grade follows by itself.
   * `open`: the protocol goes on, and a person is told.
   */
  readonly failing: "open" | "closed";
}

/** What follows from a cause that a finding can have: a pause, on one of the budgets. */
export interface PauseResponse extends Response {
  readonly action: "soft-pause";
  readonly budget: "books" | "view";
}

const PROVED: PauseResponse = { evidence: "proved", action: "soft-pause", budget: "books", failing: "closed" };
const UNKNOWN: Response = { evidence: "claimed", action: "alert", budget: null, failing: "closed" };

/** One response per cause. A cause without one does not compile. */
export const RESPONSES: Readonly<Record<Cause, PauseResponse> & Record<Exclude<Trouble, Cause>, Response>> = {
  "unexplained-write": PROVED,
  miscomputed: PROVED,
  illegal: PROVED,
  unreadable: PROVED,
  "code-changed": PROVED,
  "custody-short": PROVED,
  "view-diverged": { evidence: "claimed", action: "soft-pause", budget: "view", failing: "open" },
  ordered: { evidence: "ordered", action: "soft-pause", budget: "books", failing: "open" },
  "own-fault": { evidence: "own", action: "latch", budget: null, failing: "closed" },
  "no-source": UNKNOWN,
  "no-answer": UNKNOWN,
  "no-proof": UNKNOWN,
  "no-quorum": UNKNOWN,
  "unsupported-header": UNKNOWN,
  split: UNKNOWN,
  // Latched where the condition is told (loop/ChainReport), whatever the verdict on the books is then.
  "consensus-fault": { ...UNKNOWN, action: "latch" },
  "height-regression": UNKNOWN,
  "halted-chain": UNKNOWN,
};
