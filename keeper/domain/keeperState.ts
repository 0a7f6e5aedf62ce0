/** What a keeper is doing, in one word; see docs/architecture.md. */
export const KEEPER_STATES = [
  "STARTING",
  "LAGGING",
  "IN_SYNC",
  "FINALITY_STALLED",
  "SOURCE_DEGRADED",
  "UNKNOWN",
  "DIVERGED",
  "PAUSED",
  "REPAIRING",
  "RESUME_GATE",
  "OWN_FAULT",
  "CONSENSUS_FAULT",
] as const;
export type KeeperState = (typeof KEEPER_STATES)[number];
