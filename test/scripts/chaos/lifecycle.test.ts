import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { WebSocketServer, type WebSocket } from "ws";

import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { ChaosRpc, type ChaosRpcOptions } from "../../../scripts/chaos/ChaosRpc.ts";
import { startNode, type LocalNode } from "../../../scripts/local/startNode.ts";
import { ask, call, Listener, post, resultOf } from "./client.ts";

const NOWHERE = "http://127.0.0.1:1";

/** Leaves every kind of request unfinished, closes the proxy, and ends when nothing holds it any more. */
const CHILD = `
  const { ChaosRpc } = await import("${new URL("../../../scripts/chaos/ChaosRpc.ts", import.meta.url).href}");
  const { WebSocket } = await import("ws");
  const [url, hanging] = process.argv.slice(-2);
  const rules = ["net_version: hang", "eth_chainId: delay 600000", "eth_gasPrice: drip 1", "eth_accounts: mute-ws",
    "eth_getLogs: upstream 1"];
  const proxy = await ChaosRpc.start({ upstreams: [url, hanging], rules });
  const body = (method) => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: method === "eth_subscribe" ? ["newHeads"] : [] });
  const post = (method) => fetch(proxy.url, { method: "POST", body: body(method) }).then((r) => r.text()).catch(() => undefined);
  const asked = ["net_version", "eth_chainId", "eth_gasPrice", "eth_getLogs"].map(post);
  await post("eth_blockNumber");
  const sockets = await Promise.all(["eth_chainId", "eth_gasPrice", "eth_accounts", "eth_subscribe"].map(async (method) => {
    const socket = new WebSocket(proxy.wsUrl);
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.on("open", resolve));
    socket.send(body(method));
    return socket;
  }));
  while ((proxy.calls.get("eth_subscribe") ?? 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await proxy.close();
  await Promise.all(asked);
  await proxy.close();
  process.stdout.write("closed");
`;

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("ChaosRpc", function () {
  this.timeout(20_000);
  let node: LocalNode;
  const running: ChaosRpc[] = [];

  before(async () => {
    node = await startNode({ chain: "anvil", port: 0, host: "127.0.0.1", signal: new AbortController().signal });
  });

  afterEach(async () => {
    for (const proxy of running.splice(0)) await proxy.close();
  });

  after(() => node.stop());

  async function start(options: Partial<ChaosRpcOptions> = {}): Promise<ChaosRpc> {
    const proxy = await ChaosRpc.start({ upstreams: [node.url], ...options });
    running.push(proxy);
    return proxy;
  }

  it("refuses upstreams, rules and ports that are none, and shows no secret", async () => {
    const cases: readonly (readonly [Partial<ChaosRpcOptions>, code: string, says: RegExp])[] = [
      [{ upstreams: [] }, "ChaosUpstream", /no upstream/],
      [{ upstreams: ["ftp://host/0123456789abcdef0123"] }, "ChaosUpstream", /^ftp:\/\/host\/\*\*\* is no upstream/],
      [{ upstreams: ["ws://a|http://b"] }, "ChaosUpstream", /both as http:\/\/…\|ws:\/\/…/],
      [{ upstreams: ["./node.ipc"] }, "ChaosUpstream", /is no upstream/],
      [{ rules: ["*: upstream 1"] }, "ChaosUpstream", /no upstream 1: there are 1, counted from 0/],
      [{ rules: ["*: pool 0 7"] }, "ChaosUpstream", /no upstream 7/],
      [{ rules: ["*: nonsense"] }, "ChaosRule", /unknown action/],
      [{ rules: [{ action: "stale", blocks: -1 }] }, "ChaosRule", /blocks/],
      [{ port: Number(new URL(node.url).port) }, "ChaosPort", /EADDRINUSE/],
    ];
    for (const [options, code, says] of cases) {
      const fault = await failureOf(start(options));
      if (!KeeperError.is(fault, code)) throw new Error(`no ${code}`, { cause: fault });
      expect(fault.message).to.match(says);
    }
  });

  it("draws a seed and says which, or takes the one it is given", async () => {
    const [one, other, given] = [await start(), await start(), await start({ seed: 5 })];
    expect(one.seed).not.to.equal(other.seed);
    expect(given.seed).to.equal(5);
  });

  it("sets all rules or none", async () => {
    const proxy = await start({ rules: ["eth_chainId: null"] });
    expect(() => proxy.setRules(["eth_chainId: empty", "*: nonsense"])).to.throw(KeeperError);
    expect(await resultOf(proxy.url, "eth_chainId")).to.equal(null);
  });

  it("dies, and returns at the same port with its rules and counts", async () => {
    const proxy = await start({ rules: ["net_version: hang", "eth_chainId times=1: null"] });
    expect(await resultOf(proxy.url, "eth_chainId")).to.equal(null);
    const listener = await Listener.open(proxy.wsUrl);
    const hung = failureOf(post(proxy.url, call("net_version")));
    while (proxy.calls.get("net_version") === undefined) await new Promise((resolve) => setImmediate(resolve));
    await proxy.goDown();
    expect(codeOf(await hung)).to.equal("ECONNRESET");
    await listener.until(() => listener.closed !== undefined);
    expect(codeOf(await failureOf(post(proxy.url, call("eth_chainId"))))).to.equal("ECONNREFUSED");
    await proxy.goDown();
    await proxy.comeBack();
    await proxy.comeBack();
    expect(await resultOf(proxy.url, "eth_chainId")).to.equal("0x7a69");
    expect(proxy.calls.get("eth_chainId")).to.equal(2);
    const again = await Listener.open(proxy.wsUrl);
    expect(await again.resultOf("eth_chainId")).to.equal("0x7a69");
  });

  it("says so when somebody has taken the port meanwhile", async () => {
    const proxy = await start();
    await proxy.goDown();
    const thief = await start({ port: proxy.port });
    expect(KeeperError.is(await failureOf(proxy.comeBack()), "ChaosPort")).to.equal(true);
    await thief.close();
    await proxy.comeBack();
    expect(await resultOf(proxy.url, "eth_chainId")).to.equal("0x7a69");
  });

  it("leaves nothing behind when it is closed in the middle of everything", async () => {
    const hanging = createServer(() => undefined);
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    const child = spawn("node", ["--input-type=module", "-e", CHILD, node.url, url], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    // Whatever still held it would do so for minutes.
    const timer = setTimeout(() => child.kill("SIGKILL"), 8_000);
    const [code] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    hanging.closeAllConnections();
    hanging.close();
    expect([code, output]).to.deep.equal([0, "closed"]);
  });

  describe("with a node that is not there", () => {
    it("answers 502 with an error for each call, and still what it makes up itself", async () => {
      const proxy = await start({ upstreams: [NOWHERE], rules: ["eth_chainId: replace 0x1", "eth_call: stale 2"] });
      const { status, text } = await post(proxy.url, call("net_version", [], "a"));
      expect([status, JSON.parse(text)]).to.have.deep.nested.property("[1].error.code", -32_002);
      expect(JSON.parse(text)).to.include({ jsonrpc: "2.0", id: "a" });
      const batch = await post(proxy.url, [call("net_version", [], 1), call("eth_call", [{}], 2)]);
      expect(batch.status).to.equal(502);
      expect((JSON.parse(batch.text) as { id: unknown }[]).map(({ id }) => id)).to.deep.equal([1, 2]);
      expect((await post(proxy.url, "nonsense")).status).to.equal(502);
      expect(await resultOf(proxy.url, "eth_chainId")).to.equal("0x1");
    });

    it("refuses WebSockets with 502, and takes them when it is back", async () => {
      const proxy = await start({ upstreams: [NOWHERE] });
      expect(String(await failureOf(Listener.open(proxy.wsUrl)))).to.contain("502");
      await proxy.setUpstream(node.url);
      const listener = await Listener.open(proxy.wsUrl);
      expect(await listener.resultOf("eth_chainId")).to.equal("0x7a69");
    });

    it("says over WebSocket that a rule's upstream does not answer", async () => {
      const proxy = await start({ upstreams: [node.url, NOWHERE], rules: ["eth_chainId: upstream 1"] });
      const listener = await Listener.open(proxy.wsUrl);
      expect(await listener.resultOf("eth_chainId")).to.include({ code: -32_002 });
      expect(await listener.resultOf("net_version")).to.equal("31337");
    });
  });

  describe("with a node that misbehaves", () => {
    let server: Server;
    let sockets: WebSocketServer;
    let accepted: WebSocket[];
    let url: string;
    let left: { count: number };

    beforeEach(async () => {
      left = { count: 0 };
      accepted = [];
      sockets = new WebSocketServer({ noServer: true });
      server = createServer((request, response) => {
        response.on("close", () => (left.count += 1));
        if (request.headers["x-big"] === undefined) return;
        response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: "x".repeat(3_000) }));
      });
      server.on("upgrade", (request, socket, head) => {
        if (request.headers.authorization !== "let me in") socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
        else sockets.handleUpgrade(request, socket, head, (socket) => accepted.push(socket));
      });
      // Whoever lets go of a connection, it is not this server.
      server.keepAliveTimeout = 60_000;
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });

    afterEach(() => {
      for (const socket of accepted) socket.terminate();
      server.closeAllConnections();
      server.close();
    });

    it("stops asking when the client has left", async () => {
      const proxy = await start({ upstreams: [url], rules: ["eth_call: stale 1"] });
      for (const method of ["eth_chainId", "eth_call"]) {
        const end = new AbortController();
        const asked = failureOf(post(proxy.url, call(method), {}, end.signal));
        while (proxy.calls.get(method) === undefined) await new Promise((resolve) => setImmediate(resolve));
        const before = left.count;
        end.abort();
        await asked;
        while (left.count === before) await new Promise((resolve) => setImmediate(resolve));
      }
      expect(left.count).to.equal(2);
    });

    it("lets go of the node's connections when it is closed", async () => {
      const proxy = await start({ upstreams: [url] });
      await post(proxy.url, call("eth_chainId"), { "x-big": "yes" });
      await Listener.open(proxy.wsUrl, { authorization: "let me in" });
      const open = (): Promise<number> => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
      expect(await open()).to.equal(2);
      await proxy.close();
      while ((await open()) > 0) await new Promise((resolve) => setImmediate(resolve));
    });

    it("passes a big answer on, and refuses to hold it, or a big request", async () => {
      const proxy = await start({ upstreams: [url], maxBytes: 1_000, rules: ["eth_call: edit /a 1"] });
      const big = { "x-big": "yes" };
      expect((await post(proxy.url, call("eth_chainId"), big)).bytes.length).to.be.greaterThan(3_000);
      expect(await post(proxy.url, call("eth_call"), big)).to.include({ status: 502 });
      const refused = await post(proxy.url, "x".repeat(1_001));
      expect([refused.status, JSON.parse(refused.text)]).to.have.deep.nested.property("[1].error.code", -32_600);
      expect(refused.status).to.equal(413);
      // More than the sockets of the system hold: still told why.
      expect((await post(proxy.url, "x".repeat(16 * 1_048_576))).status).to.equal(413);
    });

    it("passes on how it refuses a WebSocket, how it ends one, and the client's name", async () => {
      const proxy = await start({ upstreams: [url], maxBytes: 1_000 });
      expect(String(await failureOf(Listener.open(proxy.wsUrl)))).to.contain("401");
      const letIn = { authorization: "let me in" };
      const listener = await Listener.open(proxy.wsUrl, letIn);
      accepted[0]!.close(4_002, "enough");
      await listener.until(() => listener.closed !== undefined);
      expect(listener.closed).to.equal(4_002);
      const long = await Listener.open(proxy.wsUrl, letIn);
      long.send("x".repeat(1_001));
      await long.until(() => long.closed !== undefined);
      expect(long.closed).to.equal(1_009);
    });

    it("says over WebSocket that a rule's upstream has gone without an answer", async () => {
      const proxy = await start({ upstreams: [node.url, url], rules: ["eth_chainId: upstream 1"] });
      const listener = await Listener.open(proxy.wsUrl, { authorization: "let me in" });
      const asked = listener.resultOf("eth_chainId");
      while (accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
      accepted[0]!.on("message", () => accepted[0]!.terminate());
      expect(await asked).to.include({ code: -32_002 });
      expect(await listener.resultOf("net_version")).to.equal("31337");
    });

    it("holds a node back that speaks faster than the client listens", async () => {
      const proxy = await start({ upstreams: [url] });
      const listener = await Listener.open(proxy.wsUrl, { authorization: "let me in" });
      listener.socket.pause();
      const [source] = accepted;
      const chunk = "x".repeat(1_048_576);
      for (let index = 0; index < 64; index++) source!.send(chunk);
      // Until nothing moves any more.
      for (let before = -1; before !== source!.bufferedAmount;) {
        before = source!.bufferedAmount;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // What is in the sockets of the system, and little more, has left the node.
      expect(source!.bufferedAmount).to.be.greaterThan(32 * 1_048_576);
      listener.socket.resume();
      await listener.until(() => listener.heard.length === 64);
      listener.end();
    });
  });

  it("is what a client of this package believes it to be", async () => {
    const proxy = await start();
    expect(await ask(proxy.url, [call("eth_chainId", [], 1)])).to.deep.equal([
      { jsonrpc: "2.0", id: 1, result: "0x7a69" },
    ]);
    expect(proxy.wsUrl).to.equal(`ws://127.0.0.1:${proxy.port}`);
  });
});
