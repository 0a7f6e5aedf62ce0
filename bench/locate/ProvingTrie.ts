import { bigintToBytes, bytesToNibbles } from "../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256 } from "../../keeper/lib/keccak.ts";
import { encodeRlp } from "../../keeper/lib/rlp.ts";
import type { StorageProofAnswer } from "../../keeper/trie/Descent.ts";
import { encodeBranch, encodeExtension, encodeLeaf, toNodeRef, type NodeRef } from "../../keeper/trie/nodeEncoding.ts";
import type { StorageTrie } from "../../keeper/trie/StorageTrie.ts";

/** A storage trie that serves what a node's `eth_getProof` would: a million slots, where a library's trie takes minutes. */
export class ProvingTrie {
  readonly #trie: StorageTrie;

  constructor(trie: StorageTrie) {
    this.#trie = trie;
  }

  root(): Hash {
    return this.#trie.root();
  }

  /** The proof of a slot, or of its absence. Embedded nodes are left out, as geth does. */
  prove(slot: Hex): StorageProofAnswer {
    const key = bytesToNibbles(keccak256(hexToBytes(slot)));
    const proof: Hex[] = [];
    const push = (node: Uint8Array): void => {
      if (proof.length === 0 || node.length >= 32) proof.push(bytesToHex(node));
    };
    for (let path: number[] = []; ;) {
      const entries = this.#trie.entriesUnder(path);
      const [first, second] = [entries.next(), entries.next()];
      if (first.done === true) break;
      const firstKey = hexToBytes(first.value.hashedSlot);
      if (second.done === true) {
        push(encodeLeaf(firstKey, path.length, encodeRlp(bigintToBytes(first.value.value))));
        break;
      }
      const [fork, children] = this.#forkUnder(path);
      // The encoding lies in a scratch buffer.
      const branch = encodeBranch(children).slice();
      if (fork.length > path.length) push(encodeExtension(firstKey, path.length, fork.length, toNodeRef(branch)));
      if (fork.some((nibble, at) => key[at] !== nibble)) break;
      push(branch);
      const nibble = key[fork.length] ?? 0;
      if (children[nibble] === null) break;
      path = [...fork, nibble];
    }
    return { key: slot, proof };
  }

  /** The first path below which words part, and what stands below it. */
  #forkUnder(path: readonly number[]): [path: number[], children: (NodeRef | null)[]] {
    for (let fork = [...path]; ;) {
      const children = this.#trie.childRefsAt(fork);
      const taken = children.flatMap((ref, nibble) => (ref === null ? [] : [nibble]));
      if (taken.length > 1) return [fork, children];
      fork = [...fork, taken[0] ?? 0];
    }
  }
}
