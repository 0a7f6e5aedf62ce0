import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { forge, type BlockJson } from "../../../testing/lies.ts";
import { readBlock, type Head, type Rpc } from "../../../testing/Rpc.ts";

/** A state that the chain once had: a header that commits to it, and the account proofs of some addresses. */
export interface KnownState {
  readonly header: BlockJson;
  readonly proofs: ReadonlyMap<string, unknown>;
}

/** Reads the newest block's state, so that it can be served after the chain has left it. */
export async function readState(rpc: Rpc, addresses: readonly string[]): Promise<KnownState> {
  const { hash } = (await readBlock(rpc, "latest"))!;
  const header = (await rpc.request("eth_getBlockByHash", [hash, false])) as BlockJson;
  const proofs = new Map<string, unknown>();
  for (const address of addresses) {
    proofs.set(address.toLowerCase(), await rpc.request("eth_getProof", [address, [], { blockHash: hash }]));
  }
  return { header, proofs };
}

/** A perfect liar: serves blocks without transactions on a branch of its own, with a state that can be proven. */
export class InventingRpc implements Rpc {
  readonly #rpc: Rpc;
  readonly #invented = new Map<Hash, { readonly block: BlockJson; readonly state: KnownState }>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Another child of `parent` each time, served from now on. */
  invent(parent: Head, state: KnownState): Head {
    const number = parent.number + 1;
    const block = forge(state.header, {
      parentHash: parent.hash,
      number: `0x${number.toString(16)}`,
      receiptsRoot: EMPTY_ROOT,
      logsBloom: `0x${"00".repeat(256)}`,
      transactions: [],
      extraData: `0x${(this.#invented.size + 1).toString(16).padStart(4, "0")}`,
    });
    this.#invented.set(block.hash, { block, state });
    return { number, hash: block.hash };
  }

  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    const [first, , third] = params;
    if (method === "eth_getBlockByHash" && this.#invented.has(first as Hash)) {
      return this.#invented.get(first as Hash)!.block;
    }
    const asked = this.#invented.get((third as { readonly blockHash?: Hash } | undefined)?.blockHash ?? "0x");
    if (asked === undefined) return this.#rpc.request(method, params);
    return asked.state.proofs.get((first as string).toLowerCase());
  }
}
