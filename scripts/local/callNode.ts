import { KeeperError } from "../../keeper/errors/KeeperError.ts";

/** A JSON-RPC call of a local node. */
export interface NodeCall {
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** An answer of a development node is there within this time, or the node hangs. */
const DEADLINE_MS = 10_000;

interface RpcAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/**
 * The result of one JSON-RPC call over HTTP. For scripts against a node of our own: the answer is trusted.
 *
 * @throws KeeperError `NodeUnreachable`, or `NodeRpcError` with `rpcCode`, `message` and `data` of the answer.
 */
export async function callNode(
  url: string,
  method: string,
  params: readonly unknown[] = [],
  deadlineMs = DEADLINE_MS,
): Promise<unknown> {
  const [answer] = await post(url, [{ method, params }], deadlineMs);
  return resultOf(answer, method);
}

/**
 * The results of several calls in one HTTP request, in their order.
 *
 * @throws KeeperError as {@link callNode}, for the first call that failed.
 */
export async function callNodeMany(url: string, calls: readonly NodeCall[]): Promise<unknown[]> {
  const answers = await post(url, calls, DEADLINE_MS);
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  return calls.map((call, id) => resultOf(byId.get(id), call.method));
}

async function post(url: string, calls: readonly NodeCall[], deadlineMs: number): Promise<RpcAnswer[]> {
  const requests = calls.map(({ method, params = [] }, id) => ({ jsonrpc: "2.0", id, method, params }));
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(requests.length === 1 ? requests[0] : requests),
      signal: AbortSignal.timeout(deadlineMs),
    });
    const body = (await response.json()) as RpcAnswer | RpcAnswer[];
    return Array.isArray(body) ? body : [body];
  } catch (cause: unknown) {
    throw new KeeperError(
      "NodeUnreachable",
      `no answer from the node at ${url}`,
      { method: calls[0]?.method },
      { cause },
    );
  }
}

function resultOf(answer: RpcAnswer | undefined, method: string): unknown {
  if (answer === undefined) throw new KeeperError("NodeRpcError", `${method}: no answer`, { method });
  if (answer.error === undefined) return answer.result;
  const { code, message, data } = answer.error;
  throw new KeeperError("NodeRpcError", `${method}: ${message}`, { method, rpcCode: code, message, data });
}
