/** What one source takes. */
export interface SourceShare {
  readonly source: string;
  readonly bytes: number;
}

/** Bytes by source: who takes how much of a bound that all share. */
export class SourceShares {
  readonly #bytes = new Map<string, number>();

  /** Adds to what a source takes; a negative number takes away. */
  add(source: string, bytes: number): void {
    const sum = this.of(source) + bytes;
    if (sum > 0) this.#bytes.set(source, sum);
    else this.#bytes.delete(source);
  }

  /** What a source takes. */
  of(source: string): number {
    return this.#bytes.get(source) ?? 0;
  }

  /** Whether a source is not the only one. */
  hasOther(source: string): boolean {
    return this.#bytes.size > (this.#bytes.has(source) ? 1 : 0);
  }

  /** The source that takes most, the earlier one of equals; null when none takes anything. */
  get largest(): SourceShare | null {
    let largest: SourceShare | null = null;
    for (const [source, bytes] of this.#bytes) {
      if (largest === null || bytes > largest.bytes) largest = { source, bytes };
    }
    return largest;
  }
}
