import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import type { Api, ApiHandlers } from "../../../keeper/api/httpServer.ts";
import { startApi } from "../../../keeper/api/httpServer.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { fetchStatements } from "../../../keeper/peers/fetchStatements.ts";

describe("startApi", () => {
  let api: Api;
  let handlers: { -readonly [K in keyof ApiHandlers]: ApiHandlers[K] };
  let errors: unknown[];

  beforeEach(async () => {
    errors = [];
    handlers = {
      isReady: () => ({ ready: true, reason: "in sync" }),
      status: () => ({ block: 7, wei: 2n ** 80n }),
      metrics: () => "lockstep_up 1\n",
    };
    api = await startApi({ port: 0, handlers, closeGraceMs: 50, onError: (error, path) => errors.push([error, path]) });
  });

  afterEach(() => api.close());

  /** Sends raw bytes and returns everything that comes back until the server closes. */
  async function raw(text: string): Promise<string> {
    const socket = connect(api.port, api.host);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.write(text);
    await once(socket, "close");
    return answer;
  }

  async function refusal(port: number, host: string): Promise<KeeperError> {
    const outcome: unknown = await startApi({ port, host, handlers }).catch((error: unknown) => error);
    if (outcome instanceof KeeperError) return outcome;
    throw new Error("the API started");
  }

  it("refuses a taken port, naming it and the way out", async () => {
    const error = await refusal(api.port, api.host);
    expect(error.code).to.equal("PortTaken");
    expect(error.payload).to.deep.equal({ host: "127.0.0.1", port: api.port });
    expect(error.message).to.include(String(api.port)).and.include("--api-port 0");
  });

  it("refuses an address that is not of this machine, and a port that is none", async () => {
    expect((await refusal(0, "203.0.113.1")).code).to.equal("ApiListenFailed");
    expect((await refusal(70_000, "127.0.0.1")).code).to.equal("ApiListenFailed");
  });

  it("listens on the loopback unless told otherwise", () => {
    expect(api.url).to.equal(`http://127.0.0.1:${api.port}`);
  });

  it("is out of reach for other keepers, and not hostile, while it has no statements yet", async () => {
    let document: string | null = null;
    const early = await startApi({ port: 0, handlers: { ...handlers, statements: () => document }, closeGraceMs: 50 });
    try {
      const ask = () => fetchStatements(early.url, 2_000, new AbortController().signal);
      const outcome: unknown = await ask().catch((error: unknown) => error);
      expect(KeeperError.is(outcome, "PeerUnreachable"), String(outcome)).to.equal(true);
      document = '{"version":1}\n';
      expect(await ask()).to.equal(document);
    } finally {
      await early.close();
    }
  });

  it("is alive while it answers, whatever its readiness", async () => {
    handlers.isReady = () => ({ ready: false, reason: "syncing" });
    const response = await fetch(`${api.url}/healthz`);
    expect([response.status, await response.json()]).to.deep.equal([200, { status: "alive" }]);
  });

  it("is ready only when the keeper is, and says why not", async () => {
    const ready = await fetch(`${api.url}/readyz`);
    expect([ready.status, await ready.json()]).to.deep.equal([200, { ready: true, reason: "in sync" }]);
    handlers.isReady = () => ({ ready: false, reason: "syncing" });
    const waiting = await fetch(`${api.url}/readyz?verbose`);
    expect([waiting.status, await waiting.json()]).to.deep.equal([503, { ready: false, reason: "syncing" }]);
  });

  it("shows the status with bigints as decimal strings", async () => {
    const response = await fetch(`${api.url}/status`);
    expect(response.headers.get("content-type")).to.equal("application/json; charset=utf-8");
    expect(await response.json()).to.deep.equal({ block: 7, wei: "1208925819614629174706176" });
  });

  it("shows the metrics in the text format", async () => {
    const response = await fetch(`${api.url}/metrics`);
    expect(response.headers.get("content-type")).to.equal("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).to.equal("lockstep_up 1\n");
  });

  it("answers 404 to other paths and 405 to other methods", async () => {
    for (const path of ["/", "/status/", "/STATUS", "/../status", "/%73tatus", "/__proto__"]) {
      const response = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(response, path).to.match(/^HTTP\/1\.1 404 /);
    }
    const response = await fetch(`${api.url}/status`, { method: "DELETE" });
    expect([response.status, response.headers.get("allow")]).to.deep.equal([405, "GET, HEAD"]);
    expect(await response.json()).to.deep.equal({ error: "method not allowed" });
  });

  it("answers HEAD like GET, without the body", async () => {
    const response = await fetch(`${api.url}/metrics`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-length"), await response.text()]).to.deep.equal([
      200,
      "14",
      "",
    ]);
  });

  it("sends its security headers with every answer", async () => {
    for (const path of ["/healthz", "/nothing"]) {
      const { headers } = await fetch(`${api.url}${path}`);
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect(headers.get("content-security-policy")).to.include("default-src 'none'");
      expect(headers.get("cache-control")).to.equal("no-store");
    }
  });

  it("hides what a handler throws from the client, tells its owner, and lives on", async () => {
    const bug = new Error("secret detail");
    handlers.status = () => {
      throw bug;
    };
    const response = await fetch(`${api.url}/status`);
    expect([response.status, await response.text()]).to.deep.equal([500, '{"error":"internal error"}\n']);
    expect(errors).to.deep.equal([[bug, "/status"]]);
    expect((await fetch(`${api.url}/healthz`)).status).to.equal(200);
  });

  it("refuses bodies, long headers and what is no HTTP", async () => {
    const withBody = await raw("GET /status HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\nxxx");
    expect(withBody).to.match(/^HTTP\/1\.1 413 /);
    const longHeader = await raw(`GET /status HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(10_000)}\r\n\r\n`);
    expect(longHeader).to.match(/^HTTP\/1\.1 431 /);
    expect(await raw("nonsense\r\n\r\n")).to.match(/^HTTP\/1\.1 400 /);
  });

  it("closes within its grace even when a client never finishes its request", async () => {
    const socket = connect(api.port, api.host);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write("GET /status HTTP/1.1\r\n");
    const closed = once(socket, "close");
    await api.close();
    await closed;
    await api.close();
    const refused: unknown = await fetch(`${api.url}/healthz`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(TypeError);
  });
});
