/** What a source did in a rebuild. */
export interface SourceTally {
  readonly id: string;
  readonly operator: string;
  /** Answers that verified. */
  readonly answered: number;
  /** Questions that it did not answer, or not in time, or with nothing. */
  readonly missed: number;
  /** Answers that are proved to be false. */
  readonly forged: number;
  /** Why its newest answer was no good; null when all were. */
  readonly trouble: string | null;
}

interface Entry {
  readonly id: string;
  readonly operator: string;
  answered: number;
  missed: number;
  forged: number;
  /** The newest lie, or the newest miss of a source that never lied. */
  trouble: string | null;
}

/** Who served what, to be named at the end. */
export class Tally {
  readonly #entries: ReadonlyMap<string, Entry>;

  constructor(sources: readonly { readonly id: string; readonly operator: string }[]) {
    const zero = { answered: 0, missed: 0, forged: 0, trouble: null };
    this.#entries = new Map(sources.map(({ id, operator }) => [id, { id, operator, ...zero }]));
  }

  answered(source: string): void {
    const entry = this.#entries.get(source);
    if (entry !== undefined) entry.answered += 1;
  }

  missed(source: string, reason: string): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.missed += 1;
    if (entry.forged === 0) entry.trouble = reason;
  }

  forged(source: string, reason: string): void {
    const entry = this.#entries.get(source);
    if (entry === undefined) return;
    entry.forged += 1;
    entry.trouble = reason;
  }

  /** In the order in which the sources are configured. */
  reports(): SourceTally[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry }));
  }

  /** Everybody who was in trouble, in one line. */
  describe(): string {
    const troubled = this.reports().filter(({ trouble }) => trouble !== null);
    return troubled.map(({ id, trouble }) => `${id}: ${trouble}`).join("; ");
  }
}
