/** How a source has behaved so far. */
interface Standing {
  /** Smoothed time of its answers. */
  latencyMs: number;
  /** Until then nobody waits for it. */
  slowUntilMs: number;
  /** Proofs that it owed since the last one that verified. */
  misses: number;
  /** Whether it is being asked again for a proof that did not verify. */
  isOnTrial: boolean;
  isLiar: boolean;
  refusesBatches: boolean;
  /** Answers by hash objects (EIP-1898) with an error. */
  refusesHashObjects: boolean;
}

/** A new source is taken for neither fast nor slow. */
const FIRST_LATENCY_MS = 20;
const SMOOTHING = 0.3;
/** A source that was slow is waited for again after this time, lest it stay slow for ever. */
const SLOW_MS = 1_000;

/**
 * What a reader remembers of its sources. It decides whom to ask first and for whom to wait, never what is true: a liar
 * keeps its vote on a header, because a header proves itself, and is asked for proofs last.
 */
export class Standings {
  readonly #bySource = new Map<string, Standing>();

  of(source: string): Standing {
    let standing = this.#bySource.get(source);
    if (standing === undefined) {
      standing = {
        latencyMs: FIRST_LATENCY_MS,
        slowUntilMs: 0,
        misses: 0,
        isOnTrial: false,
        isLiar: false,
        refusesBatches: false,
        refusesHashObjects: false,
      };
      this.#bySource.set(source, standing);
    }
    return standing;
  }

  /** A good answer arrived after `tookMs`. */
  answered(source: string, tookMs: number): void {
    const standing = this.of(source);
    standing.latencyMs += SMOOTHING * (tookMs - standing.latencyMs);
    standing.slowUntilMs = 0;
  }

  /** A proof of its verified. */
  proved(source: string): void {
    this.of(source).misses = 0;
  }

  /** A fault where a proof was wanted, or a proof that did not fit. */
  missed(source: string): void {
    this.of(source).misses++;
  }

  /** It kept a reader waiting. */
  wasSlow(source: string, nowMs: number): void {
    this.of(source).slowUntilMs = nowMs + SLOW_MS;
  }

  isWorthWaiting(source: string, nowMs: number): boolean {
    return this.of(source).slowUntilMs <= nowMs;
  }

  /** Whom to ask first: no liars, then those preferred, then few misses, then fast. */
  order<Item extends { readonly id: string }>(
    sources: readonly Item[],
    isPreferred: (item: Item) => boolean = () => true,
  ): Item[] {
    const rank = (item: Item): readonly number[] => {
      const { isLiar, misses, latencyMs } = this.of(item.id);
      return [Number(isLiar), Number(!isPreferred(item)), misses, latencyMs];
    };
    const ranked = sources.map((item) => ({ item, rank: rank(item) }));
    ranked.sort((left, right) => {
      const at = left.rank.findIndex((value, index) => value !== right.rank[index]);
      return at === -1 ? 0 : (left.rank[at] ?? 0) - (right.rank[at] ?? 0);
    });
    return ranked.map(({ item }) => item);
  }
}
