import { expect } from "chai";

import { bytesToHex, hexToBytes, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { naiveStorageRoot } from "../../../keeper/trie/naiveRoot.ts";
import { EMPTY_ROOT, type NodeRef } from "../../../keeper/trie/nodeEncoding.ts";
import { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { slotOf, SLOTS_SHARING_TEN_NIBBLES } from "./referenceTrie.ts";

const SEED = 20_271_104;

type Write = readonly [Hex, bigint];
type KeyHash = "keccak256" | "none";

function firstNibble(slot: Hex, keyHash: KeyHash): number {
  const key = keyHash === "none" ? slot : keccak256Hex(hexToBytes(slot));
  return Number.parseInt(key[2]!, 16);
}

/** The words split by the first nibble of their keys, each part in a trie of its own. */
function partsOf(words: readonly Write[], keyHash: KeyHash): StorageTrie[] {
  const parts = Array.from({ length: 16 }, () => new StorageTrie({ keyHash }));
  for (const [slot, word] of words) parts[firstNibble(slot, keyHash)]!.set(slot, word);
  return parts;
}

/** RLP of a branch with these children: a hash is a string of 32 bytes, anything shorter is a node itself. */
function branchOf(refs: readonly (NodeRef | null)[]): Uint8Array {
  const children = refs.map((ref) => (ref === null ? [0x80] : ref.length === 32 ? [0xa0, ...ref] : [...ref]));
  const payload = [...children.flat(), 0x80];
  const { length } = payload;
  const prefix = length < 56 ? [0xc0 + length] : length < 256 ? [0xf8, length] : [0xf9, length >> 8, length & 255];
  return Uint8Array.of(...prefix, ...payload);
}

/** The root of the whole, from the parts alone. */
function rootOfParts(parts: readonly StorageTrie[]): Hash {
  const filled = parts.filter(({ size }) => size > 0);
  if (filled.length < 2) return filled[0]?.root() ?? EMPTY_ROOT;
  return bytesToHex(keccak256(branchOf(parts.map((part, nibble) => part.nodeRefAt([nibble])))));
}

function wholeOf(words: readonly Write[], keyHash: KeyHash): StorageTrie {
  const trie = new StorageTrie({ keyHash });
  for (const [slot, word] of words) trie.set(slot, word);
  return trie;
}

describe(`StorageTrie in sixteen parts by first nibble (seed ${SEED})`, function () {
  this.timeout(60_000);

  it("has the root of the whole, for few words and for many", () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 200; round += 1) {
      const count = [0, 1, 2, 3, 5, 17, 60, 1_000][round % 8]!;
      const words = Array.from({ length: count }, (): Write => {
        return [slotOf(random.below(4 * count)), random.uint([1, 8, 64, 256][random.below(4)]!)];
      });
      const root = rootOfParts(partsOf(words, "keccak256"));
      expect(root, `round ${round}`).to.equal(naiveStorageRoot(new Map(words)));
      expect(root).to.equal(wholeOf(words, "keccak256").root());
    }
  });

  it("has it where all words lie under one nibble, and after each write that changes that", () => {
    const [one, two] = SLOTS_SHARING_TEN_NIBBLES[0]!;
    const other = Array.from({ length: 50 }, (_, at) => slotOf(at)).find((slot) => {
      return firstNibble(slot, "keccak256") !== firstNibble(one, "keccak256");
    })!;
    const words: Write[] = [];
    for (const write of [
      [one, 5n],
      [two, 6n],
      [other, 7n],
      [two, 0n],
      [other, 0n],
      [one, 0n],
    ] as const) {
      words.push(write);
      expect(rootOfParts(partsOf(words, "keccak256"))).to.equal(naiveStorageRoot(new Map(words)));
    }
  });

  it("has it where nodes are embedded: below an extension, for the key's length", () => {
    // Keys as they are, which meet in their last nibbles only: leaves, branches and extensions of a few bytes.
    const random = new SeededRandom(SEED + 1);
    let embedded = 0;
    for (let round = 0; round < 400; round += 1) {
      const stems = Array.from({ length: 1 + random.below(5) }, () => random.below(16).toString(16));
      const words = stems.flatMap((stem) => {
        return Array.from({ length: 1 + random.below(3) }, (): Write => {
          const tail = `${random.below(16).toString(16)}${random.below(16).toString(16)}`;
          return [`0x${stem}${"0".repeat(61)}${tail}`, BigInt(random.below(4))];
        });
      });
      const parts = partsOf(words, "none");
      expect(rootOfParts(parts), `round ${round}`).to.equal(wholeOf(words, "none").root());
      for (const [nibble, part] of parts.entries()) {
        // What would be embedded at this depth stands further down here, under an extension.
        const tail = part.nodeRefAt([nibble, ...new Array<number>(61).fill(0)]);
        if (tail !== null && tail.length < 32) embedded += 1;
      }
    }
    expect(embedded).to.be.greaterThan(300);
  });
});
