import { expect } from "chai";
import { boundsOf } from "../../../../keeper/chain/sources/answerBounds.ts";
import { scanJson } from "../../../../keeper/chain/sources/scanJson.ts";
import type { SourceCall } from "../../../../keeper/chain/sources/Source.ts";
import { readProofs, readReceipts } from "../../../fixtures/mainnet/chainData.ts";

const MEBIBYTE = 1024 * 1024;
const MAX_BYTES = 64 * MEBIBYTE;
const WORD = `0x${"ab".repeat(32)}`;

const call = (method: string, ...params: readonly unknown[]): SourceCall => ({ method, params });
const bytesOf = (...calls: readonly SourceCall[]): number => boundsOf(calls, MAX_BYTES).bytes;

function expectRoom(asked: SourceCall, result: unknown): void {
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, result });
  const bounds = boundsOf([asked], MAX_BYTES);
  const shape = scanJson(text);
  expect([shape.flaw, text.length <= bounds.bytes, shape.containers <= bounds.containers]).to.deep.equal([
    null,
    true,
    true,
  ]);
}

describe("boundsOf", () => {
  it("gives a word little room, and a header that of its list of transactions", () => {
    expect(bytesOf(call("eth_chainId"))).to.equal(16 * 1024);
    expect(bytesOf(call("eth_getBlockByNumber", "latest", false))).to.equal(4 * MEBIBYTE);
    expect(bytesOf(call("eth_getBlockByHash", WORD, true))).to.equal(MAX_BYTES);
    expect(bytesOf(call("eth_getBlockReceipts", { blockHash: WORD }))).to.equal(MAX_BYTES);
  });

  it("gives a proof room for a way down each trie", () => {
    const none = bytesOf(call("eth_getProof", WORD, [], "latest"));
    const ten = bytesOf(call("eth_getProof", WORD, Array(10).fill(WORD), "latest"));
    expect([none, ten - none]).to.deep.equal([88 * 1024, 720 * 1024]);
  });

  it("sums over a batch, up to the cap of all", () => {
    expect(bytesOf(call("eth_chainId"), call("eth_chainId"))).to.equal(32 * 1024);
    expect(boundsOf(Array<SourceCall>(9).fill(call("eth_getCode")), 5_000)).to.deep.equal({
      bytes: 5_000,
      containers: 9 * 64 + 1,
    });
  });

  it("has a cap for methods that it does not know, and for those of every object", () => {
    for (const method of ["eth_unknown", "toString", "__proto__"]) {
      expect(bytesOf(call(method)), method).to.equal(MEBIBYTE);
    }
  });

  it("takes real proofs and receipts, and the largest headers", () => {
    for (const { proof } of readProofs()) {
      const keys = (proof as unknown as { storageProof?: readonly unknown[] }).storageProof ?? [];
      expectRoom(call("eth_getProof", WORD, keys, "latest"), proof);
    }
    expectRoom(call("eth_getBlockReceipts", { blockHash: WORD }), readReceipts());
    const withdrawals = Array.from({ length: 16 }, () => ({ index: "0x1", address: WORD }));
    const header = { hash: WORD, transactions: Array(50_000).fill(WORD), uncles: [], withdrawals };
    expectRoom(call("eth_getBlockByNumber", "latest", false), header);
    const nodes = Array<string>(64).fill(`0x${"ab".repeat(532)}`);
    const deepest = { accountProof: nodes, storageProof: [{ key: WORD, value: WORD, proof: nodes }] };
    expectRoom(call("eth_getProof", WORD, [WORD], "latest"), deepest);
  });
});
