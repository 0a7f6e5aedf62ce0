import { expect } from "chai";

import { printable } from "../../../keeper/lib/printable.ts";
import { quoteForeign } from "../../../keeper/lib/quoteForeign.ts";

const SEEN = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;

describe("printable", () => {
  it("leaves one well-formed line of what is seen, in its order", () => {
    const words = "\u001b]0;owned\u0007a\r\n\u009b2Jb\u202ec\u2066d\u200be\u2028f\u{e0041}g\ud800h\u00adi";
    const shown = printable(words, 100);
    expect(shown).to.match(SEEN);
    expect(shown).to.equal(" ]0;owned a 2Jb c d e f g\ufffdh i");
    expect(printable("<script>alert(\"1\")</script> שלום 💥 'é'", 100)).to.equal(
      "<script>alert(\"1\")</script> שלום 💥 'é'",
    );
  });

  it("is never longer than asked for but for the sign that something is missing, whatever it is given", () => {
    for (const unit of ["x", "\u202e", "\u001b[", "💥", "\ud83d"]) {
      const shown = printable(unit.repeat(1_000_000), 100);
      expect(shown.length, JSON.stringify(unit)).to.be.at.most(101);
      expect(shown, JSON.stringify(unit)).to.match(/…$/);
      expect(shown.isWellFormed(), JSON.stringify(unit)).to.equal(true);
    }
    expect(printable("x".repeat(100), 100)).to.equal("x".repeat(100));
    expect(printable("x".repeat(101), 100)).to.equal(`${"x".repeat(100)}…`);
  });
});

describe("quoteForeign", () => {
  it("hides what URLs hide, also of a URL that is cut off or broken by what is not seen", () => {
    const secret = "0123456789abcdef0123456789abcdef";
    for (const before of ["", "x".repeat(80), "\u001b[1m"]) {
      const shown = quoteForeign(`${before} at https://user:${secret}@rpc.example/${secret}?key=${secret} failed`, 100);
      expect(shown, before).to.not.include(secret.slice(0, 8));
      expect(shown, before).to.match(SEEN);
    }
  });
});
