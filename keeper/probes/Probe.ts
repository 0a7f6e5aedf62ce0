/** What came of a probe: `warn` works with less than there should be, `fail` does not work, `skip` could not be tried. */
export const PROBE_STATUSES = ["ok", "warn", "fail", "skip"] as const;
export type ProbeStatus = (typeof PROBE_STATUSES)[number];

/** A finding in words; holds no URL and no secret. */
export interface ProbeOutcome {
  readonly status: ProbeStatus;
  readonly detail: string;
  /** What follows from it, or what to do. */
  readonly advice?: string;
}

/** A finding with the name of what found it; `docs/doctor.md` has a heading of that name. */
export interface ProbeResult extends ProbeOutcome {
  readonly name: string;
}

/** It is as it should be. */
export function ok(detail: string): ProbeOutcome {
  return { status: "ok", detail };
}

/** It works with less than there should be. */
export function warn(detail: string, advice: string): ProbeOutcome {
  return { status: "warn", detail, advice };
}

/** It does not work. */
export function fail(detail: string, advice: string): ProbeOutcome {
  return { status: "fail", detail, advice };
}

/** It could not be tried, or there is nothing to try. */
export function skip(detail: string): ProbeOutcome {
  return { status: "skip", detail };
}
