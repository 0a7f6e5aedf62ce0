import { CLASS } from "./deployKeepers.ts";

/** The guard's times, seconds. */
export interface PauseTimes {
  readonly coolDown: number;
  readonly softTime: number;
  readonly viewTime: number;
}

/** What the guard says of its incidents: how many have ended, and when the last one did, seconds. */
export interface Incidents {
  readonly generation: number;
  readonly liftedAt: number;
}

export type PauseClass = (typeof CLASS)[keyof typeof CLASS];

/** Never, as the contract writes it. */
export const NEVER = 2n ** 256n - 1n;

interface Use {
  readonly until: number;
  readonly generation: number;
}

/**
 * The budget of one key, from its definition: it remembers of each class the last pause and its incident, where the
 * contract has room for one incident of both.
 */
export class PauseModel {
  readonly #times: PauseTimes;
  readonly #last = new Map<PauseClass, Use>();

  constructor(times: PauseTimes) {
    this.#times = times;
  }

  /** When a pause of `wanted` may begin, by its own class alone: after the incident of the last one and the cool-down. */
  #armedAt(wanted: PauseClass, { generation, liftedAt }: Incidents): bigint {
    const last = this.#last.get(wanted);
    if (last === undefined) return 0n;
    if (last.generation === generation) return NEVER;
    const isLastIncident = last.generation + 1 === generation;
    return BigInt((isLastIncident ? Math.max(last.until, liftedAt) : last.until) + this.#times.coolDown);
  }

  /** Pauses at `now`: returns the end of the pause, or from when on the key may pause. */
  use(wanted: PauseClass, now: number, incidents: Incidents): { softUntil: number } | { armedAt: bigint } {
    const { softTime, viewTime } = this.#times;
    const booksAt = this.#armedAt(CLASS.Books, incidents);
    const viewAt = this.#armedAt(CLASS.View, incidents);
    const isView = wanted === CLASS.View;
    const armedAt = isView && viewAt > booksAt ? viewAt : booksAt;
    if (armedAt > BigInt(now)) return { armedAt };
    const duration = isView ? viewTime : softTime - (viewAt > BigInt(now) ? viewTime : 0);
    const softUntil = now + duration;
    this.#last.set(wanted, { until: softUntil, generation: incidents.generation });
    return { softUntil };
  }

  /** End of the last pause of that class; zero if there was none. */
  untilOf(wanted: PauseClass): number {
    return this.#last.get(wanted)?.until ?? 0;
  }

  /** Incident of the last pause; zero if there was none. */
  get generation(): number {
    return Math.max(0, ...[...this.#last.values()].map(({ generation }) => generation));
  }
}
