import type { Failure, Tally } from "../run/sweep.ts";

const EVERY_MS = 10_000;
const MS = 1_000;

/** Says on stderr how far a sweep is, and of a broken promise as soon as it is known. */
export class Progress {
  readonly #startedAt = performance.now();
  readonly #left: number;
  readonly #say: (line: string) => void;
  #saidAt = performance.now();
  #told = 0;

  /** @param left seeds that are to be run now */
  constructor(left: number, say: (line: string) => void) {
    this.#left = left;
    this.#say = say;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / MS;
  }

  /** @param now of what was run now, without what an earlier go did */
  see(now: Tally): void {
    const { seeds, blocks, violations } = now.result();
    for (const failure of violations.slice(this.#told)) this.#say(describe(failure));
    this.#told = violations.length;
    if (performance.now() - this.#saidAt < EVERY_MS) return;
    this.#saidAt = performance.now();
    const minutes = Math.ceil((this.seconds * (this.#left - seeds)) / Math.max(1, seeds) / 60);
    const speed = Math.round(blocks / this.seconds);
    const broken = violations.length === 0 ? "no broken promise" : `${violations.length} broken promises`;
    this.#say(`${seeds} of ${this.#left} seeds, ${blocks} blocks, ${speed} a second, ${broken}, ${minutes} min left`);
  }
}

function describe({ seed, mode, promise, detail }: Failure): string {
  return `${promise} in seed ${seed}, ${mode}: ${detail}`;
}
