import { expect } from "chai";
import { network } from "hardhat";

import { bigintToHex32, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { EMPTY_ROOT } from "../../../keeper/trie/nodeEncoding.ts";
import { ReferenceTrie, slotOf } from "../../keeper/trie/referenceTrie.ts";
import { openProofChain, ProofHarness, type ProofCall } from "./proofHarness.ts";
import { callOf, readRealAccounts, readRealProofs } from "./realProofs.ts";

const { ethers } = await openProofChain(network);
const accounts = readRealAccounts();
const proofs = readRealProofs();
const ZERO = bigintToHex32(0n);
const EMPTY = "0x";

describe("StorageRootProof > real proofs", () => {
  let harness: ProofHarness;

  before(async () => {
    harness = await ProofHarness.deploy(ethers);
  });

  /** Every call is refused, with one of the errors. */
  async function refusesAll(calls: readonly ProofCall[], errors: readonly string[]): Promise<void> {
    expect(calls.length).to.be.above(0);
    for (const [index, outcome] of (await harness.judgeAll(calls)).entries()) {
      expect(outcome.isAccepted ? "accepted" : outcome.error, `call ${index}`).to.be.oneOf(errors);
    }
  }

  /** What `change` makes of the nodes of every real proof. */
  function variants(change: (nodes: readonly Hex[]) => (readonly Hex[])[]): ProofCall[] {
    return proofs.flatMap((proof) => change(proof.nodes).map((nodes) => callOf({ ...proof, nodes })));
  }

  it("are accepted, from 6 nodes at genesis to 9 today, and prove what the nodes' answers said", async () => {
    const depths = new Set(proofs.map(({ nodes }) => nodes.length));
    expect([3, 6, 7, 8, 9].every((depth) => depths.has(depth))).to.equal(true);
    const outcomes = await harness.judgeAll(proofs.map(callOf));
    for (const [index, { name, value }] of proofs.entries()) {
      expect(outcomes[index], name).to.deep.equal({ isAccepted: true, value });
    }
  });

  it("are accepted from the header down to account and word", async () => {
    let words = 0;
    for (const { name, blockHash, headerRlp, account, slot } of accounts) {
      const from = [blockHash, headerRlp, account.key, account.nodes] as const;
      expect(await harness.judge(["rootOf", ...from]), name).to.deep.equal({ isAccepted: true, value: account.value });
      if (slot === null) continue;
      words += 1;
      const outcome = await harness.judge(["wordOf", ...from, slot.key, slot.nodes]);
      expect(outcome, name).to.deep.equal({ isAccepted: true, value: slot.value });
    }
    expect(words).to.equal(2);
  });

  it("are refused for another account or slot", async () => {
    const calls = proofs.flatMap((proof) => {
      const others = proofs.filter(
        ({ kind, root, key }) => kind === proof.kind && root === proof.root && key !== proof.key,
      );
      const flipped = [0n, 7n, 100n].map((bit) => `0x${(BigInt(proof.key) ^ (1n << bit)).toString(16)}` as Hex);
      const keys = [...others.map(({ key }) => key), ...flipped.map((key) => pad(key, proof.key.length))];
      return keys.map((key) => callOf({ ...proof, key }));
    });
    await refusesAll(calls, ["INVALID_PATH_REMAINDER", "INVALID_LARGE_NODE", "RLPInvalidEncoding"]);
  });

  it("are refused under another root, zero and the empty one included", async () => {
    const roots = [ZERO, EMPTY_ROOT, ...proofs.map(({ root }) => root)];
    const calls = proofs.flatMap((proof) =>
      roots.filter((root) => root !== proof.root).map((root) => callOf({ ...proof, root })),
    );
    await refusesAll(calls, ["INVALID_ROOT"]);
  });

  it("are refused without their last nodes, or without any", async () => {
    const calls = variants((nodes) => nodes.map((_, length) => nodes.slice(0, length)));
    await refusesAll(calls, ["INVALID_PROOF"]);
  });

  it("are refused without one of their nodes", async () => {
    const calls = variants((nodes) => nodes.slice(1).map((_, index) => nodes.toSpliced(index, 1)));
    await refusesAll(calls, ["INVALID_ROOT", "INVALID_LARGE_NODE"]);
  });

  it("are refused with a node twice", async () => {
    const calls = variants((nodes) => nodes.map((node, index) => nodes.toSpliced(index, 0, node)));
    await refusesAll(calls, ["INVALID_LARGE_NODE", "INVALID_EXTRA_PROOF_ELEMENT"]);
  });

  it("are refused in another order", async () => {
    const calls = variants((nodes) =>
      nodes.flatMap((_, first) =>
        nodes.slice(first + 1).map((node, behind) => nodes.with(first, node).with(first + 1 + behind, nodes[first]!)),
      ),
    );
    await refusesAll(calls, ["INVALID_ROOT", "INVALID_LARGE_NODE"]);
    await refusesAll(
      variants((nodes) => [nodes.toReversed()]),
      ["INVALID_ROOT"],
    );
  });

  it("are refused with bytes behind, before or missing from a node, or with another in its place", async () => {
    const calls = variants((nodes) =>
      nodes.flatMap((node, index) =>
        [`${node}00`, `${node}80`, `0x00${node.slice(2)}`, node.slice(0, -2), EMPTY, "0x80", "0xc0", ZERO].map(
          (changed) => nodes.with(index, changed as Hex),
        ),
      ),
    );
    await refusesAll(calls, ["INVALID_ROOT", "INVALID_LARGE_NODE", "INVALID_SHORT_NODE"]);
  });

  it("are refused with anything behind the value", async () => {
    const calls = variants((nodes) =>
      [EMPTY, "0x80", "0xc0", ZERO, nodes[0]!, nodes.at(-1)!].map((node) => [...nodes, node as Hex]),
    );
    await refusesAll(calls, ["INVALID_EXTRA_PROOF_ELEMENT"]);
  });

  it("are refused oversized", async () => {
    const pairs = [proofs.find(({ kind }) => kind === "account")!, proofs.find(({ kind }) => kind === "slot")!];
    const calls = pairs.flatMap((proof) => {
      const { nodes } = proof;
      return [
        [...nodes, ...Array.from({ length: 130 }, () => nodes[0]!)],
        nodes.with(-1, `0x${nodes.at(-1)!.slice(2).padEnd(100_000, "00")}` as const),
        nodes.with(0, `0x${nodes[0]!.slice(2).padEnd(100_000, "00")}` as const),
        Array.from({ length: 130 }, () => nodes[0]!),
      ].map((changed) => callOf({ ...proof, nodes: changed }));
    });
    await refusesAll(calls, ["INVALID_ROOT", "INVALID_LARGE_NODE", "INVALID_EXTRA_PROOF_ELEMENT"]);
  });

  it("are refused when everything is zero or empty", async () => {
    const address = `0x${"00".repeat(20)}` as const;
    for (const nodes of [[], [EMPTY], [ZERO], [EMPTY, EMPTY]] as Hex[][]) {
      const calls: ProofCall[] = [
        ["storageRoot", ZERO, address, nodes],
        ["word", ZERO, ZERO, nodes],
      ];
      await refusesAll(calls, ["INVALID_PROOF", "INVALID_ROOT"]);
    }
    await refusesAll([["rootOf", ZERO, EMPTY, address, []]], ["StorageProofHeaderMismatch"]);
    const emptyHash = ethers.keccak256(EMPTY) as Hash;
    await refusesAll([["rootOf", emptyHash, EMPTY, address, []]], ["RLPInvalidEncoding"]);
    // The hash of no bytes is the root of a trie without any.
    await refusesAll([["word", emptyHash, ZERO, [EMPTY]]], ["RLPInvalidEncoding"]);
  });

  it("are no proofs of each other: an account is no word, and a word is no account", async () => {
    const { account, slot } = accounts.find((real) => real.slot !== null)!;
    const address = account.key;
    await refusesAll(
      [
        ["storageRoot", account.root, address, [...account.nodes, ...slot!.nodes]],
        ["storageRoot", account.root, address, slot!.nodes],
        ["storageRoot", slot!.root, address, slot!.nodes],
        ["word", account.root, slot!.key, [...account.nodes, ...slot!.nodes]],
        ["word", account.root, slot!.key, account.nodes],
        ["word", slot!.root, slot!.key, [...account.nodes, ...slot!.nodes]],
      ],
      ["INVALID_EXTRA_PROOF_ELEMENT", "INVALID_ROOT", "INVALID_LARGE_NODE", "INVALID_PATH_REMAINDER"],
    );
  });

  describe("of exclusion", () => {
    it("are refused at any depth", async () => {
      const words = Array.from({ length: 300 }, (_, index) => [slotOf(index), BigInt(index + 1)] as const);
      const trie = await ReferenceTrie.of(words);
      const calls: ProofCall[] = [];
      for (let absent = 1_000; absent < 1_200; absent += 1) {
        const { proof } = await trie.prove(slotOf(absent));
        calls.push(["word", trie.root(), slotOf(absent) as Hash, proof as Hex[]]);
      }
      await refusesAll(calls, ["RLPInvalidEncoding", "INVALID_PATH_REMAINDER", "INVALID_PROOF"]);
    });

    it("are refused for the empty trie", async () => {
      for (const nodes of [[], ["0x80"], [EMPTY], ["0xc0"]] as Hex[][]) {
        await refusesAll(
          [
            ["word", EMPTY_ROOT, ZERO, nodes],
            ["storageRoot", EMPTY_ROOT, accounts[0]!.account.key, nodes],
          ],
          ["INVALID_PROOF", "INVALID_ROOT", "RLPInvalidEncoding"],
        );
      }
    });
  });
});

/** Hex as long as `length` characters, its prefix included. */
function pad(hex: Hex, length: number): Hex {
  return `0x${hex.slice(2).padStart(length - 2, "0")}`;
}
