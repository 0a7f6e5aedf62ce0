import { KeeperError } from "../errors/KeeperError.ts";
import type { ProbeOutcome, ProbeResult } from "./Probe.ts";

/** Bounds of a probe. */
export interface ProbeBounds {
  /** The probe as a whole settles within this time. */
  readonly deadlineMs: number;
  /** Ends the probe. */
  readonly signal: AbortSignal;
}

/**
 * Runs a probe within its time. A fault of the other side is a failure of the probe; anything else is a bug and rejects.
 */
export async function runProbe(
  name: string,
  run: (signal: AbortSignal) => Promise<ProbeOutcome>,
  { deadlineMs, signal }: ProbeBounds,
): Promise<ProbeResult> {
  const end = new AbortController();
  const onAbort = (): void => end.abort();
  const timer = setTimeout(onAbort, deadlineMs);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return { name, ...(await run(end.signal)) };
  } catch (error: unknown) {
    if (!(error instanceof KeeperError)) throw error;
    const isOver = error.code === "SourceAborted" && !signal.aborted;
    const detail = isOver ? `no answer within ${deadlineMs} ms` : `${error.code}: ${error.message}`;
    return { name, status: "fail", detail };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
