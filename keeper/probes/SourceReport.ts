import type { ProbeResult } from "./Probe.ts";
import type { Transport } from "./SourceContext.ts";

/** What was found at one source. */
export interface SourceReport {
  readonly id: string;
  readonly operator: string;
  readonly client: string;
  /** Redacted. */
  readonly url: string;
  readonly transport: Transport;
  readonly results: readonly ProbeResult[];
}

/** Whether each of the named probes of a source was fine; a warning is. */
export function passed({ results }: SourceReport, ...names: readonly string[]): boolean {
  return names.every((name) => results.some((result) => result.name === name && isFine(result)));
}

function isFine({ status }: ProbeResult): boolean {
  return status === "ok" || status === "warn";
}

/** The distinct operators of the sources, in their order. */
export function operatorsOf(reports: readonly { readonly operator: string }[]): string[] {
  return [...new Set(reports.map(({ operator }) => operator))];
}
