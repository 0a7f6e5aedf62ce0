import { CallGroup } from "../chain/sources/CallGroup.ts";
import { JsonFramer } from "../chain/sources/JsonFramer.ts";
import { isRecord, malformed, parseJson, readReply } from "../chain/sources/jsonRpc.ts";
import type { SourceFaultCode } from "../chain/sources/SourceFault.ts";
import type { RpcAnswer } from "../loop/ports.ts";
import type { KeptExchange } from "./KeptExchange.ts";

/**
 * What the core was told of an exchange: the outcome of each call, read from the raw text as a source reads it. Of a text that
 * was cut nothing can be said: each call is `NotKept`.
 */
export function readAnswers(exchange: KeptExchange): RpcAnswer[] {
  if (exchange.cut !== undefined) return exchange.calls.map(() => notKept(exchange));
  const { source, firstId, calls, kind, text, fault, retryAfterMs } = exchange;
  const group = new CallGroup(source, firstId, calls, kind === "batch");
  for (const value of text === null ? [] : valuesIn(text)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) settle(group, item);
  }
  if (fault !== null) group.fail({ code: fault as SourceFaultCode, reason: `recorded as ${fault}` });
  group.fail(malformed("the recorded answer holds no reply to this call"));
  return group.items.map((item) => {
    if (item.ok) return { ok: true, value: item.result };
    const { code, message } = item.error;
    const isLimited = code === "SourceRateLimited" && retryAfterMs !== undefined;
    return { ok: false, code, message, ...(isLimited ? { retryAfterMs } : {}) };
  });
}

function notKept({ source, cut }: KeptExchange): RpcAnswer {
  const message = `of the answer of ${source}, ${cut?.bytes} bytes long, only the beginning was kept`;
  return { ok: false, code: "NotKept", message };
}

function settle(group: CallGroup, value: unknown): void {
  const reply = isRecord(value) ? readReply(value) : undefined;
  if (reply === undefined) return;
  if (reply.id === null) {
    if (!reply.outcome.ok) group.fail(reply.outcome.fault);
  } else if (group.owns(reply.id)) group.settle(reply);
}

/** One JSON text, or several one after another where a node answered the items of a batch one by one. */
function valuesIn(text: string): unknown[] {
  const whole = parseJson(text);
  if (whole.ok) return [whole.value];
  const framer = new JsonFramer(Number.MAX_SAFE_INTEGER);
  const parts = framer.push(Buffer.from(text)).flatMap((event) => (event.kind === "message" ? [event.bytes] : []));
  return parts.flatMap((part) => {
    const parsed = parseJson(part.toString("utf8"));
    return parsed.ok ? [parsed.value] : [];
  });
}
