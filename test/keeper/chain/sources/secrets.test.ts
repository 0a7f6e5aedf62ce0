import { expect } from "chai";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { createSource } from "../../../../keeper/chain/sources/createSource.ts";
import { masksOf } from "../../../../keeper/chain/sources/masksOf.ts";
import type { Exchange, Source, SourceDeps } from "../../../../keeper/chain/sources/Source.ts";
import { KeeperError } from "../../../../keeper/errors/KeeperError.ts";
import { HandlerLog } from "./HandlerLog.ts";

const USER = "operator7";
const PASSWORD = "pa55/w0rd é";
const PATH_KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const QUERY_KEY = "qk_9XyZ-secret.value";
const SECRETS = [USER, PASSWORD, encodeURIComponent(PASSWORD), PATH_KEY, QUERY_KEY];
const AUTHORISATION = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");

const DEPS: SourceDeps = {
  now: () => performance.now(),
  random: () => 0,
  pollIntervalMs: 10,
  heartbeatMs: 20,
  probeDeadlineMs: 100,
  reconnectBaseMs: 4,
  reconnectMaxMs: 20,
  maxAnswerBytes: 20_000,
};

function urlOf(scheme: string, port: number): string {
  const userInfo = `${USER}:${encodeURIComponent(PASSWORD)}`;
  return `${scheme}://${userInfo}@127.0.0.1:${port}/v3/${PATH_KEY}/rpc?apikey=${QUERY_KEY}&net=main#${PATH_KEY}`;
}

/** Everything that an error page could repeat of a request. */
const echoOf = ({ url, headers }: IncomingMessage): string =>
  `Cannot POST ${url} authorization: ${headers.authorization ?? ""} as ${USER} with ${PASSWORD} at https://${USER}:${PASSWORD}@x/${PATH_KEY}`;

type Answer = (response: ServerResponse, echo: string, id: number) => void;

