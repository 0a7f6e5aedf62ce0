import { expect } from "chai";
import { RateLimit } from "../../../../keeper/chain/sources/RateLimit.ts";
import {
  isRateLimit,
  retryAfterOfData,
  retryAfterOfHeaders,
  retryAfterOfPage,
} from "../../../../keeper/chain/sources/rateLimited.ts";

describe("RateLimit", () => {
  let nowMs: number;
  let limit: RateLimit;

  beforeEach(() => {
    nowMs = 1_000;
    limit = new RateLimit({ now: () => nowMs, random: () => 0, rateLimitBaseMs: 1_000 });
  });

  it("lets everything pass until the source refuses", () => {
    expect([limit.remainingMs, limit.begin(), limit.begin()]).to.deep.equal([0, false, false]);
  });

  it("leaves the source alone for as long as it asked, within its bounds", () => {
    for (const [askedMs, waitMs] of [
      [5_000, 5_000],
      [0, 100],
      [1, 100],
      [3_600_000, 60_000],
      [60_000, 60_000],
    ] as const) {
      const fresh = new RateLimit({ now: () => nowMs, random: () => 0, rateLimitBaseMs: 1_000 });
      expect(fresh.refused(askedMs), String(askedMs)).to.equal(waitMs);
      nowMs += waitMs - 1;
      expect(fresh.remainingMs).to.equal(1);
      nowMs += 1;
      expect(fresh.remainingMs).to.equal(0);
    }
  });

  it("waits longer with each refusal in a row when the source names no time, up to a minute", () => {
    const waits = Array.from({ length: 9 }, () => {
      const waitMs = limit.refused(undefined);
      nowMs += waitMs;
      limit.begin();
      limit.over();
      return waitMs;
    });
    expect(waits).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it("counts the refusals of one batch, and of calls on their way, as one", () => {
    limit.refused(undefined);
    nowMs += 10;
    expect(limit.refused(undefined)).to.equal(490);
    expect(limit.refused(2_000)).to.equal(2_000);
    expect(limit.refused(300)).to.equal(2_000);
    nowMs += 2_000;
    expect(limit.refused(undefined)).to.equal(1_000);
  });

  it("tries one call and no more once the time is over, and all when it was answered", () => {
    limit.refused(1_000);
    limit.answered();
    nowMs += 1_000;
    expect(limit.begin()).to.equal(true);
    expect(limit.remainingMs).to.equal(100);
    limit.over();
    expect([limit.remainingMs, limit.begin()]).to.deep.equal([0, true]);
    limit.answered();
    limit.over();
    expect([limit.begin(), limit.begin()]).to.deep.equal([false, false]);
  });
});

describe("signs of a rate limit", () => {
  it("knows the codes, and what they do not mean", () => {
    for (const [code, message] of [
      [-32_005, "daily request count exceeded, request rate limited"],
      [-32_029, "too many requests"],
      [429, "Your app has exceeded its compute units per second capacity"],
      [-32_016, "over rate limit"],
      [-32_012, "credits limited to 6000/sec"],
    ] as const) {
      expect(isRateLimit(code, message), message).to.equal(true);
    }
    for (const [code, message] of [
      [-32_005, "query returned more than 10000 results"],
      [-32_016, "The execution failed due to an exception."],
      [-32_000, "missing trie node"],
      [3, "execution reverted: rate limit"],
    ] as const) {
      expect(isRateLimit(code, message), message).to.equal(false);
    }
  });

  it("reads how long to wait from headers: seconds, or a date against the answer's own", () => {
    const date = "Wed, 21 Oct 2026 07:28:00 GMT";
    expect(retryAfterOfHeaders("7", date)).to.equal(7_000);
    expect(retryAfterOfHeaders("Wed, 21 Oct 2026 07:28:09 GMT", date)).to.equal(9_000);
    expect(retryAfterOfHeaders("Wed, 21 Oct 2026 07:27:00 GMT", date)).to.equal(0);
    for (const nonsense of [undefined, "", "-1", "soon", "1e9", "99999999999", "0x10"]) {
      expect(retryAfterOfHeaders(nonsense, date), nonsense).to.equal(undefined);
    }
    expect(retryAfterOfHeaders(date, undefined)).to.equal(undefined);
  });

  it("reads it from an error's data", () => {
    expect(retryAfterOfData({ rate: { backoff_seconds: 30 } })).to.equal(30_000);
    for (const nonsense of [null, 1, "x", {}, { rate: 5 }, { rate: { backoff_seconds: 0 } }, { rate: [] }]) {
      expect(retryAfterOfData(nonsense)).to.equal(undefined);
    }
    expect(retryAfterOfPage('{"error":{"code":-32005,"data":{"rate":{"backoff_seconds":2}}}}')).to.equal(2_000);
    expect(retryAfterOfPage("<html>slow down</html>")).to.equal(undefined);
  });
});
