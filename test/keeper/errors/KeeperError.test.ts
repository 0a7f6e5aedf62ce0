import { expect } from "chai";
import { isRetryable, KeeperError } from "../../../keeper/errors/KeeperError.ts";

describe("KeeperError", () => {
  it("carries code, payload and cause", () => {
    const cause = new Error("below");
    const error = new KeeperError("SourceTimeout", "too late", { deadlineMs: 5 }, { cause });
    expect([error.code, error.payload, error.cause]).to.deep.equal(["SourceTimeout", { deadlineMs: 5 }, cause]);
    expect(KeeperError.is(error)).to.equal(true);
    expect([KeeperError.is(error, "SourceTimeout"), KeeperError.is(error, "Other")]).to.deep.equal([true, false]);
    expect(KeeperError.is(cause)).to.equal(false);
  });
});

describe("isRetryable", () => {
  const fault = (code: string, payload = {}): KeeperError => new KeeperError(code, "", payload);

  it("holds for what can pass by itself", () => {
    const errors = [
      fault("SourceTimeout"),
      fault("SourceClosed"),
      fault("SourceBusy"),
      fault("SourceHttpStatus", { status: 503 }),
      fault("SourceRpcError", { rpcCode: -32005 }),
      Object.assign(new Error("reset"), { code: "ECONNRESET" }),
    ];
    for (const error of errors) expect(isRetryable(error), String(error)).to.equal(true);
  });

  it("does not hold for refusals, evidence against a source, bugs, and any other value", () => {
    const values = [
      fault("SourceMalformed"),
      fault("SourceAborted"),
      fault("SourceHttpStatus", { status: 401 }),
      fault("SourceHttpStatus"),
      fault("SourceRpcError", { rpcCode: 3 }),
      fault("JournalCorrupt"),
      Object.assign(new Error("no file"), { code: "ENOENT" }),
      new TypeError("bug"),
      null,
      undefined,
      "SourceTimeout",
      { code: "SourceTimeout" },
    ];
    for (const value of values) expect(isRetryable(value), String(value)).to.equal(false);
  });
});
