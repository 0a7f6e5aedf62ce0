import { expect } from "chai";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import type { Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { callNode } from "../../../../scripts/local/callNode.ts";
import { startNode, type LocalNode } from "../../../../scripts/local/startNode.ts";
import { HandlerLog } from "./HandlerLog.ts";
import { hashOf, startRpcServer, type RpcTestServer } from "./RpcTestServer.ts";

const HEARTBEAT_MS = 80;
const PROBE_MS = 120;
/** What timers and a busy machine may add: what is not noticed at all is not noticed by then either. */
const SLACK_MS = 2_000;
const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 20,
  heartbeatMs: HEARTBEAT_MS,
  probeDeadlineMs: PROBE_MS,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((fault: unknown) => fault);
  if (error instanceof KeeperError) return error.code;
  throw new Error("the call succeeded");
}

/** A server that does with each connection what it is told to, and counts those that are open. */
class RawServer {
  readonly sockets = new Set<Socket>();
  accepted = 0;
  readonly #server = createServer();

  static async start(onSocket: (socket: Socket) => void): Promise<RawServer> {
    const raw = new RawServer();
    raw.#server.on("connection", (socket) => {
      raw.accepted += 1;
      raw.sockets.add(socket);
      socket.on("close", () => raw.sockets.delete(socket));
      socket.on("error", () => undefined);
      // Read, so that the end of a connection is seen.
      socket.resume();
      onSocket(socket);
    });
    await new Promise<void>((resolve) => raw.#server.listen(0, "127.0.0.1", resolve));
    return raw;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

describe("half-open connections", () => {
  const stop = new AbortController();
  const sources: Source[] = [];
  let closing: (() => Promise<void>)[] = [];

  function open(url: string, deps: Partial<SourceDeps> = {}): { source: Source; log: HandlerLog } {
    const source = createSource({ id: "s1", url, operator: "op", client: "test" }, { ...DEPS, ...deps });
    const log = new HandlerLog();
    source.open(log, stop.signal);
    sources.push(source);
    return { source, log };
  }

  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.close()));
    for (const close of closing) await close();
    closing = [];
  });

  for (const transport of ["ws", "ipc"] as const) {
    describe(`over ${transport}`, () => {
      let server: RpcTestServer;

      beforeEach(async () => {
        server = await startRpcServer(transport);
        closing.push(() => server.close());
      });

      it("ends a muted connection within heartbeat and probe, and connects again with a fresh head (B14)", async () => {
        const { log } = open(server.url);
        await log.until("head 1");
        const mutedAtMs = performance.now();
        server.freeze();
        await log.until("down");
        expect(performance.now() - mutedAtMs).to.be.below(HEARTBEAT_MS + PROBE_MS + SLACK_MS);
        server.head = { number: "0x5", hash: hashOf(5) };
        server.thaw();
        await log.until("head 5");
        expect(log.events.map((event) => event.split(" ")[0])).to.deep.equal(["up", "head", "down", "up", "head"]);
      });

      it("notices within a heartbeat that a subscription hangs on a connection that answers (B15)", async () => {
        const { log } = open(server.url);
        await log.until("head 1");
        // It repeats itself, which looks like life.
        const repeating = setInterval(() => {
          server.push(
            JSON.stringify({
              jsonrpc: "2.0",
              method: "eth_subscription",
              params: { subscription: "0x1", result: { number: "0x1", hash: hashOf(1) } },
            }),
          );
        }, HEARTBEAT_MS / 4);
        server.head = { number: "0x2", hash: hashOf(2) };
        const stuckAtMs = performance.now();
        await log.until("head 2");
        clearInterval(repeating);
        expect(performance.now() - stuckAtMs).to.be.below(2 * HEARTBEAT_MS + SLACK_MS);
        expect(log.events.filter((event) => event.startsWith("down"))).to.deep.equal([]);
      });
    });
  }

  for (const scheme of ["http", "ws"] as const) {
    it(`gives up on a server that accepts ${scheme} and never answers, and leaves no connection behind`, async () => {
      const raw = await RawServer.start(() => undefined);
      closing.push(() => raw.close());
      const { source, log } = open(`${scheme}://127.0.0.1:${raw.port}`);
      const code = await codeOf(source.request("echo", [], { deadlineMs: 60 }));
      expect(code).to.equal("SourceTimeout");
      await log.until("down SourceTimeout");
      await source.close();
      while (raw.sockets.size > 0) await pause(5);
    });
  }

  it("ends an answer that drips at its deadline, and frees its connection", async () => {
    let drips = 0;
    const raw = await RawServer.start((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{");
        const timer = setInterval(() => {
          drips += 1;
          socket.write(" ");
        }, 10);
        socket.on("close", () => clearInterval(timer));
      });
    });
    closing.push(() => raw.close());
    const { source } = open(`http://127.0.0.1:${raw.port}`, { pollIntervalMs: 60_000, probeDeadlineMs: 100 });
    const startedMs = performance.now();
    expect(await codeOf(source.request("echo", [], { deadlineMs: 100 }))).to.equal("SourceTimeout");
    expect(performance.now() - startedMs).to.be.within(95, 100 + SLACK_MS);
    expect(drips).to.be.greaterThan(3);
    while (raw.sockets.size > 0) await pause(5);
  });

  it("does not wait on headers that drip", async () => {
    const raw = await RawServer.start((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const timer = setInterval(() => socket.write("X-Drip: 1\r\n"), 10);
        socket.on("close", () => clearInterval(timer));
      });
    });
    closing.push(() => raw.close());
    const { source } = open(`http://127.0.0.1:${raw.port}`, { pollIntervalMs: 60_000, probeDeadlineMs: 100 });
    expect(await codeOf(source.request("echo", [], { deadlineMs: 100 }))).to.equal("SourceTimeout");
    while (raw.sockets.size > 0) await pause(5);
  });

  it("drops the kept connections of an HTTP source after two timeouts in a row", async () => {
    const server = await startRpcServer("http");
    closing.push(() => server.close());
    const { source } = open(server.url, { pollIntervalMs: 60_000 });
    // Eight at once make eight connections, which are kept.
    await Promise.all(Array.from({ length: 8 }, () => source.request("echo", [], { deadlineMs: 1_000 })));
    const kept = server.connectionCount;
    expect(kept).to.be.at.least(8);
    server.freeze();
    expect(await codeOf(source.request("echo", [], { deadlineMs: 50 }))).to.equal("SourceTimeout");
    await pause(20);
    expect(server.connectionCount).to.equal(kept - 1);
    expect(await codeOf(source.request("echo", [], { deadlineMs: 50 }))).to.equal("SourceTimeout");
    while (server.connectionCount > 0) await pause(5);
    server.thaw();
    expect(await source.request("echo", [7], { deadlineMs: 1_000 })).to.deep.equal([7]);
  });

  describe("of a node that the operating system has stopped", function () {
    this.timeout(30_000);
    let node: LocalNode;

    before(async () => {
      node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
    });

    after(async () => {
      process.kill(node.pid, "SIGCONT");
      await node.stop();
    });

    for (const transport of ["http", "ws"] as const) {
      it(`is noticed over ${transport}, and left behind when the node goes on`, async () => {
        const { source, log } = open(transport === "http" ? node.url : node.wsUrl);
        await log.until("head");
        process.kill(node.pid, "SIGSTOP");
        const stoppedAtMs = performance.now();
        expect(await codeOf(source.request("eth_chainId", [], { deadlineMs: 50 }))).to.equal("SourceTimeout");
        await log.until("down");
        expect(performance.now() - stoppedAtMs).to.be.below(HEARTBEAT_MS + PROBE_MS + SLACK_MS);
        process.kill(node.pid, "SIGCONT");
        await callNode(node.url, "evm_mine", []);
        const number = Number(await callNode(node.url, "eth_blockNumber", []));
        await log.until(`head ${number}`);
        expect(await source.request("eth_chainId", [], { deadlineMs: 2_000 })).to.equal("0x7a69");
      });
    }
  });
});
