import { expect } from "chai";
import { network } from "hardhat";

import { concatBytes } from "../../../keeper/lib/bytes.ts";
import { bytesToHex, type Hex } from "../../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../../keeper/lib/keccak.ts";
import { encodeRlp, type RlpInput } from "../../../keeper/lib/rlp.ts";
import { encodePath } from "../../../keeper/trie/nodeEncoding.ts";
import {
  accepts,
  branch,
  HASH,
  KEY,
  leaf,
  NIBBLES,
  NONE,
  ONE,
  path,
  refusesAll,
  SLOT,
  WORD,
  wordOf,
} from "./craftedTrie.ts";
import { openProofChain, ProofHarness } from "./proofHarness.ts";

const { ethers } = await openProofChain(network);
const LEAF = 2;
const EXTENSION = 0;

describe("StorageRootProof > nodes of somebody's own making", () => {
  let harness: ProofHarness;

  before(async () => {
    harness = await ProofHarness.deploy(ethers);
  });

  describe("a path", () => {
    const ending = (flag: number, nibbles: readonly number[], padding = 0): Uint8Array =>
      encodeRlp([path(flag, nibbles, padding), WORD]);

    it("is all of the key, and nothing else", async () => {
      await refusesAll(
        harness,
        [ending(LEAF, NIBBLES.slice(0, 62)), ending(LEAF | 1, NIBBLES.slice(0, 63)), ending(LEAF, [])].map((node) =>
          wordOf(node),
        ),
        "MISMATCH_LEAF_PATH_KEY_REMAINDER",
      );
      const wrong = NIBBLES.with(63, (NIBBLES[63]! + 1) % 16);
      const others = [ending(LEAF, wrong), ending(LEAF, [...NIBBLES, 0, 0]), ending(LEAF | 1, [...NIBBLES, 0])];
      await refusesAll(
        harness,
        others.map((node) => wordOf(node)),
        "INVALID_PATH_REMAINDER",
      );
    });

    it("has the parity that its flag says", async () => {
      // Odd with an even number of nibbles: the padding becomes one of them.
      const odd = encodeRlp([path(LEAF, NIBBLES).map((byte, at) => (at === 0 ? byte | 0x10 : byte)), WORD]);
      const even = encodeRlp([path(LEAF, NIBBLES.slice(1), NIBBLES[0]), WORD]);
      await refusesAll(harness, [wordOf(odd), wordOf(even)], "INVALID_PATH_REMAINDER");
    });

    it("has a known flag, and is a string that is not empty", async () => {
      const flags = [4, 5, 6, 7, 8, 10, 12, 15];
      await refusesAll(
        harness,
        flags.map((flag) => wordOf(ending(flag, flag % 2 === 0 ? NIBBLES : NIBBLES.slice(0, 63)))),
        "UNKNOWN_NODE_PREFIX",
      );
      await refusesAll(harness, [wordOf(encodeRlp([NONE, WORD]))], "EMPTY_PATH");
      await refusesAll(harness, [wordOf(encodeRlp([[path(LEAF, NIBBLES)], WORD]))], "RLPInvalidEncoding");
    });
  });

  describe("an extension", () => {
    const bottom = encodeRlp([encodePath(KEY, 3, 64, true), WORD]);
    const fork = branch(2, keccak256(bottom));

    it("is taken", async () => {
      await accepts(
        harness,
        wordOf(encodeRlp([path(EXTENSION, NIBBLES.slice(0, 2)), keccak256(fork)]), fork, bottom),
        WORD.slice(1),
      );
    });

    it("has a length, a child, and no other way than the key's", async () => {
      const root = branch(0, keccak256(encodeRlp([path(EXTENSION, []), keccak256(fork)])));
      await refusesAll(
        harness,
        [
          wordOf(encodeRlp([path(EXTENSION, []), keccak256(fork)]), fork, bottom),
          wordOf(root, encodeRlp([path(EXTENSION, []), keccak256(fork)])),
        ],
        "EMPTY_EXTENSION_PATH_REMAINDER",
      );
      const wrong = NIBBLES.slice(0, 2).with(1, (NIBBLES[1]! + 1) % 16);
      await refusesAll(
        harness,
        [wordOf(encodeRlp([path(EXTENSION, wrong), keccak256(fork)]), fork, bottom)],
        "INVALID_PATH_REMAINDER",
      );
      await refusesAll(
        harness,
        [wordOf(encodeRlp([path(EXTENSION, NIBBLES.slice(0, 2)), NONE]), fork, bottom)],
        "RLPInvalidEncoding",
      );
    });

    it("is no leaf: what it names is a node, and what a leaf holds is none", async () => {
      // A leaf flagged as an extension: the value is taken for the child's hash, and no node has it.
      await refusesAll(
        harness,
        [wordOf(encodeRlp([path(EXTENSION, NIBBLES), WORD.slice(1)]), bottom)],
        "INVALID_LARGE_NODE",
      );
      // A word that is the hash of a node: the leaf ends the path all the same.
      const fake = leaf(encodeRlp(ONE));
      const holder = leaf(encodeRlp(keccak256(fake)));
      await refusesAll(harness, [wordOf(holder, fake)], "INVALID_EXTRA_PROOF_ELEMENT");
      const shared = encodeRlp([path(LEAF, NIBBLES.slice(0, 2)), keccak256(fork)]);
      await refusesAll(harness, [wordOf(shared, fork, bottom)], "MISMATCH_LEAF_PATH_KEY_REMAINDER");
    });

    it("may embed a node below 32 bytes, and none of 32 or more", async () => {
      const at63 = branch(63, [encodePath(KEY, 64, 64, true), ONE]);
      const top = encodeRlp([path(EXTENSION | 1, NIBBLES.slice(0, 63)), keccak256(at63)]);
      const inner = encodeRlp([encodePath(KEY, 64, 64, true), ONE]);
      for (const nodes of [
        [top, at63],
        [top, at63, inner],
      ] as const)
        await accepts(harness, wordOf(...nodes), ONE);
      // Not the embedded node, or one more behind it.
      const other = encodeRlp([encodePath(KEY, 64, 64, true), Uint8Array.of(2)]);
      await refusesAll(
        harness,
        [wordOf(top, at63, other), wordOf(top, at63, inner, inner)],
        "INVALID_EXTRA_PROOF_ELEMENT",
      );

      // An embedded node of 32 bytes is taken for a hash, a longer one for no child at all.
      for (const [length, error] of [
        [29, "INVALID_PROOF"],
        [30, "RLPInvalidEncoding"],
        [40, "RLPInvalidEncoding"],
      ] as const) {
        const child: RlpInput = [encodePath(KEY, 64, 64, true), new Uint8Array(length).fill(0x99)];
        expect(encodeRlp(child)).to.have.length(length + 3);
        const holder = branch(63, child);
        const root = encodeRlp([path(EXTENSION | 1, NIBBLES.slice(0, 63)), keccak256(holder)]);
        await refusesAll(harness, [wordOf(root, holder)], error);
        if (length === 29) await refusesAll(harness, [wordOf(root, holder, encodeRlp(child))], "INVALID_LARGE_NODE");
      }
      // A node below 32 bytes is embedded, not hashed.
      const hashed = branch(63, keccak256(inner));
      await refusesAll(
        harness,
        [wordOf(encodeRlp([path(EXTENSION | 1, NIBBLES.slice(0, 63)), keccak256(hashed)]), hashed, inner)],
        "INVALID_SHORT_NODE",
      );
    });
  });

  describe("a branch", () => {
    const bottom = encodeRlp([encodePath(KEY, 1, 64, true), WORD]);
    const items = (count: number): Uint8Array =>
      encodeRlp(Array.from({ length: count }, (_, at) => (at === NIBBLES[0] ? keccak256(bottom) : NONE)));

    it("has 17 items", async () => {
      await accepts(harness, wordOf(items(17), bottom), WORD.slice(1));
      await refusesAll(
        harness,
        [0, 1, 3, 16, 18, 32].map((count) => wordOf(items(count), bottom)),
        "UNPARSEABLE_NODE",
      );
    });

    it("leads to the child of the key's nibble only", async () => {
      const beside = Array.from({ length: 17 }, (_, at) => (at === NIBBLES[0] ? NONE : keccak256(bottom)));
      await refusesAll(harness, [wordOf(encodeRlp(beside.with(16, NONE)), bottom)], "RLPInvalidEncoding");
    });

    it("has no value for a key that goes on", async () => {
      // The value is that of a key which ends here, and no key of a chain's trie does.
      await accepts(harness, wordOf(branch(0, keccak256(bottom), ONE), bottom), WORD.slice(1));
      await refusesAll(harness, [wordOf(branch(0, NONE, ONE))], "RLPInvalidEncoding");
      await refusesAll(harness, [wordOf(branch(0, keccak256(bottom), ONE))], "INVALID_PROOF");
    });

    it("has a value for a key that ends there, which is what such a trie holds", async () => {
      const end = encodeRlp([...Array.from({ length: 16 }, () => HASH), WORD]);
      const root = encodeRlp([path(EXTENSION, NIBBLES), keccak256(end)]);
      await accepts(harness, wordOf(root, end), WORD.slice(1));
      const empty = encodeRlp([...Array.from({ length: 16 }, () => HASH), NONE]);
      await refusesAll(
        harness,
        [wordOf(encodeRlp([path(EXTENSION, NIBBLES), keccak256(empty)]), empty)],
        "EMPTY_VALUE",
      );
    });

    it("has children that are hashes or nodes", async () => {
      for (const child of [ONE, HASH.slice(0, 4), HASH.slice(2)]) {
        const node = branch(0, child);
        await refusesAll(
          harness,
          [wordOf(node), wordOf(node, child), wordOf(node, encodeRlp(child))],
          "RLPInvalidEncoding",
        );
      }
      // A string of 31 bytes is as long as a hash with its prefix, which no node hashes to.
      const node = branch(0, HASH.slice(1));
      await refusesAll(harness, [wordOf(node, HASH.slice(1))], "INVALID_SHORT_NODE");
      await refusesAll(harness, [wordOf(node, encodeRlp(HASH.slice(1))), wordOf(node, bottom)], "INVALID_LARGE_NODE");
      await refusesAll(harness, [wordOf(branch(0, concatBytes([HASH, ONE])), bottom)], "RLPInvalidEncoding");
    });
  });

  it("takes no bytes that are no list for a node", async () => {
    const nodes = [NONE, Uint8Array.of(0x80), ONE, WORD, concatBytes([leaf(WORD), ONE]), leaf(WORD).slice(0, -1)];
    await refusesAll(
      harness,
      nodes.map((node) => wordOf(node)),
      "RLPInvalidEncoding",
    );
    const hex: Hex = bytesToHex(leaf(WORD));
    expect((await harness.judge(["word", keccak256Hex(leaf(WORD)), SLOT, [hex]])).isAccepted).to.equal(true);
  });
});
