/** How far a keeper may go: watch reports, alert also notifies, act also sends. */
export type Mode = "watch" | "alert" | "act";

/** What an operator decides once; validated at start. */
export interface Policy {
  readonly mode: Mode;
  /** A chain on which one operator is enough and signing without witnesses is allowed. */
  readonly isLocalChain: boolean;
  /** Allows InSync with one configured operator on another chain, shown as unwitnessed and never signed. */
  readonly allowSingleSource: boolean;
  /** Seconds between checkpoints. */
  readonly checkpointIntervalSeconds: number;
}
