import { KeeperError } from "../../errors/KeeperError.ts";
import { parseHash, HexError } from "../../lib/hex.ts";
import type { BatchItem, Source, SourceCall } from "../sources/Source.ts";
import { verifyHeader, type Header } from "../verify/header.ts";
import { VerificationError } from "../verify/VerificationError.ts";
import { askMany } from "./askMany.ts";
import { Ballot, type Supported } from "./Ballot.ts";
import { MAX_LINKS } from "./HeaderBook.ts";
import { LinkFetcher } from "./LinkFetcher.ts";
import type { ReadContext } from "./ReadContext.ts";

/** A header and the operators that vote for it. */
export interface AgreedHead {
  readonly header: Header;
  readonly operators: readonly string[];
}

/** A verified header that a source served, with its answers to the calls that were sent along. */
export interface RoundAnswer {
  readonly source: Source;
  readonly header: Header;
  readonly along: readonly BatchItem[];
}

/** One question to every source. */
export interface RoundOptions {
  /** A number asks for that very block: then ancestors are no votes. */
  readonly block: "latest" | number;
  /** Calls sent in the same message. */
  readonly along: readonly SourceCall[];
  /** The newest block agreed before: an older one is not taken while a better one may arrive. */
  readonly floor: number;
  readonly deadlineMs: number;
  /** Ends the round. */
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: RoundAnswer) => void;
}

type Said = { readonly header: Header } | { readonly fault: string };

/**
 * Asks every source for a block at once and agrees as soon as a majority of the operators support one.
 *
 * Nobody who hangs is waited for. Only when the agreed block is not the newest seen, sources that use to be quick get
 * `hedgeMs` to lift a newer one to a majority. After the agreement the others may finish for `hedgeMs`, which tells who
 * is slow and keeps their connections, and are cancelled then.
 */
export class HeadRound {
  /** Rejects with `NoAgreement`, whose payload says who said what. */
  readonly agreed: Promise<AgreedHead>;

  readonly #context: ReadContext;
  readonly #options: RoundOptions;
  readonly #ballot: Ballot;
  readonly #pending: Set<Source>;
  readonly #said = new Map<string, Said>();
  readonly #links: LinkFetcher;
  readonly #cancel = new AbortController();
  readonly #settled = Promise.withResolvers<AgreedHead>();
  readonly #deadline: NodeJS.Timeout;
  #linger: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #isPatient = true;
  #isDecided = false;

