import { expect } from "chai";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExchangeRing } from "../../../keeper/evidence/ExchangeRing.ts";
import { readRecording } from "../../../keeper/evidence/readRecording.ts";
import { exchangeOf } from "./samples.ts";

const MEBIBYTE = 1024 * 1024;

describe("ExchangeRing", () => {
  it("keeps the newest exchanges within its bound, however many pass", () => {
    const ring = new ExchangeRing({ maxBytes: 100_000 });
    for (let n = 0; n < 5_000; n += 1) ring.add(exchangeOf("x".repeat(1_000), n));
    const kept = ring.exchanges();
    expect(kept.length).to.be.within(60, 90);
    expect(kept.map(({ sentAtMs }) => sentAtMs)).to.deep.equal(kept.map((_, index) => 5_000 - kept.length + index));
    expect(ring.bytes).to.be.within(90_000, 100_000);
    expect(ring.droppedCount).to.equal(5_000 - kept.length);
  });

  it("keeps of a long text its beginning, its length and its digest", () => {
    const ring = new ExchangeRing();
    const result = `${"x".repeat(3 * MEBIBYTE)}é`;
    ring.add(exchangeOf("small", 1));
    ring.add(exchangeOf(result, 2));
    const { text } = exchangeOf(result, 2);
    const [small, long] = ring.exchanges();
    expect(small).to.deep.equal(exchangeOf("small", 1));
    expect(long?.text).to.equal(text!.slice(0, MEBIBYTE));
    const sha256 = createHash("sha256").update(text!).digest("hex");
    expect(long?.cut).to.deep.equal({ bytes: Buffer.byteLength(text!), sha256 });
    expect(long?.fault).to.equal(null);
    expect(ring.bytes).to.be.below(1.1 * MEBIBYTE);
  });

  it("cuts no character in two", () => {
    const ring = new ExchangeRing({ maxBytes: 1_600 });
    ring.add(exchangeOf("", 1, { text: `${"x".repeat(99)}😀${"x".repeat(100)}` }));
    expect(ring.exchanges()[0]?.text).to.equal("x".repeat(99));
  });

  for (const [what, length, count] of [
    ["a text almost as long as itself", 16 * MEBIBYTE - 1_000, 1],
    ["long texts", 2 * MEBIBYTE, 40],
    ["texts that are just not long", MEBIBYTE - 100, 40],
    ["many small texts", 100, 60_000],
  ] as const) {
    it(`keeps what others said when one source floods it with ${what}`, () => {
      const ring = new ExchangeRing();
      const honest = Array.from({ length: 100 }, (_, n) => {
        return exchangeOf("y".repeat(10_000), n, { source: n % 2 === 0 ? "b" : "c" });
      });
      for (const exchange of honest) ring.add(exchange);
      const junk = "x".repeat(length);
      for (let n = 0; n < count; n += 1) ring.add(exchangeOf(junk, 1_000 + n, { source: "liar" }));
      const kept = ring.exchanges();
      expect(kept.filter(({ source }) => source !== "liar")).to.deep.equal(honest);
      expect(kept.at(-1)?.sentAtMs, "the newest of the liar").to.equal(1_000 + count - 1);
      expect(ring.bytes).to.be.at.most(16 * MEBIBYTE);
      expect(ring.droppedCount).to.equal(100 + count - kept.length);
    });
  }

  it("lets sources that all flood it share it evenly, in the order in which they spoke", () => {
    const ring = new ExchangeRing({ maxBytes: 300_000 });
    for (let n = 0; n < 3_000; n += 1) ring.add(exchangeOf("x".repeat(1_000), n, { source: "abc".charAt(n % 3) }));
    const kept = ring.exchanges();
    for (const source of "abc") {
      expect(kept.filter((exchange) => exchange.source === source).length).to.be.within(60, 90);
    }
    expect(kept.map(({ sentAtMs }) => sentAtMs)).to.deep.equal(kept.map((_, index) => 3_000 - kept.length + index));
  });

  it("counts long params", () => {
    const ring = new ExchangeRing({ maxBytes: 10_000 });
    const calls = [{ method: "eth_sendRawTransaction", params: ["0x".padEnd(6_000, "f")] }];
    for (let n = 0; n < 5; n += 1) ring.add(exchangeOf("ok", n, { calls }));
    expect(ring.exchanges()).to.have.length(1);
  });

  it("gives those that were not over before a moment", () => {
    const ring = new ExchangeRing();
    for (const n of [10, 20, 30]) ring.add(exchangeOf("x", n));
    expect(ring.exchanges(25).map(({ sentAtMs }) => sentAtMs)).to.deep.equal([20, 30]);
    expect(ring.exchanges(26).map(({ sentAtMs }) => sentAtMs)).to.deep.equal([30]);
  });

  it("dumps what it keeps as a window of the same format", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lockstep-ring-"));
    try {
      const ring = new ExchangeRing();
      for (const n of [10, 20, 30]) ring.add(exchangeOf(`é ${n}`, n));
      ring.add(exchangeOf("x".repeat(2 * MEBIBYTE), 40, { source: "b" }));
      const path = await ring.dump(join(directory, "incident"), { build: "1.2.3", wallMs: 99, atMs: 50 });
      expect(path).to.equal(join(directory, "incident", "000001.ndjson"));
      const { beginning, exchanges, end } = await readRecording(directory);
      expect(beginning).to.deep.equal({
        type: "window",
        format: 1,
        build: "1.2.3",
        wallMs: 99,
        atMs: 50,
        options: null,
      });
      expect([exchanges, end]).to.deep.equal([ring.exchanges(), "closed"]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
