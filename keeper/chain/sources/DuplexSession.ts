import { KeeperError } from "../../errors/KeeperError.ts";
import { boundsOfText } from "./answerBounds.ts";
import type { CallGroup } from "./CallGroup.ts";
import type { CallRunner } from "./CallRunner.ts";
import type { Channel, OpenChannel } from "./Channel.ts";
import type { HeadReporter, RawHead } from "./HeadReporter.ts";
import { readHead } from "./HeadReporter.ts";
import { toConnectionFault } from "./SourceFault.ts";
import type { SourceFault } from "./SourceFault.ts";
import type { SourceSettings } from "./SourceSettings.ts";
import type { RpcReply } from "./jsonRpc.ts";
import {
  encodeGroup,
  excessOf,
  isRecord,
  malformed,
  MISSING_FROM_BATCH,
  parseJson,
  readReply,
  settleBy,
} from "./jsonRpc.ts";
import { scanJson, type JsonShape } from "./scanJson.ts";
import { wait } from "./wait.ts";

/** How a session ended. */
export interface SessionEnd {
  readonly fault: SourceFault;
  /** Whether it had worked at all. */
  readonly wasUp: boolean;
}

/** A text of the server, and when it was here. */
interface Received {
  readonly text: string;
  readonly receivedAtMs: number;
}

/** Nodes push by another task than they answer. */
const OVERTAKEN_MS = 500;

/** One connection's life: connect, subscribe, fill the gap, watch the heart, end. */
export class DuplexSession {
  readonly #openChannel: OpenChannel;
  readonly #runner: CallRunner;
  readonly #reporter: HeadReporter;
  readonly #settings: SourceSettings;
  /** Aborted with the fault that ended the session. */
  readonly #over = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  /** The group that waits for each id on the wire. */
  readonly #byId = new Map<number, CallGroup>();
  /** Groups that wait for the connection. */
  readonly #early = new Set<CallGroup>();
  #channel: Channel | undefined;
  #isOpen = false;
  #lastHeadAtMs = 0;
  #lastHead: RawHead | null = null;
  /** The newest answer to {@link #fetchHead}. */
  #fetched: { readonly number: number; readonly atMs: number } | null = null;

  constructor(openChannel: OpenChannel, runner: CallRunner, reporter: HeadReporter, settings: SourceSettings) {
    this.#openChannel = openChannel;
    this.#runner = runner;
    this.#reporter = reporter;
    this.#settings = settings;
  }

  /** Lives until the connection fails or `ended` aborts; afterwards every group it carried is settled. */
  async run(ended: AbortSignal): Promise<SessionEnd> {
    const onEnded = (): void => this.#end({ code: "SourceClosed", reason: "the source was closed" });
    ended.addEventListener("abort", onEnded, { once: true });
    let wasUp = false;
    try {
      await this.#connect();
      const isPushed = await this.#subscribe();
      await this.#fetchHead();
      if (!this.#over.signal.aborted) {
        this.#reporter.up();
        wasUp = true;
        await this.#watch(isPushed);
      }
    } catch (error: unknown) {
      if (!(error instanceof KeeperError)) throw error;
      this.#end({ code: error.code as SourceFault["code"], reason: error.message, payload: error.payload });
    } finally {
      ended.removeEventListener("abort", onEnded);
      this.#channel?.destroy();
    }
    return { fault: this.#over.signal.reason as SourceFault, wasUp };
  }

  /** Puts a group on the wire, now or as soon as the connection stands. */
  send(group: CallGroup): void {
    if (this.#over.signal.aborted) group.fail(this.#over.signal.reason as SourceFault);
    else if (!this.#isOpen) this.#early.add(group);
    else {
      for (let index = 0; index < group.calls.length; index++) this.#byId.set(group.firstId + index, group);
      group.noteSent(this.#settings.now());
      this.#channel?.send(encodeGroup(group));
    }
  }

  /** Drops a settled group: a late answer to it finds nobody. */
  forget(group: CallGroup): void {
    this.#early.delete(group);
    for (let index = 0; index < group.calls.length; index++) this.#byId.delete(group.firstId + index);
  }

  async #connect(): Promise<void> {
    const { probeDeadlineMs } = this.#settings;
    const timer = setTimeout(
      () => this.#end({ code: "SourceTimeout", reason: `no connection within ${probeDeadlineMs} ms` }),
      probeDeadlineMs,
    );
    try {
      this.#channel = this.#openChannel({
        onOpen: () => this.#onOpen(),
        onText: (text) => this.#onText(text),
        onClose: (fault) => this.#end(fault),
      });
    } catch (error: unknown) {
      this.#end(toConnectionFault(error instanceof Error ? error : new Error(String(error))));
    }
    await this.#opened.promise;
    clearTimeout(timer);
  }

  /** Asks for pushed heads. False when the node cannot push: its heads are polled then. */
  async #subscribe(): Promise<boolean> {
    try {
      await this.#probe("eth_subscribe", ["newHeads"]);
      return true;
    } catch (error: unknown) {
      if (KeeperError.is(error, "SourceRpcError")) return false;
      throw error;
    }
  }

