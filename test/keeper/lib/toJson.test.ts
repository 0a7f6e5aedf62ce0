import { expect } from "chai";
import { toJson } from "../../../keeper/lib/toJson.ts";

describe("toJson", () => {
  it("gives undefined for what has no JSON", () => {
    for (const value of [undefined, () => 1, Symbol("s")]) expect(toJson(value)).to.equal(undefined);
  });

  it("gives the text of everything else, through the replacer where there is one", () => {
    expect(toJson({ a: [1, null, undefined], b: undefined })).to.equal('{"a":[1,null,null]}');
    expect(toJson({ a: 1n }, (_key, value) => (typeof value === "bigint" ? `${value}` : value))).to.equal('{"a":"1"}');
  });
});
