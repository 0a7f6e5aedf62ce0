import type { CallGroup } from "./CallGroup.ts";
import type { JsonShape } from "./scanJson.ts";
import type { SourceCall } from "./Source.ts";

/** How large an answer may be. */
export interface AnswerBounds {
  readonly bytes: number;
  /** Objects and lists. */
  readonly containers: number;
}

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** A word, or the error that comes instead: the longest that nodes and providers write have a few KiB. */
const WORD: AnswerBounds = { bytes: 16 * KIBIBYTE, containers: 64 };
/**
 * A header with the hashes of its transactions, 69 bytes each: a block of 60 million gas has 2,857 at most, this is room for 60,000,
 * as many as 1.2 billion gas buy. The containers are its withdrawals: 16 on Ethereum.
 */
const HEADER: AnswerBounds = { bytes: 4 * MEBIBYTE, containers: 4_096 };
/** Transactions in full: a block has 10 MiB at most (EIP-7934), twice that in hexadecimal, and again with its names and lists. */
const BLOCK: AnswerBounds = { bytes: 64 * MEBIBYTE, containers: 2 * MEBIBYTE };
/** Receipts: a log costs 375 gas and 8 a byte, and is written in 600 bytes and two a byte, so 60 million gas could buy 90 MB; real blocks have 1 to 5. */
const RECEIPTS: AnswerBounds = { bytes: 64 * MEBIBYTE, containers: MEBIBYTE };
/** Code has 24 KiB (EIP-170), perhaps 256 one day, twice that in hexadecimal. */
const CODE: AnswerBounds = { bytes: MEBIBYTE, containers: 64 };
/** What the contracts answer are a few words; what a node says of a call that failed may be long. */
const RESULT: AnswerBounds = { bytes: MEBIBYTE, containers: 1_024 };
/** A way down a trie has 64 nodes at most, of 532 bytes each: 68,352 bytes in hexadecimal, as a list. */
const TRIE_PATH_BYTES = 72 * KIBIBYTE;

const FIXED: Readonly<Record<string, AnswerBounds>> = {
  eth_chainId: WORD,
  eth_getTransactionCount: WORD,
  eth_sendRawTransaction: WORD,
  eth_subscribe: WORD,
  eth_unsubscribe: WORD,
  eth_getCode: CODE,
  eth_call: RESULT,
  eth_getBlockReceipts: RECEIPTS,
  // One transaction can take the whole block.
  eth_getTransactionReceipt: RECEIPTS,
};

/** What nobody asked for: a pushed head. Some nodes push it with the hashes of its transactions. */
const PUSH_BOUNDS: AnswerBounds = HEADER;

/**
 * How large the answer to a message may be: the sum over its calls, and never more than `maxBytes`. A method that the keeper does
 * not know gets what a call gets.
 */
export function boundsOf(calls: readonly SourceCall[], maxBytes: number): AnswerBounds {
  let bytes = 0;
  let containers = 1;
  for (const call of calls) {
    const bounds = boundsOfCall(call);
    bytes += bounds.bytes;
    containers += bounds.containers;
  }
  return { bytes: Math.min(bytes, maxBytes), containers };
}

/** How large a text of a connection may be: the answer to its group or, if it is no list, to one call of it; or what was pushed. */
export function boundsOfText(group: CallGroup | undefined, { id, isList }: JsonShape, maxBytes: number): AnswerBounds {
  if (group === undefined || id === null) return PUSH_BOUNDS;
  const call = group.calls[id - group.firstId];
  return boundsOf(isList || call === undefined ? group.calls : [call], maxBytes);
}

function boundsOfCall({ method, params }: SourceCall): AnswerBounds {
  if (method === "eth_getBlockByHash" || method === "eth_getBlockByNumber") return params[1] === true ? BLOCK : HEADER;
  if (method === "eth_getProof") {
    const keys = Array.isArray(params[1]) ? params[1].length : 0;
    return { bytes: WORD.bytes + (1 + keys) * TRIE_PATH_BYTES, containers: WORD.containers + 2 * keys };
  }
  return Object.hasOwn(FIXED, method) ? (FIXED[method] ?? RESULT) : RESULT;
}