  /** Asks for the newest head; what was pushed in the meantime is newer than an answer that is not higher. */
  async #fetchHead(): Promise<void> {
    const headsBefore = this.#reporter.headCount;
    const head = readHead(await this.#probe("eth_getBlockByNumber", ["latest", false]));
    if (head === undefined) this.#end(malformed("the newest block has no number and hash"));
    else {
      this.#fetched = { number: head.number, atMs: this.#settings.now() };
      const isNewest = this.#reporter.headCount === headsBefore || head.number > (this.#lastHead?.number ?? -1);
      if (isNewest) this.#noteHead(head, this.#settings.now());
    }
  }

  /**
   * Fetches the head whenever none was pushed for a while. That one call does three jobs: it proves that the
   * connection lives, it notices a subscription that died alone, and it fills what that one missed.
   */
  async #watch(isPushed: boolean): Promise<void> {
    const { now, heartbeatMs, pollIntervalMs } = this.#settings;
    const intervalMs = isPushed ? heartbeatMs : pollIntervalMs;
    this.#lastHeadAtMs = now();
    while (!this.#isOver()) {
      const silentMs = isPushed ? now() - this.#lastHeadAtMs : 0;
      if (silentMs < intervalMs) {
        await wait(intervalMs - silentMs, this.#over.signal);
        if (isPushed || this.#isOver()) continue;
      }
      await this.#beat(isPushed);
      this.#lastHeadAtMs = now();
    }
  }

  /** A node that only says that it is asked too often is alive, and its heads are pushed. */
  async #beat(isPushed: boolean): Promise<void> {
    try {
      await this.#fetchHead();
    } catch (error: unknown) {
      if (!isPushed || !KeeperError.is(error, "SourceRateLimited")) throw error;
    }
  }

