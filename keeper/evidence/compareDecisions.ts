import { booksRoot } from "../domain/booksRoot.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Verdict } from "../domain/Verdict.ts";
import type { Hash } from "../lib/hex.ts";
import type { BlockReport, IncidentReport } from "../loop/ports.ts";
import type { Decision } from "./entries.ts";
import type { Replayed, TimedDecision } from "./Replayer.ts";

/** The first thing that was decided differently. */
export interface Difference {
  readonly what: "verdict" | "incident" | "latch" | "failure";
  readonly blockNumber: number;
  readonly blockHash: Hash | null;
  readonly recorded: string;
  readonly replayed: string;
}

/** What two cores decided of the same answers. */
export interface Comparison {
  /** Null when they decided the same. */
  readonly difference: Difference | null;
  /** What only one of them said and what may explain it: quarantines, Unknown, calls without an answer. */
  readonly notes: readonly string[];
  /** Blocks that both judged. */
  readonly blockCount: number;
}

type Decided<Type extends Decision["type"]> = Extract<Decision, { readonly type: Type }>;

/**
 * Compares what was decided then with what is decided now: the verdict that each block was left with, the course of each
 * incident, and the latch. Not compared are times, votes, wording, transactions (no key is recorded), and what depends on
 * milliseconds: how often Unknown was said on the way, and a block that one of them went past because the next was there.
 */
export function compareDecisions(
  recorded: readonly TimedDecision[],
  { decisions, unanswered, failure }: Replayed,
): Comparison {
  const before = verdictsIn(recorded);
  const after = verdictsIn(decisions);
  const differences = [
    ...(failure === null ? [] : [brokenDown(failure, before, after)]),
    ...differingVerdicts(before, after),
    ...differingIncidents(recorded, decisions),
    ...differingLatch(recorded, decisions),
  ].sort((left, right) => left.blockNumber - right.blockNumber);
  const notes = [
    ...saidByOne("quarantine", recorded, decisions, ({ source, reason }) => `source ${source} quarantined: ${reason}`),
    ...saidByOne("unknown", recorded, decisions, ({ reason, detail }) => `Unknown, ${reason}: ${detail}`),
    ...saidByOne("condition", recorded, decisions, ({ condition, holds }) => {
      return `${condition.kind} ${holds ? "holds" : "is over"}`;
    }),
    ...saidByOne("checkpoint", recorded, decisions, ({ blockNumber }) => `checkpoint of block ${blockNumber}`),
    ...unansweredNote(unanswered),
  ];
  const blockCount = [...before.keys()].filter((hash) => after.has(hash)).length;
  return { difference: differences[0] ?? null, notes, blockCount };
}

/** The core broke down before the first block that it did not come to judge. */
function brokenDown(
  failure: Error,
  before: ReadonlyMap<Hash, BlockReport>,
  after: ReadonlyMap<Hash, BlockReport>,
): Difference {
  const report = [...before.values()].find(({ hash }) => !after.has(hash));
  const at = { blockNumber: report?.number ?? 0, blockHash: report?.hash ?? null };
  const recorded = report === undefined ? "no failure" : describeVerdict(report.verdict);
  return { what: "failure", ...at, recorded, replayed: `the core broke down: ${failure.stack ?? failure.message}` };
}

/** A verdict in a few words, without what may differ between builds: the wording of details. */
export function describeVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case "InSync":
      return `InSync${verdict.isWitnessed ? "" : " (unwitnessed)"}, books root ${booksRoot(verdict.roots)}`;
    case "Diverged":
      return `Diverged${verdict.isLatched ? ", latched" : ""}: ${describeFindings(verdict.findings)}`;
    case "OwnFault":
      return `OwnFault: ${describeFindings(verdict.findings)}`;
    case "Unknown":
      return `Unknown, ${verdict.reason}`;
  }
}

function describeFindings(findings: readonly Finding[]): string {
  const describe = ({ contract, cause, blockNumber, logIndex }: Finding): string =>
    `${contract} ${cause} in block ${blockNumber}${logIndex === null ? "" : ` log ${logIndex}`}`;
  return findings.map(describe).join("; ");
}

/** The last report of each block, in the order of the first. */
function verdictsIn(decisions: readonly TimedDecision[]): Map<Hash, BlockReport> {
  const reports = new Map<Hash, BlockReport>();
  for (const { decision } of decisions) {
    if (decision.type === "block") reports.set(decision.report.hash, decision.report);
  }
  return reports;
}

