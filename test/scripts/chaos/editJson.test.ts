import { expect } from "chai";

import { editJson, parsePath, type Edit } from "../../../scripts/chaos/editJson.ts";

const VALUE = { a: [{ b: "0x0102ff" }, { b: "0x03" }], "x/y~z": 1, n: null };

function edit(path: string, change: Edit): unknown {
  return editJson(VALUE, parsePath(path)!, change);
}

const set = (value: number): Edit => ({ kind: "set", value });
const remove: Edit = { kind: "remove" };
const xor = (byte: number, mask: number): Edit => ({ kind: "xor", byte, mask });

describe("editJson", () => {
  const frozen = JSON.stringify(VALUE);

  afterEach(() => {
    expect(JSON.stringify(VALUE)).to.equal(frozen);
  });

  const cases: Readonly<Record<string, readonly [path: string, change: Edit, expected: unknown]>> = {
    "sets what is there": ["/a/1/b", set(5), { ...VALUE, a: [VALUE.a[0], { b: 5 }] }],
    "sets the whole": ["", set(5), 5],
    "sets a new key": ["/a/0/c", set(5), { ...VALUE, a: [{ ...VALUE.a[0], c: 5 }, VALUE.a[1]] }],
    "counts from the end": ["/a/-1", set(5), { ...VALUE, a: [VALUE.a[0], 5] }],
    "takes every element": ["/a/*/b", set(5), { ...VALUE, a: [{ b: 5 }, { b: 5 }] }],
    "takes every value": ["/*", set(5), { a: 5, "x/y~z": 5, n: 5 }],
    "knows escapes": ["/x~1y~0z", set(5), { ...VALUE, "x/y~z": 5 }],
    "removes a key": ["/a", remove, { "x/y~z": 1, n: null }],
    "removes an element": ["/a/0", remove, { ...VALUE, a: [VALUE.a[1]] }],
    "removes every element": ["/a/*", remove, { ...VALUE, a: [] }],
    "changes a byte": ["/a/0/b", xor(1, 0x80), { ...VALUE, a: [{ b: "0x0182ff" }, VALUE.a[1]] }],
    "changes a byte from the end": ["/a/0/b", xor(-1, 1), { ...VALUE, a: [{ b: "0x0102fe" }, VALUE.a[1]] }],
    "leaves what the path misses": ["/b/c", set(5), VALUE],
    "leaves a list at an index that it has not": ["/a/2", set(5), VALUE],
    "leaves a list at what is no index": ["/a/b", remove, VALUE],
    "leaves what is no object": ["/n/a", set(5), VALUE],
    "leaves a byte that is not there": ["/a/1/b", xor(1, 1), VALUE],
    "leaves what is no hex": ["/n", xor(0, 1), VALUE],
  };
  for (const [name, [path, change, expected]] of Object.entries(cases)) {
    it(name, () => {
      expect(edit(path, change)).to.deep.equal(expected);
    });
  }

  it("sets __proto__ as a key like any other, on nothing but the copy", () => {
    const edited = editJson({}, ["__proto__"], { kind: "set", value: { isAdmin: true } });
    expect(JSON.stringify(edited)).to.equal('{"__proto__":{"isAdmin":true}}');
    expect((edited as { isAdmin?: boolean }).isAdmin).to.equal(undefined);
  });

  it("knows what is no path", () => {
    for (const path of ["a", "a/b", "/a~", "/~2"]) expect(parsePath(path), path).to.equal(undefined);
    expect(parsePath("/")).to.deep.equal([""]);
  });
});
