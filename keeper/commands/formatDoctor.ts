import type { ProfileName } from "../domain/chainProfile.ts";
import type { ProbeResult, ProbeStatus } from "../probes/Probe.ts";
import type { SourceReport } from "../probes/SourceReport.ts";
import type { Paint } from "./formatBlock.ts";

/** Everything that a doctor found. */
export interface DoctorReport {
  /** Null when neither a deployment nor a source said it. */
  readonly chainId: number | null;
  readonly profile: ProfileName;
  readonly sources: readonly SourceReport[];
  /** Over all sources, of the deployment and of the keys. */
  readonly checks: readonly ProbeResult[];
}

const NAME_WIDTH = 15;

/** The findings as a table for people. */
export function formatDoctor(report: DoctorReport, paint: Paint): string {
  const { chainId, profile, sources, checks } = report;
  const lines = [`chain ${chainId ?? "unknown"}, profile ${profile}`];
  for (const { id, operator, client, url, results } of sources) {
    lines.push("", `source ${id}  ${paint.dim(`${url}  operator ${operator}, client ${client}`)}`);
    lines.push(...results.flatMap((result) => formatResult(result, paint)));
  }
  lines.push("", "all together", ...checks.flatMap((result) => formatResult(result, paint)));
  lines.push("", summary(report));
  return lines.join("\n");
}

function formatResult({ name, status, detail, advice }: ProbeResult, paint: Paint): string[] {
  const head = `  ${mark(status, paint)}  ${name.padEnd(NAME_WIDTH)}`;
  const lines = [`${head}${status === "skip" ? paint.dim(detail) : detail}`];
  if (advice !== undefined && status !== "ok") lines.push(`${" ".repeat(8 + NAME_WIDTH)}${paint.dim(`→ ${advice}`)}`);
  return lines;
}

function mark(status: ProbeStatus, paint: Paint): string {
  const text = status.padEnd(4);
  switch (status) {
    case "ok":
      return paint.green(text);
    case "warn":
      return paint.yellow(text);
    case "fail":
      return paint.red(text);
    case "skip":
      return paint.dim(text);
  }
}

/** How often each status was found. */
function count({ sources, checks }: DoctorReport): Readonly<Record<ProbeStatus, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skip: 0 };
  for (const { status } of [...sources.flatMap(({ results }) => results), ...checks]) counts[status] += 1;
  return counts;
}

function summary(report: DoctorReport): string {
  const { ok, warn, fail, skip } = count(report);
  const verdict = fail > 0 ? "not ready" : warn > 0 ? "ready, with warnings" : "ready";
  return `${verdict}: ${ok} ok, ${warn} warnings, ${fail} failed, ${skip} skipped (docs/doctor.md explains each)`;
}

/** The findings as one JSON object. */
export function toDoctorJson(report: DoctorReport): string {
  return JSON.stringify({ ...report, counts: count(report) }, null, 2);
}
