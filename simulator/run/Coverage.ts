/** How often each situation was reached. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  hit(situation: string): void {
    this.#counts.set(situation, (this.#counts.get(situation) ?? 0) + 1);
  }

  count(situation: string): number {
    return this.#counts.get(situation) ?? 0;
  }

  /** In the order of their names, whatever was reached first. */
  toJson(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  add(counts: Readonly<Record<string, number>>): void {
    for (const [situation, count] of Object.entries(counts)) {
      this.#counts.set(situation, (this.#counts.get(situation) ?? 0) + count);
    }
  }
}

/** What a sweep that is large enough must have reached, or it has shown less than it says. */
export const REQUIRED: readonly string[] = [
  ...["reorg", "reorg deeper than confirmations", "reorg of a tampered block", "reorg of an effective pause"],
  ...[
    "tamper write",
    "tamper new-word",
    "tamper result",
    "tamper missing-effect",
    "tamper illegal",
    "tamper unreadable",
  ],
  ...["tamper code", "pause effective", "hard pause effective", "checkpoint posted", "second pause of an incident"],
  ...["lie fork", "lie tampered-fork", "lie receipts", "lie proof", "lie header", "lie deny", "lie flip-flop"],
  ...["lie wrong-chain", "liar with majority of sources of one operator", "majority of operators lies"],
  ...["pause for a liar's block refused", "source lags", "source stale", "source down", "source does not prove"],
  ...["answer dropped", "message delayed", "message duplicated", "heads re-ordered", "link clogged", "clog released"],
  ...["crash", "crash between intent and signature", "crash after a signature", "torn write", "lost write"],
  ...["restart", "bit rot refused", "own fault latched", "latch refuses a start", "disk full", "clock jump"],
  ...["keeper stalls", "signer lost", "signer lost while pausing", "gas spike above an offer", "pause replaced"],
  ...["equivocating keeper heard", "peers cut", "block without room"],
  ...["one key pauses for nothing", "exit open", "exit shut: soft", "exit shut: stale"],
];

/** What of {@link REQUIRED} was never reached. */
export function missingIn(coverage: Readonly<Record<string, number>>): readonly string[] {
  return REQUIRED.filter((situation) => (coverage[situation] ?? 0) === 0);
}
