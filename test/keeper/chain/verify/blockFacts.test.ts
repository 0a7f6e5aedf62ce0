import { expect } from "chai";

import { readAccountProof, readProofAnswer, verifyContract } from "../../../../keeper/chain/verify/blockFacts.ts";
import { verifyStorageProof } from "../../../../keeper/chain/verify/proof.ts";
import type { Header } from "../../../../keeper/chain/verify/header.ts";
import { EMPTY_ROOT } from "../../../../keeper/trie/nodeEncoding.ts";
import { ADDRESSES, inventBlock, LEDGER_ROOT } from "../../../helpers/keeper/inventedBlocks.ts";
import { expectRefusal } from "./expectRefusal.ts";

const { json, proof } = inventBlock({ number: 1 });
const header = json as unknown as Header;
const KEY = `0x${"01".repeat(32)}` as const;

describe("block facts", () => {
  it("prove an account that is there, and one that is not, whatever stands beside the account proof", () => {
    // Erigon answers null for each proof of an account that does not exist.
    const beside = [null, undefined, "0x", {}, [null], [{ key: KEY, value: "0x0", proof: null }]];
    for (const storageProof of beside) {
      const answer = { ...proof, storageProof };
      for (const nodes of [readAccountProof(answer), readProofAnswer(answer)?.accountProof]) {
        expect(verifyContract(header, ADDRESSES.PositionLedger, nodes!)?.storageRoot).to.equal(LEDGER_ROOT);
        expect(verifyContract(header, ADDRESSES.SyncGuard, nodes!)).to.equal(null);
      }
    }
  });

  it("are not read of what has no account proof", () => {
    for (const answer of [null, undefined, 1, "0x", [], {}, { accountProof: null }, { accountProof: [1] }]) {
      expect([readAccountProof(answer), readProofAnswer(answer)]).to.deep.equal([null, null]);
    }
    expect(readAccountProof({ accountProof: ["0xzz"] })).to.equal(null);
  });

  it("take a malformed storage proof for one that proves nothing, in its place", () => {
    const good = { key: KEY, value: "0x1", proof: ["0xc0"] };
    const answer = readProofAnswer({
      ...proof,
      storageProof: [null, { ...good, proof: null }, good, { ...good, key: 1 }],
    });
    expect(answer?.storageProof).to.deep.equal([
      { key: "0x", value: "0x", proof: [] },
      { ...good, proof: [] },
      good,
      { ...good, key: "0x" },
    ]);
    const nothing = answer!.storageProof[1]!.proof;
    expectRefusal(() => verifyStorageProof({ storageRoot: LEDGER_ROOT, slot: KEY, proof: nothing }));
    expect(verifyStorageProof({ storageRoot: EMPTY_ROOT, slot: KEY, proof: nothing })).to.equal(0n);
  });
});
