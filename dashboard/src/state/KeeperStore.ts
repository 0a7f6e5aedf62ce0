import type { LatencySample, LockstepClient, StatusDocument, StreamedEvent } from "../../../client/index.ts";

/** What the page knows, and since when. */
export interface KeeperView {
  readonly status: StatusDocument | null;
  /** When that was told, by this page's monotonic clock. */
  readonly toldAtMs: number;
  /** `live` while the stream says something. */
  readonly connection: "connecting" | "live" | "lost";
  /** When the keeper was heard last, by this page's monotonic clock; null before the first word. */
  readonly heardAtMs: number | null;
  readonly samples: readonly LatencySample[];
  /** Counts blocks, so that what is asked for a block is asked again. */
  readonly revision: number;
}

const AGAIN_MS = 1_000;
const REFRESH_MS = 1_000;
const MAX_SAMPLES = 600;

/** Follows a keeper's stream, and keeps the status as new as that is. */
export class KeeperStore {
  readonly #client: LockstepClient;
  readonly #listeners = new Set<() => void>();
  #view: KeeperView = {
    status: null,
    toldAtMs: 0,
    connection: "connecting",
    heardAtMs: null,
    samples: [],
    revision: 0,
  };
  #refresh: number | null = null;
  #refreshedAtMs = -Infinity;

  constructor(client: LockstepClient) {
    this.#client = client;
  }

  get client(): LockstepClient {
    return this.#client;
  }

  get view(): KeeperView {
    return this.#view;
  }

  /** Told of every change until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Listens until the signal, coming back whenever the stream ends. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of this.#client.events({ signal })) this.#take(event);
      } catch {
        // Said by `connection`.
      }
      this.#set({ connection: this.#view.heardAtMs === null ? "connecting" : "lost" });
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  #take(event: StreamedEvent): void {
    this.#set({ connection: "live", heardAtMs: performance.now() });
    const { status } = this.#view;
    if (event.event === "status") {
      this.#set({ status: event.data, revision: this.#view.revision + 1 });
      void this.#loadSamples();
      return;
    }
    if (status === null) return;
    switch (event.event) {
      case "verdict": {
        const { block, verdict, votes, quorum, slots, state, detectionMs, verdictMs } = event.data;
        const { number, hash, timestamp } = block;
        const lastInSync = verdict.kind === "InSync" ? { number, hash } : status.lastInSync;
        const told = { block: { number, hash }, verdict, votes, quorum, slots, lastInSync, unknown: null };
        const sample = { block: number, timestamp, detectionMs, verdictMs, lagPremium: event.data.lagPremium };
        const samples = [...this.#view.samples, sample].slice(-MAX_SAMPLES);
        this.#set({
          status: { ...status, ...told, secondsSinceVerdict: 0, state },
          ...{ samples, revision: this.#view.revision + 1 },
        });
        break;
      }
      case "unknown": {
        const { reason, detail, state } = event.data;
        this.#set({ status: { ...status, unknown: { reason, detail }, state } });
        break;
      }
      case "incident": {
        const others = status.incidents.filter(({ id }) => id !== event.data.id);
        const incidents = [event.data, ...others].sort((one, other) => other.openedAt - one.openedAt);
        this.#set({ status: { ...status, incidents } });
        break;
      }
      case "drill":
        this.#set({ status: { ...status, drill: event.data } });
        return;
      case "heartbeat": {
        const { sources, conditions, secondsSinceVerdict, state } = event.data;
        this.#set({
          status: { ...status, sources, conditions, secondsSinceVerdict, state },
        });
        return;
      }
      default:
    }
    this.#refreshSoon();
  }

  /** What events do not tell is asked for, once a second at most. */
  #refreshSoon(): void {
    if (this.#refresh !== null) return;
    const wait = Math.max(0, this.#refreshedAtMs + REFRESH_MS - performance.now());
    this.#refresh = window.setTimeout(() => {
      void this.#client
        .status()
        .then((status) => this.#set({ status }))
        .catch(() => undefined)
        .finally(() => {
          this.#refresh = null;
          this.#refreshedAtMs = performance.now();
        });
    }, wait);
  }

  async #loadSamples(): Promise<void> {
    try {
      const { data } = await this.#client.latency();
      this.#set({ samples: data });
    } catch {
      // Those that come are shown.
    }
  }

  #set(change: Partial<KeeperView>): void {
    const told = change.status === undefined ? {} : { toldAtMs: performance.now() };
    this.#view = { ...this.#view, ...told, ...change };
    for (const listener of this.#listeners) listener();
  }
}
