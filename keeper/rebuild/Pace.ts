/** How far a rebuild is. */
export interface RebuildProgress {
  /** First block of it, the newest applied, and the last; `block` is below `from` before the first is applied. */
  readonly from: number;
  readonly block: number;
  readonly target: number;
  /** Logs applied. */
  readonly events: number;
  /** Over the newest seconds; 0 before the first blocks. */
  readonly blocksPerSecond: number;
  readonly eventsPerSecond: number;
  /** Null while nothing is known of the speed. */
  readonly secondsLeft: number | null;
}

interface Mark {
  readonly atMs: number;
  readonly block: number;
  readonly events: number;
}

/** What was longer ago says little of the speed. */
const SPAN_MS = 10_000;
const MIN_GAP_MS = 100;

/** How fast a rebuild goes, from the times at which its blocks were applied. */
export class Pace {
  readonly #from: number;
  readonly #target: number;
  /** Of the last {@link SPAN_MS}, oldest first, the newest apart. */
  readonly #marks: Mark[] = [];
  #newest: Mark;

  constructor(from: number, target: number, nowMs: number) {
    this.#from = from;
    this.#target = target;
    this.#newest = { atMs: nowMs, block: from - 1, events: 0 };
  }

  /** A block was applied; returns how far it is when that is worth being said again, and always after the last block. */
  step(block: number, events: number, nowMs: number): RebuildProgress | null {
    if (nowMs - this.#newest.atMs < MIN_GAP_MS && block !== this.#target) return null;
    this.#marks.push(this.#newest);
    this.#newest = { atMs: nowMs, block, events };
    // The oldest that is left is the last one before the span, or in it.
    while (nowMs - (this.#marks[1]?.atMs ?? nowMs) >= SPAN_MS) this.#marks.shift();
    return this.#read();
  }

  #read(): RebuildProgress {
    const newest = this.#newest;
    const oldest = this.#marks[0] ?? newest;
    const seconds = (newest.atMs - oldest.atMs) / 1_000;
    const rate = (count: number): number => (seconds > 0 ? count / seconds : 0);
    const blocksPerSecond = rate(newest.block - oldest.block);
    const left = this.#target - newest.block;
    return {
      from: this.#from,
      block: newest.block,
      target: this.#target,
      events: newest.events,
      blocksPerSecond,
      eventsPerSecond: rate(newest.events - oldest.events),
      secondsLeft: left === 0 ? 0 : blocksPerSecond > 0 ? left / blocksPerSecond : null,
    };
  }
}
