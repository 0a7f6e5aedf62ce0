import { accuse, type Attempt } from "./accuse.ts";
import { checkOutcome } from "./checkOutcome.ts";
import type { Court, Outcome } from "./Court.ts";
import { Draw } from "./Draw.ts";
import { generateHistory, type History } from "./generateHistory.ts";
import type { TreeTerms } from "./growTree.ts";

/** Which histories to run. */
export interface RunOptions {
  readonly seed: number;
  /** Index of the first one. */
  readonly first: number;
  readonly count: number;
  readonly terms: TreeTerms;
  /** Told after every history. */
  readonly onProgress?: (tally: Tally) => void;
  /** Ends the run early, after the histories in flight. */
  readonly signal?: AbortSignal;
}

/** A history in which something came out otherwise than it has to. */
export interface Failure {
  /** With the seed, what makes the history again. */
  readonly index: number;
  readonly attack: string;
  /** Kind of the accused statement. */
  readonly statement: string;
  readonly problem: string;
  readonly calldata: string;
}

/** What a run went through. */
export interface Tally {
  histories: number;
  blocks: number;
  /** Blocks that the chain did not end up with. */
  deadBlocks: number;
  honestStatements: number;
  lies: number;
  attempts: number;
  /** Against signatures of honest keepers. */
  attemptsOnHonest: number;
  convictions: number;
  /** Histories in which a book set changes. */
  changes: number;
  /** Attempts by attack and outcome: `convicted`, or the selector of the error. */
  readonly byAttack: Map<string, Map<string, number>>;
  /** Statements of each kind, and how many of them were convicted. */
  readonly byKind: Map<string, { count: number; convicted: number }>;
  readonly failures: Failure[];
}

/** So many histories are on their way: one is judged while the next one is made. */
const IN_FLIGHT = 3;
/** A broken protocol fails everywhere; a few are enough. */
const MAX_FAILURES = 20;

/** The terms under which no honest keeper may ever be slashed. */
export const SAFE_TERMS: TreeTerms = { lead: 64, maxDepth: 60 };

/** Runs histories `first` to `first + count - 1` of a seed. */
export async function runHistories(court: Court, options: RunOptions): Promise<Tally> {
  const tally = emptyTally();
  let next = options.first;
  const end = options.first + options.count;
  const work = async (): Promise<void> => {
    while (next < end && options.signal?.aborted !== true && tally.failures.length < MAX_FAILURES) {
      await runHistory(court, options, next++, tally);
      options.onProgress?.(tally);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return tally;
}

async function runHistory(court: Court, { seed, terms }: RunOptions, index: number, tally: Tally): Promise<void> {
  const draw = new Draw(seed, index);
  const history = generateHistory(court.forum.world, court.roster, terms, draw);
  const attempts = accuse(court.forum, history, draw);
  const outcomes = await court.judge(
    history,
    attempts.map(({ calldata }) => calldata),
  );
  countHistory(tally, history);
  const honestMask = history.honest.reduce((mask, keeper) => mask | (1n << BigInt(keeper)), 0n);
  const convicted = new Set<number>();
  for (const [at, attempt] of attempts.entries()) {
    const outcome = outcomes[at];
    if (outcome === undefined) throw new Error("an attempt without an outcome");
    const statement = history.statements[attempt.statement]?.kind ?? "";
    countAttempt(tally, attempt, outcome, statement);
    if (outcome.isConvicted) convicted.add(attempt.statement);
    const problem = checkOutcome(attempt, outcome, honestMask);
    if (problem !== null) {
      tally.failures.push({ index, attack: attempt.attack, statement, problem, calldata: attempt.calldata });
    }
  }
  for (const at of convicted) {
    const kind = tally.byKind.get(history.statements[at]?.kind ?? "");
    if (kind !== undefined) kind.convicted += 1;
  }
}

function emptyTally(): Tally {
  return {
    ...{ histories: 0, blocks: 0, deadBlocks: 0, honestStatements: 0, lies: 0, changes: 0 },
    ...{ attempts: 0, attemptsOnHonest: 0, convictions: 0 },
    byAttack: new Map(),
    byKind: new Map(),
    failures: [],
  };
}

function countHistory(tally: Tally, { tree, bookSets, statements }: History): void {
  tally.histories += 1;
  tally.blocks += tree.blocks.length;
  let alive = 0;
  for (let block: typeof tree.head | null = tree.head; block !== null; block = block.parent) alive += 1;
  tally.deadBlocks += tree.blocks.length - alive;
  if (bookSets.length > 1) tally.changes += 1;
  for (const { kind } of statements) {
    if (kind === "honest") tally.honestStatements += 1;
    else tally.lies += 1;
    const known = tally.byKind.get(kind) ?? { count: 0, convicted: 0 };
    known.count += 1;
    tally.byKind.set(kind, known);
  }
}

function countAttempt(tally: Tally, { attack }: Attempt, outcome: Outcome, statement: string): void {
  tally.attempts += 1;
  if (statement === "honest") tally.attemptsOnHonest += 1;
  if (outcome.isConvicted) tally.convictions += 1;
  const label = outcome.isConvicted ? "convicted" : outcome.error;
  const counts = tally.byAttack.get(attack) ?? new Map<string, number>();
  counts.set(label, (counts.get(label) ?? 0) + 1);
  tally.byAttack.set(attack, counts);
}
