import { expect } from "chai";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { LogLevel } from "../../../keeper/telemetry/log.ts";
import { createLogger } from "../../../keeper/telemetry/log.ts";

describe("createLogger", () => {
  function capture(level: LogLevel = "debug") {
    const texts: string[] = [];
    const logger = createLogger({ level, now: () => 0, output: { write: (text) => texts.push(text) } });
    const fieldsOf = (fields: Record<string, unknown>): Record<string, unknown> => {
      logger.info("event", fields);
      return JSON.parse(texts.at(-1)!) as Record<string, unknown>;
    };
    return { logger, texts, fieldsOf };
  }

  it("writes one JSON object a line, its time, level and event first", () => {
    const { logger, texts } = capture();
    logger.child({ incident: "0xab" }).warn("pause_sent", { block: 7, wei: 2n ** 80n });
    expect(texts).to.deep.equal([
      '{"ts":"1970-01-01T00:00:00.000Z","level":"warn","event":"pause_sent",' +
        '"incident":"0xab","block":7,"wei":"1208925819614629174706176"}\n',
    ]);
  });

  it("drops what is below its level", () => {
    const { logger, texts } = capture("warn");
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    expect(texts.map((text) => (JSON.parse(text) as { event: string }).event)).to.deep.equal(["warn", "error"]);
  });

  it("does not let fields take the place of the event", () => {
    const { fieldsOf } = capture();
    expect(fieldsOf({ event: "forged", level: "error", ts: "never" })).to.deep.equal({
      ts: "1970-01-01T00:00:00.000Z",
      level: "info",
      event: "event",
    });
  });

  it("escapes what could forge a line or deceive a terminal, and loses none of it", () => {
    const { texts, fieldsOf } = capture();
    const hostile = "a\n\r\u001b[2J\u007f\u009b\u2028\u2029\u202e\u200b\ufeffz";
    expect(fieldsOf({ [hostile]: hostile })[hostile]).to.equal(hostile);
    expect(texts[0]).to.match(/^[\u0020-\u007e]+\n$/);
  });

  it("redacts URLs in texts at any depth, and masks fields with the names of secrets", () => {
    const { texts, fieldsOf } = capture();
    const secret = "0123456789abcdef0123456789abcdef";
    const url = `wss://user:${secret}@rpc.example:8546/v2/${secret}?key=${secret}`;
    const fields = fieldsOf({
      url,
      text: `cannot reach ${url}, and "${url}"`,
      list: [{ url }],
      error: new Error(`at ${url}`, { cause: new KeeperError("SourceClosed", url, { url }) }),
      pauseKey: secret,
      nested: { apiKey: secret, Authorization: secret, password: [secret] },
      map: new Map([["accessToken", secret]]),
    });
    expect(texts[0]).to.not.include(secret);
    expect(fields["url"]).to.equal("wss://***@rpc.example:8546/v2/***?key=***");
    expect(fieldsOf({ pauseKeyAddress: "0xab", keyFile: "path" })).to.include({
      pauseKeyAddress: "0xab",
      keyFile: "path",
    });
  });

  it("shows a fault by code and payload, and a bug with its stack", () => {
    const { fieldsOf } = capture();
    const fault = new KeeperError("SourceTimeout", "too late", { deadlineMs: 5n });
    expect(fieldsOf({ error: fault })["error"]).to.deep.equal({
      name: "KeeperError",
      code: "SourceTimeout",
      message: "too late",
      payload: { deadlineMs: "5" },
    });
    expect(fieldsOf({ error: new TypeError("bug") })["error"]).to.have.keys("name", "message", "stack");
  });

  it("writes a line whatever it is given", () => {
    const { texts, logger } = capture();
    const circle: Record<string, unknown> = {};
    circle["self"] = [circle];
    const throwing = {
      get broken(): never {
        throw new Error("no");
      },
    };
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = [deep];
    const values = [
      circle,
      throwing,
      deep,
      NaN,
      -Infinity,
      () => 1,
      Symbol("s"),
      new Date(NaN),
      new Uint8Array(3),
      null,
    ];
    for (const value of [...values, undefined, "x".repeat(1e6), Array(1e5).fill(1)]) logger.info("odd", { value });
    for (const text of texts) {
      expect(text.length).to.be.below(20_000);
      expect(JSON.parse(text)).to.include({ event: "odd" });
    }
    expect(texts.length).to.equal(13);
  });
});
