import type { Hash } from "../../lib/hex.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import type { Header } from "./header.ts";
import { VerificationError } from "./VerificationError.ts";

const HASH = /^0x[0-9a-fA-F]{64}$/;
/** No transaction takes less: today it is 21,000 (EIP-2028), and drafts that cut it (EIP-2780) leave it at 4,500 or more. */
const MIN_GAS = 4_500n;
/** Transactions of the chain itself, which some chains charge nothing for. */
const MAX_FREE = 64n;

function refuse(detail: string): VerificationError {
  return new VerificationError("TransactionListMalformed", `the list of transactions ${detail}`, { detail });
}

/**
 * The hashes of a block's transactions, as `eth_getBlockByHash` lists them, checked for what the verified header says of
 * them: whether there are any, and how many its gas is enough for. That they are the block's transactions is not verified,
 * only their receipts are: the list serves to ask for these.
 *
 * @param transactions the block's field: untrusted; what is no list counts as an empty one
 * @throws VerificationError `TransactionListMalformed`, `ReceiptsRootMismatch`
 */
export function verifyTransactionList(transactions: unknown, header: Header): readonly Hash[] {
  const list: readonly unknown[] = Array.isArray(transactions) ? transactions : [];
  if ((list.length === 0) !== (header.receiptsRoot === EMPTY_ROOT)) {
    const detail = "the list of transactions contradicts the receipts root";
    throw new VerificationError("ReceiptsRootMismatch", detail, { expected: header.receiptsRoot });
  }
  if (BigInt(list.length) > header.gasUsed / MIN_GAS + MAX_FREE) throw refuse("is longer than its gas is enough for");
  const hashes: Hash[] = [];
  for (const item of list) {
    if (typeof item !== "string" || !HASH.test(item)) throw refuse("holds what is no hash");
    hashes.push(item.toLowerCase() as Hash);
  }
  return hashes;
}
