import type { RpcAnswer } from "./ports.ts";

/** The fields of a receipt that its encoding is made of, beside the logs; and its transaction's hash, which is a claim. */
const FRAME_FIELDS = [
  "type",
  "status",
  "root",
  "cumulativeGasUsed",
  "logsBloom",
  "depositNonce",
  "depositReceiptVersion",
  "transactionHash",
] as const;

/** A verified receipt without its logs, as JSON-RPC writes it: with the logs, the receipts root can be built again. */
export type ReceiptFrame = Readonly<Partial<Record<(typeof FRAME_FIELDS)[number], string>>>;

/**
 * What receipts commit to beside their logs, without anything that was served beside that. Only of answers that have been
 * verified: nothing is looked at here.
 *
 * @param isBlock whether the first answer holds all receipts, or each answer one
 */
export function receiptFrames(answers: readonly RpcAnswer[], isBlock: boolean): ReceiptFrame[] {
  const values = answers.map((answer) => (answer.ok ? answer.value : null));
  const receipts = (isBlock ? values[0] : values) as readonly Readonly<Record<string, unknown>>[];
  return receipts.map((receipt) => {
    const frame: { -readonly [Field in keyof ReceiptFrame]: string } = {};
    for (const field of FRAME_FIELDS) {
      const value = receipt[field];
      if (typeof value === "string") frame[field] = value;
    }
    return frame;
  });
}