  /** Asked anew after each wait: what was read before it does not hold any more. */
  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  #probe(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#runner.probe(method, params, { deadlineMs: this.#settings.probeDeadlineMs });
  }

  #onOpen(): void {
    if (this.#over.signal.aborted) return;
    this.#isOpen = true;
    for (const group of this.#early) this.send(group);
    this.#early.clear();
    this.#opened.resolve();
  }

  #onText(text: string): void {
    const receivedAtMs = this.#settings.now();
    if (this.#over.signal.aborted) return;
    const shape = scanJson(text);
    if (shape.flaw === null && !this.#isWithinBounds(text, shape)) return;
    const parsed = parseJson(text, shape);
    if (!parsed.ok) this.#onGarbage(parsed.fault, text, receivedAtMs);
    else if (Array.isArray(parsed.value)) this.#onBatchAnswer(parsed.value, { text, receivedAtMs });
    else if (isRecord(parsed.value) && parsed.value["method"] === "eth_subscription") {
      this.#onPush(parsed.value["params"], { text, receivedAtMs });
    } else {
      const reply = readReply(parsed.value);
      const group = this.#groupOf(reply);
      if (reply !== undefined && group?.awaits(reply.id) === true) group.noteText(text, receivedAtMs);
      settleBy(group, reply);
    }
  }

  /**
   * Whether a text may be parsed. An answer that is too large fails its call; a late one may be of any size, and nobody waits for
   * it; everything else that large is garbage.
   */
  #isWithinBounds(text: string, shape: JsonShape): boolean {
    const group = shape.id === null ? undefined : this.#byId.get(shape.id);
    const fault = excessOf(text, shape, boundsOfText(group, shape, this.#settings.maxAnswerBytes));
    if (fault === null) return true;
    if (group !== undefined) group.fail(fault);
    else if (shape.id === null) this.#onGarbage(fault, text, this.#settings.now());
    return false;
  }

  #onGarbage(fault: SourceFault, text: string, receivedAtMs: number): void {
    this.#tapPush({ text, receivedAtMs }, fault.code);
    this.#end(fault);
  }

  #onPush(params: unknown, { text, receivedAtMs }: Received): void {
    const head = isRecord(params) ? readHead(params["result"]) : undefined;
    if (head === undefined) {
      this.#onGarbage(malformed("a pushed head has no number and hash"), text, receivedAtMs);
      return;
    }
    this.#tapPush({ text, receivedAtMs }, null);
    if (!this.#isOvertaken(head, receivedAtMs)) this.#noteHead(head, receivedAtMs);
  }

  /**
   * A push from below an answer that has just come was on its way before that, and is no way back: a branch in place of
   * what was answered is pushed up to its height at least.
   */
  #isOvertaken(pushed: RawHead, receivedAtMs: number): boolean {
    if (this.#fetched === null || pushed.number >= this.#fetched.number) return false;
    return receivedAtMs - this.#fetched.atMs < OVERTAKEN_MS;
  }

  #onBatchAnswer(items: readonly unknown[], { text, receivedAtMs }: Received): void {
    const replies = items.map((item) => readReply(item));
    const groups = replies.map((reply) => this.#groupOf(reply));
    const touched = new Set(groups.filter((group) => group !== undefined));
    for (const group of touched) {
      if (!group.isSettled) group.noteText(text, receivedAtMs);
    }
    replies.forEach((reply, index) => {
      settleBy(groups[index], reply);
    });
    for (const group of touched) group.fail(MISSING_FROM_BATCH);
  }

  #groupOf(reply: RpcReply | undefined): CallGroup | undefined {
    if (reply === undefined) return undefined;
    return reply.id === null ? this.#onlyGroup() : this.#byId.get(reply.id);
  }

  #tapPush({ text, receivedAtMs }: Received, fault: string | null): void {
    const { source } = this.#runner;
    const times = { sentAtMs: receivedAtMs, receivedAtMs, settledAtMs: receivedAtMs };
    const { onExchange, masks } = this.#settings;
    onExchange?.({ source, kind: "push", calls: [], firstId: 0, ...times, text: masks.answer(text), fault });
  }

  /** Whom an error without an id is meant for: nobody but the only group on the wire, if there is just one. */
  #onlyGroup(): CallGroup | undefined {
    const groups = new Set([...this.#byId.values()].filter((group) => !group.isSettled));
    return groups.size === 1 ? [...groups][0] : undefined;
  }

  /** A head that is only said again proves little: a subscription that hangs does that. */
  #noteHead(head: RawHead, receivedAtMs: number): void {
    if (head.hash !== this.#lastHead?.hash) this.#lastHeadAtMs = this.#settings.now();
    this.#lastHead = head;
    this.#reporter.head(head, receivedAtMs);
  }

  #end(fault: SourceFault): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(fault);
    this.#opened.resolve();
    for (const group of new Set([...this.#early, ...this.#byId.values()])) group.fail(fault);
    this.#channel?.destroy();
  }
}
