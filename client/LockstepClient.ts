import type {
  AccountAnswer,
  AccountPage,
  AccountSummary,
  CheckpointsAnswer,
  GradeAnswer,
  InstrumentAnswer,
  InstrumentsAnswer,
  PositionPage,
  TotalsAnswer,
} from "../keeper/api/schemas/books.ts";
import type {
  DrillState,
  IncidentAnswer,
  IncidentPage,
  LatencyAnswer,
  StatusDocument,
} from "../keeper/api/schemas/status.ts";
import { errorOf, LockstepError } from "./LockstepError.ts";
import { readEvents, type StreamedEvent } from "./readEvents.ts";

/** How a keeper is asked. */
export interface LockstepClientOptions {
  /** In place of the platform's. */
  readonly fetch?: typeof fetch;
  /** Longest wait for one answer; 10 seconds. */
  readonly deadlineMs?: number;
  /** So long a client asks again while the books are not proven yet or nothing can be said of the chain; 0 for not at all. 2 seconds. */
  readonly patienceMs?: number;
}

/** Which part of a list. */
export interface PageOptions {
  /** 1 to 500; 50. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

interface Kept {
  readonly tag: string;
  readonly answer: unknown;
}

const DEADLINE_MS = 10_000;
const PATIENCE_MS = 2_000;
const PAUSE_MS = 100;
const MAX_KEPT = 256;
/** Refusals that a moment may end. */
const PASSING = new Set(["NotYetProven", "Unknown"]);

/**
 * Reads a keeper's verified API, in browsers and on Node. Every answer about the books carries the block that proves it; where there is
 * none, a {@link LockstepError} says why. Whole numbers are strings of decimal digits: `BigInt(position.size)`.
 */
export class LockstepClient {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly #deadlineMs: number;
  readonly #patienceMs: number;
  /** Answers by path, for as long as the keeper says that they are the same. */
  readonly #kept = new Map<string, Kept>();

  /** @param url of the keeper's API, such as `http://127.0.0.1:9464` */
  constructor(url: string, options: LockstepClientOptions = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
  }

  /** What the keeper sees, knows and does. */
  status(): Promise<StatusDocument> {
    return this.#get("/v1/status");
  }

  /** How fast its newest verdicts came, oldest first. */
  latency(): Promise<LatencyAnswer> {
    return this.#get("/v1/latency");
  }

  /**
   * Accounts in the order in which events named them.
   *
   * @param options.owner those that begin with it, `0x` and lower-case digits
   */
  accounts(options: PageOptions & { readonly owner?: string } = {}): Promise<AccountPage> {
    return this.#get("/v1/accounts", options);
  }

  /** All accounts, page by page; blocks may pass between two pages. */
  async *eachAccount(options: { readonly owner?: string } = {}): AsyncGenerator<AccountSummary> {
    for (let cursor: string | null = "0"; cursor !== null;) {
      const page: AccountPage = await this.accounts({ ...options, limit: 500, cursor });
      yield* page.data;
      cursor = page.next;
    }
  }

  /**
   * Positions, collateral, margin, lag premium and Greeks of an account.
   *
   * @param account 32 bytes: the owner's address, then the number of the account
   */
  account(account: string): Promise<AccountAnswer> {
    return this.#get(`/v1/accounts/${encodeURIComponent(account)}`);
  }

  /** Positions of all accounts, or those in one instrument. */
  positions(options: PageOptions & { readonly instrument?: string } = {}): Promise<PositionPage> {
    return this.#get("/v1/positions", options);
  }

  instruments(): Promise<InstrumentsAnswer> {
    return this.#get("/v1/instruments");
  }

  instrument(instrument: string): Promise<InstrumentAnswer> {
    return this.#get(`/v1/instruments/${encodeURIComponent(instrument)}`);
  }

  /** Greeks of all positions by feed, the insurance fund, debts. */
  totals(): Promise<TotalsAnswer> {
    return this.#get("/v1/totals");
  }

  /** The pause in force, and what users can do. */
  grade(): Promise<GradeAnswer> {
    return this.#get("/v1/grade");
  }

  /** Those that the registry keeps, newest first. */
  checkpoints(): Promise<CheckpointsAnswer> {
    return this.#get("/v1/checkpoints");
  }

  /** Of this run of the keeper, newest first. */
  incidents(options: PageOptions = {}): Promise<IncidentPage> {
    return this.#get("/v1/incidents", options);
  }

  incident(id: string): Promise<IncidentAnswer> {
    return this.#get(`/v1/incidents/${encodeURIComponent(id)}`);
  }

  /** The bundle that proves an incident to `lockstep verify`. */
  async evidence(id: string): Promise<Uint8Array> {
    const response = await this.#send(`/v1/incidents/${encodeURIComponent(id)}/evidence`, {});
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Begins a drill where `lockstep up` offers one; `status().drill` says how far it is. */
  async startDrill(): Promise<DrillState> {
    const response = await this.#send("/v1/drill", {}, "POST");
    return (await response.json()) as DrillState;
  }

  /**
   * What happens, from the status as it is on; ends when the keeper or the network ends the stream, or the signal does. Who goes on
   * listening asks again, and begins with the status once more.
   *
   * @param silenceMs a stream that says nothing for so long has ended; the keeper says something every five seconds. 15 seconds.
   * @throws LockstepError
   */
  async *events(
    options: { readonly signal?: AbortSignal; readonly silenceMs?: number } = {},
  ): AsyncGenerator<StreamedEvent> {
    const open = (signal: AbortSignal): Promise<Response> => {
      return this.#request("/v1/events", { headers: { accept: "text/event-stream" }, signal });
    };
    yield* readEvents(open, options);
  }

  async #get<Answer>(path: string, query: object = {}): Promise<Answer> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.append(name, String(value));
    }
    const target = parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
    const kept = this.#kept.get(target);
    const response = await this.#patiently(target, kept === undefined ? {} : { "if-none-match": kept.tag });
    if (response.status === 304 && kept !== undefined) return kept.answer as Answer;
    const answer: unknown = await response.json().catch((cause: unknown) => {
      const detail = `${path} is no JSON: is a keeper listening there?`;
      throw new LockstepError({ code: "NotAKeeper", detail, status: response.status }, null, { cause });
    });
    this.#keep(target, response.headers.get("etag"), answer);
    return answer as Answer;
  }

  #keep(target: string, tag: string | null, answer: unknown): void {
    this.#kept.delete(target);
    if (tag === null) return;
    this.#kept.set(target, { tag, answer });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #patiently(target: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    for (const startedAt = performance.now(); ;) {
      try {
        return await this.#send(target, headers);
      } catch (error: unknown) {
        const isPassing = error instanceof LockstepError && PASSING.has(error.code);
        if (!isPassing || performance.now() - startedAt >= this.#patienceMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  #send(target: string, headers: Readonly<Record<string, string>>, method: "GET" | "POST" = "GET"): Promise<Response> {
    const init = {
      headers: { accept: "application/json", ...headers },
      signal: AbortSignal.timeout(this.#deadlineMs),
      method,
    };
    return this.#request(target, init);
  }

  async #request(target: string, init: RequestInit): Promise<Response> {
    let response: Response;
    try {
      response = await this.#fetch(`${this.#url}${target}`, { ...init, redirect: "error", cache: "no-store" });
    } catch (cause: unknown) {
      const detail = `no keeper answers at ${this.#url}: is it running, and is the address right?`;
      throw new LockstepError({ code: "Unreachable", detail, status: null }, null, { cause });
    }
    if (response.ok || response.status === 304) return response;
    throw await errorOf(response);
  }
}
