import type { BatchItem } from "../chain/sources/Source.ts";
import { verifyReceipts } from "../chain/verify/receipts.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import { EMPTY_ROOT } from "../trie/nodeEncoding.ts";
import { fail, ok, skip, warn, type ProbeOutcome } from "./Probe.ts";
import { reasonOf, type ServedBlock, type SourceContext, type SourceProbe } from "./SourceContext.ts";

/** Blocks below the head in which a transaction is looked for. */
const LOOK_BACK = 32;
/** Beyond any block: at 21,000 gas each, 200 million. */
const MAX_TRANSACTIONS = 10_000;
const NO_RECEIPTS = "without receipts no block can be judged: another source has to serve them";

/** Whether the receipts of a recent block rebuild its receipts root, and by which method they are had. */
export const receipts: SourceProbe = {
  name: "receipts",
  run: async (context) => {
    const block = await findBusyBlock(context);
    if (block === null) return skip(`no transaction in the last ${LOOK_BACK} blocks`);
    const { hash, number, receiptsRoot } = block.header;
    const whole = await context.try("eth_getBlockReceipts", { blockHash: hash });
    if (whole.ok && whole.result !== null) {
      const problem = problemOf(whole.result, receiptsRoot);
      return problem === null ? ok(`eth_getBlockReceipts of block ${number} verifies`) : refute(number, problem);
    }
    const why = whole.ok ? "it has none" : reasonOf(whole.error);
    const single = await oneByOne(context, block);
    if (single === null) return fail(`eth_getBlockReceipts: ${why}; nor one by one`, NO_RECEIPTS);
    const problem = problemOf(single, receiptsRoot);
    if (problem !== null) return refute(number, problem);
    return warn(
      `one by one: ${single.length} of block ${number} verify (eth_getBlockReceipts: ${why})`,
      "a call for each transaction of a block: slower, and more of the provider's quota",
    );
  },
};

async function findBusyBlock(context: SourceContext): Promise<ServedBlock | null> {
  const head = await context.head();
  for (let number = head.header.number; number >= 0 && number > head.header.number - LOOK_BACK; number -= 1) {
    const block = number === head.header.number ? head : await context.block(number);
    if (block !== null && block.header.receiptsRoot !== EMPTY_ROOT) return block;
  }
  return null;
}

async function oneByOne(context: SourceContext, { body }: ServedBlock): Promise<unknown[] | null> {
  const transactions = body["transactions"];
  // The list is the source's word, and what is asked of it now is as long as it says.
  if (!Array.isArray(transactions) || transactions.length > MAX_TRANSACTIONS) return null;
  const calls = transactions.map((hash: unknown) => ({ method: "eth_getTransactionReceipt", params: [hash] }));
  const items = await context.all(calls);
  const found = items.filter((item): item is BatchItem & { ok: true } => item.ok && item.result !== null);
  return found.length === calls.length ? found.map(({ result }) => result) : null;
}

function problemOf(list: unknown, receiptsRoot: ServedBlock["header"]["receiptsRoot"]): string | null {
  try {
    verifyReceipts(list, receiptsRoot);
    return null;
  } catch (error: unknown) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

function refute(number: number, problem: string): ProbeOutcome {
  if (problem !== "ReceiptUnsupported") {
    return fail(`the receipts of block ${number} are not the block's (${problem})`, "the source drops or alters logs");
  }
  return fail(
    `block ${number} has a transaction type that this version does not know`,
    "the keeper says Unknown (unsupported) for such blocks; update it",
  );
}
