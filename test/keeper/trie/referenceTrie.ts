import { createMerkleProof, createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";

import { bigintToBytes } from "../../../keeper/lib/bytes.ts";
import { bigintToHex32, bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { encodeRlp } from "../../../keeper/lib/rlp.ts";
import type { StorageProofAnswer } from "../../../keeper/trie/Descent.ts";

/** Words by slot, as a contract's storage. */
export type Words = Map<Hex, bigint>;

/** The slot with this number. */
export function slotOf(number: number | bigint): Hex {
  return bigintToHex32(BigInt(number));
}

/** A storage trie of somebody else's making (`@ethereumjs/mpt`), which also serves proofs: the chain's side. */
export class ReferenceTrie {
  readonly #trie: MerklePatriciaTrie;

  private constructor(trie: MerklePatriciaTrie) {
    this.#trie = trie;
  }

  /** The trie with these words. */
  static async of(words: Iterable<readonly [Hex, bigint]>): Promise<ReferenceTrie> {
    const trie = new ReferenceTrie(await createMPT({ useKeyHashing: true, useRootPersistence: false }));
    for (const [slot, value] of words) await trie.set(slot, value);
    return trie;
  }

  async set(slot: Hex, value: bigint): Promise<void> {
    if (value === 0n) await this.#trie.del(hexToBytes(slot));
    else await this.put(slot, encodeRlp(bigintToBytes(value)));
  }

  /** Any key with any value: for tries of accounts. */
  async put(key: Hex, value: Uint8Array): Promise<void> {
    await this.#trie.put(hexToBytes(key), value);
  }

  root(): Hash {
    return bytesToHex(this.#trie.root());
  }

  /** What `eth_getProof` answers for a slot: embedded nodes are left out, as geth does. */
  async prove(slot: Hex): Promise<StorageProofAnswer> {
    const nodes = await createMerkleProof(this.#trie, hexToBytes(slot));
    const proof = nodes.filter((node, at) => at === 0 || node.length >= 32).map((node) => bytesToHex(node));
    return { key: slot, proof };
  }

  /** {@link prove} with embedded nodes listed too, as other clients do. */
  async proveVerbosely(slot: Hex): Promise<StorageProofAnswer> {
    const nodes = await createMerkleProof(this.#trie, hexToBytes(slot));
    return { key: slot, proof: nodes.map((node) => bytesToHex(node)) };
  }
}

/** The root of the trie that maps RLP of each index to the value there, by `@ethereumjs/mpt`. */
export async function plainTrieRoot(values: readonly Uint8Array[]): Promise<Hash> {
  const trie = await createMPT();
  for (const [index, value] of values.entries()) await trie.put(encodeRlp(bigintToBytes(BigInt(index))), value);
  return bytesToHex(trie.root());
}

/**
 * Slots whose hashes share their first nibbles, found by hashing three million: forks that deep do not occur among a
 * few random slots, and only there are nodes short enough to be embedded.
 */
export const SLOTS_SHARING_TEN_NIBBLES: readonly (readonly [Hex, Hex])[] = [
  [slotOf(2_544_744), slotOf(2_277_427)],
  [slotOf(468_858), slotOf(1_452_710)],
  [slotOf(247_476), slotOf(515_151)],
];

/** A small word under one of these makes a leaf of 31 bytes: the longest node that is embedded. */
export const SLOTS_SHARING_NINE_NIBBLES: readonly [Hex, Hex] = [slotOf(848_418), slotOf(1_519_231)];
