import type { Source } from "../chain/sources/Source.ts";
import { HeadInbox } from "../HeadInbox.ts";
import { InputQueue } from "../InputQueue.ts";
import type { Keeper } from "../loop/Keeper.ts";
import type { BlockReport, Effect, Input } from "../loop/ports.ts";
import { Performer } from "../Performer.ts";

type EffectOf<Type extends Effect["type"]> = Extract<Effect, { type: Type }>;

/** What was found out of one block. */
export interface Observed {
  readonly report: BlockReport;
  /** The newest heads of k operators were in the books. */
  readonly isLevel: boolean;
  /** What the search for differing words came to; null where there was none, or it did not end in time. */
  readonly located: EffectOf<"located"> | null;
}

/** Why nothing was found out. */
export interface NothingObserved {
  readonly reason: string;
  readonly detail: string;
}

/** What an observer is made with. */
export interface ObserverOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly wallNow: () => number;
  readonly requestDeadlineMs: number;
  /** Told of the newest block in the books and of the highest one announced, several times a second. */
  readonly onProgress: (block: number, head: number) => void;
}

const TICK_MS = 50;
/** Time without a new block in the books after which what is not known is not waited for any longer. */
const PATIENCE_MS = 10_000;
/** Longest search for the words that differ. */
const LOCATE_MS = 30_000;

