import { KeeperError } from "../../errors/KeeperError.ts";
import type { BatchItem, Source } from "../sources/Source.ts";
import type { Header } from "../verify/header.ts";
import { VerificationError } from "../verify/VerificationError.ts";
import { hedged } from "./hedged.ts";
import { askProof, verifyState, type ProofQuery, type ProvenState } from "./proofs.ts";
import type { ReadContext } from "./ReadContext.ts";

/** Bounds of a hunt. */
export interface HuntOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** An answer that came with a source's head: of that block, or of the next one, which may have come in between. */
interface Guess {
  readonly source: Source;
  readonly head: Header;
  readonly item: BatchItem;
}

/**
 * Finds a proof that verifies under an agreed header. Answers that were asked for ahead of the agreement are tried
 * first; when none of them fits, the sources are asked by hash, one after the other: voters before others, liars last.
 */
export class ProofHunt {
  readonly #context: ReadContext;
  readonly #query: ProofQuery;
  readonly #early: Guess[] = [];
  /** Sources whose early answer did not fit the header that came with it. */
  readonly suspects = new Set<Source>();
  readonly #won = Promise.withResolvers<ProvenState>();
  #header: Header | undefined;

  constructor(context: ReadContext, query: ProofQuery) {
    this.#context = context;
    this.#query = query;
    // Nobody awaits it when no agreement comes about.
    this.#won.promise.catch(() => undefined);
  }

  /** Takes in an answer that was asked for at the source's head, before or after the agreement. */
  offer(source: Source, head: Header, item: BatchItem | undefined): void {
    if (item === undefined) return;
    const guess = { source, head, item };
    if (this.#header === undefined) this.#early.push(guess);
    else this.#try(guess, this.#header);
  }

  /**
   * The state under `header`.
   *
   * @throws KeeperError `NoProof`, whose payload says why each source has none.
   */
  async find(header: Header, operators: readonly string[], options: HuntOptions): Promise<ProvenState> {
    this.#header = header;
    const early = this.#context.standings.order(this.#early.map((guess) => ({ ...guess, id: guess.source.id })));
    if (early.some((guess) => this.#try(guess, header))) return this.#won.promise;
    const { sources, standings } = this.#context;
    const cancel = new AbortController();
    const onAbort = (): void => cancel.abort();
    options.signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(onAbort, options.deadlineMs);
    void this.#won.promise.then(onAbort, () => undefined);
    if (options.signal.aborted) onAbort();
    const candidates = standings.order(sources, ({ operator }) => operators.includes(operator));
    this.#ask(header, candidates, cancel.signal, options.deadlineMs).catch(this.#won.reject);
    try {
      return await this.#won.promise;
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", onAbort);
    }
  }

  async #ask(header: Header, candidates: readonly Source[], signal: AbortSignal, deadlineMs: number): Promise<void> {
    const { hedgeMs, standings } = this.#context;
    const outcome = await hedged(
      candidates,
      async (source, ended) => {
        try {
          const state = await askProof(this.#context, source, header, this.#query, { deadlineMs, signal: ended });
          standings.proved(source.id);
          return state;
        } catch (error: unknown) {
          if (!KeeperError.is(error, "SourceAborted")) standings.missed(source.id);
          throw error;
        }
      },
      { hedgeMs, signal },
    );
    if (outcome.ok) {
      this.#won.resolve(outcome.value);
      return;
    }
    const reasons = outcome.failures.map(([{ id, operator }, { code }]) => ({ source: id, operator, fault: code }));
    const silent = candidates.filter(({ id }) => !reasons.some(({ source }) => source === id));
    const said = [...reasons, ...silent.map(({ id, operator }) => ({ source: id, operator, fault: "no answer yet" }))];
    const message = `no source proves the account ${this.#query.address} at block ${header.number}`;
    throw new KeeperError("NoProof", message, { blockNumber: header.number, blockHash: header.hash, said });
  }

  /** Whether the answer proves the state under the header; it settles the hunt then. */
  #try({ source, head, item }: Guess, header: Header): boolean {
    const { standings } = this.#context;
    if (!item.ok) {
      standings.missed(source.id);
      return false;
    }
    try {
      this.#won.resolve(verifyState(header, this.#query, item.result));
      standings.proved(source.id);
      return true;
    } catch (error: unknown) {
      if (!(error instanceof VerificationError)) throw error;
      // A block may have come between head and proof: no lie is shown yet, but others are asked before.
      if (head.hash === header.hash) {
        standings.missed(source.id);
        this.suspects.add(source);
      }
      return false;
    }
  }
}
