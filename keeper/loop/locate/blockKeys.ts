import type { BookBlock } from "../../books/BookBlock.ts";
import type { Hash } from "../../lib/hex.ts";

const WORD = /[0-9a-f]{64}/g;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
/** Characters; longer call data is not looked through for names. */
const MAX_CALL_DATA = 100_000;
/** So many words of a block are tried as keys: each costs some hashes. */
const MAX_WORDS = 256;

/**
 * What a transaction of a block shows of keys, from an `eth_getBlockByHash` answer with transactions: senders, and every
 * aligned word of call data. Unverified: a key that names a slot proves itself by its hash.
 */
export function wordsOfTransactions(answer: unknown): Hash[] {
  if (typeof answer !== "object" || answer === null) return [];
  const { transactions } = answer as { readonly transactions?: unknown };
  const words = new Set<Hash>();
  for (const transaction of Array.isArray(transactions) ? (transactions as unknown[]) : []) {
    if (typeof transaction !== "object" || transaction === null || words.size >= MAX_WORDS) continue;
    const { input, from } = transaction as { readonly input?: unknown; readonly from?: unknown };
    if (typeof from === "string" && ADDRESS.test(from)) words.add(`0x${from.slice(2).toLowerCase().padStart(64, "0")}`);
    if (typeof input !== "string" || input.length > MAX_CALL_DATA) continue;
    for (const [word] of input.slice(10).toLowerCase().matchAll(WORD)) words.add(`0x${word}`);
  }
  return [...words].slice(0, MAX_WORDS);
}

/** What the logs of blocks show of keys: their indexed fields. */
export function wordsOfLogs(blocks: readonly BookBlock[]): Hash[] {
  const words = new Set<Hash>();
  for (const { logs } of blocks) {
    for (const { topics } of logs) for (const topic of topics.slice(1)) if (words.size < MAX_WORDS) words.add(topic);
  }
  return [...words];
}
