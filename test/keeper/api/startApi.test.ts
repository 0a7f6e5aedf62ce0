import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import type { ApiHandlers } from "../../../keeper/api/ports.ts";
import { startApi, type Api } from "../../../keeper/api/startApi.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { fetchStatements } from "../../../keeper/peers/fetchStatements.ts";
import { IDLE_HANDLERS } from "../../helpers/idleHandlers.ts";

const INCIDENT: Hash = `0x${"1f".repeat(32)}`;

interface ProblemAnswer {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

describe("startApi", () => {
  let api: Api;
  let handlers: { -readonly [K in keyof ApiHandlers]: ApiHandlers[K] };
  let errors: unknown[];

  beforeEach(async () => {
    errors = [];
    handlers = {
      ...IDLE_HANDLERS,
      isReady: () => ({ ready: true, reason: "in sync" }),
      status: () => ({ block: 7, wei: 2n ** 80n }),
      metrics: () => "lockstep_up 1\n",
      incidents: () => [{ id: INCIDENT }],
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

  /** Status and problem of an answer to a URL. */
  async function problem(path: string, init: RequestInit = {}): Promise<readonly [number, string]> {
    const response = await fetch(`${api.url}${path}`, init);
    expect(response.headers.get("content-type")).to.equal("application/problem+json; charset=utf-8");
    const { status, code, title, detail } = (await response.json()) as ProblemAnswer;
    expect(status).to.equal(response.status);
    expect(title).to.match(/^[A-Z]/);
    expect(detail.length).to.be.greaterThan(10);
    return [status, code];
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
    for (const path of ["/", "/status/", "/STATUS", "/../status", "/..%2fstatus", "/__proto__", "/v1/", "/v2/status"]) {
      const response = await raw(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      expect(response, path).to.match(/^HTTP\/1\.1 404 /);
      expect(response, path).to.include("NoSuchPath");
    }
    for (const method of ["DELETE", "POST", "PUT", "PATCH", "OPTIONS"]) {
      const response = await fetch(`${api.url}/status`, { method });
      expect([response.status, response.headers.get("allow")], method).to.deep.equal([405, "GET, HEAD"]);
    }
    expect(await problem("/v1/accounts", { method: "POST" })).to.deep.equal([405, "MethodNotAllowed"]);
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
    const text = await response.text();
    expect([response.status, (JSON.parse(text) as ProblemAnswer).code]).to.deep.equal([500, "InternalError"]);
    expect(text).to.not.include("secret");
    expect(errors).to.deep.equal([[bug, "/status"]]);
    expect((await fetch(`${api.url}/healthz`)).status).to.equal(200);
  });

  it("refuses bodies, long headers and what is no HTTP", async () => {
    const withBody = await raw("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999\r\n\r\nxxx");
    expect(withBody).to.match(/^HTTP\/1\.1 413 /);
    const longHeader = await raw(`GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(10_000)}\r\n\r\n`);
    expect(longHeader).to.match(/^HTTP\/1\.1 431 /);
    expect(await raw("nonsense\r\n\r\n")).to.match(/^HTTP\/1\.1 400 /);
  });

  it("refuses parameters that are no such thing, and says so", async () => {
    const bad = [
      "accounts?limit=0",
      "accounts?limit=501",
      "accounts?limit=ten",
      "accounts?limit=1&limit=2",
      "accounts?cursor=-1",
      "accounts?ownr=0x12",
      "accounts/0x12",
      "accounts/__proto__",
      `accounts/${INCIDENT.toUpperCase()}`,
      "instruments/one",
      "positions?instrument=1e3",
      "incidents?offset=3",
      "incidents/..%2f..%2f..%2fetc%2fpasswd/evidence",
      "incidents/0x1f%00/evidence",
    ];
    for (const path of bad) expect(await problem(`/v1/${path}`), path).to.deep.equal([400, "BadParameter"]);
    expect(await problem("/v1/accounts/%zz")).to.deep.equal([400, "BadRequest"]);
    expect(await problem(`/v1/accounts/0x${"12".repeat(100)}`)).to.deep.equal([414, "UriTooLong"]);
    const other: Hash = `0x${"2f".repeat(32)}`;
    expect(await problem(`/v1/incidents/${other}`)).to.deep.equal([404, "NoSuchIncident"]);
    expect(await problem(`/v1/incidents/${INCIDENT}/evidence`)).to.deep.equal([404, "NoEvidence"]);
    expect((await fetch(`${api.url}/v1/incidents/${INCIDENT}`)).status).to.equal(200);
  });

  it("says why the books cannot be relied upon, and when to ask again", async () => {
    for (const path of [
      "accounts",
      `accounts/${INCIDENT}`,
      "positions",
      "instruments",
      "totals",
      "grade",
      "checkpoints",
    ]) {
      expect(await problem(`/v1/${path}`), path).to.deep.equal([503, "Starting"]);
    }
    const { headers } = await fetch(`${api.url}/v1/grade`, { headers: { "if-none-match": "*" } });
    expect([headers.get("retry-after"), headers.get("etag")]).to.deep.equal(["10", null]);
  });

  it("refuses names that a foreign name server may have made up, where it listens for this machine only", async () => {
    const ask = (host: string): Promise<string> =>
      raw(`GET /status HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    for (const host of [
      "attacker.example",
      `attacker.example:${api.port}`,
      "localhost.attacker.example",
      "127.0.0.1.nip.io",
    ]) {
      expect(await ask(host), host).to.match(/^HTTP\/1\.1 421 /);
    }
    for (const host of ["127.0.0.1", `localhost:${api.port}`, `[::1]:${api.port}`]) {
      expect(await ask(host), host).to.match(/^HTTP\/1\.1 200 /);
    }
    const open = await startApi({ host: "0.0.0.0", port: 0, handlers, closeGraceMs: 50 });
    try {
      const socket = connect(open.port, "127.0.0.1");
      socket.end("GET /status HTTP/1.1\r\nHost: keeper-1\r\nConnection: close\r\n\r\n");
      const [chunk] = (await once(socket, "data")) as [Buffer];
      expect(chunk.toString("latin1")).to.match(/^HTTP\/1\.1 200 /);
    } finally {
      await open.close();
    }
  });

  it("makes no answer for a client that has not taken the ones before", async () => {
    let made = 0;
    const long = "x".repeat(262_144);
    handlers.status = () => ({ long, made: (made += 1) });
    const socket = connect(api.port, api.host);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.write("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(400));
    await once(socket, "close");
    expect(made).to.be.lessThan(16);
    expect((await fetch(`${api.url}/healthz`)).status).to.equal(200);
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
