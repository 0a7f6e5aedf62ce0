/** How far a keeper may go: watch reports, alert also notifies, act also sends. */
export type Mode = "watch" | "alert" | "act";

/** What an operator decides once; validated at start, and hashed into the evidence of whatever it decides. */
export interface Policy {
  readonly mode: Mode;
  /** A chain on which one operator is enough and signing without witnesses is allowed. */
  readonly isLocalChain: boolean;
  /** Allows InSync with one configured operator on another chain, shown as unwitnessed and never signed. */
  readonly allowSingleSource: boolean;
  /** Seconds between checkpoints. */
  readonly checkpointIntervalSeconds: number;
  /** Pauses in a day for causes that are claimed, not proved against the chain: views. */
  readonly claimedPausesPerDay: number;
  /** Times in a row that such a cause must be seen before it acts. A proved one acts at once. */
  readonly claimedPersistence: number;
}

/** What an operator need not choose. */
export const POLICY_DEFAULTS = { claimedPausesPerDay: 8, claimedPersistence: 1 } as const;

/**
 * What is wrong with a policy, in words; empty when nothing is. Whoever makes one checks it before anything is decided with it.
 */
export function checkPolicy(policy: Policy): string[] {
  const { checkpointIntervalSeconds, claimedPausesPerDay, claimedPersistence } = policy;
  const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
  const problems: string[] = [];
  if (!["watch", "alert", "act"].includes(policy.mode))
    problems.push(`mode ${policy.mode} is none of watch, alert, act`);
  if (!isCount(checkpointIntervalSeconds, 1)) problems.push("checkpointIntervalSeconds is at least 1");
  if (!isCount(claimedPausesPerDay, 0)) problems.push("claimedPausesPerDay is at least 0");
  if (!isCount(claimedPersistence, 1)) problems.push("claimedPersistence is at least 1");
  return problems;
}
