import type { BlockReport } from "../loop/ports.ts";
import { booksRoot } from "../domain/booksRoot.ts";
import type { Verdict } from "../domain/Verdict.ts";

/** ANSI colours, or none when the output is not a terminal. */
export interface Paint {
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  dim(text: string): string;
}

/** Colours for a terminal, plain text otherwise (and when NO_COLOR is set). */
export function paintFor(isColoured: boolean): Paint {
  const wrap =
    (code: number) =>
    (text: string): string =>
      isColoured ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { green: wrap(32), red: wrap(31), yellow: wrap(33), dim: wrap(2) };
}

/** One line about one block that a person can read: verdict, roots, votes, and where the milliseconds went. */
export function formatBlock(report: BlockReport, atMs: number, wallMs: number, paint: Paint): string {
  const node = (report.factsAtMs - report.headAtMs).toFixed(1);
  const own = (atMs - report.factsAtMs).toFixed(1);
  const lag = Math.max(0, Math.round(wallMs / 1_000) - report.timestamp);
  const number = String(report.number).padStart(6);
  const events = `${report.logCount} event${report.logCount === 1 ? "" : "s"}`.padEnd(10);
  const rest = `${events} ${report.slotCount} words  lag ${lag} s  node ${node} ms  verdict ${own} ms`;
  return `block ${number}  ${describeVerdict(report.verdict, paint)}  ${paint.dim(rest)}`;
}

function describeVerdict(verdict: Verdict, paint: Paint): string {
  switch (verdict.kind) {
    case "InSync": {
      const witness = verdict.isWitnessed ? "" : " (unwitnessed)";
      const root = booksRoot(verdict.roots).slice(0, 10);
      return paint.green(`IN SYNC${witness}  ${verdict.roots.length} roots = chain, books ${root}…`);
    }
    case "Diverged": {
      const [finding] = verdict.findings;
      const latched = verdict.isLatched ? ", latched" : "";
      const since =
        finding === undefined ? "" : ` since block ${finding.blockNumber}: ${finding.contract} ${finding.cause}`;
      return paint.red(`DIVERGED${since}${latched}`);
    }
    case "OwnFault":
      return paint.red(`OWN FAULT  ${verdict.detail}`);
    case "Unknown":
      return paint.yellow(`UNKNOWN  ${verdict.reason}: ${verdict.detail}`);
  }
}
