import { expect } from "chai";
import { cleanText } from "../../../../keeper/alerts/plan/cleanText.ts";
import { makeDraft } from "../../../../keeper/alerts/plan/makeDraft.ts";

describe("cleanText", () => {
  it("leaves a plain text as it is, whatever its language", () => {
    expect(cleanText("Büro → 東京 👍, 1 < 2", 100)).to.equal("Büro → 東京 👍, 1 < 2");
  });

  it("removes what is not seen, breaks lines or reorders: controls, formats, separators", () => {
    for (const bad of ["\u0000", "\n", "\r\n", "\u001b", "\u007f", "\u0085", "\u200b", "\u202e", "\u2028", "\ufeff"]) {
      expect(cleanText(`a${bad}b`, 10), JSON.stringify(bad)).to.equal("a b");
    }
  });

  it("makes lone surrogates harmless, which would break JSON for others", () => {
    const text = cleanText("a\ud800b\udc00", 10);
    expect(text.isWellFormed()).to.equal(true);
    expect(text).to.equal("a\ufffdb\ufffd");
  });

  it("cuts by characters, not within one, and says so", () => {
    expect(cleanText("👍".repeat(10), 4)).to.equal("👍👍👍…");
    expect(cleanText("x".repeat(1_000_000), 50))
      .to.have.lengthOf(50)
      .and.match(/…$/);
    expect(cleanText("x".repeat(50), 50)).to.equal("x".repeat(50));
  });

  it("hides the secrets of URLs", () => {
    const text = cleanText("see https://user:hunter22@rpc.example/0123456789abcdef0123?key=hunter22", 200);
    expect(text).to.equal("see https://***@rpc.example/***?key=***");
  });
});

describe("makeDraft", () => {
  it("bounds every text and the number of fields, and leaves out what has no value", () => {
    const long = "y".repeat(9_999);
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}${long}`, long]));
    const blank = { block: 0, none: null, missing: undefined, empty: "" };
    const draft = makeDraft({
      ...{ key: long, kind: "alert", level: "warning", event: long, state: long, title: long, detail: long },
      ...{ isEnd: false, fields: { ...blank, ...fields } },
    });
    expect([draft.key, draft.event, draft.state].map(({ length }) => length)).to.deep.equal([100, 100, 100]);
    expect([draft.title.length, draft.detail.length]).to.deep.equal([150, 2_000]);
    const entries = Object.entries(draft.fields);
    expect(entries).to.have.lengthOf(16);
    expect(draft.fields).to.have.property("block", "0");
    expect(draft.fields).to.not.have.any.keys("none", "missing", "empty");
    expect(Math.max(...entries.map(([name]) => name.length))).to.equal(40);
    expect(Math.max(...entries.map(([, value]) => value.length))).to.equal(300);
  });
});
