import type { Notice } from "./Notice.ts";

/** What did not stay in a queue, and why. */
export interface Removed {
  readonly notice: Notice;
  readonly outcome: "dropped" | "superseded";
}

/**
 * Notices that wait for one sink, oldest first and bounded. When there are too many, the oldest of the least important is
 * dropped: what is critical last, and before that what belongs to an incident. A reminder takes the place of an older one of
 * its key, for which nothing is lost.
 */
export class DeliveryQueue {
  readonly #maxLength: number;
  #waiting: Notice[] = [];

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Adds the newest. */
  push(notice: Notice): Removed[] {
    const stale = this.#waiting.filter(
      ({ key, reminder }) => notice.reminder > 0 && reminder > 0 && key === notice.key,
    );
    this.#waiting = [...this.#waiting.filter((waiting) => !stale.includes(waiting)), notice];
    return [...stale.map((old) => ({ notice: old, outcome: "superseded" as const })), ...this.#bound()];
  }

  /** Takes the oldest out. */
  shift(): Notice | undefined {
    return this.#waiting.shift();
  }

  /** Puts back what was taken out and could not be sent. */
  unshift(notice: Notice): Removed[] {
    this.#waiting.unshift(notice);
    return this.#bound();
  }

  #bound(): Removed[] {
    if (this.#waiting.length <= this.#maxLength) return [];
    const least = Math.min(...this.#waiting.map(weightOf));
    const at = this.#waiting.findIndex((notice) => weightOf(notice) === least);
    return this.#waiting.splice(at, 1).map((notice) => ({ notice, outcome: "dropped" }));
  }
}

function weightOf({ level, kind, reminder }: Notice): number {
  if (reminder > 0) return 0;
  if (level === "critical") return 3;
  return kind === "incident" ? 2 : 1;
}
