/** A round of a feed as a `MockRoundFeed` holds it. */
export interface HistoryRound {
  /** Phase in the upper 16 bits. */
  readonly id: bigint;
  /** In the feed's decimals. */
  readonly answer: bigint;
  /** Seconds. */
  readonly updatedAt: number;
  readonly answeredIn: bigint;
}

/** The bounds of a feed of 8 decimals, 1e-18 quote; prices at them are invalid. */
export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
}

/** What an average is over, seconds. */
const WINDOW = 3_600;
const ROUNDS_BACK = 24n;
const MAX_WALK = 32;
const SCALE = 10n ** 10n;

/**
 * What `averageAt` promises, in other words than the contract's: the answer that stood is looked up for each second of
 * the hour by itself. A round counts from its time until a later one does.
 */
export class AverageModel {
  readonly #rounds: ReadonlyMap<bigint, HistoryRound>;
  readonly #bounds: Bounds;
  readonly #lastPhase: bigint;

  constructor(rounds: readonly HistoryRound[], bounds: Bounds) {
    this.#rounds = new Map(rounds.map((round) => [round.id, round]));
    this.#bounds = bounds;
    this.#lastPhase = rounds.reduce((newest, { id }) => (id >> 64n > newest ? id >> 64n : newest), 0n);
  }

  /** The round's price, 1e-18 quote; null when it is none. */
  price(id: bigint): bigint | null {
    const round = this.#rounds.get(id);
    if (round === undefined || round.answeredIn < id) return null;
    const price = round.answer * SCALE;
    return price > this.#bounds.low && price < this.#bounds.high ? price : null;
  }

  /** The error that `averageAt` answers with; null when the round is proven to be the last one. */
  refusal(id: bigint, time: number): "OracleRoundInvalid" | "OracleNotLastRound" | null {
    const round = this.#rounds.get(id);
    if (round === undefined || this.price(id) === null || round.updatedAt > time) return "OracleRoundInvalid";
    let left = MAX_WALK;
    /** Whether the rounds from `from` on pass the time; null when a valid one, or too many, come before. */
    const pass = (from: bigint): boolean | null => {
      for (let next = from; left > 0; next += 1n) {
        left -= 1;
        const later = this.#rounds.get(next);
        if (later === undefined) return false;
        if (later.updatedAt > time) return true;
        if (this.price(next) !== null) return null;
      }
      return null;
    };
    let isPassed = false;
    let walk = pass(id + 1n);
    for (let phase = id >> 64n; walk !== null; walk = pass((phase << 64n) | 1n)) {
      isPassed ||= walk;
      phase += 1n;
      if (phase > this.#lastPhase) return isPassed ? null : "OracleNotLastRound";
    }
    return "OracleNotLastRound";
  }

  /** The average of the hour up to `time` for the last round `id`, and for how many seconds there is an answer. */
  average(id: bigint, time: number): { value: bigint; seconds: number } {
    let sum = 0n;
    let seconds = 0;
    for (let second = time - WINDOW; second < time; second += 1) {
      const standing = this.#standing(id, second);
      if (standing === null) continue;
      sum += standing;
      seconds += 1;
    }
    return { value: seconds === 0 ? this.price(id)! : sum / BigInt(seconds), seconds };
  }

  #standing(last: bigint, second: number): bigint | null {
    for (let id = last; id >> 64n === last >> 64n && id >= last - ROUNDS_BACK && id >= 0n; id -= 1n) {
      const price = this.price(id);
      if (price !== null && this.#rounds.get(id)!.updatedAt <= second) return price;
    }
    return null;
  }
}
