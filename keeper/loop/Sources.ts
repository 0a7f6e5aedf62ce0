import type { ServedHead } from "../chain/agree/Votes.ts";

/** Doubles with each offence in a row: one answer taken while the node changed its head is no lie yet. */
const QUARANTINE_MS = 500;
const MAX_QUARANTINE_MS = 60_000;

/** Which sources answer, which are not believed for now, and what each announced last. */
export class Sources {
  readonly #up = new Set<string>();
  readonly #announced = new Map<string, ServedHead>();
  readonly #untilMs = new Map<string, number>();
  readonly #offences = new Map<string, number>();

  setUp(source: string): void {
    this.#up.add(source);
  }

  setDown(source: string): void {
    this.#up.delete(source);
    this.#announced.delete(source);
  }

  /** A head is a claim until its header is verified. */
  announce(source: string, head: ServedHead): void {
    this.#up.add(source);
    this.#announced.set(source, head);
  }

  distrust(source: string, nowMs: number): void {
    const offences = (this.#offences.get(source) ?? 0) + 1;
    this.#offences.set(source, offences);
    this.#untilMs.set(source, nowMs + Math.min(MAX_QUARANTINE_MS, QUARANTINE_MS * 2 ** (offences - 1)));
  }

  /** Lets those back in whose time is over. */
  release(nowMs: number): void {
    for (const [source, until] of this.#untilMs) if (nowMs >= until) this.#untilMs.delete(source);
  }

  /** The source served a block that was proven: earlier offences no longer count. */
  forgive(source: string): void {
    this.#offences.delete(source);
  }

  /** Sources that answer and are not in quarantine. */
  trusted(): string[] {
    return [...this.#up].filter((source) => !this.#untilMs.has(source));
  }

  /** What the trusted sources announced last. */
  heads(): (readonly [string, ServedHead])[] {
    return this.trusted().flatMap((source) => {
      const head = this.#announced.get(source);
      return head === undefined ? [] : [[source, head] as const];
    });
  }
}
