import { isUtf8 } from "node:buffer";
import type { AnswerBounds } from "./answerBounds.ts";
import type { CallGroup } from "./CallGroup.ts";
import type { SourceFault } from "./SourceFault.ts";
import { quote } from "./SourceFault.ts";
import { isRateLimit, rateLimited, retryAfterOfData } from "./rateLimited.ts";
import { scanJson, type JsonShape } from "./scanJson.ts";
import { parseStrictJson } from "./strictJson.ts";

/** One reply of a server. `id` is null when the server could not tell which call it answers. */
export interface RpcReply {
  readonly id: number | null;
  readonly outcome:
    { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly fault: SourceFault };
}

/** What the bytes of a group are, by https://www.jsonrpc.org/specification. */
export function encodeGroup(group: CallGroup): string {
  const messages = group.calls.map(({ method, params }, index) => ({
    jsonrpc: "2.0",
    id: group.firstId + index,
    method,
    params,
  }));
  return JSON.stringify(group.isBatch ? messages : messages[0]);
}

/** What becomes of a text. */
export type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: SourceFault };

/** The value of a JSON text that means one thing only, or a `SourceMalformed` fault; see {@link parseStrictJson}. */
export function parseJson(text: string, shape?: JsonShape): Parsed {
  const parsed = parseStrictJson(text, shape);
  if (parsed.ok) return parsed;
  return { ok: false, fault: malformed(`the answer is ${parsed.reason}: ${quote(text.slice(0, 80))}`) };
}

/** The text in an answer's bytes, as they are: a byte order mark is kept, for the parser to refuse. */
export function decodeUtf8(bytes: Buffer): { ok: true; text: string } | { ok: false; fault: SourceFault } {
  if (!isUtf8(bytes)) return { ok: false, fault: malformed("the answer is not UTF-8") };
  return { ok: true, text: bytes.toString("utf8") };
}

/** The reply held by a parsed value, or undefined when it has no id that could match a call of ours. */
export function readReply(value: unknown): RpcReply | undefined {
  if (!isRecord(value) || !Object.hasOwn(value, "id")) return undefined;
  const id = value["id"];
  if (id !== null && typeof id !== "number") return undefined;
  return { id, outcome: readOutcome(value) };
}

/** Gives a parsed answer to the one group it can be meant for. Afterwards the group is settled. */
export function settleFromAnswer(group: CallGroup, value: unknown): void {
  if (group.isBatch && Array.isArray(value)) {
    for (const item of value as unknown[]) {
      const reply = readReply(item);
      if (reply?.id != null && group.owns(reply.id)) group.settle(reply);
    }
    group.fail(MISSING_FROM_BATCH);
    return;
  }
  const reply = readReply(value);
  if (reply?.id === null && !reply.outcome.ok) group.fail(reply.outcome.fault);
  else if (reply?.id != null && group.owns(reply.id)) {
    group.settle(reply);
    group.fail(MISSING_FROM_BATCH);
  } else group.fail(malformed("the answer is no JSON-RPC reply to this call"));
}

/** Settles of a group what a reply is meant for. Does nothing where one of the two is missing. */
export function settleBy(group: CallGroup | undefined, reply: RpcReply | undefined): void {
  if (group === undefined || reply === undefined) return;
  if (reply.id !== null) group.settle(reply);
  else if (!reply.outcome.ok) group.fail(reply.outcome.fault);
}

/** The fault of a call that the answer to its batch does not mention. */
export const MISSING_FROM_BATCH: SourceFault = malformed("the answer to the batch holds no reply to this call");

/** The value of an answer that is no larger than it may be; else it is not parsed. */
export function parseWithin(text: string, bounds: AnswerBounds): Parsed {
  const shape = scanJson(text);
  const fault = shape.flaw === null ? excessOf(text, shape, bounds) : null;
  return fault === null ? parseJson(text, shape) : { ok: false, fault };
}

/** What is wrong with an answer of this size, or null; before it is parsed. */
export function excessOf(text: string, shape: JsonShape, { bytes, containers }: AnswerBounds): SourceFault | null {
  // A character has a byte at least.
  if (text.length > bytes) return tooLong(bytes);
  if (shape.containers <= containers) return null;
  return malformed(`the answer has more than the ${containers} objects and lists that it may have`);
}

/** The fault of an answer above its cap: a source that sends such is no better than one that sends no JSON. */
export function tooLong(maxAnswerBytes: number): SourceFault {
  return { ...malformed(`the answer exceeds ${maxAnswerBytes} bytes`), payload: { maxAnswerBytes } };
}

/** A `SourceMalformed` fault. */
export function malformed(reason: string): SourceFault {
  return { code: "SourceMalformed", reason };
}

/** True for JSON objects: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readOutcome(reply: Record<string, unknown>): RpcReply["outcome"] {
  const error = Object.hasOwn(reply, "error") ? (reply["error"] ?? undefined) : undefined;
  const hasResult = Object.hasOwn(reply, "result");
  if (error === undefined) {
    if (hasResult) return { ok: true, result: reply["result"] };
    return { ok: false, fault: malformed("the reply holds neither a result nor an error") };
  }
  if (hasResult && reply["result"] != null) {
    return { ok: false, fault: malformed("the reply holds both a result and an error") };
  }
  const { code, message } = isRecord(error) ? error : {};
  if (!isRecord(error) || typeof code !== "number" || !Number.isInteger(code) || typeof message !== "string") {
    return { ok: false, fault: malformed("the error of the reply has no integer code and text message") };
  }
  const rpcMessage = quote(message);
  const payload = { rpcCode: code, rpcMessage, data: error["data"] };
  const reason = `${rpcMessage} (code ${code})`;
  const fault: SourceFault = isRateLimit(code, message)
    ? rateLimited(reason, payload, retryAfterOfData(error["data"]))
    : { code: "SourceRpcError", reason, payload };
  return { ok: false, fault };
}