/** What a server can do to a call, all of it repeating the request. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  "an error page": (response, echo) => void response.writeHead(404).end(echo),
  "a refusal": (response, echo) => void response.writeHead(401, { "x-echo": "1" }).end(echo),
  "a rate limit": (response, echo) => void response.writeHead(429, { "retry-after": "1" }).end(echo),
  "a redirect": (response, echo) => void response.writeHead(302, { location: urlOf("http", 1) }).end(echo),
  "no JSON": (response, echo) => void response.end(echo),
  "no JSON, cut within a secret": (response) => void response.end(`${"x".repeat(70)} ${PATH_KEY}`),
  "a long page, cut within a secret": (response) =>
    void response.writeHead(500).end(`${"x".repeat(280)} ${PATH_KEY} ${"x".repeat(2_000)}`),
  "an error object": (response, echo, id) =>
    void response.end(JSON.stringify({ id, error: { code: -32_000, message: echo, data: { [echo]: [echo] } } })),
  "a long error object": (response, _, id) =>
    void response.end(JSON.stringify({ id, error: { code: -32_000, message: `${"x".repeat(290)} ${QUERY_KEY}` } })),
  "a malformed reply": (response, echo, id) => void response.end(JSON.stringify({ id, error: echo })),
  "a name twice": (response, echo, id) => void response.end(`{"id":${id},"a":1,"a":${JSON.stringify(echo)}}`),
  "a result": (response, echo, id) => void response.end(JSON.stringify({ id, result: echo })),
  "too much": (response, echo) => void response.end(echo.repeat(200)),
  "half an answer": (response, echo) => {
    response.writeHead(200, { "content-length": 100_000 });
    response.write(echo, () => response.destroy());
  },
  nothing: () => undefined,
};

describe("the secrets in a source's URL", () => {
  const closing: (() => Promise<void> | void)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function open(url: string): { source: Source; log: HandlerLog; exchanges: Exchange[] } {
    const exchanges: Exchange[] = [];
    const source = createSource(
      { id: "s1", url, operator: "op", client: "test" },
      { ...DEPS, onExchange: (exchange) => exchanges.push(exchange) },
    );
    const log = new HandlerLog();
    source.open(log, new AbortController().signal);
    closing.push(() => source.close());
    return { source, log, exchanges };
  }

  function expectHidden(...shown: unknown[]): void {
    const errors = shown
      .flat()
      .map((value) => (value instanceof KeeperError ? [value.message, value.payload, value.stack] : value));
    const text = JSON.stringify(errors) + errors.map(String).join("\n");
    for (const secret of [...SECRETS, AUTHORISATION]) {
      expect(text.includes(secret), `${secret} in ${text}`).to.equal(false);
      // Nor the beginning of one that was cut off.
      expect(text.includes(secret.slice(0, 6)), `${secret.slice(0, 6)} in ${text}`).to.equal(false);
    }
  }

  for (const [name, answer] of Object.entries(ANSWERS)) {
    it(`stay hidden when an HTTP server answers with ${name}`, async () => {
      const server = createServer((request, response) => {
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", () => answer(response, echoOf(request), (JSON.parse(body) as { id: number }).id));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closing.push(() => {
        server.closeAllConnections();
        server.close();
      });
      const { source, log, exchanges } = open(urlOf("http", (server.address() as AddressInfo).port));
      const outcome = await source.request("echo", [1], { deadlineMs: 80 }).catch((error: unknown) => error);
      if (name !== "a result") expect(outcome).to.be.instanceOf(KeeperError);
      await log.until("down");
      expect(exchanges.length).to.be.at.least(2);
      expectHidden(name === "a result" ? [] : outcome, log.events, exchanges, source.redactedUrl);
    });
  }

  it("reach the server", async () => {
    let seen = "";
    const server = createServer((request, response) => {
      seen = echoOf(request);
      response.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => void server.close());
    const { log } = open(urlOf("http", (server.address() as AddressInfo).port));
    await log.until("down");
    expect(seen).to.include(`/v3/${PATH_KEY}/rpc?apikey=${QUERY_KEY}`).and.include(AUTHORISATION);
  });

  it("stay hidden when nobody listens, over HTTP and WebSocket", async () => {
    for (const scheme of ["http", "ws"]) {
      const { source, log, exchanges } = open(urlOf(scheme, 1));
      const fault = await source.request("echo", [], { deadlineMs: 200 }).catch((error: unknown) => error);
      await log.until("down");
      expectHidden(fault, log.events, exchanges);
    }
  });

  it("stay hidden when a WebSocket is refused, closed with words, or carries something else", async () => {
    for (const what of ["refusal", "close", "garbage", "push"] as const) {
      const http = createServer();
      const server = new WebSocketServer({ noServer: true });
      http.on("upgrade", (request, socket, head) => {
        // Once refused, the client may be gone before it has read why.
        socket.on("error", () => undefined);
        const echo = echoOf(request);
        if (what === "refusal") {
          socket.end(`HTTP/1.1 403 ${PATH_KEY}\r\nContent-Length: ${Buffer.byteLength(echo)}\r\n\r\n${echo}`);
          return;
        }
        server.handleUpgrade(request, socket, head, (client) => {
          if (what === "close") client.close(4_000, `${USER} ${PATH_KEY} ${QUERY_KEY}`);
          else if (what === "garbage") client.send(`<html>${echo}</html>`);
          else client.send(JSON.stringify({ method: "eth_subscription", params: { result: echo } }));
        });
      });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      closing.push(() => {
        server.clients.forEach((client) => client.terminate());
        http.close();
      });
      const { source, log, exchanges } = open(urlOf("ws", (http.address() as AddressInfo).port));
      const fault = await source.request("echo", [], { deadlineMs: 500 }).catch((error: unknown) => error);
      await log.until("down");
      expect(fault, what).to.be.instanceOf(KeeperError);
      expectHidden(fault, log.events, exchanges);
    }
  });
});

describe("masksOf", () => {
  it("hides whole secrets and the beginnings of cut ones, longest first", () => {
    const { message } = masksOf("https://rpc.example/v3/0123456789abcdef0123?key=hunter2");
    expect(message("see /v3/0123456789abcdef0123, key hunter2!")).to.equal("see /v3/***, key ***!");
    expect(message("see /v3/0123456…")).to.equal("see /v3/***…");
    expect(message("see 01234567… (code 5)")).to.equal("see ***… (code 5)");
    expect(message("ends in hunt")).to.equal("ends in ***");
  });

  it("does not touch words that only contain a short secret, nor answers for its sake", () => {
    const { message, answer } = masksOf("https://u:abcd@rpc.example/?net=main");
    expect(message("0xabcdef mainnet")).to.equal("0xabcdef mainnet");
    expect(message("abcd on main")).to.equal("*** on ***");
    expect(answer('{"abcd":"main"}')).to.equal('{"abcd":"main"}');
    expect(masksOf("https://u:12345678@rpc.example").answer('{"id":12345678}')).to.equal('{"id":12345678}');
  });

  it("changes nothing for a URL without secrets, or a path", () => {
    for (const url of ["http://127.0.0.1:8545", "/run/geth.ipc", "https://rpc.example/eth"]) {
      const { message, answer } = masksOf(url);
      expect([message("rpc.example 8545 eth…"), answer("x")]).to.deep.equal(["rpc.example 8545 eth…", "x"]);
    }
  });
});
