import { expect } from "chai";
import { JsonFramer } from "../../../../keeper/chain/sources/JsonFramer.ts";

const MESSAGES = [
  { a: "}{][", b: '"', c: "\\", d: '\\"\\\\"' },
  [[], {}, "\\\\", "é€😀"],
  { nested: { deep: [[["x"]]] }, empty: "" },
].map((value) => JSON.stringify(value));

function messagesOf(framer: JsonFramer, chunks: readonly Buffer[]): string[] {
  return chunks
    .flatMap((chunk) => framer.push(chunk))
    .map((event) => (event.kind === "message" ? event.bytes.toString("utf8") : event.kind));
}

describe("JsonFramer", () => {
  it("cuts a stream into the same messages at whichever byte it is split", () => {
    for (const separator of ["", "\n", " \r\n\t"]) {
      const bytes = Buffer.from(MESSAGES.join(separator) + separator, "utf8");
      for (let first = 0; first <= bytes.length; first++) {
        for (const second of [first, Math.min(first + 1, bytes.length), Math.min(first + 7, bytes.length)]) {
          const chunks = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
          expect(messagesOf(new JsonFramer(1_000), chunks), `${first} ${second}`).to.deep.equal(MESSAGES);
        }
      }
    }
  });

  it("cuts a stream that comes byte by byte", () => {
    const bytes = [...Buffer.from(MESSAGES.join("\n"), "utf8")].map((byte) => Buffer.of(byte));
    expect(messagesOf(new JsonFramer(1_000), bytes)).to.deep.equal(MESSAGES);
  });

  it("reports what is no JSON between two messages", () => {
    for (const text of ["hello", "}", "{}]", "[]x", '"text"', "\u0000"]) {
      expect(messagesOf(new JsonFramer(1_000), [Buffer.from(text)]).at(-1), text).to.equal("garbage");
    }
  });

  it("reports a message above the cap, complete or not, and takes one at the cap", () => {
    expect(messagesOf(new JsonFramer(8), [Buffer.from('["1234"]')])).to.deep.equal(['["1234"]']);
    expect(messagesOf(new JsonFramer(8), [Buffer.from('["12345"]')])).to.deep.equal(["oversized"]);
    expect(messagesOf(new JsonFramer(8), [Buffer.from('["12345'), Buffer.from("67")])).to.deep.equal(["oversized"]);
    expect(messagesOf(new JsonFramer(8), [Buffer.from("[1,2]"), Buffer.from("[3,4][5,6]")]).length).to.equal(3);
  });
});
