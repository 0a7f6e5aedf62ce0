import { expect } from "chai";
import { network } from "hardhat";

import type { Hex } from "../../../keeper/lib/hex.ts";
import { openProofChain, ProofHarness, type ProofCall } from "./proofHarness.ts";
import { callOf, readRealAccounts } from "./realProofs.ts";

const { ethers } = await openProofChain(network);
const accounts = readRealAccounts();
/** The deposit contract in a block after Cancun, and a word of it: 8 and 3 nodes. */
const deposits = accounts.find(({ slot }) => slot !== null)!;
/** Another account of the same block: 9 nodes. */
const deepest = accounts.find(
  ({ account, blockHash }) => blockHash === deposits.blockHash && account.nodes.length === 9,
)!;

describe("StorageRootProof > one bit of", function () {
  this.timeout(300_000);
  let harness: ProofHarness;

  before(async () => {
    harness = await ProofHarness.deploy(ethers);
  });

  /** Flips every `step`th bit of the parts; none is accepted, in any sense. */
  async function refusesFlips(call: ProofCall, parts: readonly Hex[], step = 1): Promise<number> {
    const total = { refused: 0, changed: 0, accepted: 0 };
    for (const part of parts) {
      const { refused, changed, accepted } = await harness.flip(call, part, step);
      total.refused += refused;
      total.changed += changed;
      total.accepted += accepted;
    }
    console.log(`      ${JSON.stringify(total)}`);
    const bits = parts.reduce((sum, part) => sum + Math.ceil(((part.length - 2) * 4) / step), 0);
    expect(total).to.deep.equal({ refused: bits, changed: 0, accepted: 0 });
    return bits;
  }

  it("a header or its hash is enough to refuse it", async () => {
    const { headerRlp, blockHash } = deposits;
    await refusesFlips(["header", headerRlp, blockHash], [headerRlp, blockHash]);
  });

  it("a word's proof, its root or its key is enough to refuse it", async () => {
    const { root, key, nodes } = deposits.slot!;
    expect(await refusesFlips(callOf(deposits.slot!), [root, key, ...nodes])).to.be.above(5_000);
  });

  it("an account, its root or its key is enough to refuse it, and so are those of the nodes above", async () => {
    const { root, key, nodes } = deepest.account;
    await refusesFlips(callOf(deepest.account), [root, key, nodes.at(-1)!]);
    // Seventeen is a byte and a bit more: every place in a byte has its turn.
    await refusesFlips(callOf(deepest.account), nodes.slice(0, -1), 17);
  });

  it("what neither hash nor path covers would be counted", async () => {
    const call = callOf(deposits.slot!);
    // The padding behind the last node, which no encoding of ours checks.
    const data = harness.encode(call);
    const last = deposits.slot!.nodes.at(-1)!;
    const padding = data.length - data.lastIndexOf(last.slice(2)) - last.length + 2;
    expect(padding).to.be.above(0);
    const first = (data.length - 2 - padding) * 4;
    const counts = await harness.contract.flip(data, first, first + 8, 1);
    expect([...counts]).to.deep.equal([0n, 0n, 8n]);
  });
});
