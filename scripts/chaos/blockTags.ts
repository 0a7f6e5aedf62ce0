import type { BlockTag } from "./Rule.ts";
import { errorReply, isRecord, listParams, type Call, type Reply } from "./rpcMessage.ts";

/** Where the block stands in the params, for calls that may leave it out and mean `latest`. */
const DEFAULTS_TO_LATEST: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_createAccessList: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getProof: 2,
  eth_getStorageAt: 2,
  eth_getTransactionCount: 1,
};

/** Calls that name a block first. */
const BLOCK_FIRST = new Set(["eth_getBlockByNumber", "eth_getBlockReceipts", "eth_getBlockTransactionCountByNumber"]);

const FILTERS = new Set(["eth_getLogs", "eth_newFilter"]);

/** Calls without a block in their params whose answer is of one. */
const BY_HASH = new Set(["eth_getBlockByHash", "eth_getTransactionByHash", "eth_getTransactionReceipt"]);

/** Whether the answer depends on how far the node is. */
export function isAboutBlocks({ method, params }: Pick<Call, "method" | "params">): boolean {
  if (method === "eth_blockNumber" || FILTERS.has(method) || BY_HASH.has(method) || BLOCK_FIRST.has(method))
    return true;
  return method in DEFAULTS_TO_LATEST || listParams(params).some((param) => param === "latest" || param === "pending");
}

/** Whether a tag stands in the params, or is meant by what they leave out. */
export function namesTag(call: Pick<Call, "method" | "params">, tag: BlockTag): boolean {
  if (tag === "latest" && call.method === "eth_blockNumber") return true;
  const before = listParams(call.params);
  return listParams(replaceTags(call, new Map([[tag, ""]])).params).some((param, index) => param !== before[index]);
}

/** The call with blocks in place of tags. `latest` that is only meant is written out. */
export function replaceTags<Of extends Pick<Call, "method" | "params">>(
  call: Of,
  tags: ReadonlyMap<BlockTag, string>,
): Of {
  if (isRecord(call.params)) return call;
  const of = (value: unknown): unknown => tags.get(value as BlockTag) ?? value;
  const latest = tags.get("latest");
  const params = listParams(call.params).map((param) => {
    if (!FILTERS.has(call.method) || !isRecord(param) || "blockHash" in param) return of(param);
    const isFilterChanged =
      latest !== undefined || tags.has(param["fromBlock"] as BlockTag) || tags.has(param["toBlock"] as BlockTag);
    if (!isFilterChanged) return param;
    const { fromBlock = latest, toBlock = latest, ...rest } = param;
    return {
      ...(fromBlock === undefined ? {} : { fromBlock: of(fromBlock) }),
      ...(toBlock === undefined ? {} : { toBlock: of(toBlock) }),
      ...rest,
    };
  });
  const at = DEFAULTS_TO_LATEST[call.method];
  if (latest !== undefined && at !== undefined && params.length === at) params.push(latest);
  return { ...call, params };
}

/** The reply of a node that knows no block after `limit`; asked is the call with its tags replaced. */
export function hideNewer(asked: Pick<Call, "method" | "params">, reply: Reply, limit: number): Reply {
  if (asked.method === "eth_blockNumber" && "result" in reply) return { ...reply, result: toQuantity(limit) };
  const params = listParams(asked.params);
  const at = DEFAULTS_TO_LATEST[asked.method];
  if (at !== undefined && isAfter(params[at], limit)) return errorReply(reply["id"], -32_000, "header not found");
  if (BLOCK_FIRST.has(asked.method) && isAfter(params[0], limit)) return withResult(reply, null);
  const result = reply["result"];
  if (FILTERS.has(asked.method) && Array.isArray(result)) {
    const logs = (result as unknown[]).filter((log) => !(isRecord(log) && isAfter(log["blockNumber"], limit)));
    return withResult(reply, logs);
  }
  const number = isRecord(result) ? (result["blockNumber"] ?? result["number"]) : undefined;
  return (BY_HASH.has(asked.method) || BLOCK_FIRST.has(asked.method)) && isAfter(number, limit)
    ? withResult(reply, null)
    : reply;
}

/** A block number as JSON-RPC writes it. */
export function toQuantity(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The number that a quantity is; undefined for anything else. */
export function fromQuantity(value: unknown): number | undefined {
  return typeof value === "string" && /^0x[0-9a-f]{1,13}$/i.test(value) ? Number(value) : undefined;
}

function withResult({ error: _, ...reply }: Reply, result: unknown): Reply {
  return { ...reply, result };
}

function isAfter(value: unknown, limit: number): boolean {
  const number = fromQuantity(value);
  return number !== undefined && number > limit;
}
