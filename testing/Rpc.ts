import type { Hash } from "../keeper/lib/hex.ts";
import { callNode } from "../scripts/local/callNode.ts";

/** A node as a keeper's source sees it: an EIP-1193 provider in this process, or one behind a URL. */
export interface Rpc {
  /** Rejects when the node answers with an error. */
  request(method: string, params: readonly unknown[]): Promise<unknown>;
}

/** A provider after EIP-1193, such as `connection.provider` of Hardhat. */
export interface Eip1193Provider {
  request(call: { readonly method: string; readonly params?: unknown[] }): Promise<unknown>;
}

/** A block as a head announces it. */
export interface Head {
  readonly number: number;
  readonly hash: Hash;
}

/** A network in this process. */
export function rpcOver(provider: Eip1193Provider): Rpc {
  return { request: (method, params) => provider.request({ method, params: [...params] }) };
}

/** The node behind a URL, over HTTP. */
export function rpcAt(url: string): Rpc {
  return { request: (method, params) => callNode(url, method, params) };
}

/** The newest block of a node. */
export async function readHeadOf(rpc: Rpc): Promise<Head> {
  const head = await readBlock(rpc, "latest");
  if (head === null) throw new Error("the node has no newest block");
  return head;
}

/** Number and hash of a block; null when the node has none. */
export async function readBlock(rpc: Rpc, block: number | "latest"): Promise<Head | null> {
  const tag = block === "latest" ? block : `0x${block.toString(16)}`;
  const answer = (await rpc.request("eth_getBlockByNumber", [tag, false])) as { number: string; hash: Hash } | null;
  return answer === null ? null : { number: Number(answer.number), hash: answer.hash };
}
