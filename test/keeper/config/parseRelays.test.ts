import { expect } from "chai";
import { parseRelays } from "../../../keeper/config/parseRelays.ts";

const SECRET = "0123456789abcdef0123";

describe("parseRelays", () => {
  describe("refuses", () => {
    it("what is no list", () => {
      for (const raw of [7, true, null, undefined, {}]) {
        expect(parseRelays(raw)).to.deep.equal({ ok: false, expected: "a list of relays, separated by commas" });
      }
    });

    it("what is no URL, or one of another scheme, telling which one it is and no secret", () => {
      const expected = "relay 2 to be http:// or https://";
      for (const item of ["", "b.example", `/run/${SECRET}.ipc`, 7, null, { url: "http://b" }]) {
        expect(parseRelays(["http://a", item])).to.deep.equal({ ok: false, expected, shown: "***" });
      }
      for (const url of [`ws://b.example/${SECRET}`, `wss://u:${SECRET}@b.example`, `ftp://b.example/?k=${SECRET}`]) {
        const parsed = parseRelays(`http://a,${url}`);
        expect(parsed, url).to.include({ ok: false, expected });
        expect(JSON.stringify(parsed)).to.not.include(SECRET);
      }
    });

    it("user info that cannot be decoded, which would end the keeper when it is used", () => {
      const parsed = parseRelays(`http://a.example,http://u:${SECRET}%@b.example`);
      expect(parsed).to.have.property("expected").that.includes("`%` as `%25`");
      expect(JSON.stringify(parsed)).to.not.include(SECRET);
      expect(parseRelays(`http://u:${SECRET}%25@b.example`).ok).to.equal(true);
    });

    it("one URL twice, however it is spelled", () => {
      const expected = "relay 2 to differ from the relays before it";
      const parsed = parseRelays(`http://a.example/${SECRET},http://A.example:80/${SECRET}`);
      expect(parsed).to.include({ ok: false, expected });
      expect(JSON.stringify(parsed)).to.not.include(SECRET);
    });

    it("more than sixteen", () => {
      const urls = Array.from({ length: 17 }, (_, index) => `http://a${index}`);
      expect(parseRelays(urls)).to.deep.equal({ ok: false, expected: "at most 16 relays", shown: "17" });
      expect(parseRelays(urls.slice(1)).ok).to.equal(true);
    });
  });

  it("takes URLs in order, named by their hosts, which are numbered where they repeat", () => {
    expect(parseRelays(" https://r.example/fast?k=1 , http://127.0.0.1:1, http://127.0.0.1:2 ")).to.deep.equal({
      ok: true,
      value: [
        { id: "r.example", url: "https://r.example/fast?k=1" },
        { id: "127.0.0.1-1", url: "http://127.0.0.1:1/" },
        { id: "127.0.0.1-2", url: "http://127.0.0.1:2/" },
      ],
    });
  });

  it("names no relay by a key that is part of its host", () => {
    const parsed = parseRelays(`https://${SECRET}${SECRET}.relay.example`);
    expect(parsed.ok && parsed.value[0]?.id).to.equal("***.relay.example");
  });

  it("takes a list as it takes a text, and an empty one", () => {
    expect(parseRelays(["http://a", " http://b "])).to.deep.equal(parseRelays("http://a,http://b"));
    expect(parseRelays([])).to.deep.equal({ ok: true, value: [] });
  });
});
