import { encodeHeader } from "../keeper/chain/verify/header.ts";
import type { Hash } from "../keeper/lib/hex.ts";
import type { Rpc } from "./Rpc.ts";

/** A block as JSON-RPC answers it. */
export type BlockJson = Record<string, unknown> & { readonly hash: Hash };

/** Answers in place of the node, or asks it with the same or other params. */
export type Lie = (method: string, params: readonly unknown[], ask: Rpc["request"]) => unknown;

/** A node with a liar in between; a lie that throws is an error of the node. */
export function lyingRpc(rpc: Rpc, lie: Lie): Rpc {
  const ask: Rpc["request"] = (method, params) => rpc.request(method, params);
  return { request: async (method, params) => await lie(method, params, ask) };
}

/** The block with other fields and the hash that belongs to them: consistent in itself, on nobody's chain. */
export function forge(block: BlockJson, changes: Record<string, unknown>): BlockJson {
  const forged = { ...block, ...changes };
  return { ...forged, hash: encodeHeader(forged).hash };
}

/** Serves blocks that are on nobody's chain with the state of the newest block, and keeps their receipts back. */
export class ForgingRpc implements Rpc {
  readonly #rpc: Rpc;
  readonly #forged = new Map<Hash, BlockJson>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** A forged child of `parent`, served from now on. */
  async forgeChild(parent: Hash, number: number): Promise<{ readonly number: number; readonly hash: Hash }> {
    const block = (await this.#rpc.request("eth_getBlockByHash", [parent, false])) as BlockJson;
    const forged = forge(block, {
      parentHash: parent,
      number: `0x${number.toString(16)}`,
      receiptsRoot: `0x${"77".repeat(32)}`,
      // May hold any log, so that the keeper needs the receipts which nobody has.
      logsBloom: `0x${"ff".repeat(256)}`,
      transactions: [`0x${"11".repeat(32)}`],
    });
    this.#forged.set(forged.hash, forged);
    return { number, hash: forged.hash };
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const [first, second, third] = params;
    if (method === "eth_getBlockByHash" && this.#forged.has(first as Hash)) return this.#forged.get(first as Hash);
    if (method === "eth_getBlockReceipts" || method === "eth_getTransactionReceipt") return null;
    const asked = (third as { readonly blockHash?: Hash } | undefined)?.blockHash;
    if (asked !== undefined && this.#forged.has(asked)) return this.#rpc.request(method, [first, second, "latest"]);
    return this.#rpc.request(method, params);
  }
}

/** A source that lags: it answers as a node whose newest block is this one. */
export function atMost(number: number): Lie {
  return (method, params, ask) => {
    const isLatest = method === "eth_getBlockByNumber" && params[0] === "latest";
    return ask(method, isLatest ? [`0x${number.toString(16)}`, false] : params);
  };
}

/** Edits the answers to one method; what `edit` gives back is answered in place of each honest one. */
export function editing(method: string, edit: (answer: unknown, params: readonly unknown[]) => unknown): Lie {
  return async (asked, params, ask) => {
    const answer = await ask(asked, params);
    return asked === method ? edit(answer, params) : answer;
  };
}

/** Leaves logs of a contract out of every block's receipts, whose bloom and root then do not fit them. */
export function droppingLogs(address: string): Lie {
  const isDropped = (log: unknown): boolean =>
    (log as { readonly address: string }).address.toLowerCase() === address.toLowerCase();
  return editing("eth_getBlockReceipts", (answer) => {
    const receipts = answer as readonly { readonly logs: readonly unknown[] }[] | null;
    return receipts?.map((receipt) => ({ ...receipt, logs: receipt.logs.filter((log) => !isDropped(log)) })) ?? null;
  });
}
