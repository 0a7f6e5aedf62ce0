import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { startApi, type Api } from "../../../keeper/api/startApi.ts";
import { IDLE_HANDLERS } from "../../helpers/idleHandlers.ts";

const SECRET = "not for anybody";
const SCRIPT = "export const page = true;\n";

describe("requests that nobody should send", () => {
  let api: Api;
  let directory: string;
  let errors: unknown[];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "lockstep-pages-"));
    const pages = join(directory, "dist");
    await mkdir(join(pages, "assets"), { recursive: true });
    await writeFile(join(directory, "secret.txt"), SECRET);
    await writeFile(join(pages, ".env"), SECRET);
    await writeFile(join(pages, "index.html"), "<!doctype html><title>keeper</title>");
    await writeFile(join(pages, "assets", "page-1a2b.js"), SCRIPT);
    errors = [];
    const handlers = { ...IDLE_HANDLERS, metrics: () => "lockstep_up 1\n" };
    api = await startApi({ port: 0, handlers, pages, closeGraceMs: 50, onError: (...error) => errors.push(error) });
  });

  after(async () => {
    await api.close();
    await rm(directory, { recursive: true, force: true });
  });

  afterEach(async () => {
    expect(errors, "errors of the keeper's own").to.deep.equal([]);
    expect((await fetch(`${api.url}/healthz`)).status).to.equal(200);
  });

  /** The status of the answer to raw bytes, and all of it. */
  async function raw(text: string): Promise<{ readonly status: number; readonly answer: string }> {
    const socket = connect(api.port, api.host);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.write(text, "latin1");
    await once(socket, "close");
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0), answer };
  }

  function get(target: string, ...headers: readonly string[]): ReturnType<typeof raw> {
    const lines = [`GET ${target} HTTP/1.1`, `host: 127.0.0.1:${api.port}`, "connection: close", ...headers];
    return raw(`${lines.join("\r\n")}\r\n\r\n`);
  }

  it("does not take another method from a header or a parameter", async () => {
    for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
      expect((await get("/healthz", `${name}: DELETE`)).status, name).to.equal(200);
    }
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "NONSENSE"]) {
      const { status } = await raw(
        `${method} /v1/totals HTTP/1.1\r\nhost: 127.0.0.1\r\nx-http-method-override: GET\r\nconnection: close\r\n\r\n`,
      );
      // A tunnel is closed without a word.
      expect(status, method).to.be.oneOf(method === "CONNECT" ? [0, 400, 405] : [400, 405]);
    }
  });

  it("refuses headers that are there twice where one is meant, and bodies in chunks", async () => {
    expect((await get("/healthz", "Host: evil.example")).status).to.equal(400);
    expect((await get("/healthz", "content-length: 0", "content-length: 5")).status).to.equal(400);
    expect((await get("/healthz", "content-length: 3", "transfer-encoding: chunked")).status).to.equal(400);
    const chunked = await raw(
      "GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
        "GET /smuggled HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    );
    expect(chunked.status).to.equal(413);
    expect(chunked.answer.split("HTTP/1.1 "), "answers").to.have.length(2);
    expect((await raw("GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n")).status).to.equal(400);
  });

  it("looks at no other host that a target names", async () => {
    for (const target of ["http://evil.example/secret.txt", "https://127.0.0.1@evil.example/", "//evil.example/x"]) {
      const { status, answer } = await get(target);
      expect(status, target).to.be.within(400, 499);
      expect(answer).to.not.include(SECRET);
    }
    const evil = await raw("GET http://127.0.0.1/healthz HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    expect(evil.status).to.be.within(400, 499);
    for (const target of ["*", "healthz", "?x", "#x"])
      expect((await get(target)).status, target).to.be.within(400, 499);
  });

  it("refuses null bytes and what is no UTF-8", async () => {
    for (const target of [
      "/v1/accounts/%00",
      "/%00",
      "/assets/page-1a2b.js%00.html",
      "/v1/accounts?owner=%00",
      "/%ff",
    ]) {
      expect((await get(target)).status, target).to.be.within(400, 499);
    }
    for (const target of ["/healthz\0", "/v1/accounts/%", "/%zz", "/v1/incidents/%c0%ae"]) {
      expect((await get(target)).status, target).to.be.within(400, 499);
    }
    expect((await get("/healthz", "x-name: a\0b")).status).to.equal(400);
  });

  it("refuses ten thousand parameters, and one that comes more than once", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `p${index}`);
    expect((await get(`/v1/accounts?${many.join("&")}`)).status).to.be.oneOf([400, 414, 431]);
    expect((await get(`/v1/accounts?${"&".repeat(7_000)}x=1`)).status).to.be.within(400, 499);
    for (const query of ["limit=1&limit=2", "limit[]=1", "limit[a]=1", "__proto__=1", "constructor=1", "limit=1e9"]) {
      expect((await get(`/v1/accounts?${query}`)).status, query).to.equal(400);
    }
  });

  it("leaves the folder of the pages by no path", async () => {
    for (const target of [
      ...["/../secret.txt", "/assets/../../secret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt"],
      ...["/assets/%2e%2e/%2e%2e/secret.txt", "/..%5csecret.txt", "/assets/..\\..\\secret.txt", "/..;/secret.txt"],
      ...["/%252e%252e/secret.txt", "/assets/....//....//secret.txt", "/.env", "/%2eenv", "/assets", "/assets/"],
      ...["/assets/%c0%ae%c0%ae/secret.txt", "//secret.txt", "/assets/page-1a2b.js/", "/assets/page-1a2b.js/.."],
      ...[`${directory}/secret.txt`, `//${directory}/secret.txt`, "/file:///etc/passwd"],
    ]) {
      const { status, answer } = await get(target);
      expect(status, target).to.be.within(400, 499);
      expect(answer, target).to.not.include(SECRET).and.not.include(directory);
    }
  });

  it("answers ranges and lists of tags as HTTP has them, and never with an error of its own", async () => {
    const path = "/assets/page-1a2b.js";
    for (const [range, statuses] of [
      ["bytes=0-3", [206]],
      ["bytes=9999-", [416]],
      ["bytes=-0", [200, 416]],
      ["bytes=5-1", [200, 416]],
      ["lines=1-2", [200]],
      [`bytes=${Array.from({ length: 500 }, (_, index) => `${index}-`).join(",")}`, [200, 206, 416]],
    ] as const) {
      const { status, answer } = await get(path, `range: ${range}`);
      expect(status, range).to.be.oneOf(statuses);
      expect(answer.length, range).to.be.lessThan(10_000);
    }
    const tag = (await fetch(`${api.url}${path}`)).headers.get("etag") ?? "";
    expect(tag).to.not.equal("");
    expect((await get(path, `if-none-match: "a", ${tag}, "b"`)).status).to.equal(304);
    expect((await get(path, "if-none-match: *")).status).to.be.oneOf([200, 304]);
    const long = Array.from({ length: 700 }, (_, index) => `"${index}"`).join(", ");
    expect((await get(path, `if-none-match: ${long}`)).status).to.equal(200);
    for (const value of ['"', "W/", ",,,", '"a" "b"', "\x80"]) {
      expect((await get("/v1/totals", `if-none-match: ${value}`)).status, value).to.be.oneOf([200, 400, 503]);
    }
  });
});
