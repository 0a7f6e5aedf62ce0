import { SourceBoard } from "../chain/agree/SourceBoard.ts";
import { hedged } from "../chain/read/hedged.ts";
import type { Source } from "../chain/sources/Source.ts";
import { wait } from "../chain/sources/wait.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import type { RebuildOptions } from "./RebuildOptions.ts";
import { Tally } from "./Tally.ts";

/** Something that any source may answer. */
export interface Question<Value> {
  /** For people: `headers 1 to 16`. */
  readonly what: string;
  /** Asks one source. What it returns is verified; it throws a KeeperError otherwise. */
  readonly attempt: (source: Source, signal: AbortSignal) => Promise<Value>;
  /** Throws when nobody can answer any more, because the chain has changed. Asked before another round. */
  readonly recheck?: () => Promise<void>;
  /** A source whose answer to the same was in doubt, and why. */
  readonly suspect?: readonly [source: string, reason: string] | undefined;
}

/** An answer that verified, and whose. */
export interface Answer<Value> {
  readonly value: Value;
  readonly source: string;
}

/** An answer of which only another source's answer, or k operators, can say that it is false. */
export const DOUBTFUL = "RebuildUnlinked";

const RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;
/** A source that limits the rate and does not say for how long. */
const LIMITED_MS = 1_000;
/** Of a source that did not answer so many others are preferred, per silence; after {@link FORGIVEN_MS} it is tried again. */
const SILENCE_COST = 4;
const FORGIVEN_MS = 5_000;
/** Weight of the newest answer's time in the typical one, and how many of these one source is waited for. */
const SMOOTHING = 0.1;
const HEDGE_FACTOR = 4;
const DEFAULT_PATIENCE_MS = 60_000;

/** Why an answer may be false: it is of another branch than k operators', or of a kind that is not known here. */
interface Doubt {
  readonly reason: string;
  readonly isBranch: boolean;
}

interface Standing {
  inFlight: number;
  silences: number;
  silentAtMs: number;
  limitedUntilMs: number;
}

/**
 * The sources of a rebuild: each question goes to one that is not busy, and to the next when that one takes long, fails or lies.
 * Who lies is set aside, for longer each time.
 */
export class Servers {
  readonly tally: Tally;
  readonly #sources: readonly Source[];
  readonly #options: RebuildOptions;
  readonly #board: SourceBoard;
  readonly #standings = new Map<string, Standing>();
  #typicalMs = 0;

  constructor(options: RebuildOptions) {
    const { sources } = options;
    this.#options = options;
    this.#sources = sources;
    this.tally = new Tally(sources);
    this.#board = new SourceBoard(sources);
    for (const { id } of sources) {
      this.#board.setUp(id);
      // Every answer is bound to a hash of k operators: that says more of its chain than its chain id.
      this.#board.identify(id, null);
    }
  }

  /** How long nobody's silence is put up with. */
  get patienceMs(): number {
    return this.#options.patienceMs ?? DEFAULT_PATIENCE_MS;
  }

  /** A source answered what is proved to be false. */
  distrust(source: string, reason: string): void {
    this.tally.forged(source, reason);
    this.#board.distrust(source, reason, this.#options.now());
  }

