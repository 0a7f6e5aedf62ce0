/** One call in a request. */
export interface Call {
  /** The call as it was sent. */
  readonly item: Readonly<Record<string, unknown>>;
  /** Undefined for a notification, which is not answered. */
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

/** A request that could be read. */
export interface RpcMessage {
  readonly isBatch: boolean;
  readonly calls: readonly Call[];
}

/** One reply, or anything else that stands in its place. */
export type Reply = Readonly<Record<string, unknown>>;

/** Reads a request; undefined when any part of it is no JSON-RPC call: the node says what it thinks of that. */
export function parseRequest(text: string): RpcMessage | undefined {
  const value = parseJson(text);
  const isBatch = Array.isArray(value);
  const items: unknown[] = isBatch ? (value as unknown[]) : [value];
  const calls: Call[] = [];
  for (const item of items) {
    if (!isRecord(item) || typeof item["method"] !== "string") return undefined;
    calls.push({ item, id: item["id"], method: item["method"], params: item["params"] });
  }
  return calls.length === 0 ? undefined : { isBatch, calls };
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** True for JSON objects: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The params as a list, for those who pass none or name them. */
export function listParams(params: unknown): readonly unknown[] {
  if (Array.isArray(params)) return params as unknown[];
  return params === undefined ? [] : [params];
}

/** An error reply of the proxy's own. */
export function errorReply(id: unknown, code: number, message: string): Reply {
  return { jsonrpc: "2.0", id: id ?? null, error: { code, message } };
}
