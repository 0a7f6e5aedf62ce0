import { expect } from "chai";

import { Inquiry } from "../../../../keeper/loop/locate/Inquiry.ts";
import { Outbox } from "../../../../keeper/loop/Outbox.ts";

const CALLS = [{ method: "eth_getProof", params: [] }];
const SOURCES = ["a", "b", "c"];
const ok = [{ ok: true, value: {} }] as const;
const failed = [{ ok: false, code: "SourceRpcError", message: "no" }] as const;

describe("Inquiry", () => {
  let outbox: Outbox;
  let inquiry: Inquiry;

  beforeEach(() => {
    outbox = new Outbox();
    inquiry = new Inquiry({ requestDeadlineMs: 1_000, hedgeMs: 50 }, outbox);
  });

  /** Ids and sources of the requests since the last call. */
  const asked = (): [number, string][] =>
    outbox.take().flatMap((effect) => (effect.type === "request" ? [[effect.id, effect.source]] : []));

  it("asks a second source beside one that is slow, no third, and takes the first answer", () => {
    inquiry.ask(CALLS, SOURCES, 0);
    const [[first]] = asked() as [[number, string]];
    inquiry.tick(SOURCES, 50);
    expect(asked()).to.deep.equal([]);
    inquiry.tick(SOURCES, 51);
    const [[second, source]] = asked() as [[number, string]];
    expect(source).to.equal("b");
    inquiry.tick(SOURCES, 500);
    expect(asked()).to.deep.equal([]);
    expect(inquiry.take(second, ok)).to.deep.equal({ source: "b", values: [{}] });
    inquiry.accept("b");
    // What comes too late is known for one's own, and of no use.
    expect([inquiry.owns(first), inquiry.take(first, ok), inquiry.owns(first)]).to.deep.equal([true, null, false]);
    inquiry.ask(CALLS, SOURCES, 600);
    expect(asked().map(([, next]) => next)).to.deep.equal(["b"]);
  });

  it("gives up a request of which nothing is heard, and asks the next source", () => {
    inquiry.ask(CALLS, ["a"], 0);
    asked();
    inquiry.tick(["a"], 2_000);
    expect(inquiry.isStuck).to.equal(false);
    inquiry.tick(["a"], 2_001);
    expect([inquiry.isStuck, inquiry.failure]).to.deep.equal([true, "no answer"]);
    inquiry.tick(["a", "b"], 2_002);
    expect(asked().map(([, source]) => source)).to.deep.equal(["b"]);
  });

  it("asks each source once, is stuck then, and asks those again that were not refused", () => {
    inquiry.ask(CALLS, SOURCES, 0);
    for (const expected of SOURCES) {
      const [[id, source]] = asked() as [[number, string]];
      expect(source).to.equal(expected);
      if (source === "a") {
        expect(inquiry.take(id, ok)).to.not.equal(null);
        inquiry.refuse("a", "false");
      } else expect(inquiry.take(id, failed)).to.equal(null);
      inquiry.tick(SOURCES, 0);
    }
    expect([inquiry.isStuck, inquiry.failure, inquiry.requests]).to.deep.equal([true, "c: no", 3]);
    inquiry.askAgain(SOURCES, 0);
    expect(asked().map(([, source]) => source)).to.deep.equal(["b"]);
  });

  it("knows no other's request for its own", () => {
    inquiry.ask(CALLS, SOURCES, 0);
    expect([inquiry.owns(1), inquiry.owns(2), inquiry.take(2, ok)]).to.deep.equal([true, false, null]);
  });
});
