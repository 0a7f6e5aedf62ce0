import type { Change, Json, Rule } from "../../../scripts/chaos/Rule.ts";
import { callNode } from "../../../scripts/local/callNode.ts";

type Fields = Readonly<Record<string, unknown>>;
type Receipt = Fields & { readonly logs: readonly Fields[] };

/** The result, made by a function of the true one. */
export function replace(method: string, change: Change): Rule {
  return { method, action: "replace", change };
}

/** A node that has no receipts by block, only one by one. */
export const NO_BLOCK_RECEIPTS: Rule = {
  ...{ method: "eth_getBlockReceipts", action: "error" },
  ...{ code: -32_601, message: "the method eth_getBlockReceipts does not exist" },
};

/** Changes the receipts of a block, whether they come by block or, each as a block of its own, one by one. */
export function inReceipts(change: (receipts: readonly Receipt[]) => readonly Receipt[]): Rule[] {
  return [
    replace("eth_getBlockReceipts", (receipts) => change(receipts as Receipt[])),
    replace("eth_getTransactionReceipt", (receipt) => (receipt === null ? null : change([receipt as Receipt])[0])),
  ];
}

/** Changes the logs of a block as one list. */
export function inLogs(change: (logs: readonly Fields[]) => readonly Fields[]): Rule[] {
  return inReceipts((receipts) => {
    const logs = change(receipts.flatMap((receipt) => receipt.logs));
    let at = 0;
    return receipts.map((receipt, index) => {
      const isLast = index === receipts.length - 1;
      const end = isLast ? logs.length : at + receipt.logs.length;
      const own = logs.slice(at, end);
      at = end;
      return { ...receipt, logs: own };
    });
  });
}

/** Leaves out the log at a place, counted around. */
export function dropLog(place: number): Rule[] {
  return inReceipts((receipts) => {
    const total = receipts.reduce((sum, { logs }) => sum + logs.length, 0);
    let at = 0;
    return receipts.map((receipt) => {
      const from = at;
      at += receipt.logs.length;
      return { ...receipt, logs: receipt.logs.filter((_, index) => from + index !== place % total) };
    });
  });
}

/** The proof of what another node, or another question, would be answered with. */
export function proofOf(url: string, ask: (params: readonly unknown[]) => readonly unknown[]): Rule {
  return replace("eth_getProof", async (result, params) => {
    const other = (await callNode(url, "eth_getProof", ask(params))) as Fields;
    // It claims to be the answer to what was asked.
    return { ...other, address: (result as Fields)["address"] };
  });
}

/** Sets a value wherever a call's result has one there. */
export function edit(method: string, path: string, value: Json): Rule {
  return { method, action: "edit", path, value };
}
