import type { RpcAnswer, RpcCall } from "../../keeper/loop/ports.ts";
import type { Draw } from "../../scripts/histories/Draw.ts";
import type { Lie } from "../plan/Fault.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Another hex digit in the middle of a text. */
function flip(hex: string, draw: Draw): string {
  if (hex.length < 4) return `${hex}00`;
  const at = 2 + draw.below(hex.length - 2);
  const digit = (parseInt(hex.charAt(at), 16) ^ (1 + draw.below(15))).toString(16);
  return hex.slice(0, at) + digit + hex.slice(at + 1);
}

/** A receipt with a log edited, dropped or doubled. */
function forgeReceipts(receipts: readonly Fields[], draw: Draw): readonly Fields[] {
  if (receipts.length === 0) return receipts;
  const index = draw.below(receipts.length);
  const receipt = receipts[index] ?? {};
  const logs = receipt["logs"] as readonly Fields[];
  const choice = draw.below(4);
  if (choice === 0 || logs.length === 0) return receipts.toSpliced(index, 1);
  const forged =
    choice === 1
      ? logs.slice(1)
      : choice === 2
        ? [...logs, ...logs.slice(0, 1)]
        : logs.map((log, at) => (at === 0 ? { ...log, data: flip(log["data"] as string, draw) } : log));
  return receipts.with(index, { ...receipt, logs: forged });
}

function forgeProof(proof: Fields, draw: Draw): Fields {
  const nodes = proof["accountProof"] as readonly string[];
  const index = draw.below(nodes.length);
  const choice = draw.below(3);
  if (choice === 0) return { ...proof, accountProof: nodes.slice(0, -1) };
  if (choice === 1) return { ...proof, accountProof: nodes.with(index, flip(nodes[index] ?? "0x", draw)) };
  return { ...proof, accountProof: nodes.toReversed() };
}

const HEADER_FIELDS = ["stateRoot", "parentHash", "receiptsRoot", "timestamp", "extraData", "baseFeePerGas"] as const;

function forgeHeader(block: Fields, draw: Draw): Fields {
  const field = draw.pick(HEADER_FIELDS);
  return { ...block, [field]: flip(String(block[field]), draw) };
}

/** An honest answer as a liar gives it; the same where this lie is not about such answers. */
export function forge(how: Lie, { method }: RpcCall, answer: RpcAnswer, draw: Draw): RpcAnswer {
  if (!answer.ok || answer.value === null || draw.chance(0.3)) return answer;
  const { value } = answer;
  if (how === "deny" && method !== "eth_chainId") {
    return draw.chance(0.5)
      ? { ok: true, value: null }
      : { ok: false, code: "SourceRpcError", message: "header not found" };
  }
  if (how === "receipts" && method === "eth_getBlockReceipts") {
    return { ok: true, value: forgeReceipts(value as readonly Fields[], draw) };
  }
  if (how === "proof" && method === "eth_getProof") return { ok: true, value: forgeProof(value as Fields, draw) };
  if (how === "header" && method.startsWith("eth_getBlockBy")) {
    return { ok: true, value: forgeHeader(value as Fields, draw) };
  }
  if (how === "wrong-chain" && method === "eth_chainId") return { ok: true, value: "0x5" };
  return answer;
}
