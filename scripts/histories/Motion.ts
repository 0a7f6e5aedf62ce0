import { id } from "ethers";

import type { Attestation } from "../../keeper/domain/Attestation.ts";
import { bigintToHex32, type Hash, type Hex } from "../../keeper/lib/hex.ts";

/** What a challenger shows to the checkpoint registry. */
export interface Motion {
  /** Its numbers may be any word: the adversary writes calldata, not attestations. */
  readonly attestation: Attestation;
  readonly roots: readonly Hash[];
  /** One after the other, without prefixes. */
  readonly signatures: string;
  readonly index: bigint;
  readonly header: Hex;
  readonly proof: readonly Hex[];
}

const SELECTOR = id("convict((uint32,uint32,uint64,bytes32,bytes32),bytes32[],bytes,uint256,bytes,bytes[])").slice(
  2,
  10,
);
const HEAD_WORDS = 10;
const WORD_BYTES = 32;

/** A number as a word, without prefix. */
export function word(value: bigint | number): string {
  return bigintToHex32(BigInt(value)).slice(2);
}

/** A byte string as the ABI has it: its length, and its bytes up to a whole word. No prefix, neither here nor there. */
export function byteString(digits: string): string {
  const length = digits.length / 2;
  return word(length) + digits.padEnd(WORD_BYTES * 2 * Math.ceil(length / WORD_BYTES), "0");
}

/** A list of things of unequal size: their number, where each begins, and all of them. */
export function list(items: readonly string[]): string {
  let heads = "";
  let at = WORD_BYTES * items.length;
  for (const item of items) {
    heads += word(at);
    at += item.length / 2;
  }
  return word(items.length) + heads + items.join("");
}

/**
 * Calldata of `CheckpointRegistry.convict`, without prefix. By hand, because of the tens of millions that are made; a test
 * compares it with the ABI coder's.
 */
export function encodeConvict({ attestation, roots, signatures, index, header, proof }: Motion): string {
  const { setId, bookSetVersion, blockNumber, blockHash, booksRoot } = attestation;
  const signed = word(setId) + word(bookSetVersion) + word(blockNumber) + blockHash.slice(2) + booksRoot.slice(2);
  const tails = [
    word(roots.length) + roots.map((root) => root.slice(2)).join(""),
    byteString(signatures),
    byteString(header.slice(2)),
    list(proof.map((node) => byteString(node.slice(2)))),
  ];
  const offsets: string[] = [];
  let at = WORD_BYTES * HEAD_WORDS;
  for (const tail of tails) {
    offsets.push(word(at));
    at += tail.length / 2;
  }
  const [rootsAt = "", signaturesAt = "", headerAt = "", proofAt = ""] = offsets;
  return SELECTOR + signed + rootsAt + signaturesAt + word(index) + headerAt + proofAt + tails.join("");
}
