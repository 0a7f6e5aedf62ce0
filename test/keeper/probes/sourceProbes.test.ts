import { expect } from "chai";

import { HEADER_FIELDS } from "../../../keeper/chain/verify/headerFields.ts";
import { profileOf, PROFILES } from "../../../keeper/domain/chainProfile.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { BentProxy } from "../chain/read/BentProxy.ts";
import { examine, resultOf, statusesOf, type Examination } from "./examine.ts";

type Fields = Record<string, unknown>;

/** What a healthy Anvil gives over WebSocket. */
const HEALTHY = {
  reachable: "ok",
  "chain id": "ok",
  genesis: "skip",
  "pinned block": "skip",
  client: "ok",
  batches: "ok",
  header: "ok",
  clock: "ok",
  "account proof": "ok",
  "proof window": "ok",
  "EIP-1898": "ok",
  receipts: "ok",
  blockhash: "ok",
  "EIP-2935": "ok",
  newHeads: "ok",
  safe: "ok",
  finalized: "ok",
};

async function start(chain: "anvil" | "hardhat"): Promise<LocalNode> {
  const node = await startNode({ chain, port: 0, host: "127.0.0.1", signal: new AbortController().signal });
  const [from, to] = (await callNode(node.url, "eth_accounts")) as [string, string];
  for (let block = 0; block < 20; block += 1) await callNode(node.url, "evm_mine");
  const hash = await callNode(node.url, "eth_sendTransaction", [{ from, to, value: "0x1" }]);
  // Anvil may answer before it has mined.
  while ((await callNode(node.url, "eth_getTransactionReceipt", [hash])) === null);
  return node;
}