function differingVerdicts(
  before: ReadonlyMap<Hash, BlockReport>,
  after: ReadonlyMap<Hash, BlockReport>,
): Difference[] {
  const differences: Difference[] = [];
  const note = ({ number, hash }: BlockReport, recorded: string, replayed: string): void => {
    differences.push({ what: "verdict", blockNumber: number, blockHash: hash, recorded, replayed });
  };
  const heights = (reports: ReadonlyMap<Hash, BlockReport>): number =>
    [...reports.values()].reduce((highest, { number }) => Math.max(highest, number), -1);
  const reached = heights(after);
  for (const [hash, report] of before) {
    const then = describeVerdict(report.verdict);
    const now = after.get(hash);
    if (now === undefined) {
      // Gone past, since a later block was judged.
      if (report.number >= reached) note(report, then, "not judged");
    } else if (describeVerdict(now.verdict) !== then) note(report, then, describeVerdict(now.verdict));
  }
  const end = heights(before);
  for (const [hash, report] of after) {
    const isGrave = report.verdict.kind === "Diverged" || report.verdict.kind === "OwnFault";
    if (!before.has(hash) && isGrave && report.number <= end) {
      note(report, "not judged", describeVerdict(report.verdict));
    }
  }
  return differences;
}

function differingIncidents(recorded: readonly TimedDecision[], replayed: readonly TimedDecision[]): Difference[] {
  const before = incidentsIn(recorded);
  const after = incidentsIn(replayed);
  const differences: Difference[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [report] = before.get(id) ?? after.get(id) ?? [];
    const then = describeCourse(before.get(id));
    const now = describeCourse(after.get(id));
    if (report === undefined || then === now) continue;
    const { blockNumber, blockHash } = report;
    differences.push({ what: "incident", blockNumber, blockHash, recorded: then, replayed: now });
  }
  return differences;
}

function incidentsIn(decisions: readonly TimedDecision[]): Map<Hash, IncidentReport[]> {
  const incidents = new Map<Hash, IncidentReport[]>();
  for (const { decision } of decisions) {
    if (decision.type !== "incident") continue;
    const { id } = decision.report;
    incidents.set(id, [...(incidents.get(id) ?? []), decision.report]);
  }
  return incidents;
}

/** The states that an incident went through; a state that is only said again does not count. */
function describeCourse(reports: readonly IncidentReport[] | undefined): string {
  const [first] = reports ?? [];
  if (reports === undefined || first === undefined) return "no incident";
  const states = reports.map(({ state, containedIn }) => (containedIn === null ? state : `${state} in ${containedIn}`));
  const course = states.filter((state, index) => state !== states[index - 1]);
  return `incident ${first.contract} ${first.cause}: ${course.join(" → ")}`;
}

function differingLatch(recorded: readonly TimedDecision[], replayed: readonly TimedDecision[]): Difference[] {
  const before = latchIn(recorded);
  const after = latchIn(replayed);
  const at = before ?? after;
  if (at === null || (before === null) === (after === null)) return [];
  const describe = (latch: unknown): string => (latch === null ? "not latched" : "latched");
  return [{ what: "latch", ...at, recorded: describe(before), replayed: describe(after) }];
}

/** The block that was judged last before the keeper latched itself. */
function latchIn(decisions: readonly TimedDecision[]): { blockNumber: number; blockHash: Hash | null } | null {
  let last: { blockNumber: number; blockHash: Hash | null } = { blockNumber: 0, blockHash: null };
  for (const { decision } of decisions) {
    if (decision.type === "block") last = { blockNumber: decision.report.number, blockHash: decision.report.hash };
    if (decision.type === "latch") return last;
  }
  return null;
}

function saidByOne<Type extends Decision["type"]>(
  type: Type,
  recorded: readonly TimedDecision[],
  replayed: readonly TimedDecision[],
  describe: (decision: Decided<Type>) => string,
): string[] {
  const said = (decisions: readonly TimedDecision[]): Set<string> =>
    new Set(decisions.flatMap(({ decision }) => (decision.type === type ? [describe(decision as Decided<Type>)] : [])));
  const then = said(recorded);
  const now = said(replayed);
  return [
    ...[...now].filter((text) => !then.has(text)).map((text) => `only in the replay: ${text}`),
    ...[...then].filter((text) => !now.has(text)).map((text) => `only in the recording: ${text}`),
  ];
}

function unansweredNote(unanswered: Replayed["unanswered"]): string[] {
  const describe = (calls: Replayed["unanswered"], what: string): string[] => {
    const [first] = calls;
    if (first === undefined) return [];
    const verb = calls.length === 1 ? "call has" : "calls have";
    return [`${calls.length} ${verb} ${what}, the first is ${first.call.method} to source ${first.source}`];
  };
  return [
    ...describe(
      unanswered.filter(({ isCut }) => !isCut),
      "no recorded answer",
    ),
    ...describe(
      unanswered.filter(({ isCut }) => isCut),
      "an answer too long to be recorded whole, which cannot be replayed",
    ),
  ];
}
