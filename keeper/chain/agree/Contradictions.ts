import type { Voter } from "./Votes.ts";

/** Longer than any quarantine: who lies comes back from it and says the same. */
const MEMORY_MS = 180_000;

/** Who lately served a branch without a block that k operators had called final. */
export class Contradictions {
  readonly #voters: readonly Voter[];
  readonly #atMs = new Map<string, number>();

  constructor(voters: readonly Voter[]) {
    this.#voters = voters;
  }

  /** The source serves such a branch. */
  note(source: string, nowMs: number): void {
    this.#atMs.set(source, nowMs);
  }

  /** The source serves the final block again. */
  takeBack(source: string): void {
    this.#atMs.delete(source);
  }

  /** Operators that did, not necessarily at the same time: the first may be in quarantine for it when the second does. */
  operators(nowMs: number): number {
    const recent = this.#voters.filter(({ id }) => nowMs - (this.#atMs.get(id) ?? -Infinity) < MEMORY_MS);
    return new Set(recent.map(({ operator }) => operator)).size;
  }
}