/**
 * Lets a core follow its sources until one block is judged, and does nothing else that the core asks for: nothing is signed, sent,
 * written down or told to anybody.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #inputs: InputQueue<Input>;
  readonly #heads: HeadInbox;
  readonly #outcome = Promise.withResolvers<Observed | NothingObserved>();
  readonly #highest = new Map<string, number>();
  #keeper: Keeper | null = null;
  /** The newest verdict that says something, until one is settled on; and when that was. */
  #observed: Observed | null = null;
  #settledAtMs: number | null = null;
  #unknown: NothingObserved | null = null;
  #newest = -1;
  #movedAtMs: number;
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#movedAtMs = options.now();
    this.#inputs = new InputQueue<Input>((error) => {
      this.#outcome.reject(error instanceof Error ? error : new Error(String(error)));
    });
    this.#heads = new HeadInbox(this.#inputs.add.bind(this.#inputs));
    this.#outcome.promise.catch(() => undefined);
  }

  /** Opens a source, whose heads are heard from now on. It ends with the signal. */
  open(source: Source, signal: AbortSignal): void {
    const { now } = this.#options;
    source.open(
      {
        onHead: ({ number, hash, receivedAtMs }) => {
          this.#highest.set(source.id, number);
          this.#heads.take({ type: "head", source: source.id, number, hash, nowMs: receivedAtMs });
        },
        onUp: () => {
          this.#inputs.add({ type: "source-up", source: source.id, nowMs: now() });
        },
        onDown: (reason) => {
          this.#heads.forget(source.id);
          this.#inputs.add({ type: "source-down", source: source.id, reason, nowMs: now() });
        },
      },
      signal,
    );
  }

  /**
   * Resolves when a block at the head of k operators is judged, with what differs where it differs; with why not, when nothing more
   * is to be expected or `signal` ends it. What was proved to differ is never kept back, whoever votes for its block.
   */
  async observe(keeper: Keeper, sources: readonly Source[], signal: AbortSignal): Promise<Observed | NothingObserved> {
    const { now, wallNow, requestDeadlineMs } = this.#options;
    const nothing = (): void => undefined;
    this.#keeper = keeper;
    this.#movedAtMs = now();
    const performer = new Performer({
      ...{ sources: new Map(sources.map((source) => [source.id, source])), signers: {}, now, requestDeadlineMs },
      ...{ relays: { send: nothing, close: nothing }, journal: { append: () => Promise.resolve() }, onSent: nothing },
      deliver: this.#inputs.add.bind(this.#inputs),
      onFatal: this.#outcome.reject,
    });
    const end = (): void => {
      this.#outcome.resolve(this.#bestKnown());
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    this.#inputs.open((input) => {
      for (const effect of keeper.step(input)) {
        if (effect.type === "request") performer.perform(effect);
        else this.#see(effect);
      }
      this.#settle();
    });
    this.#ticker = setInterval(() => {
      this.#inputs.add({ type: "tick", nowMs: now(), wallSeconds: wallNow() / 1_000 });
    }, TICK_MS);
    try {
      return await this.#outcome.promise;
    } finally {
      signal.removeEventListener("abort", end);
      this.close();
    }
  }

  /** Hears nothing more. Idempotent. */
  close(): void {
    clearInterval(this.#ticker);
    this.#inputs.close();
    this.#heads.close();
  }

  #see(effect: Effect): void {
    if (effect.type === "unknown") this.#unknown = { reason: effect.reason, detail: effect.detail };
    if (effect.type === "located" && this.#observed !== null) this.#observed = { ...this.#observed, located: effect };
    if (effect.type !== "block" || this.#settledAtMs !== null) return;
    const { verdict } = effect.report;
    this.#unknown = verdict.kind === "Unknown" ? { reason: verdict.reason, detail: verdict.detail } : null;
    this.#observed =
      verdict.kind === "Unknown" ? null : { report: effect.report, isLevel: false, located: this.#located };
  }

  /** The words that differ may be found before the block is the newest one. */
  get #located(): Observed["located"] {
    return this.#observed?.located ?? null;
  }

  /** Told after every step: whether that is enough. */
  #settle(): void {
    const nowMs = this.#options.now();
    this.#watchProgress(nowMs);
    const { newest } = this.#keeper ?? {};
    const observed = this.#observed;
    if (observed !== null && this.#settledAtMs === null && newest?.isLevel === true) {
      this.#observed = { ...observed, isLevel: true };
      this.#settledAtMs = nowMs;
    }
    const isStill = nowMs - this.#movedAtMs >= PATIENCE_MS;
    if (this.#settledAtMs === null && isStill && (isFault(observed) || this.#unknown !== null)) {
      this.#settledAtMs = nowMs;
      if (!isFault(observed)) this.#outcome.resolve(this.#bestKnown());
    }
    if (this.#settledAtMs === null || this.#observed === null) return;
    const isSearching = isSearched(this.#observed) && this.#observed.located?.isFinal !== true;
    if (!isSearching || nowMs - this.#settledAtMs >= LOCATE_MS) this.#outcome.resolve(this.#observed);
  }

  #watchProgress(nowMs: number): void {
    const block = this.#keeper?.books.tip?.number ?? -1;
    if (block !== this.#newest) this.#movedAtMs = nowMs;
    this.#newest = block;
    if (this.#highest.size > 0) this.#options.onProgress(block, Math.max(...this.#highest.values()));
  }

  #bestKnown(): Observed | NothingObserved {
    if (this.#observed !== null && (this.#settledAtMs !== null || isFault(this.#observed))) return this.#observed;
    if (this.#unknown !== null) return this.#unknown;
    const head = Math.max(...this.#highest.values());
    const heads = this.#highest.size === 0 ? "no source announced a block" : `the newest block announced is ${head}`;
    const books = this.#newest === -1 ? "the books hold none" : `the books are at block ${this.#newest}`;
    return { reason: "not-in-time", detail: `${heads}, ${books}` };
  }
}

function isFault(observed: Observed | null): boolean {
  const kind = observed?.report.verdict.kind;
  return kind === "Diverged" || kind === "OwnFault";
}

/** Of a token that is gone no word of the books differs: nothing is searched. */
function isSearched({ report: { verdict } }: Observed): boolean {
  if (verdict.kind !== "Diverged" && verdict.kind !== "OwnFault") return false;
  return verdict.findings.some(({ cause }) => cause !== "custody-short");
}
