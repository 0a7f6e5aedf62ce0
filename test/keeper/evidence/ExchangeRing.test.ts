import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExchangeRing } from "../../../keeper/evidence/ExchangeRing.ts";
import { readRecording } from "../../../keeper/evidence/readRecording.ts";
import { exchangeOf } from "./samples.ts";

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

  it("keeps that an answer came which is larger than itself", () => {
    const ring = new ExchangeRing({ maxBytes: 10_000 });
    ring.add(exchangeOf("small", 1));
    ring.add(exchangeOf("x".repeat(20_000), 2));
    expect(ring.exchanges().map(({ sentAtMs, fault }) => [sentAtMs, fault])).to.deep.equal([
      [1, null],
      [2, "NotKept"],
    ]);
    expect(ring.bytes).to.be.below(10_000);
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
