import { median, quantile } from "../keeper/Row.ts";
import type { ApiReport, ApiTarget, Phase, RequestRow, StallRow, VerdictRow } from "./ApiReport.ts";
import type { Answered } from "./askSteadily.ts";
import type { ApiOptions, PhaseSample } from "./measureApi.ts";

const P99_MS = 20;
const VERDICT_TIMES = 1.1;
const MEBIBYTE = 1_024 * 1_024;
const LOADS = ["requests", "requests and streams"] as const;

/** The rows of all rounds, and how they stand to the targets. Times depend on the machine: they are said, and fail nothing. */
export function toReport(
  samples: readonly PhaseSample[],
  { aliveBytes, stalls }: Pick<ApiReport, "aliveBytes" | "stalls">,
  options: Pick<ApiOptions, "rate" | "accounts" | "rounds" | "streams"> & { readonly slots: number },
): ApiReport {
  const { rate, accounts, rounds, slots } = options;
  const all = samples.flatMap(({ load }) => load?.answered ?? []);
  const requests = LOADS.flatMap((phase) => toRequestRows(phase, samples));
  const verdicts = (["quiet", ...LOADS] as const).map((phase) => toVerdictRow(phase, samples));
  return {
    ...{ rate, accounts, slots, rounds, requests, verdicts, aliveBytes, stalls },
    statuses: Object.fromEntries(
      Map.groupBy(all, ([, status]) => status)
        .entries()
        .map(countOf),
    ),
    sentLateP99Ms: quantile(
      all.map(([, , , lateMs]) => lateMs),
      0.99,
    ),
    askerShare: Math.max(...samples.map(({ load }) => load?.askerShare ?? 0)),
    targets: [...checkTimes(requests, verdicts), ...checkOthers(all, samples, stalls, options.streams)],
  };
}

function countOf([status, answered]: readonly [string, readonly Answered[]]): [string, number] {
  return [status, answered.length];
}

/** All together first, then those of each kind, the slowest first. */
function toRequestRows(phase: RequestRow["phase"], samples: readonly PhaseSample[]): RequestRow[] {
  const answered = samples.filter((sample) => sample.phase === phase).flatMap(({ load }) => load?.answered ?? []);
  const byKind = [...Map.groupBy(answered, ([kind]) => kind)].map(([kind, some]) => toRequestRow(kind, phase, some));
  return [toRequestRow(null, phase, answered), ...byKind.sort((one, other) => other.p99Ms - one.p99Ms)];
}

function toRequestRow(kind: string | null, phase: RequestRow["phase"], answered: readonly Answered[]): RequestRow {
  const ms = answered.map(([, , taken]) => taken);
  const [p50Ms, p90Ms, p99Ms, maxMs] = [0.5, 0.9, 0.99, 1].map((share) => quantile(ms, share)) as [
    number,
    number,
    number,
    number,
  ];
  return { kind, phase, requests: ms.length, p50Ms, p90Ms, p99Ms, maxMs };
}

function toVerdictRow(phase: Phase, samples: readonly PhaseSample[]): VerdictRow {
  const rounds = samples.filter((sample) => sample.phase === phase);
  const over = (share: number, of: "verdictMs" | "detectionMs"): number =>
    median(
      rounds.map(({ verdicts }) =>
        quantile(
          verdicts.map((times) => times[of]),
          share,
        ),
      ),
    );
  return {
    ...{ phase, blocks: rounds.reduce((sum, { verdicts }) => sum + verdicts.length, 0) },
    ...{ medianMs: over(0.5, "verdictMs"), p90Ms: over(0.9, "verdictMs"), detectionP90Ms: over(0.9, "detectionMs") },
    coreShare: median(rounds.map(({ coreShare }) => coreShare)),
    waitedShare: median(rounds.map(({ waitedShare }) => waitedShare)),
    residentBytes: rounds.map(({ residentBytes }) => residentBytes),
  };
}

function checkTimes(requests: readonly RequestRow[], verdicts: readonly VerdictRow[]): ApiTarget[] {
  const quiet = verdicts.find(({ phase }) => phase === "quiet")?.p90Ms ?? Number.NaN;
  return LOADS.flatMap((phase) => {
    const p99 = requests.find((row) => row.kind === null && row.phase === phase)?.p99Ms ?? Number.NaN;
    const loaded = verdicts.find((row) => row.phase === phase)?.p90Ms ?? Number.NaN;
    return [
      most(`${phase}: 99 of 100 answers within`, p99, P99_MS, "ms"),
      most(`${phase}: the verdict's 90th percentile, of the quiet one`, loaded / quiet, VERDICT_TIMES, "times"),
    ];
  });
}

function checkOthers(
  answered: readonly Answered[],
  samples: readonly PhaseSample[],
  stalls: readonly StallRow[],
  streams: number,
): ApiTarget[] {
  const isAnswer = ([, status]: Answered): boolean => /^(200|404|503 NotYetProven)$/.test(status);
  const listened = samples.flatMap(({ load }) => load?.listened ?? []);
  const deaf = listened.filter(({ verdicts: { least, most: top } }) => least === 0 || least < top - 1).length;
  const lost = listened.reduce((sum, { ended }) => sum + ended, 0);
  const grown = Math.max(...stalls.map(({ mostBytes, beforeBytes }) => mostBytes - beforeBytes));
  const bound = Math.max(...stalls.map(({ boundBytes }) => boundBytes));
  return [
    most("requests without an answer, or with one of another kind", count(answered, isAnswer), 0, "requests"),
    most(`of ${streams} streams ended, or not told of every verdict`, lost + deaf, 0, "streams"),
    most("memory that clients who do not read have cost", grown / MEBIBYTE, Math.ceil(bound / MEBIBYTE), "MiB"),
  ];
}

function count(answered: readonly Answered[], isAnswer: (answered: Answered) => boolean): number {
  return answered.length - answered.filter(isAnswer).length;
}

function most(name: string, value: number, target: number, unit: ApiTarget["unit"]): ApiTarget {
  return { name, target, unit, value, isMet: value <= target };
}
