import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import type { Action, Rule } from "../../../scripts/chaos/Rule.ts";
import { ChaosRpc } from "../../../scripts/chaos/ChaosRpc.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { ask, call, post, resultOf } from "./client.ts";

const ACCOUNT = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const HEIGHT = 12;

type Json = Record<string, unknown>;

describe("ChaosRpc over HTTP", function () {
  this.timeout(20_000);
  let node: LocalNode;
  let liar: LocalNode;
  let proxy: ChaosRpc;

  before(async () => {
    const signal = new AbortController().signal;
    const options = { chain: "anvil", port: 0, host: "127.0.0.1", signal } as const;
    [node, liar] = await Promise.all([startNode(options), startNode(options)]);
    await resultOf(node.url, "anvil_mine", [`0x${HEIGHT.toString(16)}`]);
    await resultOf(liar.url, "anvil_mine", ["0x64"]);
    proxy = await ChaosRpc.start({ upstreams: [node.url, liar.url], seed: 1 });
  });

  afterEach(() => {
    proxy.clear();
  });

  after(async () => {
    await proxy.close();
    await Promise.all([node.stop(), liar.stop()]);
  });

  /** Whether the request is still unanswered once another one has been answered. */
  async function isUnanswered(body: unknown): Promise<boolean> {
    const end = new AbortController();
    let isOver = false;
    const counted = [...proxy.calls.values()].reduce((sum, count) => sum + count, 0);
    const asked = post(proxy.url, body, {}, end.signal).then(
      () => (isOver = true),
      () => (isOver = !end.signal.aborted),
    );
    const total = (): number => [...proxy.calls.values()].reduce((sum, count) => sum + count, 0);
    while (total() === counted) await new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < 3; round++) await post(proxy.url, "{}");
    const isHanging = !isOver;
    end.abort();
    await asked;
    return isHanging;
  }

  describe("tells the truth", () => {
    const bodies: Readonly<Record<string, unknown>> = {
      "a call": call("eth_getBlockByNumber", ["0x1", true]),
      "a batch": [call("eth_chainId", [], "a"), call("eth_getBalance", [ACCOUNT, "0x0"], 2)],
      "an error": call("eth_nonsense"),
      "a batch with what is no call": [call("eth_chainId"), 5, { id: 3 }],
      "an empty batch": "[]",
      "no JSON": '{"jsonrpc":"2.0","id":1,',
      nothing: "",
    };
    for (const [name, body] of Object.entries(bodies)) {
      it(`byte for byte, of ${name}`, async () => {
        // Rules that apply to something else change nothing about that.
        proxy.setRules(["eth_getLogs: empty"]);
        const [direct, through] = await Promise.all([post(node.url, body), post(proxy.url, body)]);
        expect(through.bytes).to.deep.equal(direct.bytes);
        expect(through.status).to.equal(direct.status);
        const plain = ({ date: _, connection: __, "keep-alive": ___, ...headers }: typeof direct.headers) => headers;
        expect(plain(through.headers)).to.deep.equal(plain(direct.headers));
      });
    }

    describe("of a node that says strange things", () => {
      const STRANGE = '\ufeff{"id":1, "id":2,\n"__proto__":{"a":1},"result":18446744073709551617}';
      let strange: Server;
      let through: ChaosRpc;
      let seen: { headers: Json; body: string; method: string }[];

      before(async () => {
        strange = createServer((request, response) => {
          const chunks: Buffer[] = [];
          request.on("data", (chunk: Buffer) => chunks.push(chunk));
          request.on("end", () => {
            const body = Buffer.concat(chunks).toString();
            seen.push({ headers: request.headers as Json, body, method: request.method ?? "" });
            if (body.includes("gzip")) response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(STRANGE));
            else if (body.includes("teapot")) response.writeHead(418, "Teapot", { "retry-after": "7" }).end(STRANGE);
            else if (body.includes("cut")) {
              response.writeHead(200, { "content-length": 100 });
              response.write("begun", () => response.destroy());
            } else response.writeHead(200, { "set-cookie": ["a=1", "b=2"] }).end(STRANGE);
          });
        });
        await new Promise<void>((resolve) => strange.listen(0, "127.0.0.1", resolve));
        const url = `http://127.0.0.1:${(strange.address() as AddressInfo).port}/key/abc`;
        through = await ChaosRpc.start({ upstreams: [url], rules: ["eth_call: null"] });
      });

      beforeEach(() => {
        seen = [];
      });

      after(async () => {
        await through.close();
        strange.close();
      });

      it("passes its bytes, headers and status on", async () => {
        const answer = await post(through.url, call("x"));
        expect(answer.text).to.equal(STRANGE);
        expect(answer.headers["set-cookie"]).to.deep.equal(["a=1", "b=2"]);
        const packed = await post(through.url, call("gzip"), { "accept-encoding": "gzip" });
        expect(packed.bytes).to.deep.equal(gzipSync(STRANGE));
        expect(packed.headers["content-encoding"]).to.equal("gzip");
        const refused = await post(through.url, call("teapot"));
        expect(refused).to.include({ status: 418, text: STRANGE });
        expect(refused.headers["retry-after"]).to.equal("7");
      });

      it("passes the client's headers and bytes on, and what is no POST", async () => {
        const body = ' {"jsonrpc":"2.0","id":1e0,"method":"x"} ';
        await post(through.url, body, { authorization: "Bearer t", "user-agent": "me/1" });
        expect(seen[0]).to.include({ body });
        expect(seen[0]?.headers).to.include({ authorization: "Bearer t", "user-agent": "me/1" });
        await fetch(through.url);
        expect(seen[1]?.method).to.equal("GET");
      });

      it("breaks off where the node breaks off", async () => {
        expect(await post(through.url, call("cut"))).to.include({ text: "begun", broke: "ECONNRESET" });
      });

      it("passes an answer on that is to be lied about and cannot be read", async () => {
        through.setRules(["*: edit /a 5"]);
        expect(await post(through.url, call("teapot"))).to.include({ status: 418, text: STRANGE });
        expect((await post(through.url, call("x"))).text).to.equal(STRANGE);
        // It was asked not to compress.
        expect(seen[0]?.headers["accept-encoding"]).to.equal("identity");
        through.setRules(["eth_call: null"]);
      });
    });
  });

  describe("lies", () => {
    const batch = [call("eth_chainId", [], 1), call("eth_blockNumber", [], 2), call("net_version", [], 3)];

    async function idsAfter(rule: Rule | string): Promise<unknown[]> {
      proxy.setRules([rule]);
      return ((await ask(proxy.url, batch)) as Json[]).map(({ id }) => id);
    }

    it("drops a call of a batch, and a request that is only that one", async () => {
      expect(await idsAfter("eth_blockNumber: drop")).to.deep.equal([1, 3]);
      expect(await isUnanswered(call("eth_blockNumber"))).to.equal(true);
    });

    it("hangs", async () => {
      proxy.setRules(["eth_blockNumber: hang"]);
      expect(await isUnanswered(batch)).to.equal(true);
      expect(await resultOf(proxy.url, "eth_chainId")).to.equal("0x7a69");
    });

    it("delays, and does something else after that", async () => {
      proxy.setRules(["*: delay 80", "eth_chainId: null"]);
      const from = performance.now();
      expect(await resultOf(proxy.url, "eth_chainId")).to.equal(null);
      expect(performance.now() - from).to.be.greaterThan(78);
    });

    it("trickles", async () => {
      const whole = await post(proxy.url, call("eth_chainId"));
      proxy.setRules(["*: drip 400"]);
      const from = performance.now();
      const answer = await post(proxy.url, call("eth_chainId"));
      expect(answer.text).to.equal(whole.text);
      expect(answer.chunks).to.be.greaterThan(1);
      const expectedMs = (whole.bytes.length / 400) * 1_000;
      expect(performance.now() - from).to.be.greaterThan(expectedMs * 0.8);
    });

    it("cuts the answer off within its body, at any byte", async () => {
      const whole = await post(proxy.url, call("eth_chainId"));
      for (const bytes of [0, 1, whole.bytes.length - 1]) {
        proxy.setRules([{ action: "truncate", bytes }]);
        const answer = await post(proxy.url, call("eth_chainId"));
        expect(answer).to.include({ text: whole.text.slice(0, bytes), broke: "ECONNRESET", status: 200 });
      }
      proxy.setRules([{ action: "truncate", bytes: whole.bytes.length }]);
      expect(await post(proxy.url, call("eth_chainId"))).to.include({ text: whole.text, broke: undefined });
    });

    it("says something else, or around the true answer", async () => {
      proxy.setRules(["eth_chainId: raw <html>"]);
      expect((await post(proxy.url, batch)).text).to.equal("<html>");
      proxy.setRules([String.raw`*: raw "\ufeff[%answer%,{\"id\":%id%,\"id\":null}]"`]);
      const { text } = await post(proxy.url, call("eth_chainId", [], "$&"));
      expect(text).to.equal('\ufeff[{"jsonrpc":"2.0","id":"$&","result":"0x7a69"},{"id":"$&","id":null}]');
    });

    it("answers with more than anybody wants to hold", async () => {
      proxy.setRules(["*: huge 3000000"]);
      const answer = (await ask(proxy.url, call("eth_chainId"))) as Json;
      expect(answer["id"]).to.equal(1);
      expect(answer["result"]).to.equal("x".repeat(3_000_000));
    });

    const made: Readonly<Record<string, readonly [Action, Json]>> = {
      "a value": [{ action: "replace", result: { a: [1] } }, { result: { a: [1] } }],
      null: [{ action: "null" }, { result: null }],
      "an empty list": [{ action: "empty" }, { result: [] }],
      "an error": [
        { action: "error", code: -32_005, message: "limit" },
        { error: { code: -32_005, message: "limit" } },
      ],
    };
    for (const [name, [action, expected]] of Object.entries(made)) {
      it(`answers with ${name} in place of the node, which is not asked`, async () => {
        proxy.setRules([{ method: "evm_mine", ...action }]);
        expect(await ask(proxy.url, call("evm_mine"))).to.deep.equal({ jsonrpc: "2.0", id: 1, ...expected });
        expect(await resultOf(node.url, "eth_blockNumber")).to.equal(`0x${HEIGHT.toString(16)}`);
      });
    }

    it("lets the node know all the same when the rule says so", async () => {
      const height = Number(await resultOf(liar.url, "eth_blockNumber"));
      await proxy.setUpstream(1);
      // The last one is never answered.
      const rules = ["error -32603 lost", "status 504", "refuse", "drop"];
      for (const action of rules) {
        proxy.setRules([`evm_mine forward: ${action}`]);
        const end = new AbortController();
        const asked = post(proxy.url, call("evm_mine"), {}, end.signal).catch(() => undefined);
        const expected = height + rules.indexOf(action) + 1;
        while (Number(await resultOf(liar.url, "eth_blockNumber")) < expected);
        end.abort();
        await asked;
      }
      await proxy.setUpstream(0);
      expect(Number(await resultOf(liar.url, "eth_blockNumber"))).to.equal(height + rules.length);
    });

    it("changes a result by a function of it and the params", async () => {
      const rule: Rule = {
        method: "eth_getBalance",
        action: "replace",
        change: async (result, params) => [typeof result, params[0]],
      };
      proxy.rule(rule);
      expect(await resultOf(proxy.url, "eth_getBalance", [ACCOUNT, "latest"])).to.deep.equal(["string", ACCOUNT]);
    });

    it("answers 502 when the function throws, and goes on", async () => {
      const change = (): never => {
        throw new Error("oops");
      };
      proxy.rule({ method: "eth_chainId", times: 1, action: "replace", change });
      const { status, text } = await post(proxy.url, call("eth_chainId"));
      expect([status, text]).to.satisfy(([code, body]: [number, string]) => code === 502 && body.includes("oops"));
      expect(await resultOf(proxy.url, "eth_chainId")).to.equal("0x7a69");
    });

    it("edits, removes and changes bytes in a result", async () => {
      const truth = (await resultOf(node.url, "eth_getProof", [ACCOUNT, [], "latest"])) as {
        accountProof: string[];
      } & Json;
      const after = (rule: string): Promise<unknown> => {
        proxy.setRules([rule]);
        return resultOf(proxy.url, "eth_getProof", [ACCOUNT, [], "latest"]);
      };
      const { accountProof, ...rest } = truth;
      expect(await after("eth_getProof: edit /accountProof/0 0xc0")).to.deep.equal({
        ...rest,
        accountProof: ["0xc0", ...accountProof.slice(1)],
      });
      expect(await after("eth_getProof: remove /accountProof")).to.deep.equal(rest);
      const last = accountProof.at(-1)!;
      const flipped = last.slice(0, -2) + (Number.parseInt(last.slice(-2), 16) ^ 1).toString(16).padStart(2, "0");
      expect(await after("eth_getProof: xor /accountProof/-1 -1")).to.deep.equal({
        ...rest,
        accountProof: accountProof.with(-1, flipped),
      });
    });

    it("does not edit an error of the node", async () => {
      proxy.setRules(["*: edit /a 5"]);
      expect(await ask(proxy.url, call("eth_nonsense"))).to.deep.equal(await ask(node.url, call("eth_nonsense")));
    });

    it("answers a batch in another order, or twice", async () => {
      expect(await idsAfter("eth_chainId: reorder")).to.deep.equal([3, 2, 1]);
      expect(await idsAfter("eth_blockNumber: duplicate")).to.deep.equal([1, 2, 2, 3]);
    });

    it("is a node that is some blocks behind", async () => {
      proxy.setRules(["*: stale 5"]);
      const behind = `0x${(HEIGHT - 5).toString(16)}`;
      const [height, latest, newer] = (
        (await ask(proxy.url, [
          call("eth_blockNumber", [], 1),
          call("eth_getBlockByNumber", ["latest", false], 2),
          call("eth_getBlockByNumber", ["0xa", false], 3),
        ])) as Json[]
      ).map(({ result }) => result);
      expect([height, (latest as Json)["number"], newer]).to.deep.equal([behind, behind, null]);
      const { hash } = (await resultOf(node.url, "eth_getBlockByNumber", ["latest", false])) as Json;
      expect(await resultOf(proxy.url, "eth_getBlockByHash", [hash, false])).to.equal(null);
      expect(await resultOf(proxy.url, "eth_getBalance", [ACCOUNT, "0xa"])).to.include({ message: "header not found" });
      proxy.setRules(["*: stale 100"]);
      expect(await resultOf(proxy.url, "eth_blockNumber")).to.equal("0x0");
    });

    it("pins a tag to a block, or to another tag", async () => {
      const numberAt = async (tag: string): Promise<unknown> => {
        return ((await resultOf(proxy.url, "eth_getBlockByNumber", [tag, false])) as Json)["number"];
      };
      proxy.setRules(["*: pin finalized 3", "*: pin safe latest"]);
      expect([await numberAt("finalized"), await numberAt("safe")]).to.deep.equal(["0x3", "0xc"]);
      proxy.setRules(["*: pin latest 2"]);
      expect([await numberAt("latest"), await resultOf(proxy.url, "eth_blockNumber")]).to.deep.equal(["0x2", "0x2"]);
    });

    it("answers with a status, and when to try again", async () => {
      proxy.setRules(["eth_chainId: status 429 retry-after=2", "net_version: status 503"]);
      const limited = await post(proxy.url, batch);
      expect([limited.status, limited.headers["retry-after"], limited.text]).to.deep.equal([429, "2", ""]);
      expect(await post(proxy.url, call("net_version"))).to.include({ status: 503 });
    });

    it("resets the connection", async () => {
      proxy.setRules(["eth_chainId: refuse"]);
      const refused = await post(proxy.url, call("eth_chainId")).catch((error: unknown) => error);
      expect((refused as { code: unknown }).code).to.equal("ECONNRESET");
    });

    it("forgets filters", async () => {
      const id = await resultOf(proxy.url, "eth_newBlockFilter");
      await resultOf(node.url, "eth_chainId");
      proxy.setRules(["*: forget-filters"]);
      expect(await resultOf(proxy.url, "eth_newBlockFilter")).to.match(/^0x/);
      expect(await resultOf(proxy.url, "eth_getFilterChanges", [id])).to.deep.equal([]);
      expect(await resultOf(proxy.url, "eth_uninstallFilter", [id])).to.equal(false);
      proxy.setRules(["*: forget-filters -32602"]);
      const lost = { code: -32_602, message: "filter not found" };
      expect(await resultOf(proxy.url, "eth_getFilterChanges", [id])).to.deep.equal(lost);
    });

    it("lets another upstream answer, for some calls of a batch only", async () => {
      proxy.setRules(["eth_blockNumber every=2: upstream 1"]);
      const two = [call("eth_blockNumber", [], 1), call("eth_chainId", [], 2), call("eth_blockNumber", [], 3)];
      const replies = (await ask(proxy.url, two)) as Json[];
      expect(replies.map(({ id }) => id)).to.deep.equal([1, 2, 3]);
      expect(replies[0]!["result"]).to.equal("0xc");
      expect(Number(replies[2]!["result"])).to.be.greaterThan(99);
    });

    it("lets upstreams answer in turn", async () => {
      proxy.setRules(["eth_blockNumber: pool"]);
      const heights = [];
      for (let round = 0; round < 4; round++) heights.push(Number(await resultOf(proxy.url, "eth_blockNumber")) > 99);
      expect(heights[0]).to.not.equal(heights[1]);
      expect(heights.slice(2)).to.deep.equal(heights.slice(0, 2));
    });

    it("lies to one client only", async () => {
      proxy.setRules(["* client=keeper: null"]);
      const asClient = async (agent: string): Promise<unknown> => {
        return ((await ask(proxy.url, call("eth_chainId"), { "user-agent": agent })) as Json)["result"];
      };
      expect([await asClient("my-keeper/1"), await asClient("auditor/1")]).to.deep.equal([null, "0x7a69"]);
    });

    it("counts calls, and lies alike for the same seed", async () => {
      const run = async (seed: number): Promise<unknown[]> => {
        const seeded = await ChaosRpc.start({ upstreams: [node.url], seed, rules: ["* probability=0.5: null"] });
        const results = [];
        for (let round = 0; round < 16; round++) results.push(await resultOf(seeded.url, "eth_chainId"));
        expect(seeded.calls.get("eth_chainId")).to.equal(16);
        expect(seeded.rules[0]?.told).to.equal(results.filter((result) => result === null).length);
        await seeded.close();
        return results;
      };
      const first = await run(5);
      expect(await run(5)).to.deep.equal(first);
      expect(await run(6)).not.to.deep.equal(first);
    });
  });
});
