import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HttpPoster, type PostOutcome } from "../../../../keeper/chain/sources/HttpPoster.ts";
import type { Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { readReceipts } from "../../../fixtures/mainnet/chainData.ts";
import { HandlerLog } from "./HandlerLog.ts";
import type { RpcTestServer, Transport } from "./RpcTestServer.ts";
import { hashOf, replyText, startRpcServer } from "./RpcTestServer.ts";

const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 10,
  heartbeatMs: 60_000,
  probeDeadlineMs: 2_000,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
};
const GENEROUS = { deadlineMs: 4_000 };
const COUNT = 200_000;
const HASH = hashOf(9);

/** Results that are small on the wire and large, or slow to make, in memory. */
const BOMBS: Readonly<Record<string, string>> = {
  "lists in lists": "[".repeat(COUNT),
  "empty objects": `[${"{},".repeat(COUNT)}{}]`,
  "objects in objects": '{"a":'.repeat(COUNT),
  "small numbers": `[${"1,".repeat(COUNT)}1]`,
};

describe("answers that are bombs", () => {
  let server: RpcTestServer;
  let source: Source;
  let log: HandlerLog;
  let stop: AbortController;
  /** Length of the longest text that was parsed. */
  let longestParsed = 0;
  const parse = JSON.parse;

  beforeEach(() => {
    longestParsed = 0;
    JSON.parse = (text: string, ...rest: []): unknown => {
      longestParsed = Math.max(longestParsed, text.length);
      return parse(text, ...rest);
    };
  });

  afterEach(async () => {
    JSON.parse = parse;
    stop.abort();
    await source.close();
    await server.close();
  });

  async function open(transport: Transport, deps: Partial<SourceDeps> = {}): Promise<void> {
    server = await startRpcServer(transport);
    source = createSource({ id: "s1", url: server.url, operator: "op", client: "test" }, { ...DEPS, ...deps });
    log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
    await log.until("head");
  }

  async function faultOf(method: string, params: readonly unknown[] = []): Promise<KeeperError> {
    const fault: unknown = await source.request(method, params, GENEROUS).catch((error: unknown) => error);
    if (fault instanceof KeeperError) return fault;
    throw new Error(`${method} succeeded`);
  }

  for (const transport of ["http", "ws", "ipc"] as const) {
    describe(`over ${transport}`, () => {
      for (const [name, bomb] of Object.entries(BOMBS)) {
        // A socket's frames are cut by brackets over IPC: what never closes never ends there.
        if (transport === "ipc" && !bomb.endsWith("]")) continue;
        it(`refuses ${name} where receipts are due, unparsed, and goes on`, async () => {
          await open(transport);
          server.script("eth_getBlockReceipts", ([call], wire) => wire.send(`{"id":${call!.id},"result":${bomb}}`));
          expect((await faultOf("eth_getBlockReceipts", [HASH])).code).to.equal("SourceMalformed");
          expect(longestParsed).to.be.lessThan(10_000);
          while (log.events.at(-1)?.startsWith("down") === true) await new Promise((next) => setTimeout(next, 5));
          server.head = { number: "0x2", hash: hashOf(2) };
          if (transport !== "http") server.pushHead(2, hashOf(2));
          await log.until("head 2");
          expect(await source.request("echo", ["again"], GENEROUS)).to.deep.equal(["again"]);
        });
      }

      it("refuses an answer that is larger than one to this call can be, and keeps the connection", async () => {
        await open(transport);
        const { acceptedCount } = server;
        server.script("eth_chainId", ([call], wire) => wire.send(replyText(call!.id, "0".repeat(20_000))));
        const fault = await faultOf("eth_chainId");
        expect([fault.code, fault.payload["maxAnswerBytes"]]).to.deep.equal(["SourceMalformed", 16 * 1024]);
        expect(longestParsed).to.be.lessThan(10_000);
        expect(await source.request("eth_call", ["0".repeat(20_000)], GENEROUS)).to.have.length(1);
        if (transport !== "http") expect(server.acceptedCount).to.equal(acceptedCount);
      });

      it("refuses an answer with more lists than one to this call can have", async () => {
        await open(transport);
        server.script("eth_chainId", ([call], wire) => wire.send(replyText(call!.id, Array(100).fill([]))));
        expect((await faultOf("eth_chainId")).code).to.equal("SourceMalformed");
      });

      it("bounds a batch by the sum of its calls", async () => {
        await open(transport);
        const answer = (length: number): void =>
          server.script("eth_chainId", (calls, wire) =>
            wire.send(`[${calls.map(({ id }) => replyText(id, "0".repeat(length))).join(",")}]`),
          );
        const calls = Array(3).fill({ method: "eth_chainId", params: [] });
        answer(16_000);
        expect((await source.batch(calls, GENEROUS)).every(({ ok }) => ok)).to.equal(true);
        answer(17_000);
        const codes = (await source.batch(calls, GENEROUS)).map((item) => !item.ok && item.error.code);
        expect(codes).to.deep.equal(Array(3).fill("SourceMalformed"));
      });

      it("takes 20 MB of real receipts", async () => {
        await open(transport);
        const receipts = readReceipts();
        const one = JSON.stringify(receipts).slice(1, -1);
        const copies = Math.ceil(20_000_000 / one.length);
        const text = `[${Array(copies).fill(one).join(",")}]`;
        server.script("eth_getBlockReceipts", ([call], wire) => wire.send(`{"id":${call!.id},"result":${text}}`));
        const result = (await source.request("eth_getBlockReceipts", [HASH], { deadlineMs: 20_000 })) as unknown[];
        expect(result).to.have.length(copies * receipts.length);
        expect(result.at(-1)).to.deep.equal(receipts.at(-1));
      }).timeout(30_000);
    });
  }

  it("takes a head over http with junk beside it for no head", async () => {
    await open("http");
    const head = { number: "0x2", hash: hashOf(2) };
    const junk = `{"number":"0x2","hash":"${head.hash}","junk":[${"{},".repeat(5_000)}{}],"more":"${"0".repeat(1_000_000)}"}`;
    server.script("eth_getBlockByNumber", ([call], wire) => wire.send(`{"id":${call!.id},"result":${junk}}`));
    await log.until("down SourceMalformed");
    expect(log.events.filter((event) => event.startsWith("head"))).to.have.length(1);
    expect(longestParsed).to.be.lessThan(10_000);
  });

  it("refuses an answer over http by the length that it announces", async () => {
    await open("http");
    server.script("eth_chainId", (_, wire) => wire.status(200, "", { "content-length": "20000" }));
    expect((await faultOf("eth_chainId")).payload["maxAnswerBytes"]).to.equal(16 * 1024);
  });

  it("reads an answer over http no further than its cap, and drops the connection", async () => {
    await open("http");
    const endless = createServer((_, response) => void response.write("0".repeat(20_000)));
    await new Promise<void>((resolve) => endless.listen(0, "127.0.0.1", resolve));
    const closed = new Promise((resolve) => endless.on("connection", (socket) => socket.on("close", resolve)));
    const url = new URL(`http://127.0.0.1:${(endless.address() as AddressInfo).port}`);
    const poster = new HttpPoster(url, 1);
    const outcome = await new Promise<PostOutcome>((resolve) => poster.post("{}", 16_000, resolve));
    expect(!outcome.ok && [outcome.fault.code, outcome.fault.payload]).to.deep.equal([
      "SourceMalformed",
      { maxAnswerBytes: 16_000 },
    ]);
    await closed;
    poster.close();
    await new Promise<void>((resolve) => endless.close(() => resolve()));
  });

  for (const transport of ["ws", "ipc"] as const) {
    describe(`pushed over ${transport}`, () => {
      it("ends the connection for a push that is larger than a head", async () => {
        await open(transport);
        const result = { number: "0x2", hash: hashOf(2), junk: "0".repeat(5_000_000) };
        server.push(JSON.stringify({ method: "eth_subscription", params: { subscription: "0x1", result } }));
        await log.until("down SourceMalformed");
        expect(longestParsed).to.be.lessThan(10_000);
      });

      it("takes a pushed head that lists its transactions", async () => {
        await open(transport);
        const result = { number: "0x2", hash: hashOf(2), transactions: Array(20_000).fill(HASH) };
        server.push(JSON.stringify({ method: "eth_subscription", params: { subscription: "0x1", result } }));
        await log.until("head 2");
        expect(log.events.some((event) => event.startsWith("down"))).to.equal(false);
      });

      it("drops a large answer that comes late, unparsed, and keeps the connection", async () => {
        await open(transport);
        const { acceptedCount } = server;
        let late = "";
        server.script("eth_getBlockReceipts", ([call]) => (late = replyText(call!.id, "0".repeat(5_000_000))));
        const call = source.request("eth_getBlockReceipts", [HASH], { deadlineMs: 30 });
        expect(KeeperError.is(await call.catch((error: unknown) => error), "SourceTimeout")).to.equal(true);
        server.push(late);
        expect(await source.request("echo", [1], GENEROUS)).to.deep.equal([1]);
        expect([server.acceptedCount, longestParsed < 10_000]).to.deep.equal([acceptedCount, true]);
      });

      it("holds an answer to one call of a batch to that call's bound", async () => {
        await open(transport);
        server.script("eth_chainId", (calls, wire) =>
          calls.forEach(({ id }, index) => wire.send(replyText(id, "0".repeat(index === 1 ? 17_000 : 10)))),
        );
        const items = await source.batch(Array(3).fill({ method: "eth_chainId", params: [] }), GENEROUS);
        expect(items[1]?.ok === false && items[1].error.code).to.equal("SourceMalformed");
        expect(items[0]?.ok).to.equal(true);
      });
    });
  }
});
