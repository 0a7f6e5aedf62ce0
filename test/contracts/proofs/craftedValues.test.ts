import { network } from "hardhat";

import { bigintToBytes, concatBytes } from "../../../keeper/lib/bytes.ts";
import { hexToBytes } from "../../../keeper/lib/hex.ts";
import { keccak256 } from "../../../keeper/lib/keccak.ts";
import { encodeRlp, type RlpInput } from "../../../keeper/lib/rlp.ts";
import { encodePath } from "../../../keeper/trie/nodeEncoding.ts";
import { accepts, accountOf, HASH, KEY, leaf, NONE, ONE, refusesAll, WORD, wordOf } from "./craftedTrie.ts";
import { openProofChain, ProofHarness } from "./proofHarness.ts";

const { ethers } = await openProofChain(network);

/** What a raw string of bytes encodes to. */
const raw = (hex: string): Uint8Array => hexToBytes(`0x${hex}`);

describe("StorageRootProof > values of somebody's own making", () => {
  let harness: ProofHarness;

  before(async () => {
    harness = await ProofHarness.deploy(ethers);
  });

  describe("a word", () => {
    it("is taken in its canonical encoding", async () => {
      for (const value of [1n, 0x7fn, 0x80n, 0xffn, 0x100n, 2n ** 248n - 1n, 2n ** 248n, 2n ** 256n - 1n]) {
        await accepts(harness, wordOf(leaf(encodeRlp(bigintToBytes(value)))), bigintToBytes(value));
      }
    });

    it("is not zero, and has no leading zeros", async () => {
      await refusesAll(harness, [wordOf(leaf(raw("80")))], "StorageProofZeroWord");
      const encodings = ["00", "820001", "820000", "830000ff", `a0${"00".repeat(32)}`, `a000${"11".repeat(31)}`];
      await refusesAll(
        harness,
        encodings.map((encoding) => wordOf(leaf(raw(encoding)))),
        "StorageProofMalformedNumber",
      );
    });

    it("has at most 32 bytes", async () => {
      const encodings = [
        `a1${"11".repeat(33)}`,
        `a100${"11".repeat(32)}`,
        `b7${"11".repeat(55)}`,
        `b840${"11".repeat(64)}`,
      ];
      await refusesAll(
        harness,
        encodings.map((encoding) => wordOf(leaf(raw(encoding)))),
        "RLPInvalidEncoding",
      );
    });

    it("is in the short form, and whole", async () => {
      const encodings = [
        "8101",
        "8100",
        "817f",
        "b801ff",
        `b820${"11".repeat(32)}`,
        "b8",
        `a0${"11".repeat(31)}`,
        "82ff",
      ];
      await refusesAll(
        harness,
        encodings.map((encoding) => wordOf(leaf(raw(encoding)))),
        "RLPInvalidEncoding",
      );
    });

    it("has nothing behind it", async () => {
      const encodings = ["01ff", "8180ff", "820100ff", "8000"];
      await refusesAll(
        harness,
        encodings.map((encoding) => wordOf(leaf(raw(encoding)))),
        "StorageProofMalformedNumber",
      );
      await refusesAll(harness, [wordOf(leaf(raw(`a0${"11".repeat(32)}00`)))], "RLPInvalidEncoding");
    });

    it("is no list, no list in the node, and there", async () => {
      await refusesAll(harness, [wordOf(leaf(raw("c101"))), wordOf(leaf(raw("c0")))], "RLPInvalidEncoding");
      await refusesAll(harness, [wordOf(encodeRlp([encodePath(KEY, 0, 64, true), [ONE]]))], "RLPInvalidEncoding");
      await refusesAll(harness, [wordOf(leaf(NONE))], "EMPTY_VALUE");
    });
  });

  describe("an account", () => {
    const fields: readonly Uint8Array[] = [ONE, bigintToBytes(10n ** 18n), HASH, keccak256(NONE)];

    it("is taken with its four fields", async () => {
      await accepts(harness, accountOf(encodeRlp(fields)), HASH);
    });

    it("has four fields", async () => {
      const lists = [[], fields.slice(0, 3), [...fields, NONE], [...fields, HASH], fields.slice(2)];
      await refusesAll(
        harness,
        lists.map((list) => accountOf(encodeRlp(list))),
        "StorageProofMalformedAccount",
      );
    });

    it("has a storage root of 32 bytes", async () => {
      const roots = [NONE, ONE, HASH.slice(1), concatBytes([Uint8Array.of(0), HASH]), new Uint8Array(64)];
      await refusesAll(
        harness,
        roots.map((root) => accountOf(encodeRlp(fields.with(2, root)))),
        "StorageProofMalformedHash",
      );
      const list: RlpInput = [fields[0]!, fields[1]!, [HASH.slice(1)], fields[3]!];
      await refusesAll(harness, [accountOf(encodeRlp(list))], "RLPInvalidEncoding");
    });

    it("is a list, whole, in the short form, with nothing behind it", async () => {
      const account = encodeRlp(fields);
      const encodings = [
        concatBytes([account, Uint8Array.of(0)]),
        account.slice(0, -1),
        encodeRlp(account),
        // 0xf8 with a length, as 0xf9 with the same length and a zero before it.
        concatBytes([Uint8Array.of(0xf9, 0), account.slice(1)]),
        // A list that would fit the short form, in the long one.
        concatBytes([Uint8Array.of(0xf8, 3), ONE, ONE, ONE]),
        WORD,
      ];
      await refusesAll(harness, encodings.map(accountOf), "RLPInvalidEncoding");
    });
  });
});
