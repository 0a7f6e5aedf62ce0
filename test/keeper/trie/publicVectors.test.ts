import { readFileSync } from "node:fs";

import { createMPT, type MerklePatriciaTrie } from "@ethereumjs/mpt";
import { expect } from "chai";

import { bigintToBytes, bytesToBigint } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { encodeRlp } from "../../../keeper/lib/rlp.ts";
import { naiveStorageRoot } from "../../../keeper/trie/naiveRoot.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";

/** A key with its value, null to delete: hex with 0x, else text. */
type VectorWrite = readonly [key: string, value: string | null];

interface Vector {
  readonly name: string;
  readonly writes: readonly VectorWrite[];
  readonly anyOrder: boolean;
  /** With the keys as they are; null where there is no such vector. */
  readonly root: Hash | null;
  /** With hashed keys. */
  readonly secureRoot: Hash | null;
}

const url = new URL("../../fixtures/trie/ethereumTrieTests.json", import.meta.url);
const { vectors } = JSON.parse(readFileSync(url, "utf8")) as { readonly vectors: readonly Vector[] };

function toBytes(text: string): Uint8Array {
  return text.startsWith("0x") ? hexToBytes(text as Hex) : new TextEncoder().encode(text);
}

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => ordersOf(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

async function createReference(useKeyHashing: boolean): Promise<MerklePatriciaTrie> {
  return await createMPT({ useKeyHashing, useRootPersistence: false });
}

/** The key as a slot: it keeps its first nibbles, so that the trie keeps its shape. */
function toSlot(key: string): Hex {
  const slot = new Uint8Array(32);
  slot.set(toBytes(key).subarray(0, 32));
  return bytesToHex(slot);
}

/** The value as a word: its first 32 bytes. */
function toWord(value: string | null): bigint {
  return value === null ? 0n : bytesToBigint(toBytes(value).subarray(0, 32));
}

/*
 * The values of these vectors are bytes of any length, ours are the RLP of words, so that their roots are not ours. They
 * bind the trie that ours is compared with everywhere, and their histories, as slots and words, are written to both.
 */
describe("the public trie vectors (ethereum/tests)", () => {
  for (const { name, writes, anyOrder, root, secureRoot } of vectors) {
    const orders = anyOrder ? ordersOf(writes) : [writes];
    for (const [kind, expected] of [["plain", root] as const, ["secure", secureRoot] as const]) {
      if (expected === null) continue;
      it(`are those of the reference: ${name}, ${kind}`, async () => {
        for (const order of orders) {
          const reference = await createReference(kind === "secure");
          for (const [key, value] of order) {
            if (value === null) await reference.del(toBytes(key));
            else await reference.put(toBytes(key), toBytes(value));
          }
          expect(bytesToHex(reference.root())).to.equal(expected);
        }
      });
    }

    for (const keyHash of ["none", "keccak256"] as const) {
      it(`have the reference's roots as slots and words after every write: ${name}, keys by ${keyHash}`, async () => {
        for (const order of orders) {
          const reference = await createReference(keyHash === "keccak256");
          const trie = new StorageTrie({ keyHash });
          const many = new StorageTrie({ keyHash });
          const words = new Map<Hex, bigint>();
          for (const [key, value] of order) {
            const [slot, word] = [toSlot(key), toWord(value)];
            if (word === 0n) await reference.del(hexToBytes(slot));
            else await reference.put(hexToBytes(slot), encodeRlp(bigintToBytes(word)));
            trie.set(slot, word);
            words.set(slot, word);
            expect(trie.root()).to.equal(bytesToHex(reference.root()));
            if (keyHash === "keccak256") expect(naiveStorageRoot(words)).to.equal(trie.root());
          }
          many.setMany(order.map(([key, value]): [Hex, bigint] => [toSlot(key), toWord(value)]));
          expect(many.root()).to.equal(trie.root());
        }
      });
    }
  }
});