  /**
   * The first answer that verifies.
   *
   * @throws KeeperError `RebuildStalled`, which names what each source did, when nobody has one for {@link patienceMs};
   * `SourceAborted` when the signal aborts; what `recheck` throws
   */
  async ask<Value>(question: Question<Value>, signal: AbortSignal): Promise<Answer<Value>> {
    const doubts = new Map<string, Doubt>();
    if (question.suspect !== undefined)
      doubts.set(question.suspect[0], { reason: question.suspect[1], isBranch: true });
    const { now } = this.#options;
    const startedAtMs = now();
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(MAX_RETRY_MS, 2 * waitMs)) {
      const hedgeMs = Math.max(this.#options.hedgeMs, HEDGE_FACTOR * this.#typicalMs);
      const attempt = (source: Source, ended: AbortSignal): Promise<Value> =>
        this.#attempt(source, question, doubts, { ended, hedgeMs });
      const outcome = await hedged(this.#candidates(), attempt, { hedgeMs, signal });
      if (signal.aborted) throw new KeeperError("SourceAborted", `${question.what}: aborted`);
      if (outcome.ok) {
        doubts.delete(outcome.candidate.id);
        for (const [source, { reason }] of doubts)
          this.distrust(source, `${reason}, which another source's answer refutes`);
        return { value: outcome.value, source: outcome.candidate.id };
      }
      await question.recheck?.();
      // k operators stand by the branch. What cannot be judged, nobody may be able to serve otherwise.
      for (const [source, { reason, isBranch }] of doubts) if (isBranch) this.distrust(source, reason);
      doubts.clear();
      if (now() - startedAtMs >= this.patienceMs) throw this.#stalled(question.what);
      await wait(waitMs, signal);
    }
  }

  /** Those that may be asked, best first. */
  #candidates(): Source[] {
    const nowMs = this.#options.now();
    this.#board.release(nowMs);
    const trusted = new Set(this.#board.trusted());
    const cost = ({ id }: Source): number => {
      const { inFlight, silences, silentAtMs, limitedUntilMs } = this.#standingOf(id);
      if (nowMs < limitedUntilMs) return Infinity;
      return inFlight + (nowMs - silentAtMs < FORGIVEN_MS ? SILENCE_COST * silences : 0);
    };
    // Rather a liar than nobody: no answer is believed anyway.
    const asked = trusted.size === 0 ? this.#sources : this.#sources.filter(({ id }) => trusted.has(id));
    const costs = asked.map((source) => ({ source, cost: cost(source) }));
    // A stable sort: of two that cost the same, the first configured.
    return costs
      .sort((one, other) => (one.cost === other.cost ? 0 : one.cost - other.cost))
      .map(({ source }) => source);
  }

  async #attempt<Value>(
    source: Source,
    { attempt }: Question<Value>,
    doubts: Map<string, Doubt>,
    { ended, hedgeMs }: { readonly ended: AbortSignal; readonly hedgeMs: number },
  ): Promise<Value> {
    const { now } = this.#options;
    const standing = this.#standingOf(source.id);
    const startedAtMs = now();
    standing.inFlight += 1;
    try {
      const value = await attempt(source, ended);
      standing.silences = 0;
      this.#typicalMs += SMOOTHING * (now() - startedAtMs - this.#typicalMs);
      this.tally.answered(source.id);
      return value;
    } catch (error: unknown) {
      if (!KeeperError.is(error)) throw error;
      const tookMs = now() - startedAtMs;
      // Cut off because another was quicker: no fault before it had its time.
      if (error.code !== "SourceAborted" || tookMs >= hedgeMs) this.#note(source.id, error, doubts, tookMs);
      throw error;
    } finally {
      standing.inFlight -= 1;
    }
  }

  #note(source: string, error: KeeperError, doubts: Map<string, Doubt>, tookMs: number): void {
    const nowMs = this.#options.now();
    const standing = this.#standingOf(source);
    const isUnsupported = error.code.endsWith("Unsupported");
    if (error instanceof VerificationError && !isUnsupported) {
      this.distrust(source, error.message);
      return;
    }
    const isBranch = error.code === DOUBTFUL;
    if (isUnsupported || isBranch) doubts.set(source, { reason: error.message, isBranch });
    if (error.code === "SourceRateLimited") {
      const { retryAfterMs } = error.payload;
      standing.limitedUntilMs = nowMs + (typeof retryAfterMs === "number" ? retryAfterMs : LIMITED_MS);
    }
    standing.silences += 1;
    standing.silentAtMs = nowMs;
    const reason =
      error.code === "SourceAborted" ? `no answer in ${Math.round(tookMs)} ms, when another had one` : error.message;
    this.tally.missed(source, reason);
  }

  #standingOf(source: string): Standing {
    let standing = this.#standings.get(source);
    if (standing === undefined) {
      standing = { inFlight: 0, silences: 0, silentAtMs: 0, limitedUntilMs: 0 };
      this.#standings.set(source, standing);
    }
    return standing;
  }

  #stalled(what: string): KeeperError {
    const message = `nobody serves ${what}, for ${this.patienceMs / 1_000} s: ${this.tally.describe()}`;
    return new KeeperError("RebuildStalled", message, { what, sources: this.tally.reports() });
  }
}
