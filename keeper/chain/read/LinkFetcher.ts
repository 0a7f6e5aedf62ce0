import { KeeperError } from "../../errors/KeeperError.ts";
import type { Hash } from "../../lib/hex.ts";
import type { Source } from "../sources/Source.ts";
import { verifyHeader, type Header } from "../verify/header.ts";
import { VerificationError } from "../verify/VerificationError.ts";
import type { Ballot } from "./Ballot.ts";
import type { Place } from "./HeaderBook.ts";
import { hedged } from "./hedged.ts";
import type { ReadContext } from "./ReadContext.ts";

/** Bounds of the fetches, and who hears of them. */
export interface LinkOptions {
  readonly deadlineMs: number;
  /** Ends every fetch. */
  readonly signal: AbortSignal;
  /** A fetch has ended, with a header or without. */
  readonly onProgress: () => void;
  readonly onBug: (bug: unknown) => void;
}

/** Fetches the headers between heads that differ, by hash, so that one can be seen to descend from another. */
export class LinkFetcher {
  readonly #context: ReadContext;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal;
  readonly #onProgress: () => void;
  readonly #onBug: (bug: unknown) => void;
  readonly #asked = new Set<Hash>();
  #inFlight = 0;

  constructor(context: ReadContext, options: LinkOptions) {
    this.#context = context;
    this.#deadlineMs = options.deadlineMs;
    this.#signal = options.signal;
    this.#onProgress = options.onProgress;
    this.#onBug = options.onBug;
  }

  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  /**
   * Asks for what is missing between each two heads, and for the header of a block that is supported without being
   * held. Each header once: a chain is walked a step an answer.
   */
  fetch(ballot: Ballot, supported: Place | null): void {
    const { book, standings } = this.#context;
    const heads = ballot.heads();
    const wanted = new Set<Hash>(supported === null ? [] : [supported.hash]);
    for (const [index, left] of heads.entries()) {
      for (const right of heads.slice(index + 1)) {
        for (const { hash } of book.missingBetween(left, right)) wanted.add(hash);
      }
    }
    for (const hash of wanted) {
      if (this.#asked.has(hash)) continue;
      this.#asked.add(hash);
      this.#inFlight++;
      this.#fetchOne(hash, standings.order(ballot.serversOf(hash))).catch(this.#onBug);
    }
  }

  async #fetchOne(hash: Hash, sources: readonly Source[]): Promise<void> {
    const { hedgeMs, book } = this.#context;
    const outcome = await hedged(sources, (source, signal) => this.#ask(source, hash, signal), {
      hedgeMs,
      signal: this.#signal,
    });
    this.#inFlight--;
    if (outcome.ok) book.add(outcome.value);
    if (!this.#signal.aborted) this.#onProgress();
  }

  async #ask(source: Source, hash: Hash, signal: AbortSignal): Promise<Header> {
    const options = { deadlineMs: this.#deadlineMs, signal };
    const block = await source.request("eth_getBlockByHash", [hash, false], options);
    if (block === null) throw new KeeperError("BlockMissing", `source ${source.id} lacks the parent of its head`);
    try {
      return verifyHeader(block, hash);
    } catch (error: unknown) {
      if (error instanceof VerificationError && error.code !== "HeaderUnsupported") {
        this.#context.onLie(source.id, error.message);
      }
      throw error;
    }
  }
}