  constructor(context: ReadContext, options: RoundOptions) {
    this.#context = context;
    this.#options = options;
    this.#ballot = new Ballot(context.sources, context.book);
    this.#pending = new Set(context.sources);
    this.agreed = this.#settled.promise;
    this.#links = new LinkFetcher(context, {
      deadlineMs: options.deadlineMs,
      signal: this.#cancel.signal,
      onProgress: () => this.#guarded(),
      onBug: this.#crash,
    });
    this.#deadline = setTimeout(() => this.#fail(`within ${options.deadlineMs} ms`), options.deadlineMs);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
    else for (const source of context.sources) this.#ask(source).catch(this.#crash);
  }

  readonly #onAbort = (): void => {
    this.#fail("before the reader was closed");
    this.#end();
  };

  async #ask(source: Source): Promise<void> {
    const { identities, standings, now } = this.#context;
    const startedAtMs = now();
    const checks = identities.calls(source.id);
    const calls = [...checks, this.#headCall(), ...this.#options.along];
    const items = await askMany(source, calls, standings, {
      deadlineMs: this.#options.deadlineMs,
      signal: this.#cancel.signal,
    });
    if (this.#cancel.signal.aborted) return;
    const [head, ...along] = items.slice(checks.length);
    if (checks.length > 0) identities.judge(source.id, items.slice(0, checks.length));
    const said = this.#judge(source, head);
    this.#said.set(source.id, said);
    this.#pending.delete(source);
    if ("header" in said) {
      standings.answered(source.id, now() - startedAtMs);
      this.#ballot.serve(source, said.header);
      this.#options.onAnswer({ source, header: said.header, along });
    }
    if (!this.#isDecided) this.#advance();
    else if (this.#pending.size === 0) this.#end();
  }

  #headCall(): SourceCall {
    const { block } = this.#options;
    const tag = block === "latest" ? block : `0x${block.toString(16)}`;
    return { method: "eth_getBlockByNumber", params: [tag, false] };
  }

  /** The source's head, if it is one and of the expected chain. */
  #judge(source: Source, item: BatchItem | undefined): Said {
    const { identities, onLie, book } = this.#context;
    if (item?.ok !== true) {
      const fault = item?.error.code ?? "SourceMalformed";
      if (fault === "SourceClosed") identities.forget(source.id);
      return { fault };
    }
    const problem = identities.problemOf(source.id);
    if (problem !== null) return { fault: problem };
    if (item.result === null) return { fault: "it does not have the block" };
    try {
      const claimed = parseHash((item.result as { hash?: unknown } | undefined)?.hash, "hash");
      const header = verifyHeader(item.result, claimed);
      const { block } = this.#options;
      if (block !== "latest" && header.number !== block) return { fault: `it served block ${header.number}` };
      book.add(header);
      return { header };
    } catch (error: unknown) {
      if (error instanceof HexError) return { fault: "its block has no hash" };
      if (!(error instanceof VerificationError)) throw error;
      if (error.code !== "HeaderUnsupported") onLie(source.id, error.message);
      return { fault: error.code };
    }
  }

  #guarded(): void {
    try {
      if (!this.#isDecided) this.#advance();
    } catch (bug: unknown) {
      this.#crash(bug);
    }
  }

  #advance(): void {
    const isLatest = this.#options.block === "latest";
    const supported = isLatest ? this.#ballot.newest() : this.#ballot.exact();
    const header = supported === null ? undefined : this.#context.book.get(supported.hash);
    if (supported !== null && header !== undefined) {
      if (this.#isPatient && this.#mayImprove(supported)) this.#patience ??= this.#wait();
      else this.#agree(header, supported.operators);
      return;
    }
    const reachable = new Set([...this.#ballot.voters(), ...[...this.#pending].map(({ operator }) => operator)]);
    if (reachable.size < this.#ballot.quorum) {
      this.#fail("by the sources that have a vote");
      return;
    }
    if (isLatest) this.#links.fetch(this.#ballot, supported);
    if (this.#pending.size === 0 && this.#links.isIdle) this.#fail("once everybody had answered");
  }

  #wait(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#isPatient = false;
      this.#guarded();
    }, this.#context.hedgeMs);
  }

  /** Whether quick sources that have not answered could lift a newer block to a majority. */
  #mayImprove(supported: Supported): boolean {
    const { standings, now } = this.#context;
    const nowMs = now();
    const quick = [...this.#pending].filter(({ id }) => standings.isWorthWaiting(id, nowMs));
    const hopes = new Set(quick.map(({ operator }) => operator));
    if (hopes.size === 0) return false;
    const isNear = (number: number): boolean => number > supported.number && number - supported.number <= MAX_LINKS;
    if (isNear(this.#options.floor) && hopes.size >= this.#ballot.quorum) return true;
    return this.#ballot.heads().some(({ number, hash }) => {
      return isNear(number) && new Set([...this.#ballot.operatorsOf(hash), ...hopes]).size >= this.#ballot.quorum;
    });
  }

  #agree(header: Header, operators: readonly string[]): void {
    this.#decide();
    this.#settled.resolve({ header, operators });
    if (this.#pending.size === 0) {
      this.#end();
      return;
    }
    this.#linger = setTimeout(() => {
      for (const { id } of this.#pending) this.#context.standings.wasSlow(id, this.#context.now());
      this.#end();
    }, this.#context.hedgeMs);
    this.#linger.unref();
  }

  #fail(when: string): void {
    if (this.#isDecided) return;
    this.#decide();
    for (const { id } of this.#pending) this.#context.standings.wasSlow(id, this.#context.now());
    const said = this.#context.sources.map(({ id, operator }) => {
      const answer = this.#said.get(id);
      if (answer === undefined) return { source: id, operator, fault: "no answer yet" };
      if ("fault" in answer) return { source: id, operator, fault: answer.fault };
      return { source: id, operator, number: answer.header.number, hash: answer.header.hash };
    });
    const { quorum, operatorCount } = this.#ballot;
    const message = `no block had the votes of ${quorum} of ${operatorCount} operators ${when}`;
    this.#settled.reject(new KeeperError("NoAgreement", message, { quorum, operators: operatorCount, said }));
    this.#end();
  }

  /** A bug of ours: the caller hears of it, or nobody, and then the process does. */
  readonly #crash = (bug: unknown): void => {
    const isHeard = !this.#isDecided;
    this.#decide();
    this.#end();
    if (!isHeard) throw bug;
    this.#settled.reject(bug);
  };

  #decide(): void {
    this.#isDecided = true;
    clearTimeout(this.#deadline);
    clearTimeout(this.#patience);
  }

  #end(): void {
    clearTimeout(this.#linger);
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#cancel.abort();
  }
}
