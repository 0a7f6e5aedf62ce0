/** `PriceStatus` of the oracle, by name. */
export const STATUS = {
  Valid: 0n,
  Stale: 1n,
  Deviating: 2n,
  SequencerDown: 3n,
  OutOfBounds: 4n,
  Incomplete: 5n,
  Future: 6n,
  Unreachable: 7n,
} as const;

const PPM = 1_000_000n;
const UINT128_MAX = 2n ** 128n - 1n;

/** What an aggregator answers. */
export interface Answer {
  readonly roundId: bigint;
  readonly answer: bigint;
  readonly updatedAt: bigint;
  readonly answeredInRound: bigint;
}

/** The rules of a feed, as `FeedSet` and `SecondarySet` say them. */
export interface Rules {
  readonly decimals: bigint;
  readonly maxAge: bigint;
  readonly low: bigint;
  readonly high: bigint;
  /** Zero for a feed without a secondary one. */
  readonly maxDeviationPpm: bigint;
  readonly secondaryDecimals: bigint;
  readonly secondaryMaxAge: bigint;
}

/** What the chain says at the moment of a reading. Seconds. */
export interface World {
  readonly now: bigint;
  readonly grace: bigint;
  readonly primary: Answer;
  readonly secondary: Answer;
  readonly sequencerAnswer: bigint;
  readonly sequencerStartedAt: bigint;
}

/** A reading with the error that `price` has for it. */
export interface Judgement {
  readonly status: bigint;
  readonly value: bigint;
  readonly updatedAt: bigint;
  readonly error: string | null;
  readonly args: readonly bigint[];
}

/** The value of an answer that is fine by itself, or what is wrong with it. */
function screen({ roundId, answer, updatedAt, answeredInRound }: Answer, decimals: bigint, rules: Rules, now: bigint) {
  if (updatedAt === 0n || answeredInRound < roundId) return { error: "OracleIncompleteRound" } as const;
  if (updatedAt > now) return { error: "OracleFuturePrice" } as const;
  const value = answer * 10n ** (18n - decimals);
  const isWithin = answer > 0n && answer <= UINT128_MAX && value > rules.low && value < rules.high;
  return isWithin ? ({ error: null, value } as const) : ({ error: "OracleOutOfBounds" } as const);
}

/** The oracle's answer by its rules, naively: every rule by itself, the first broken one wins. */
export function judge(feed: bigint, rules: Rules, world: World): Judgement {
  const { now, grace, primary, secondary, sequencerAnswer, sequencerStartedAt } = world;
  const first = screen(primary, rules.decimals, rules, now);
  const refused = { value: 0n, updatedAt: 0n, error: first.error };
  switch (first.error) {
    case "OracleIncompleteRound":
      return { ...refused, status: STATUS.Incomplete, args: [feed, primary.roundId, primary.answeredInRound] };
    case "OracleFuturePrice":
      return { ...refused, status: STATUS.Future, args: [feed, primary.updatedAt] };
    case "OracleOutOfBounds":
      return {
        ...refused,
        status: STATUS.OutOfBounds,
        updatedAt: primary.updatedAt,
        args: [feed, primary.answer],
      };
    case null:
  }
  const usable = { value: first.value, updatedAt: primary.updatedAt };
  if (sequencerAnswer !== 0n || sequencerStartedAt === 0n || sequencerStartedAt > now) {
    return { ...usable, status: STATUS.SequencerDown, error: "OracleSequencerDown", args: [] };
  }
  const until = sequencerStartedAt + grace;
  if (now < until) {
    const args = [sequencerStartedAt, until];
    return { ...usable, status: STATUS.SequencerDown, error: "OracleSequencerGrace", args };
  }
  if (rules.maxDeviationPpm !== 0n) {
    const second = screen(secondary, rules.secondaryDecimals, rules, now);
    const isStale = now - secondary.updatedAt > rules.secondaryMaxAge;
    const other = second.error === null && !isStale ? second.value : 0n;
    const limit = (first.value * rules.maxDeviationPpm) / PPM;
    if (other === 0n || other > first.value + limit || other < first.value - limit) {
      const args = [feed, first.value, other];
      return { ...usable, status: STATUS.Deviating, error: "OracleDeviation", args };
    }
  }
  if (now - primary.updatedAt > rules.maxAge) {
    const args = [feed, primary.updatedAt, rules.maxAge];
    return { ...usable, status: STATUS.Stale, error: "OracleStalePrice", args };
  }
  return { ...usable, status: STATUS.Valid, error: null, args: [] };
}