describe("probes of a source", function () {
  this.timeout(60_000);
  let anvil: LocalNode;
  let proxy: BentProxy;

  before(async () => {
    anvil = await start("anvil");
  });

  beforeEach(async () => {
    proxy = await BentProxy.start(anvil.url);
  });

  afterEach(async () => {
    await proxy.close();
  });

  after(async () => {
    await anvil.stop();
  });

  /** The results that differ from a healthy Anvil's over HTTP. */
  async function sick(facts: Examination = {}): Promise<Record<string, string>> {
    const statuses = Object.entries(statusesOf(await examine(proxy.url, facts)));
    const expected: Record<string, string> = { ...HEALTHY, newHeads: "warn" };
    return Object.fromEntries(statuses.filter(([name, status]) => status !== expected[name]));
  }

  async function detailOf(name: string, facts: Examination = {}): Promise<string> {
    const { detail, advice } = resultOf(await examine(proxy.url, facts), name);
    return `${detail} → ${advice}`;
  }

  it("finds Anvil healthy, by WebSocket and by HTTP", async () => {
    const report = await examine(anvil.wsUrl);
    expect(statusesOf(report)).to.deep.equal(HEALTHY);
    expect(resultOf(report, "header").detail).to.equal("block 21 re-hashes, Prague shape (21 fields)");
    expect(resultOf(report, "finalized").detail).to.equal("block 13, 8 below the head");
    expect(await sick()).to.deep.equal({});
  });

  it("finds what Hardhat lacks", async () => {
    const hardhat = await start("hardhat");
    try {
      const report = await examine(hardhat.wsUrl, { client: "hardhat" });
      const lacking = { receipts: "warn", "EIP-2935": "warn", safe: "warn", finalized: "warn" };
      expect(statusesOf(report)).to.deep.equal({ ...HEALTHY, ...lacking });
      expect(resultOf(report, "receipts").detail).to.match(/^one by one: 1 of block 21 verify/);
      expect(resultOf(report, "EIP-2935").detail).to.equal("the history contract reverts");
      expect(resultOf(report, "finalized").detail).to.equal("EQUALS LATEST: NO FINALITY HERE");
    } finally {
      await hardhat.stop();
    }
  });

  it("asks a dead source nothing more", async () => {
    const report = await examine("http://127.0.0.1:1");
    expect(report.results[0]).to.include({ name: "reachable", status: "fail" });
    expect(new Set(report.results.slice(1).map(({ status }) => status))).to.deep.equal(new Set(["skip"]));
  });

  it("leaves a source that hangs after the deadline", async () => {
    proxy.wire = "hang";
    const startedAtMs = performance.now();
    const { results } = await examine(proxy.url, { deadlineMs: 200 });
    expect(results[0]?.detail).to.match(/^SourceTimeout/);
    expect(performance.now() - startedAtMs).to.be.below(3_000);
  });

  it("leaves a source in the middle of a probe when that one's time is over", async () => {
    proxy.hangs = ({ method }) => method === "eth_getProof";
    const report = await examine(proxy.url, { deadlineMs: 30_000, probeMs: 500 });
    expect(resultOf(report, "account proof").detail).to.equal("no answer within 500 ms");
    expect(resultOf(report, "receipts").status).to.equal("ok");
  });

  it("warns of a slow source", async () => {
    let nowMs = 0;
    const report = await examine(proxy.url, { now: () => (nowMs += 260) });
    expect(resultOf(report, "reachable")).to.include({ status: "warn", detail: "median of 5 calls 260.0 ms" });
  });

  it("notices another chain, genesis or pinned block", async () => {
    const wrong = { number: 3, hash: `0x${"12".repeat(32)}` as const };
    const chain = { ...profileOf(31_337), genesisHash: wrong.hash, pin: wrong };
    const found = await sick({ chainId: 1, chain });
    expect(found).to.deep.equal({ "chain id": "fail", genesis: "fail", "pinned block": "fail" });
    expect(await detailOf("chain id", { chainId: 1 })).to.contain("it serves chain 31337, expected 1");
    const far = { ...chain, pin: { ...wrong, number: 1_000 } };
    expect(await detailOf("pinned block", { chain: far })).to.contain("it does not have block 1000");
  });

  it("accepts the right genesis and pinned block", async () => {
    const hashOf = async (tag: string): Promise<`0x${string}`> => {
      return ((await callNode(anvil.url, "eth_getBlockByNumber", [tag, false])) as { hash: `0x${string}` }).hash;
    };
    const pin = { number: 5, hash: await hashOf("0x5") };
    const chain = { ...profileOf(31_337), genesisHash: await hashOf("0x0"), pin };
    expect(await sick({ chain })).to.deep.equal({ genesis: "ok", "pinned block": "ok" });
    proxy.lie("eth_getBlockByNumber", (block: Fields, { params }) => {
      return params[0] === "0x5" ? callResult : block;
    });
    const callResult = await callNode(anvil.url, "eth_getBlockByNumber", ["0x6", false]);
    expect(resultOf(await examine(proxy.url, { chain }), "pinned block").status).to.equal("fail");
  });

  it("compares the client with the declared one", async () => {
    expect(await sick({ client: "geth" })).to.deep.equal({ client: "warn" });
    expect(await detailOf("client", { client: "unknown" })).to.contain("declare it: url|operator|anvil");
    proxy.lie("web3_clientVersion", () => "Geth/v1.16.0\u001b[31m/linux");
    const report = await examine(proxy.url, { client: "geth" });
    expect(resultOf(report, "client")).to.deep.include({ status: "ok", detail: "Geth/v1.16.0 [31m/linux" });
    proxy.refuse = ({ method }) => (method === "web3_clientVersion" ? "no" : undefined);
    expect(resultOf(await examine(proxy.url), "client").status).to.equal("skip");
  });

  it("notices that batches are refused, or cut short", async () => {
    proxy.refusesBatches = true;
    expect(await sick()).to.deep.equal({ batches: "fail" });
    proxy.refusesBatches = false;
    let calls = 0;
    // Six calls one by one, and part of a message of 16.
    proxy.refuse = ({ method }) => (method === "eth_chainId" && ++calls > 20 ? "batch too large" : undefined);
    expect((await sick())["batches"]).to.equal("fail");
  });

  it("notices an altered header", async () => {
    proxy.lie("eth_getBlockByNumber", (block: Fields) => ({ ...block, gasUsed: "0x777" }));
    const report = await examine(proxy.url);
    expect(resultOf(report, "header")).to.include({ status: "fail" });
    expect(resultOf(report, "header").detail).to.contain("HeaderHashMismatch");
  });

  it("names fields of a header that this version does not know", async () => {
    proxy.lie("eth_getBlockByNumber", (block: Fields) => ({
      ...block,
      hash: `0x${"13".repeat(32)}`,
      futureRoot: "0x1",
    }));
    expect(await detailOf("header")).to.contain(
      `unsupported: fields beyond the ${HEADER_FIELDS.length} known ones (futureRoot)`,
    );
  });

  it("holds the head's time against the clock, by the chain's profile", async () => {
    const chain = { ...PROFILES.ethereum };
    expect(resultOf(await examine(proxy.url, { chain }), "clock").status).to.equal("ok");
    const late = await examine(proxy.url, { chain, wallNow: () => Date.now() + 3_600_000 });
    expect(resultOf(late, "clock")).to.include({ status: "warn" });
    const early = await examine(proxy.url, { chain, wallNow: () => Date.now() - 3_600_000 });
    expect(resultOf(early, "clock")).to.include({ status: "fail" });
    expect(resultOf(early, "clock").detail).to.contain("ahead of this clock");
  });

  it("notices that nothing is proven", async () => {
    proxy.refuse = ({ method }) => (method === "eth_getProof" ? "the method does not exist" : undefined);
    const unproven = { "account proof": "fail", "proof window": "fail", "EIP-1898": "warn" };
    expect(await sick()).to.deep.equal(unproven);
    expect(await detailOf("account proof")).to.contain("eth_getProof is refused: the method does not exist");
  });

  it("notices proofs that do not verify", async () => {
    proxy.lie("eth_getProof", (answer: Fields) => ({ ...answer, accountProof: ["0xc0"] }));
    expect(await sick()).to.deep.equal({ "account proof": "fail", "proof window": "fail", "EIP-1898": "fail" });
  });

  for (const [served, found] of [
    [0, 0],
    [1, 1],
    [7, 1],
    [8, 8],
  ] as const) {
    it(`finds a proof window of ${served} blocks`, async () => {
      proxy.refuse = ({ method, params }) =>
        method === "eth_getProof" && typeof params[2] === "string" && Number(params[2]) < 21 - served
          ? "distance to target block exceeds maximum proof window"
          : undefined;
      const { detail, status } = resultOf(await examine(proxy.url, { proofDepth: 8 }), "proof window");
      expect(detail).to.match(new RegExp(`^${found} blocks`));
      expect(status).to.equal(found < 8 ? "warn" : "ok");
    });
  }

  it("notices that blocks are not taken by hash", async () => {
    proxy.refuse = ({ method, params }) =>
      method === "eth_getProof" && typeof params[2] === "object" ? "invalid argument 2" : undefined;
    expect(await sick()).to.deep.equal({ "EIP-1898": "warn" });
  });

  it("finds receipts one by one, none, and altered ones", async () => {
    proxy.refuse = ({ method }) => (method === "eth_getBlockReceipts" ? "no such method" : undefined);
    expect(await sick()).to.deep.equal({ receipts: "warn" });
    proxy.refuse = ({ method }) => (/Receipt/.test(method) ? "no such method" : undefined);
    expect(await sick()).to.deep.equal({ receipts: "fail" });
    proxy.refuse = () => undefined;
    proxy.lie("eth_getBlockReceipts", (list: Fields[]) => list.map((item) => ({ ...item, status: "0x0" })));
    expect(await sick()).to.deep.equal({ receipts: "fail" });
    expect(await detailOf("receipts")).to.contain("ReceiptsRootMismatch");
  });

  it("notices a blockhash, or a block number, that is not the header's", async () => {
    proxy.lie("eth_call", (word: string) => (word.length === 130 ? `${word.slice(0, -2)}00` : word));
    expect(await sick()).to.deep.equal({ blockhash: "fail" });
    proxy.bend = (_, result) => result;
    proxy.lie("eth_call", (word: string) => (word.length === 130 ? `0x${"00".repeat(31)}07${word.slice(66)}` : word));
    expect(await detailOf("blockhash")).to.contain("the EVM is at block 7, the header at 21");
  });

  it("notices a history contract that is missing, or wrong", async () => {
    proxy.lie("eth_getCode", () => "0x");
    expect(await sick()).to.deep.equal({ "EIP-2935": "warn" });
    proxy.bend = (_, result) => result;
    proxy.lie("eth_call", (word: string) => (word.length === 66 ? `0x${"00".repeat(32)}` : word));
    expect(await sick()).to.deep.equal({ "EIP-2935": "fail" });
  });

  it("says loudly that a chain has no finality, or no tags", async () => {
    const isTag = ([tag]: readonly unknown[]): boolean => tag === "safe" || tag === "finalized";
    proxy.refuse = ({ params }) => (isTag(params) ? "unknown block" : undefined);
    expect(await sick()).to.deep.equal({ safe: "warn", finalized: "warn" });
    proxy.refuse = () => undefined;
    const latest = await callNode(anvil.url, "eth_getBlockByNumber", ["latest", false]);
    proxy.lie("eth_getBlockByNumber", (block: Fields, { params }) => (isTag(params) ? latest : block));
    const chain = PROFILES.ethereum;
    expect(await detailOf("finalized", { chain })).to.contain("NO FINALITY HERE");
    expect(await detailOf("safe", { chain })).to.contain("3 confirmations");
  });
});
