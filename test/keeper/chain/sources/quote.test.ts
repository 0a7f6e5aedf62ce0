import { expect } from "chai";

import { quote } from "../../../../keeper/chain/sources/SourceFault.ts";

describe("the words of a source", () => {
  it("are one line without escapes, what is not seen and what reorders text, and of a bounded length", () => {
    const words = "\u001b[31mred\u001b[0m\r\nforged \u202egpj.exe\u2066\u200b <script>alert(1)</script> \ud800";
    expect(quote(words)).to.equal(" [31mred [0m forged  gpj.exe  <script>alert(1)</script> \ufffd");
    expect(quote("x".repeat(1_000_000)).length).to.equal(301);
  });
});
