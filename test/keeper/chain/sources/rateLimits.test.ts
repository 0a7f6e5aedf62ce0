import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { MAX_URGENT } from "../../../../keeper/chain/sources/CallRunner.ts";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Exchange, Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { HandlerLog } from "./HandlerLog.ts";
import type { ReceivedCall, RpcTestServer, Transport, Wire } from "./RpcTestServer.ts";
import { hashOf, replyText, startRpcServer } from "./RpcTestServer.ts";

const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 20,
  heartbeatMs: 20,
  probeDeadlineMs: 500,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
  rateLimitBaseMs: 300,
};
const GENEROUS = { deadlineMs: 1_500 };

async function faultOf(promise: Promise<unknown>): Promise<KeeperError> {
  const error: unknown = await promise.catch((fault: unknown) => fault);
  if (error instanceof KeeperError) return error;
  throw new Error("the call succeeded");
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Refuses every call of a message for the rate, as a node does in JSON. */
function refuse(calls: readonly ReceivedCall[], wire: Wire, data?: unknown): void {
  const replies = calls.map(({ id }) => JSON.stringify({ id, error: { code: -32_005, message: "slow down", data } }));
  wire.send(replies.length === 1 ? replies[0]! : `[${replies.join(",")}]`);
}

describe("rate limits", () => {
  let server: RpcTestServer;
  let source: Source;
  let log: HandlerLog;
  let stop: AbortController;
  let exchanges: Exchange[];

  async function open(transport: Transport, deps: Partial<SourceDeps> = {}): Promise<void> {
    server = await startRpcServer(transport);
    exchanges = [];
    source = createSource(
      { id: "s1", url: server.url, operator: "op", client: "test" },
      { ...DEPS, onExchange: (exchange) => exchanges.push(exchange), ...deps },
    );
    log = new HandlerLog();
    stop = new AbortController();
    source.open(log, stop.signal);
    await log.until("head");
  }

  afterEach(async () => {
    stop.abort();
    await source.close();
    await server.close();
  });

  for (const transport of ["http", "ws", "ipc"] as const) {
    describe(`over ${transport}`, () => {
      it("refuses calls at once while the source is limited, asks it nothing, and recovers by itself", async () => {
        await open(transport);
        server.script("limited", (calls, wire) => refuse(calls, wire));
        const first = await faultOf(source.request("limited", [], GENEROUS));
        expect(first.code).to.equal("SourceRateLimited");
        expect(first.payload).to.include({ source: "s1", method: "limited", rpcCode: -32_005, retryAfterMs: 150 });
        const second = await faultOf(source.request("echo", [], GENEROUS));
        expect(second.code).to.equal("SourceRateLimited");
        expect(second.payload["retryAfterMs"]).to.be.within(1, 150);
        const [item] = await source.batch([{ method: "echo", params: [] }], GENEROUS);
        expect(item?.ok === false && item.error.code).to.equal("SourceRateLimited");
        expect([server.countOf("limited"), server.countOf("echo")]).to.deep.equal([1, 0]);
        await pause(160);
        expect(await source.request("echo", ["again"], GENEROUS)).to.deep.equal(["again"]);
      });

      it("spends one try for each wait on a source that stays limited, and waits longer each time", async () => {
        await open(transport);
        server.script("limited", (calls, wire) => refuse(calls, wire));
        const startedMs = performance.now();
        while (performance.now() - startedMs < 700) {
          await Promise.allSettled(Array.from({ length: 10 }, () => source.request("limited", [], GENEROUS)));
          await pause(5);
        }
        // The first ten went out together, before anything was known; then after 150 and 300 ms.
        expect(server.countOf("limited")).to.be.within(11, 12);
        expect(exchanges.filter(({ fault }) => fault === "SourceRateLimited").length).to.be.greaterThan(100);
      });

      it("goes on to learn of heads while calls are refused", async () => {
        await open(transport);
        server.script("limited", (calls, wire) => refuse(calls, wire, { rate: { backoff_seconds: 30 } }));
        expect((await faultOf(source.request("limited", [], GENEROUS))).payload["retryAfterMs"]).to.equal(30_000);
        server.head = { number: "0x2", hash: hashOf(2) };
        await log.until("head 2");
        expect(log.events).to.deep.equal(["up", "head 1 01", "head 2 02"]);
        expect((await faultOf(source.request("echo", [], GENEROUS))).code).to.equal("SourceRateLimited");
      });

      it("is slowed by one item of a batch, whose others are kept", async () => {
        await open(transport);
        server.script("mixed", ([first, second], wire) => {
          const refused = JSON.stringify({ id: second!.id, error: { code: 429, message: "capacity" } });
          wire.send(`[${replyText(first!.id, "kept")},${refused}]`);
        });
        const items = await source.batch(Array(2).fill({ method: "mixed", params: [] }), GENEROUS);
        expect(items.map((item) => (item.ok ? item.result : item.error.code))).to.deep.equal([
          "kept",
          "SourceRateLimited",
        ]);
        expect((await faultOf(source.request("echo", [], GENEROUS))).code).to.equal("SourceRateLimited");
        const exchange = exchanges.find(({ calls }) => calls[0]?.method === "mixed");
        expect(exchange).to.include({ fault: null, retryAfterMs: 150 });
      });

      it("lets what is urgent pass, a few calls at once", async () => {
        await open(transport);
        server.script("limited", (calls, wire) => refuse(calls, wire, { rate: { backoff_seconds: 60 } }));
        server.script("hang", () => undefined);
        await faultOf(source.request("limited", [], GENEROUS));
        const urgent = { deadlineMs: 400, isUrgent: true };
        expect(await source.request("echo", [1], urgent)).to.deep.equal([1]);
        const faults = Array.from({ length: MAX_URGENT + 2 }, () => faultOf(source.request("hang", [], urgent)));
        const codes = (await Promise.all(faults)).map(({ code }) => code);
        expect(codes).to.deep.equal([
          ...Array<string>(MAX_URGENT).fill("SourceTimeout"),
          ...Array<string>(2).fill("SourceRateLimited"),
        ]);
        expect(server.countOf("hang")).to.equal(MAX_URGENT);
        expect(await source.request("echo", [2], urgent)).to.deep.equal([2]);
        expect((await faultOf(source.request("echo", [], GENEROUS))).code).to.equal("SourceRateLimited");
      });

      it("refuses what waits for a slot as well", async () => {
        await open(transport, { maxInFlight: 1 });
        server.script("limited", (calls, wire) => refuse(calls, wire));
        const faults = await Promise.all(
          [1, 2, 3].map((n) => faultOf(source.request(n === 1 ? "limited" : "echo", [], GENEROUS))),
        );
        expect(faults.map(({ code }) => code)).to.deep.equal(Array(3).fill("SourceRateLimited"));
        expect(server.countOf("echo")).to.equal(0);
      });
    });
  }

  for (const [name, status, headers, waitMs] of [
    ["429 with seconds", 429, { "retry-after": "7" }, 7_000],
    ["429 with a date", 429, null, 20_000],
    ["429 alone", 429, {}, 150],
    ["503 with seconds", 503, { "retry-after": "2" }, 2_000],
    ["429 that asks for an hour", 429, { "retry-after": "3600" }, 60_000],
    ["429 that asks for nothing", 429, { "retry-after": "0" }, 100],
  ] as const) {
    it(`understands HTTP ${name}`, async () => {
      await open("http");
      const inTime = (): string => new Date(Date.now() + waitMs).toUTCString();
      server.script("limited", (_, wire) => wire.status(status, "slow down", headers ?? { "retry-after": inTime() }));
      const fault = await faultOf(source.request("limited", [], GENEROUS));
      expect([fault.code, fault.payload["status"]]).to.deep.equal(["SourceRateLimited", status]);
      expect(fault.payload["retryAfterMs"])
        .to.be.within(waitMs - 1_500, waitMs + 1_500)
        .and.at.least(100);
      expect((await faultOf(source.request("echo", [], GENEROUS))).code).to.equal("SourceRateLimited");
    });
  }

  it("takes HTTP 503 without a time for a node that is down, not limited", async () => {
    await open("http");
    server.script("down", (_, wire) => wire.status(503, "restarting"));
    expect((await faultOf(source.request("down", [], GENEROUS))).code).to.equal("SourceHttpStatus");
    expect(await source.request("echo", [1], GENEROUS)).to.deep.equal([1]);
  });

  it("polls no sooner than a refused poll asks for", async () => {
    await open("http");
    server.script("eth_getBlockByNumber", (_, wire) => wire.status(429, "", { "retry-after": "1" }));
    await log.until("down SourceRateLimited");
    const before = server.countOf("eth_getBlockByNumber");
    await pause(300);
    expect(server.countOf("eth_getBlockByNumber")).to.equal(before);
  });

  for (const transport of ["ws", "ipc"] as const) {
    it(`keeps a connection over ${transport} whose heartbeat is refused: it is alive, and pushes`, async () => {
      await open(transport);
      server.script("eth_getBlockByNumber", (calls, wire) => refuse(calls, wire));
      const before = server.countOf("eth_getBlockByNumber");
      while (server.countOf("eth_getBlockByNumber") < before + 3) await pause(5);
      server.pushHead(2, hashOf(2));
      await log.until("head 2");
      expect([log.events, server.acceptedCount]).to.deep.equal([["up", "head 1 01", "head 2 02"], 1]);
    });
  }

  it("does not knock again before the time that a refused upgrade names, but for what is urgent", async () => {
    await open("http");
    let upgrades = 0;
    const gate = createServer().on("upgrade", (_, socket) => {
      upgrades += 1;
      socket.end("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n");
    });
    await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
    const url = `ws://127.0.0.1:${(gate.address() as AddressInfo).port}`;
    const other = createSource({ id: "s2", url, operator: "op", client: "test" }, DEPS);
    const otherLog = new HandlerLog();
    other.open(otherLog, stop.signal);
    const fault = await faultOf(other.request("echo", [], GENEROUS));
    expect([fault.code, fault.payload["retryAfterMs"]]).to.deep.equal(["SourceRateLimited", 30_000]);
    await otherLog.until("down SourceRateLimited");
    await pause(150);
    expect(upgrades).to.equal(1);
    expect((await faultOf(other.request("echo", [], GENEROUS))).code).to.equal("SourceRateLimited");
    expect((await faultOf(other.request("echo", [], { ...GENEROUS, isUrgent: true }))).code).to.equal(
      "SourceRateLimited",
    );
    expect(upgrades).to.equal(2);
    await other.close();
    expect((await faultOf(other.request("echo", [], { ...GENEROUS, isUrgent: true }))).code).to.equal("SourceClosed");
    gate.closeAllConnections();
    await new Promise<void>((resolve) => gate.close(() => resolve()));
  });

  for (const transport of ["ws", "ipc"] as const) {
    it(`connects over ${transport} at once for what is urgent`, async () => {
      await open(transport, { reconnectBaseMs: 60_000, reconnectMaxMs: 60_000, random: () => 1 });
      server.dropAll();
      await log.until("down");
      expect((await faultOf(source.request("echo", [1], GENEROUS))).code).to.equal("SourceClosed");
      expect(await source.request("echo", [2], { ...GENEROUS, isUrgent: true })).to.deep.equal([2]);
      expect(server.acceptedCount).to.equal(2);
    });
  }
});
