import { expect } from "chai";

import { hideNewer, isAboutBlocks, namesTag, replaceTags } from "../../../scripts/chaos/blockTags.ts";
import type { BlockTag } from "../../../scripts/chaos/Rule.ts";

const LATEST = new Map<BlockTag, string>([["latest", "0x5"]]);
const FINALIZED = new Map<BlockTag, string>([["finalized", "0x3"]]);

describe("replaceTags", () => {
  const cases: readonly (readonly [method: string, before: unknown, tags: Map<BlockTag, string>, after: unknown])[] = [
    ["eth_getBlockByNumber", ["latest", false], LATEST, ["0x5", false]],
    ["eth_getBlockByNumber", ["finalized", false], LATEST, ["finalized", false]],
    ["eth_getBlockByNumber", ["finalized", false], FINALIZED, ["0x3", false]],
    ["eth_getBlockByNumber", ["0x9", false], LATEST, ["0x9", false]],
    ["eth_call", [{ to: "0x1" }], LATEST, [{ to: "0x1" }, "0x5"]],
    ["eth_call", [{ to: "0x1" }], FINALIZED, [{ to: "0x1" }]],
    ["eth_call", [{ to: "0x1" }, { blockHash: "0x2" }], LATEST, [{ to: "0x1" }, { blockHash: "0x2" }]],
    ["eth_getProof", ["0x1", [], "latest"], LATEST, ["0x1", [], "0x5"]],
    ["eth_getLogs", [{}], LATEST, [{ fromBlock: "0x5", toBlock: "0x5" }]],
    [
      "eth_getLogs",
      [{ fromBlock: "0x1", toBlock: "latest", topics: [] }],
      LATEST,
      [{ fromBlock: "0x1", toBlock: "0x5", topics: [] }],
    ],
    ["eth_getLogs", [{ fromBlock: "0x1", toBlock: "finalized" }], FINALIZED, [{ fromBlock: "0x1", toBlock: "0x3" }]],
    ["eth_getLogs", [{ fromBlock: "finalized" }], FINALIZED, [{ fromBlock: "0x3" }]],
    ["eth_getLogs", [{ fromBlock: "0x1" }], FINALIZED, [{ fromBlock: "0x1" }]],
    ["eth_getLogs", [{ blockHash: "0x2" }], LATEST, [{ blockHash: "0x2" }]],
    ["eth_call", { tx: {}, block: "latest" }, LATEST, { tx: {}, block: "latest" }],
  ];
  for (const [method, before, tags, after] of cases) {
    it(`turns ${method} ${JSON.stringify(before)} into ${JSON.stringify(after)}, ${[...tags.keys()].join()} being ${[...tags.values()].join()}`, () => {
      expect(replaceTags({ method, params: before }, tags).params).to.deep.equal(after);
    });
  }
});

describe("namesTag", () => {
  it("sees tags that are written and a latest that is meant", () => {
    expect(namesTag({ method: "eth_call", params: [{}] }, "latest")).to.equal(true);
    expect(namesTag({ method: "eth_blockNumber", params: undefined }, "latest")).to.equal(true);
    expect(namesTag({ method: "eth_getLogs", params: [{ fromBlock: "safe" }] }, "safe")).to.equal(true);
    expect(namesTag({ method: "eth_call", params: [{}] }, "safe")).to.equal(false);
    expect(namesTag({ method: "eth_getBlockByNumber", params: ["0x1"] }, "latest")).to.equal(false);
    expect(namesTag({ method: "eth_chainId", params: [] }, "latest")).to.equal(false);
  });
});

describe("isAboutBlocks", () => {
  it("tells what depends on the head from what does not", () => {
    const about = (method: string, params: unknown[] = []): boolean => isAboutBlocks({ method, params });
    for (const method of ["eth_blockNumber", "eth_getLogs", "eth_getBlockByHash", "eth_call"])
      expect(about(method)).to.equal(true);
    expect(about("trace_block", ["latest"])).to.equal(true);
    for (const method of ["eth_chainId", "net_version", "eth_sendRawTransaction"])
      expect(about(method)).to.equal(false);
  });
});

describe("hideNewer", () => {
  const reply = (result: unknown): Record<string, unknown> => ({ jsonrpc: "2.0", id: 1, result });
  const log = (blockNumber: string): unknown => ({ blockNumber });
  const missing = { jsonrpc: "2.0", id: 1, error: { code: -32_000, message: "header not found" } };
  const cases: Readonly<Record<string, readonly [method: string, params: unknown[], before: unknown, after: unknown]>> =
    {
      "lowers the height": ["eth_blockNumber", [], reply("0x9"), reply("0x5")],
      "knows no later block by number": ["eth_getBlockByNumber", ["0x6", false], reply({ number: "0x6" }), reply(null)],
      "knows no later block by hash": ["eth_getBlockByHash", ["0x1", false], reply({ number: "0x6" }), reply(null)],
      "knows a block that is old enough": [
        "eth_getBlockByHash",
        ["0x1"],
        reply({ number: "0x5" }),
        reply({ number: "0x5" }),
      ],
      "knows no later receipt": ["eth_getTransactionReceipt", ["0x1"], reply({ blockNumber: "0x6" }), reply(null)],
      "knows no receipts of a later block": ["eth_getBlockReceipts", ["0x6"], reply([]), reply(null)],
      "finds no later log": ["eth_getLogs", [{}], reply([log("0x5"), log("0x6")]), reply([log("0x5")])],
      "has no later state": ["eth_call", [{}, "0x6"], reply("0x"), missing],
      "has older state": ["eth_call", [{}, "0x5"], reply("0x"), reply("0x")],
    };
  for (const [name, [method, params, before, after]] of Object.entries(cases)) {
    it(name, () => {
      expect(hideNewer({ method, params }, before as never, 5)).to.deep.equal(after);
    });
  }
});
