import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { postJson } from "../../../keeper/alerts/postJson.ts";
import { retryAfter } from "../../../keeper/alerts/retryAfter.ts";
import { scrub } from "../../../keeper/alerts/scrub.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import { toLogValue } from "../../../keeper/telemetry/toLogValue.ts";
import { type Behaviour, HookServer } from "./HookServer.ts";

const SECRET = "hunter-22-hunter";
const PATH = `/services/T0/${SECRET}?token=${SECRET}`;

describe("postJson", () => {
  let hooks: HookServer;

  beforeEach(async () => {
    hooks = await HookServer.start();
  });

  afterEach(async () => hooks.close());

  async function post(behaviour: Behaviour, signal = AbortSignal.timeout(5_000)): Promise<KeeperError | null> {
    hooks.behave = () => behaviour;
    try {
      await postJson({ url: `${hooks.url}${PATH}`, body: "{}", secrets: [SECRET] }, signal);
      return null;
    } catch (error: unknown) {
      if (!KeeperError.is(error)) throw error;
      const shown = `${JSON.stringify(toLogValue(error))} ${error.stack ?? ""} ${JSON.stringify(error.payload)}`;
      expect(shown).to.not.include(SECRET);
      return error;
    }
  }

  it("takes every 2xx for accepted, without waiting for the page", async () => {
    for (const status of [200, 201, 202, 204]) expect(await post({ status }), String(status)).to.equal(null);
  });

  it("refuses redirects: the new place is told nothing, and is not named", async () => {
    const other = await HookServer.start();
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        const error = await post({ status, headers: { location: `${other.url}/${SECRET}` }, page: SECRET });
        expect(error).to.include({ code: "AlertStatus" });
        expect(error!.message).to.equal(`127.0.0.1 answered ${status}, a redirect, which is not followed`);
      }
      expect(other.received).to.deep.equal([]);
    } finally {
      await other.close();
    }
  });

  it("tells a message that is refused for good from a place that refuses everything", async () => {
    const codes: Record<string, number[]> = {};
    for (const status of [400, 401, 403, 404, 408, 410, 413, 422, 429, 500, 502, 503, 504]) {
      const error = await post({ status });
      (codes[error!.code] ??= []).push(Number(error!.payload["status"]));
    }
    expect(codes).to.deep.equal({
      AlertRefused: [400, 413, 422],
      AlertStatus: [401, 403, 404, 408, 410, 429, 500, 502, 503, 504],
    });
  });

  it("repeats a little of the page, cleaned and without what it repeats of the secrets", async () => {
    const error = await post({
      status: 400,
      page: `invalid_payload\n\u001b[31m${PATH} ${SECRET} ${"x".repeat(9_999)}`,
    });
    expect(error!.message).to.match(/^127\.0\.0\.1 answered 400: invalid_payload \[31m\*+ \*\*\* x+…$/);
    expect(error!.message.length).to.be.below(260);
  });

  it("honours Retry-After, also where the page never ends", async () => {
    expect((await post({ status: 429, headers: { "retry-after": "7" } }))!.payload["retryAfterMs"]).to.equal(7_000);
    expect((await post({ status: 503 }))!.payload).to.not.have.property("retryAfterMs");
    const started = performance.now();
    expect((await post("drip"))!.payload).to.deep.include({ status: 429, retryAfterMs: 30_000 });
    expect(performance.now() - started).to.be.below(4_000);
  });

  it("names a place that closes, refuses the connection, or does not exist", async () => {
    expect(await post("close")).to.include({ code: "AlertUnreachable" });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error: unknown = await postJson(
      { url: `http://127.0.0.1:${port}/${SECRET}`, body: "{}" },
      AbortSignal.timeout(5_000),
    ).catch((caught: unknown) => caught);
    expect(String(error))
      .to.match(/127\.0\.0\.1 cannot be reached: .*ECONNREFUSED/)
      .and.not.include(SECRET);
  });

  it("ends with the signal while nobody answers", async () => {
    const controller = new AbortController();
    const posting = post("hang", controller.signal);
    await hooks.until(1);
    controller.abort();
    expect(await posting).to.include({ code: "AlertUnreachable" });
  });
});

describe("retryAfter", () => {
  it("reads seconds, and dates against the answer's own", () => {
    const date = "Tue, 14 Nov 2023 22:13:20 GMT";
    expect(retryAfter("0", undefined)).to.equal(0);
    expect(retryAfter("120", undefined)).to.equal(120_000);
    expect(retryAfter("Tue, 14 Nov 2023 22:14:20 GMT", date)).to.equal(60_000);
    expect(retryAfter("Tue, 14 Nov 2023 22:12:20 GMT", date)).to.equal(0);
  });

  it("is bounded by 15 minutes: nobody can make the path silent for days", () => {
    expect(retryAfter("999999999", undefined)).to.equal(900_000);
    expect(retryAfter("Tue, 14 Nov 2033 22:14:20 GMT", "Tue, 14 Nov 2023 22:13:20 GMT")).to.equal(900_000);
  });

  it("ignores what it does not understand", () => {
    for (const header of [undefined, "", "-1", "1.5", "soon", "Tue, nonsense GMT", "9".repeat(30)]) {
      expect(retryAfter(header, undefined), String(header)).to.equal(undefined);
      expect(retryAfter(header, "Tue, 14 Nov 2023 22:13:20 GMT"), String(header)).to.equal(undefined);
    }
  });
});

describe("scrub", () => {
  const URL_SECRET = "https://user:pass-word@hooks.example/T0/B%20secret/abcdef?token=tok-en-1#frag-ment";

  it("masks a secret, and every part of a secret URL but its host, encoded or not", () => {
    const parts = ["user:pass-word@", "pass-word", "B%20secret", "B secret", "abcdef", "tok-en-1", "frag-ment"];
    for (const part of parts) {
      const text = scrub(`before ${part} after`, [URL_SECRET]);
      expect(text.replaceAll("***", ""), part).to.not.match(/pass|secret|abcdef|tok-en|frag/);
    }
    expect(scrub(`see ${URL_SECRET}`, [URL_SECRET])).to.equal("see ***");
    expect(scrub("hooks.example refuses", [URL_SECRET])).to.equal("hooks.example refuses");
  });

  it("masks other URLs as logs do, and leaves the rest", () => {
    expect(scrub("at https://a.example/0123456789abcdef0123 now", ["topsecret"])).to.equal(
      "at https://a.example/*** now",
    );
    expect(scrub("a b c", ["", "a", "b"])).to.equal("a b c");
  });
});
