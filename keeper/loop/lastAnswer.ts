import { decodeEvent } from "../books/generated/AggregatorV3Interface.ts";
import { DecodeError } from "../books/layout/DecodeError.ts";
import type { Answer } from "../books/Prices.ts";
import type { VerifiedLog } from "../domain/VerifiedLog.ts";

/** The last log among these that is an answer, and the answer; null where there is none. What cannot be read is none. */
export function lastAnswer(logs: readonly VerifiedLog[]): readonly [VerifiedLog, Answer] | null {
  for (let at = logs.length - 1; at >= 0; at -= 1) {
    const log = logs[at] as VerifiedLog;
    try {
      const event = decodeEvent(log);
      if (event !== null) return [log, { answer: event.current, updatedAt: event.updatedAt }];
    } catch (error: unknown) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
  return null;
}
