import { expect } from "chai";
import { VIEW_POLICIES } from "../../../keeper/config/KeeperConfig.ts";
import { parseViews } from "../../../keeper/config/parseViews.ts";

const SECRET = "0123456789abcdef";
const EXPECTED = "`name|url` or `name|url|policy`, the URL http(s) and the policy alert or pause";

describe("parseViews", () => {
  describe("refuses", () => {
    it("what is no list", () => {
      for (const raw of [7, true, null, undefined, {}, { name: "a", url: "http://a" }]) {
        expect(parseViews(raw)).to.deep.equal({ ok: false, expected: "a list of views, separated by commas" });
      }
    });

    it("a view that is no text, or not of two or three parts, telling which one it is", () => {
      for (const item of ["", "a", "http://b", "b|http://b|alert|more", "b|http://b|alert|"]) {
        const refusal = { ok: false, expected: `view 2 to be ${EXPECTED}`, shown: "***" };
        expect(parseViews(`a|http://a,${item}`), item).to.deep.equal(refusal);
        expect(parseViews(["a|http://a", item]), item).to.deep.equal(refusal);
      }
      for (const item of [7, null, undefined, ["a|http://a"], { name: "a", url: "http://a" }]) {
        expect(parseViews([item])).to.deep.equal({ ok: false, expected: `view 1 to be ${EXPECTED}`, shown: "***" });
      }
    });

    it("a name that is empty, too long, or holds what a label cannot", () => {
      for (const name of ["", " ", "-a", ".a", "a b", "a/b", "ä", "a".repeat(64)]) {
        expect(parseViews([`${name}|http://a`]), name).to.include({ ok: false, shown: "***" });
      }
    });

    it("a URL that is none or has another scheme, without repeating it", () => {
      for (const url of ["", "a.example", "/view", "http://", `ws://a/${SECRET}`, `ftp://a/${SECRET}`, "file:///a"]) {
        const parsed = parseViews([`a|${url}|alert`]);
        expect(parsed, url).to.include({ ok: false, shown: "***" });
        expect(JSON.stringify(parsed)).to.not.include(SECRET);
      }
    });

    it("a policy that is none", () => {
      for (const policy of ["", "ALERT", "act", "pauses", "alert pause"]) {
        expect(parseViews([`a|http://a|${policy}`]), policy).to.include({ ok: false, shown: "***" });
      }
    });

    it("two views of one name", () => {
      const refusal = { ok: false, expected: "each view to have its own name", shown: "a" };
      expect(parseViews("a|http://a,b|http://b,a|http://c|pause")).to.deep.equal(refusal);
      expect(parseViews(["a|http://a", "a|http://a"])).to.deep.equal(refusal);
    });
  });

  it("takes names with URLs, in order, and alerts unless told otherwise", () => {
    expect(parseViews(" risk | https://a.example/v?x=1 | pause , fees|http://127.0.0.1:80 ")).to.deep.equal({
      ok: true,
      value: [
        { name: "risk", url: "https://a.example/v?x=1", policy: "pause" },
        { name: "fees", url: "http://127.0.0.1:80", policy: "alert" },
      ],
    });
  });

  it("takes every policy", () => {
    for (const policy of VIEW_POLICIES) {
      const value = [{ name: "a", url: "http://a", policy }];
      expect(parseViews(`a|http://a|${policy}`)).to.deep.equal({ ok: true, value });
    }
  });

  it("takes a list as it takes a text, and there a URL that holds a comma", () => {
    expect(parseViews(["a|http://a", " b|http://b|pause "])).to.deep.equal(parseViews("a|http://a,b|http://b|pause"));
    const value = [{ name: "a", url: "http://a?x=1,2", policy: "alert" }];
    expect(parseViews(["a|http://a?x=1,2"])).to.deep.equal({ ok: true, value });
  });

  it("takes an empty list", () => {
    expect(parseViews([])).to.deep.equal({ ok: true, value: [] });
  });

  it("takes one URL under two names: two policies may look at one answer", () => {
    expect(parseViews("a|http://a|alert,b|http://a|pause").ok).to.equal(true);
  });

  it("freezes the list and its views", () => {
    const parsed = parseViews("a|http://a");
    if (!parsed.ok) throw new Error(parsed.expected);
    for (const value of [parsed.value, parsed.value[0]]) expect(Object.isFrozen(value)).to.equal(true);
  });
});
