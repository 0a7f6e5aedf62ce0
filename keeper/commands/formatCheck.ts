import { cleanText } from "../alerts/plan/cleanText.ts";
import type { SourceReport } from "../chain/agree/SourceBoard.ts";
import { booksRoot } from "../domain/booksRoot.ts";
import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import type { Finding, LocatedSlot } from "../domain/Finding.ts";
import type { Hash } from "../lib/hex.ts";
import type { Look } from "./check.ts";
import { describeTime } from "./describeTime.ts";
import type { Paint } from "./formatBlock.ts";

/** The storage roots of one contract after one block. */
interface ComparedRoot {
  readonly contract: BookName;
  readonly books: Hash;
  /** Proven; null where the search did not say it. */
  readonly chain: Hash | null;
}

/** What a check came to, as `--json` prints it. */
export interface CheckReport {
  readonly verdict: "InSync" | "Diverged" | "OwnFault" | "Unknown";
  /** False where fewer than k operators vote for the block. */
  readonly isAgreed: boolean;
  readonly block: { readonly number: number; readonly hash: Hash; readonly timestamp: number } | null;
  readonly votes: number;
  readonly quorum: number;
  /** What a checkpoint of the block would commit to; null where nothing is known. */
  readonly booksRoot: Hash | null;
  /** Of InSync: all contracts; else those that differ. */
  readonly roots: readonly ComparedRoot[];
  readonly findings: readonly Finding[];
  readonly slots: readonly LocatedSlot[];
  /** Whether every word that differs was found; null where none was searched. */
  readonly isComplete: boolean | null;
  /** Of Unknown, and of OwnFault: why. */
  readonly reason: string | null;
  readonly detail: string;
  /** What to do; empty where all is well. */
  readonly advice: string;
  readonly sources: readonly Pick<SourceReport, "id" | "operator" | "state" | "reason" | "head">[];
}

const MAX_TEXT = 500;
/** Words that a person is shown; `--json` has all. */
const MAX_SLOTS = 20;

/** What there is to be said of one look at the chain. */
export function describeCheck(
  { seen, keeper }: Look,
  { isLate, timeoutMs }: { readonly isLate: boolean; readonly timeoutMs: number },
): CheckReport {
  const sources = (keeper?.sources() ?? []).map(({ id, operator, state, reason, head }) => {
    return { id, operator, state, reason, head };
  });
  const nothing = { booksRoot: null, roots: [], findings: [], slots: [], isComplete: null, sources };
  if (!("report" in seen)) {
    const detail = isLate
      ? `${seen.detail}; the ${Math.round(timeoutMs / 1_000)} s of --timeout are over`
      : seen.detail;
    const unknown = { verdict: "Unknown", isAgreed: false, block: null, votes: 0, quorum: 0 } as const;
    return { ...nothing, ...unknown, reason: seen.reason, detail, advice: adviceFor(seen.reason) };
  }
  const { number, hash, timestamp, votes, quorum, verdict } = seen.report;
  const about = { isAgreed: votes >= quorum, block: { number, hash, timestamp }, votes, quorum };
  if (verdict.kind === "InSync") {
    const roots = BOOK_NAMES.map((contract, index): ComparedRoot => {
      const root = verdict.roots[index] ?? "0x";
      return { contract, books: root, chain: root };
    });
    const detail = verdict.isWitnessed ? "" : "one operator only: unwitnessed";
    const root = booksRoot(verdict.roots);
    return { ...nothing, ...about, verdict: "InSync", booksRoot: root, roots, reason: null, detail, advice: "" };
  }
  if (verdict.kind === "Unknown") {
    const { reason, detail } = verdict;
    return { ...nothing, ...about, verdict: "Unknown", reason, detail, advice: adviceFor(reason) };
  }
  const { blocks = [], slots = [], isComplete = null, note = "" } = seen.located ?? {};
  const isOwn = verdict.kind === "OwnFault";
  return {
    ...{ ...nothing, ...about, verdict: verdict.kind, findings: verdict.findings, slots, isComplete, detail: note },
    booksRoot: keeper?.books.tip?.hash === hash ? booksRoot(keeper.books.roots()) : null,
    roots: blocks.map(({ contract, booksRoot: books, chainRoot: chain }) => ({ contract, books, chain })),
    reason: isOwn ? verdict.detail : null,
    advice: isOwn
      ? "the chain agrees with a second derivation and not with this build: do not run it; report it, and run a fixed version"
      : "the chain does not hold what its events imply: look at the running keepers at once (lockstep status), and at docs/operations.md",
  };
}

function adviceFor(reason: string): string {
  if (reason === "no-proof") return "no source proves so new a block (eth_getProof): see lockstep doctor";
  if (reason === "not-in-time")
    return "give it more time (--timeout), or leave a snapshot to start from (lockstep resync)";
  return "nothing was proved either way: see lockstep doctor, and try again";
}

/** The outcome for people. What comes from the chain or from a source is shown without what could deceive a terminal. */
export function formatCheck(report: CheckReport, paint: Paint): string {
  const { verdict, block, votes, quorum, booksRoot: root, reason, detail, advice } = report;
  const where = block === null ? "" : `block ${block.number} ${block.hash}`;
  const at =
    block === null
      ? []
      : [`  at        ${describeTime(block.timestamp * 1_000)}, ${votes} of ${quorum} operators needed vote for it`];
  const books = root === null ? [] : [`  books     ${root}`];
  const why = [reason, detail].flatMap((text) => (text === null || text === "" ? [] : [clean(text)]));
  const lines: string[] = [];
  if (verdict === "InSync") {
    lines.push(`${paint.green("IN SYNC")}  ${where}`, ...at, ...books, ...why.map((text) => `  note      ${text}`));
    return lines.join("\n");
  }
  if (verdict === "Unknown") {
    lines.push(
      `${paint.yellow("UNKNOWN")}  ${[where, why.join(": ")].filter((text) => text !== "").join("  ")}`,
      ...at,
    );
    lines.push(...formatSources(report));
  } else {
    lines.push(`${paint.red(verdict === "Diverged" ? "DIVERGED" : "OWN FAULT")}  ${where}`, ...at, ...books);
    lines.push(...formatDifferences(report), ...why.map((text) => `  note      ${text}`));
  }
  return [...lines, `  do        ${advice}`].join("\n");
}

function formatDifferences({ findings, roots, slots, isComplete }: CheckReport): string[] {
  const lines = findings.map(({ contract, cause, blockNumber, detail }) => {
    return `  finding   ${contract} ${cause} since block ${blockNumber}: ${clean(detail)}`;
  });
  for (const { contract, books, chain } of roots) {
    lines.push(`  root      ${contract}`, `              books ${books}`, `              chain ${chain ?? "not said"}`);
  }
  for (const { contract, variable, cause, before, after } of slots.slice(0, MAX_SLOTS)) {
    lines.push(`  slot      ${clean(`${contract}.${variable}`)} (${cause})`);
    lines.push(`              books ${clean(before)}`, `              chain ${clean(after)}`);
  }
  if (slots.length > MAX_SLOTS) lines.push(`  slot      and ${slots.length - MAX_SLOTS} more: see --json`);
  if (isComplete === false) lines.push("  slot      not every word that differs was found");
  return lines;
}

function formatSources({ sources }: CheckReport): string[] {
  return sources.map(({ id, state, reason, head }) => {
    const says = reason === "" ? "" : `: ${clean(reason)}`;
    return `  source    ${clean(id)} ${state}${says}${head === null ? "" : `, head ${head.number}`}`;
  });
}

function clean(text: string): string {
  return cleanText(text, MAX_TEXT);
}
