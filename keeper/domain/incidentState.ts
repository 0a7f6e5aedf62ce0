/** Every state of an incident: the way through it, its two ends, and the failure of its pause. */
export const INCIDENT_STATE_NAMES = [
  ...(["opened", "acting", "contained", "repairing", "resuming"] as const),
  ...(["closed", "orphaned", "failed"] as const),
] as const;
export type IncidentState = (typeof INCIDENT_STATE_NAMES)[number];
