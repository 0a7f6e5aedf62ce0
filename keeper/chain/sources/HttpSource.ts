import { KeeperError } from "../../errors/KeeperError.ts";
import { assert } from "../../lib/assert.ts";
import { backoffMs } from "../../lib/backoff.ts";
import { redactUrl } from "../../lib/redact.ts";
import { boundsOf } from "./answerBounds.ts";
import type { CallGroup } from "./CallGroup.ts";
import { CallRunner, MAX_URGENT } from "./CallRunner.ts";
import { HeadReporter, readHead } from "./HeadReporter.ts";
import { HttpPoster } from "./HttpPoster.ts";
import type { BatchItem, RequestOptions, Source, SourceCall, SourceHandlers, SourceOptions } from "./Source.ts";
import { retryAfterOf, toSourceError } from "./SourceFault.ts";
import type { SourceSettings } from "./SourceSettings.ts";
import { encodeGroup, malformed, parseWithin, settleFromAnswer } from "./jsonRpc.ts";
import { wait } from "./wait.ts";

/** Calls in a row without an answer after which kept connections are not believed. */
const DROP_AFTER_TIMEOUTS = 2;

/** A source over HTTP: heads are polled, since nothing can be pushed. A call is tried even while the polls fail. */
export class HttpSource implements Source {
  readonly id: string;
  readonly operator: string;
  readonly client: string;
  readonly redactedUrl: string;

  readonly #settings: SourceSettings;
  readonly #poster: HttpPoster;
  readonly #runner: CallRunner;
  readonly #closing = new AbortController();
  /** How to cancel the POST of each group on the wire. */
  readonly #cancels = new Map<CallGroup, () => void>();
  /** Calls in a row that had no answer in time. */
  #timeouts = 0;
  #ended: AbortSignal | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: SourceOptions, url: URL, settings: SourceSettings) {
    this.id = options.id;
    this.operator = options.operator;
    this.client = options.client;
    this.redactedUrl = redactUrl(options.url);
    this.#settings = settings;
    // More connections than the callers can use, so that neither the poll nor what is urgent waits for one.
    this.#poster = new HttpPoster(url, settings.maxInFlight + 1 + MAX_URGENT);
    this.#runner = new CallRunner(
      { send: (group) => this.#send(group), forget: (group) => this.#forget(group) },
      { source: this.id, ...settings },
    );
  }

  open(handlers: SourceHandlers, signal: AbortSignal): void {
    assert(this.#loop === undefined, "a source is opened once");
    this.#ended = AbortSignal.any([signal, this.#closing.signal]);
    this.#loop = this.#poll(new HeadReporter(handlers, this.#ended), this.#ended);
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
    this.#poster.close();
  }

  async #poll(reporter: HeadReporter, ended: AbortSignal): Promise<void> {
    const { now, random, pollIntervalMs, probeDeadlineMs: deadlineMs } = this.#settings;
    const { reconnectBaseMs: baseMs, reconnectMaxMs: maxMs } = this.#settings;
    let failures = 0;
    while (!ended.aborted) {
      const startedAtMs = now();
      let pauseMs = pollIntervalMs;
      try {
        const answer = await this.#runner.probe("eth_getBlockByNumber", ["latest", false], {
          deadlineMs,
          signal: ended,
        });
        const head = readHead(answer);
        if (head === undefined) throw toSourceError(NO_HEAD, this.id, "eth_getBlockByNumber");
        failures = 0;
        reporter.head(head, now());
        reporter.up();
      } catch (error: unknown) {
        if (!(error instanceof KeeperError)) throw error;
        reporter.down(`${error.code}: ${error.message}`);
        pauseMs += backoffMs(failures++, random(), { baseMs, maxMs });
        pauseMs = Math.max(pauseMs, retryAfterOf(error));
      }
      await wait(Math.max(0, pauseMs - (now() - startedAtMs)), ended);
    }
    this.#runner.failAll("the source was closed");
    this.#poster.close();
  }

  #send(group: CallGroup): void {
    if (this.#ended === undefined || this.#ended.aborted) {
      const reason = this.#ended === undefined ? "the source is not open" : "the source was closed";
      group.fail({ code: "SourceClosed", reason });
      return;
    }
    const { now, maxAnswerBytes } = this.#settings;
    const bounds = boundsOf(group.calls, maxAnswerBytes);
    group.noteSent(now());
    const cancel = this.#poster.post(encodeGroup(group), bounds.bytes, (outcome) => {
      this.#cancels.delete(group);
      if (outcome.ok && !group.isSettled) group.noteText(outcome.text, now());
      const parsed = outcome.ok ? parseWithin(outcome.text, bounds) : outcome;
      if (parsed.ok) settleFromAnswer(group, parsed.value);
      else group.fail(parsed.fault);
    });
    this.#cancels.set(group, cancel);
  }

  #forget(group: CallGroup): void {
    this.#cancels.get(group)?.();
    this.#cancels.delete(group);
    if (group.fault !== "SourceTimeout") this.#timeouts = 0;
    else if (++this.#timeouts >= DROP_AFTER_TIMEOUTS) {
      // Of a host that vanished, each kept connection would cost a call its whole deadline.
      this.#timeouts = 0;
      this.#poster.dropIdle();
    }
  }
}

const NO_HEAD = malformed("the newest block has no number and hash");
