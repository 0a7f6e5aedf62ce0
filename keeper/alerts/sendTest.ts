import { KeeperError } from "../errors/KeeperError.ts";
import { cleanText } from "./plan/cleanText.ts";
import { makeDraft } from "./plan/makeDraft.ts";
import type { Notice, NoticeLevel } from "./plan/Notice.ts";
import type { Sink } from "./Sink.ts";

/** What became of a test message. */
export interface TestResult {
  readonly sink: string;
  readonly isSent: boolean;
  /** Why not; empty when it was sent. */
  readonly reason: string;
}

/** What a test is made of. */
export interface TestOptions {
  /** `critical` wakes whoever is on call. */
  readonly level: NoticeLevel;
  readonly wallNow: () => number;
  /** Longest time for a sink. */
  readonly deadlineMs: number;
}

const MAX_REASON = 300;

/**
 * Sends a message to every sink at once and without retries, so that a person sees whether it arrives; then its end, so that nothing
 * stays open at PagerDuty. Never rejects.
 */
export async function sendTest(sinks: readonly Sink[], options: TestOptions): Promise<TestResult[]> {
  return await Promise.all(sinks.map((sink) => test(sink, options)));
}

async function test(sink: Sink, { level, wallNow, deadlineMs }: TestOptions): Promise<TestResult> {
  const late = Promise.withResolvers<never>();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    late.reject(new KeeperError("AlertTimeout", `no answer within ${deadlineMs} ms`));
    deadline.abort();
  }, deadlineMs);
  const sendBoth = async (): Promise<void> => {
    await sink.send(testNotice(level, "begin", wallNow()), deadline.signal);
    await sink.send(testNotice(level, "end", wallNow()), deadline.signal);
  };
  try {
    await Promise.race([sendBoth(), late.promise]);
    return { sink: sink.name, isSent: true, reason: "" };
  } catch (error: unknown) {
    const reason = KeeperError.is(error) ? `${error.code}: ${error.message}` : "the sink failed in an unexpected way";
    return { sink: sink.name, isSent: false, reason: cleanText(reason, MAX_REASON) };
  } finally {
    clearTimeout(timer);
  }
}

function testNotice(level: NoticeLevel, state: "begin" | "end", atMs: number): Notice {
  const isEnd = state === "end";
  const { notTo: _notTo, ...draft } = makeDraft({
    ...{ key: "alert:test", kind: "alert", level: isEnd ? "warning" : level, event: "test", state, isEnd },
    title: isEnd ? "The test of the alerts is over" : "A test of the alerts: nothing has happened",
    detail: "Sent by hand, to see that messages arrive.",
  });
  return { ...draft, id: `test-${atMs.toString(36)}-${state}`, reminder: 0, atMs };
}
