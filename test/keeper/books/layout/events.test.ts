import { expect } from "chai";
import { Interface } from "ethers";

import { DecodeError, type DecodeProblem } from "../../../../keeper/books/layout/DecodeError.ts";
import type { LogData } from "../../../../keeper/books/layout/readLog.ts";
import type { Hex } from "../../../../keeper/lib/hex.ts";
import { compileLayoutSample } from "../../../fixtures/layout/compileSource.ts";
import { decodeEvent, decodeNothing, TOPICS, type LayoutSampleEvent } from "../../../fixtures/layout/LayoutSample.ts";
import { randomText, SAMPLE_EVENTS } from "../../../fixtures/layout/sampleEvents.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

const SEED = 77_001;
const ZERO_WORD = "0".repeat(64);

describe(`generated event decoders (seed ${SEED})`, () => {
  const abi = new Interface(compileLayoutSample().facts.abi);
  const encode = (name: string, args: readonly unknown[]): LogData =>
    abi.encodeEventLog(name, [...args]) as unknown as LogData;

  it("decode what ethers encodes, for every event", () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 150; round += 1) {
      for (const make of SAMPLE_EVENTS) {
        const { event, args } = make(random);
        expect(decodeEvent(encode(event.name, args))).to.deep.equal(event);
      }
    }
  });

  it("give strings as bytes and indexed strings as their hash", () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 100; round += 1) {
      const { topic, blob, text, textHex } = randomText(random);
      const log = encode("Text", [topic, blob, text]);
      expect(decodeEvent(log)).to.deep.equal({ name: "Text", topic: log.topics[1], blob, text: textHex });
    }
  });

  it("give indexed structs and arrays as their hash", () => {
    const [inner, list]: Hex[] = [`0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`];
    const log: LogData = { topics: [TOPICS.Hashed, inner as Hex, list as Hex], data: `0x${ZERO_WORD}` };
    expect(decodeEvent(log)).to.deep.equal({ name: "Hashed", inner, list, flag: false });
  });

  it("know every event of the ABI by the topic that ethers computes", () => {
    const expected: Record<string, string> = {};
    abi.forEachEvent(({ name, topicHash }) => void (expected[name] = topicHash));
    expect(TOPICS).to.deep.equal(expected);
  });

  it("answer null for a topic that is no event and for a log without topics", () => {
    expect(decodeEvent({ topics: [`0x${"00".repeat(32)}`], data: "0x" })).to.equal(null);
    expect(decodeEvent({ topics: [], data: "0x" })).to.equal(null);
  });

  it("either refuse a changed log or decode exactly what it says", () => {
    const random = new SeededRandom(SEED + 1);
    let refused = 0;
    for (let round = 0; round < 300; round += 1) {
      for (const make of SAMPLE_EVENTS) {
        const { event, args } = make(random);
        const changed = mutate(random, encode(event.name, args));
        const decoded = decodeOrNull(changed);
        if (decoded === null) refused += 1;
        else expect(encode(decoded.name, argumentsOf(decoded))).to.deep.equal(changed);
      }
    }
    expect(refused).to.be.greaterThan(500);
  });

  describe("refuse", () => {
    const owner: Hex = `0x${"ab".repeat(32)}`;
    const plain = encode("Plain", [owner, -1n, 1, true, `0x${"cd".repeat(20)}`, "0x12345678", -5n, 6]);
    const lists = encode("Lists", [1, [owner], [], [], [3]]);
    const patch = (log: LogData, word: number, value: string): LogData => ({
      topics: log.topics,
      data: `0x${log.data.slice(2, 2 + 64 * word)}${value}${log.data.slice(66 + 64 * word)}`,
    });
    const [topic0] = plain.topics as [Hex];
    const cases: readonly [string, LogData, string, DecodeProblem][] = [
      ["a missing topic", { ...plain, topics: [topic0] }, "topics", "topic-count"],
      ["an additional topic", { ...plain, topics: [topic0, owner, owner] }, "topics", "topic-count"],
      ["a short topic", { ...plain, topics: [topic0, "0xab"] }, "topics", "topic-length"],
      ["upper-case data", { ...plain, data: plain.data.toUpperCase().replace("0X", "0x") as Hex }, "data", "not-hex"],
      ["truncated data", { ...plain, data: plain.data.slice(0, -64) as Hex }, "data", "data-length"],
      ["half a word", { ...lists, data: `${lists.data}00` }, "data", "data-length"],
      ["additional data", { ...plain, data: `${plain.data}${ZERO_WORD}` }, "data", "data-length"],
      ["data behind the last list", { ...lists, data: `${lists.data}${ZERO_WORD}` }, "data", "data-length"],
      ["an int96 that is not sign-extended", patch(plain, 0, `${"0".repeat(39)}${"f".repeat(25)}`), "price", "padding"],
      ["an enum beyond a byte", patch(plain, 1, `${"0".repeat(61)}101`), "mode", "padding"],
      ["a bool of 2", patch(plain, 2, `${"0".repeat(63)}2`), "flag", "padding"],
      ["a padded address", patch(plain, 3, `${"0".repeat(23)}1${"cd".repeat(20)}`), "who", "padding"],
      ["bytes4 with a tail", patch(plain, 4, `12345678${"0".repeat(55)}1`), "sig", "padding"],
      ["a uint48 beyond its width", patch(plain, 6, `${"0".repeat(51)}1${"0".repeat(12)}`), "at", "padding"],
      ["an offset past the data", patch(lists, 0, "f".repeat(64)), "roots", "offset"],
      ["an offset into the head", patch(lists, 0, ZERO_WORD), "roots", "offset"],
      ["swapped offsets", patch(lists, 1, lists.data.slice(2, 66)), "who", "offset"],
      ["a length past the data", patch(lists, 4, `${"0".repeat(60)}ffff`), "roots", "array-length"],
      ["an absurd length", patch(lists, 4, "f".repeat(64)), "roots", "array-length"],
      ["dynamic data without its tail", { ...lists, data: `0x${lists.data.slice(2, 258)}` }, "roots", "data-length"],
    ];
    for (const [what, log, field, problem] of cases) {
      it(what, () => {
        const error = errorOf(() => decodeEvent(log));
        expect(error).to.be.instanceOf(DecodeError);
        expect(error).to.include({ code: "EventMalformed", field, problem });
      });
    }

    it("dirty padding behind bytes", () => {
      const log = encode("Text", ["", "0x1234", ""]);
      const dirty = patch(log, 3, `1234${"0".repeat(59)}1`);
      expect(errorOf(() => decodeEvent(dirty))).to.include({ field: "blob", problem: "padding" });
    });

    it("another event's log, in a decoder called by name", () => {
      expect(errorOf(() => decodeNothing({ topics: [topic0], data: "0x" }))).to.include({ problem: "wrong-event" });
    });
  });

  function decodeOrNull(log: LogData): LayoutSampleEvent | null {
    try {
      return decodeEvent(log);
    } catch (error: unknown) {
      if (error instanceof DecodeError) return null;
      throw error;
    }
  }
});

function argumentsOf(event: LayoutSampleEvent): unknown[] {
  return Object.entries(event)
    .filter(([key]) => key !== "name")
    .map(([, value]: [string, unknown]) => value);
}

/** Changes one digit of the data or of an indexed topic, or the data's length. */
function mutate(random: SeededRandom, log: LogData): LogData {
  const digit = random.below(16).toString(16);
  const replace = (hex: Hex): Hex => {
    if (hex.length === 2) return hex;
    const at = 2 + random.below(hex.length - 2);
    return `${hex.slice(0, at)}${digit}${hex.slice(at + 1)}` as Hex;
  };
  const topic = random.below(log.topics.length);
  switch (random.below(5)) {
    case 0:
      return { ...log, data: log.data.slice(0, 2 + 64 * random.below(1 + (log.data.length >> 6))) as Hex };
    case 1:
      return { ...log, data: `${log.data}${ZERO_WORD}` };
    case 2:
      return topic === 0 ? log : { ...log, topics: log.topics.map((hex, i) => (i === topic ? replace(hex) : hex)) };
    default:
      return { ...log, data: replace(log.data) };
  }
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error: unknown) {
    return error;
  }
  return undefined;
}
