import { assert } from "../../lib/assert.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { redactUrl } from "../../lib/redact.ts";
import type { CallGroup } from "./CallGroup.ts";
import { CallRunner } from "./CallRunner.ts";
import type { OpenChannel } from "./Channel.ts";
import { MAX_RETRY_MS } from "./RateLimit.ts";
import { retryAfterOf } from "./SourceFault.ts";
import { DuplexSession } from "./DuplexSession.ts";
import { HeadReporter } from "./HeadReporter.ts";
import type { BatchItem, RequestOptions, Source, SourceCall, SourceHandlers, SourceOptions } from "./Source.ts";
import type { SourceSettings } from "./SourceSettings.ts";
import { wait } from "./wait.ts";

/**
 * A source over a connection that pushes: WebSocket or IPC.
 *
 * A call made while the connection is being set up waits for it; a call made between two attempts fails at once with
 * `SourceClosed`, so that a dead source costs its callers nothing. An urgent one ends that pause, and waits for the attempt.
 */
export class DuplexSource implements Source {
  readonly id: string;
  readonly operator: string;
  readonly client: string;
  readonly redactedUrl: string;

  readonly #settings: SourceSettings;
  readonly #openChannel: OpenChannel;
  readonly #runner: CallRunner;
  readonly #closing = new AbortController();
  /** Urgent groups that came between two attempts. */
  readonly #waiting = new Set<CallGroup>();
  /** Ends the pause before the next attempt. */
  #hurry = new AbortController();
  #session: DuplexSession | undefined;
  #ended: AbortSignal | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SourceOptions, openChannel: OpenChannel, settings: SourceSettings) {
    this.id = options.id;
    this.operator = options.operator;
    this.client = options.client;
    this.redactedUrl = redactUrl(options.url);
    this.#settings = settings;
    this.#openChannel = openChannel;
    this.#runner = new CallRunner(
      { send: (group, isUrgent) => this.#send(group, isUrgent), forget: (group) => this.#forget(group) },
      { source: this.id, ...settings },
    );
  }

  open(handlers: SourceHandlers, signal: AbortSignal): void {
    assert(this.#loop === undefined, "a source is opened once");
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    this.#ended = ended;
    this.#loop = this.#stayConnected(new HeadReporter(handlers, ended), ended);
  }

  request(method: string, params: readonly unknown[], options: RequestOptions): Promise<unknown> {
    return this.#runner.call(method, params, options);
  }

  batch(calls: readonly SourceCall[], options: RequestOptions): Promise<BatchItem[]> {
    return this.#runner.batch(calls, options);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#runner.failAll("the source was closed");
    await this.#loop;
  }

  async #stayConnected(reporter: HeadReporter, ended: AbortSignal): Promise<void> {
    const { reconnectBaseMs: baseMs, reconnectMaxMs: maxMs } = this.#settings;
    const hasEnded = (): boolean => ended.aborted;
    let failures = 0;
    while (!hasEnded()) {
      const session = new DuplexSession(this.#openChannel, this.#runner, reporter, this.#settings);
      this.#session = session;
      for (const group of this.#waiting) session.send(group);
      this.#waiting.clear();
      const { fault, wasUp } = await session.run(ended);
      this.#hurry = new AbortController();
      this.#session = undefined;
      if (hasEnded()) break;
      failures = wasUp ? 0 : failures + 1;
      reporter.down(`${fault.code}: ${this.#settings.masks.message(fault.reason)}`);
      const pauseMs = backoffMs(failures, this.#settings.random(), { baseMs, maxMs });
      const hurried = AbortSignal.any([ended, this.#hurry.signal]);
      await wait(Math.max(pauseMs, Math.min(retryAfterOf(fault), MAX_RETRY_MS)), hurried);
    }
    this.#runner.failAll("the source was closed");
  }

  #send(group: CallGroup, isUrgent: boolean): void {
    if (this.#session !== undefined) this.#session.send(group);
    else if (isUrgent && this.#ended?.aborted === false) {
      this.#waiting.add(group);
      this.#hurry.abort();
    } else {
      const reason = this.#loop === undefined ? "the source is not open" : "not connected";
      group.fail({ code: "SourceClosed", reason });
    }
  }

  #forget(group: CallGroup): void {
    this.#waiting.delete(group);
    this.#session?.forget(group);
  }
}
