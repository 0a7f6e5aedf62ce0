import type { RpcAnswer, RpcCall } from "../../keeper/loop/ports.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";
import { ancestorOf, blockAt, type SimBlock } from "../chain/Block.ts";
import { Execution } from "../contracts/Execution.ts";
import { callContract } from "../contracts/keeperCalls.ts";
import { FINAL_DEPTH, SAFE_DEPTH } from "./Chain.ts";
import { GENESIS } from "./genesis.ts";

/** What a node has. */
export interface NodeView {
  readonly head: SimBlock;
  /** A block that it has imported, whichever branch it is of. */
  readonly blockOf: (hash: Hash) => SimBlock | undefined;
  readonly canProve: boolean;
  readonly chainId: number;
}

/** Nodes serve proofs of so many blocks below their head. */
const PROOF_WINDOW = 128;

function ok(value: unknown): RpcAnswer {
  return { ok: true, value };
}

function failed(message: string, data?: Hex): RpcAnswer {
  return { ok: false, code: "SourceRpcError", message, ...(data === undefined ? {} : { data }) };
}

/** What an honest node answers. The objects are shared and not to be changed. */
export function answerCall(node: NodeView, { method, params }: RpcCall): RpcAnswer {
  const [first, second] = params;
  switch (method) {
    case "eth_chainId":
      return ok(`0x${node.chainId.toString(16)}`);
    case "eth_getBlockByHash": {
      const block = node.blockOf(first as Hash);
      if (block === undefined || second !== true) return ok(block?.json ?? null);
      return ok({ ...block.json, transactions: block.transactions.map(({ hash }) => ({ hash, input: "0x" })) });
    }
    case "eth_getBlockByNumber":
      return ok(blockByTag(node.head, first as string)?.json ?? null);
    case "eth_getBlockReceipts":
      return ok(node.blockOf((first as { readonly blockHash: Hash }).blockHash)?.receipts ?? null);
    case "eth_getTransactionReceipt":
      return ok(null);
    case "eth_getProof":
      return prove(node, params);
    case "eth_call":
      return call(node, params);
    default:
      return failed(`the method ${method} does not exist`);
  }
}

function blockByTag(head: SimBlock, tag: string): SimBlock | null {
  if (tag === "latest") return head;
  if (tag === "safe" || tag === "finalized") return ancestorOf(head, tag === "safe" ? SAFE_DEPTH : FINAL_DEPTH);
  return blockAt(head, Number(tag));
}

function prove(node: NodeView, [address, slots, at]: RpcCall["params"]): RpcAnswer {
  const block = node.blockOf((at as { readonly blockHash: Hash }).blockHash);
  if (block === undefined) return failed("header not found");
  if (!node.canProve) return failed("the method eth_getProof is not available");
  if (node.head.number - block.number > PROOF_WINDOW)
    return failed("distance to target block exceeds maximum proof window");
  return ok(block.state.prove((address as Address).toLowerCase() as Address, slots as readonly Hash[]));
}

function call(node: NodeView, [request, at]: RpcCall["params"]): RpcAnswer {
  const block = node.blockOf((at as { readonly blockHash: Hash }).blockHash);
  if (block === undefined) return failed("header not found");
  const { from, data } = request as { readonly from: Address; readonly data: Hex };
  const execution = new Execution(GENESIS.contracts, block, block.number + 1, block.timestamp);
  const result = callContract(execution, from, data);
  return result.ok ? ok("0x") : failed("execution reverted", result.data);
}
