import { expect } from "chai";
import type { Exchange } from "../../../keeper/chain/sources/Source.ts";
import { AnswerBook, type Recalled } from "../../../keeper/evidence/AnswerBook.ts";
import { exchangeOf, hashOf } from "./samples.ts";

const HEADER = { method: "eth_getBlockByHash", params: [hashOf(1), false] };
const LATEST = { method: "eth_getBlockByNumber", params: ["latest", false] };

/** An exchange of one call whose result says where and when it was had. */
function said(source: string, call: Exchange["calls"][number], atMs: number): Exchange {
  return exchangeOf(`${source} at ${atMs}`, atMs, { source, calls: [call] });
}

const valueOf = ({ answer }: Recalled): unknown => (answer.ok ? answer.value : answer.code);

describe("AnswerBook", () => {
  it("gives what the same source said next, else what it said last", () => {
    const book = new AnswerBook({ exchanges: [10, 20, 30].map((atMs) => said("a", LATEST, atMs)), taken: [] });
    for (const [askedAtMs, value] of [
      [0, "a at 10"],
      [10, "a at 10"],
      [11, "a at 20"],
      [30, "a at 30"],
      [31, "a at 30"],
      [9_999, "a at 30"],
    ] as const) {
      expect(valueOf(book.recall("a", LATEST, askedAtMs)), String(askedAtMs)).to.equal(value);
    }
  });

  it("asks another source for what is pinned to a hash, and for nothing else", () => {
    const exchanges = [said("b", HEADER, 10), said("b", LATEST, 10)];
    const book = new AnswerBook({ exchanges, taken: [] });
    expect(valueOf(book.recall("a", HEADER, 0))).to.equal("b at 10");
    const recalled = book.recall("a", LATEST, 5);
    expect([valueOf(recalled), recalled.isRecorded, recalled.atMs]).to.deep.equal(["NotRecorded", false, 6]);
    expect(valueOf(book.recall("b", { ...HEADER, params: [hashOf(2), false] }, 0))).to.equal("NotRecorded");
    const mine = new AnswerBook({ exchanges: [...exchanges, said("a", HEADER, 90)], taken: [] });
    expect(valueOf(mine.recall("a", HEADER, 0))).to.equal("a at 90");
  });

  it("takes params for equal whatever the order of their members", () => {
    const call = { method: "eth_call", params: [{ to: "0x1", data: "0x2" }, "latest"] };
    const book = new AnswerBook({ exchanges: [said("a", call, 10)], taken: [] });
    const turned = { method: "eth_call", params: [{ data: "0x2", to: "0x1" }, "latest"] };
    expect(valueOf(book.recall("a", turned, 0))).to.equal("a at 10");
  });

  it("lets an answer come when the core took it then, or as late after the asking as then", () => {
    const exchange = said("a", LATEST, 1_000);
    const times = ({ atMs, nowMs }: Recalled): number[] => [atMs, nowMs];
    const without = new AnswerBook({ exchanges: [exchange], taken: [] });
    expect(times(without.recall("a", LATEST, 990))).to.deep.equal([1_005, 1_005]);
    const taken = { source: "a", firstId: exchange.firstId, atMs: 1_050, nowMs: 1_049 };
    const book = new AnswerBook({ exchanges: [exchange], taken: [taken] });
    expect(times(book.recall("a", LATEST, 990))).to.deep.equal([1_050, 1_049]);
    // Asked at another time: only how long it took is known.
    expect(times(book.recall("a", LATEST, 7_000))).to.deep.equal([7_005, 7_005]);
    expect(times(new AnswerBook({ exchanges: [said("a", LATEST, 9_000)], taken: [] }).recall("a", LATEST, 100)))
      .to //
      .deep.equal([105, 105]);
  });

  it("reads batches as a source does: by id, in any order, with errors, gaps and faults", () => {
    const calls = [1, 2, 3, 4].map((n) => ({ method: "m", params: [n] }));
    const refused = '{"id":21,"error":{"code":-32005,"message":"slow down"}}';
    const text = `[{"id":22,"result":"third"},${refused},{"id":20,"result":"first"}]`;
    const exchange = exchangeOf("", 10, { kind: "batch", calls, firstId: 20, text, retryAfterMs: 700 });
    const recall = (more: Partial<Exchange>): unknown[] => {
      const book = new AnswerBook({ exchanges: [{ ...exchange, ...more }], taken: [] });
      return calls.map((call) => valueOf(book.recall("a", call, 0)));
    };
    expect(recall({})).to.deep.equal(["first", "SourceRateLimited", "third", "SourceMalformed"]);
    expect(recall({ fault: "SourceTimeout" })).to.deep.equal(["first", "SourceRateLimited", "third", "SourceTimeout"]);
    // One text after another, as from a node that answers a batch item by item.
    expect(recall({ text: '{"id":21,"result":"b"}{"id":20,"result":"a"}', fault: "SourceClosed" })).to.deep.equal([
      ...["a", "b", "SourceClosed", "SourceClosed"],
    ]);
    expect(recall({ text: null, fault: "SourceBusy" })).to.deep.equal(Array(4).fill("SourceBusy"));
    expect(recall({ text: '{"id":20,"result":1,"result":2}', fault: "SourceMalformed" })).to.deep.equal(
      Array(4).fill("SourceMalformed"),
    );
    const book = new AnswerBook({ exchanges: [exchange], taken: [] });
    expect(book.recall("a", calls[1]!, 0).answer).to.include({ ok: false, retryAfterMs: 700 });
  });
});
