import { expect } from "chai";

import { createSource } from "../../../keeper/chain/sources/createSource.ts";
import { readChainId } from "../../../keeper/probes/readChainId.ts";
import { PROBE_STATUSES } from "../../../keeper/probes/Probe.ts";
import { SOURCE_PROBES } from "../../../keeper/probes/sourceProbes.ts";
import { callNode } from "../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { BentProxy } from "../chain/read/BentProxy.ts";
import { examine, resultOf } from "./examine.ts";
import { errorsOf, resultsOf, ScriptedNode } from "./ScriptedNode.ts";

/** JSON that breaks whoever makes a text, a number or a list of it without looking. */
const HOSTILE: readonly string[] = [
  ...['{"toString":0}', '{"toString":0,"valueOf":0}', '{"toJSON":1}', '{"length":4000000000}', '{"__proto__":null}'],
  ...["null", "true", "7", "1e999", '""', '"0x"', '"0x01"', '"\\u0000\\u001b[2J"', `"0x${"f".repeat(100_000)}"`],
  ...["[]", "{}", "[null]", "[{}]", `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
];

type Fields = Record<string, unknown>;

describe("probes of a source that answers anything", function () {
  this.timeout(60_000);
  let anvil: LocalNode;
  let proxy: BentProxy;

  before(async () => {
    anvil = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    const [from, to] = (await callNode(anvil.url, "eth_accounts")) as [string, string];
    for (let block = 0; block < 3; block += 1) await callNode(anvil.url, "evm_mine");
    const hash = await callNode(anvil.url, "eth_sendTransaction", [{ from, to, value: "0x1" }]);
    while ((await callNode(anvil.url, "eth_getTransactionReceipt", [hash])) === null);
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

  async function expectFindings(url: string, client = "anvil"): Promise<void> {
    const { results } = await examine(url, { client, deadlineMs: 300, probeMs: 2_000 });
    expect(results.map(({ name }) => name)).to.deep.equal(SOURCE_PROBES.map(({ name }) => name));
    for (const { status, detail } of results) {
      expect(PROBE_STATUSES).to.include(status);
      // eslint-disable-next-line no-control-regex -- what must not be shown
      expect(detail).to.not.match(/[\u0000-\u001f\u007f-\u009f]/);
      expect(detail.length).to.be.below(600);
    }
  }

  for (const value of HOSTILE) {
    it(`find something when every result is ${value.slice(0, 30)}`, async () => {
      const node = await ScriptedNode.start((calls, isBatch) => resultsOf(calls, isBatch, value));
      try {
        await expectFindings(node.url);
      } finally {
        await node.close();
      }
    });

    it(`say no chain when that is ${value.slice(0, 30)}`, async () => {
      const node = await ScriptedNode.start((calls, isBatch) => resultsOf(calls, isBatch, value));
      const now = (): number => performance.now();
      const source = createSource({ id: "s", url: node.url, operator: "o", client: "geth" }, { now });
      source.open(
        { onHead: () => undefined, onUp: () => undefined, onDown: () => undefined },
        AbortSignal.timeout(9_000),
      );
      try {
        expect(await readChainId([source], { deadlineMs: 1_000 })).to.equal(null);
      } finally {
        await source.close();
        await node.close();
      }
    });

    it(`find something when every error's data is ${value.slice(0, 30)}`, async () => {
      const error = `{"code":3,"message":"execution reverted","data":${value}}`;
      const node = await ScriptedNode.start((calls, isBatch) => {
        return calls.every(({ method }) => method === "eth_chainId")
          ? resultsOf(calls, isBatch, '"0x7a69"')
          : errorsOf(calls, isBatch, error);
      });
      try {
        await expectFindings(node.url);
      } finally {
        await node.close();
      }
    });
  }

  for (const value of ['{"toString":0}', "[null]"]) {
    it(`find something when any member of an answer is ${value}`, async () => {
      const hostile: unknown = JSON.parse(value);
      const members = new Set<string>();
      const isObject = (answer: unknown): answer is Fields => typeof answer === "object" && answer !== null;
      proxy.bend = (_, answer) => {
        for (const item of [answer].flat()) if (isObject(item)) Object.keys(item).forEach((name) => members.add(name));
        return answer;
      };
      await examine(proxy.url);
      expect([...members]).to.include.members(["hash", "transactions", "accountProof", "logs"]);
      for (const name of members) {
        const bend = (answer: unknown): unknown => {
          if (Array.isArray(answer)) return answer.map(bend);
          return isObject(answer) && name in answer ? { ...answer, [name]: hostile } : answer;
        };
        proxy.bend = (_, answer) => bend(answer);
        await expectFindings(proxy.url);
      }
    });
  }

  it("show names of unknown fields without control characters, and not at any length", async () => {
    const names = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`\u009b2J${n}`, "0x1"]));
    proxy.lie("eth_getBlockByNumber", (block: Fields) => ({ ...block, hash: `0x${"13".repeat(32)}`, ...names }));
    const { detail } = resultOf(await examine(proxy.url), "header");
    expect(detail).to.match(/^unsupported: fields beyond the \d+ known ones \( 2J0, {2}2J1/);
    expect(detail.length).to.be.below(300);
  });

  it("take no declared client's name for a member of an object", async () => {
    await expectFindings(anvil.url, "constructor");
  });

  it("ask for no receipts of as many transactions as the source likes", async () => {
    proxy.refuse = ({ method }) => (method === "eth_getBlockReceipts" ? "no such method" : undefined);
    proxy.lie("eth_getBlockByNumber", (block: Fields) => ({
      ...block,
      transactions: Array.from({ length: 10_001 }, () => `0x${"13".repeat(32)}`),
    }));
    expect(resultOf(await examine(proxy.url), "receipts").detail).to.match(/nor one by one$/);
    expect(proxy.calls.get("eth_getTransactionReceipt")).to.equal(undefined);
  });
});
