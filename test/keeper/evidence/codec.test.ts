import { expect } from "chai";
import { decode, encode } from "../../../keeper/evidence/codec.ts";

describe("codec", () => {
  it("gives back what JSON cannot hold", () => {
    const values: unknown[] = [
      ...[null, true, "text", 7, -0.5, Infinity, -Infinity, 0n, -(2n ** 200n)],
      ...[[], {}, [1n, [2n]], new Map<unknown, unknown>([["a", 1n], [2n, new Map()]]), new Set([1n, "x"])], // prettier-ignore
      ...[new Uint8Array([0, 255]), { nested: { deep: [new Map([["k", { n: 1n }]])] } }],
    ];
    for (const value of values) expect(decode(encode(value))).to.deep.equal(value);
    expect(decode(encode(Number.NaN))).to.be.NaN;
  });

  it("lets nothing from outside pass for a tag", () => {
    const values: unknown[] = [
      { $bigint: "1" },
      { $map: [["a", 1]] },
      { $object: [["a", 1]] },
      { $other: 1, more: 2n },
    ];
    for (const value of values) expect(decode(encode(value))).to.deep.equal(value);
  });

  it("keeps a key such as __proto__ harmless", () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":1},"a":{"constructor":2}}');
    const decoded = decode(encode(value)) as object;
    expect(Object.hasOwn(decoded, "__proto__")).to.equal(true);
    expect((decoded as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  it("leaves out undefined members and refuses functions", () => {
    expect(decode(encode({ a: undefined, b: 1 }))).to.deep.equal({ b: 1 });
    expect(() => encode({ a: () => 1 })).to.throw(TypeError);
  });

  for (const text of [
    ...['{"$bytes":4000000000}', '{"$bytes":{"length":4000000000}}', '{"$bytes":[256]}', '{"$bytes":["1"]}'],
    ...['{"$bigint":{"toString":0}}', '{"$bigint":"0x10"}', '{"$bigint":7}', '{"$bigint":""}', '{"$bigint":null}'],
    ...[`{"$bigint":"${"9".repeat(1_001)}"}`, '{"$number":"7"}', '{"$number":{"valueOf":0}}', '{"$number":null}'],
    ...['{"$map":7}', '{"$map":{"length":4000000000}}', '{"$map":[7]}', '{"$map":[["key"]]}', '{"$map":"ab"}'],
    ...['{"$set":"ab"}', '{"$set":{}}', '{"$object":[[{"toString":0},1]]}', '{"$object":[1]}', '{"$other":1}'],
  ]) {
    it(`refuses ${text.slice(0, 40)} by the name of its tag`, () => {
      const tag = /\$[a-z]+/.exec(text)![0];
      expect(() => decode(text))
        .to.throw(TypeError)
        .with.property("message")
        .that.includes(tag);
    });
  }
});
