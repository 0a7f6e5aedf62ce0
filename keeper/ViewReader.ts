import type { ViewConfig } from "./config/KeeperConfig.ts";
import type { Effect, Input } from "./loop/ports.ts";
import type { Logger } from "./telemetry/log.ts";
import { HttpView } from "./views/HttpView.ts";

/** What reading views needs. */
export interface ViewReaderOptions {
  readonly views: readonly ViewConfig[];
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly now: () => number;
  readonly deliver: (input: Input) => void;
}

/** Reads the configured views after each block that is in sync, and sends their owners what the chain proves. */
export class ViewReader {
  readonly #options: ViewReaderOptions;
  readonly #views: ReadonlyMap<string, { readonly view: HttpView; readonly mayPause: boolean }>;
  readonly #reading = new Set<string>();

  constructor(options: ViewReaderOptions) {
    this.#options = options;
    this.#views = new Map(
      options.views.map(({ name, url, policy }) => [
        name,
        { view: new HttpView(name, url), mayPause: policy === "pause" },
      ]),
    );
  }

  see(effect: Effect): void {
    if (effect.type === "block" && effect.report.verdict.kind === "InSync") {
      for (const name of this.#views.keys()) void this.#read(name);
    }
    if (effect.type === "view-compared") this.#resync(effect);
  }

  /** One reading of a view at a time: a slow owner is not asked again before it has answered. */
  async #read(name: string): Promise<void> {
    const known = this.#views.get(name);
    if (known === undefined || this.#reading.has(name)) return;
    this.#reading.add(name);
    const { deadlineMs, log, now, deliver } = this.#options;
    try {
      const view = await known.view.read(deadlineMs);
      deliver({ type: "view", name, mayPause: known.mayPause, view, nowMs: now() });
    } catch (error: unknown) {
      log.warn("view-unreadable", { view: name, error });
    } finally {
      this.#reading.delete(name);
    }
  }

  #resync({ name, blockHash, comparison }: Extract<Effect, { type: "view-compared" }>): void {
    if (comparison.kind === "equal" || comparison.kind === "unknown") return;
    const { log, deadlineMs } = this.#options;
    log.warn("view-diverged", { view: name, ...comparison });
    const differences = comparison.kind === "different" ? comparison.differences : [];
    void this.#views.get(name)?.view.resync(blockHash, differences, deadlineMs);
  }
}
