/** A checkpoint, as far as searching among them goes. */
export interface KeptCheckpoint {
  readonly number: number;
  isConvicted: boolean;
}

/** What is kept of the checkpoints, and which one is the witness of withdrawals: lists that are scanned, no ring and no search. */
export class RingModel {
  readonly #size: number;
  /** Oldest first. */
  kept: KeptCheckpoint[] = [];
  /** Newest valid checkpoint before the incident that stands; null when none stands, 0 when there was none before it. */
  witness: number | null = null;
  /** How many checkpoints took the place of the newest one. */
  replaced = 0;
  /** How many were convicted. */
  convicted = 0;

  constructor(size: number) {
    this.#size = size;
  }

  post(number: number): void {
    const isFull = this.kept.length === this.#size;
    if (isFull && this.kept[0]!.number === this.witness) {
      this.kept.pop();
      this.replaced += 1;
    } else if (isFull) {
      this.kept.shift();
    }
    this.kept.push({ number, isConvicted: false });
  }

  /** Voids a checkpoint and halts. */
  convict(number: number): void {
    this.kept.find((checkpoint) => checkpoint.number === number)!.isConvicted = true;
    this.convicted += 1;
    this.witness = this.newestBefore(this.witness === null ? Infinity : this.witness + 1);
  }

  /** Halts because `block` diverges; the witness of an incident that stands is kept. */
  halt(block: number): void {
    this.witness ??= this.newestBefore(block);
  }

  resume(): void {
    this.witness = null;
  }

  /** Block of the newest valid checkpoint below `number`; 0 when there is none. */
  newestBefore(number: number): number {
    return this.kept.filter((one) => one.number < number && !one.isConvicted).at(-1)?.number ?? 0;
  }

  get newest(): number {
    return this.newestBefore(Infinity);
  }
}
