import { bytesToBigint } from "../lib/bytes.ts";
import { decodeRlp, RlpError } from "../lib/rlp.ts";
import { ProofError } from "./ProofError.ts";

/** How to read a leaf. */
export interface WordOptions {
  /**
   * Whether a leaf may hold the word zero. No chain's state has such leaves, since zero is absent; but Anvil 1.7 leaves
   * one for every empty slot that a transaction loads or clears. The root binds them like any other.
   */
  readonly allowsZeroLeaf?: boolean;
}

/**
 * The word in a leaf of a storage trie: the canonical RLP of 1 to 32 bytes without a leading zero, and of none only
 * where zero leaves are allowed.
 *
 * @throws ProofError `ProofValueMalformed`
 */
export function decodeWord(value: Uint8Array, { allowsZeroLeaf = false }: WordOptions = {}): bigint {
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
  if (
    !(bytes instanceof Uint8Array) ||
    (bytes.length === 0 && !allowsZeroLeaf) ||
    bytes.length > 32 ||
    bytes[0] === 0
  ) {
    throw new ProofError("ProofValueMalformed", "not a storage word", {});
  }
  return bytesToBigint(bytes);
}
