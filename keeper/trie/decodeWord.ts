import { bytesToBigint } from "../lib/bytes.ts";
import { decodeRlp, RlpError } from "../lib/rlp.ts";
import { ProofError } from "./ProofError.ts";

/**
 * The word in a leaf of a storage trie: the canonical RLP of 1 to 32 bytes without a leading zero. A word of zero is
 * never stored.
 *
 * @throws ProofError `ProofValueMalformed`
 */
export function decodeWord(value: Uint8Array): bigint {
  let bytes;
  try {
    bytes = decodeRlp(value);
  } catch (error: unknown) {
    if (!(error instanceof RlpError)) throw error;
    throw new ProofError(
      "ProofValueMalformed",
      `storage word: ${error.message}`,
      { rlp: error.code },
      { cause: error },
    );
  }
  if (!(bytes instanceof Uint8Array) || bytes.length === 0 || bytes.length > 32 || bytes[0] === 0) {
    throw new ProofError("ProofValueMalformed", "not a storage word", {});
  }
  return bytesToBigint(bytes);
}
