import { expect } from "chai";
import { MAX_JSON_DEPTH } from "../../../../keeper/chain/sources/scanJson.ts";
import { parseStrictJson } from "../../../../keeper/chain/sources/strictJson.ts";
import { chooseSeed } from "../../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../../helpers/SeededRandom.ts";

function reasonOf(text: string): string {
  const parsed = parseStrictJson(text);
  return parsed.ok ? "ok" : parsed.reason;
}

const TWICE = "no single meaning: an object has a name twice";
const ESCAPED = "no single meaning: a name is written with an escape";

describe("parseStrictJson", () => {
  it("refuses a name that comes twice in an object, wherever the object is", () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"b":2,"a":3}',
      '{"a":{"b":1,"b":2}}',
      '[{"a":1},[{"b":[],"b":[]}]]',
      '{"":1,"":2}',
      '{"a":{"deep":{"er":[1,2,{"x":0}]}},"a":1}',
      '{ "a" : 1 ,\n\t"a"\r\n:2 }',
      '{"__proto__":1,"__proto__":2}',
      '{"0":1,"0":2}',
    ]) {
      expect(reasonOf(text), text).to.equal(TWICE);
    }
  });

  it("refuses a name with an escape, which could be equal to another", () => {
    for (const text of [
      '{"a":1,"\\u0061":2}',
      '{"result":1,"resul\\u0074":2}',
      '{"a":[{"b":1},{"\\/":2}]}',
      '{"\\\\":1}',
      '{"\\ud83d\\ude00" : 1}',
      '{"a":1,"a":2,"\\n":3}',
    ]) {
      expect(reasonOf(text), text).to.equal(ESCAPED);
    }
    expect(reasonOf('{"a":"\\u0061","é":"\\\\"}')).to.equal("ok");
  });

  it("lets no text through that the engine misreads after another one", () => {
    JSON.parse('{":":1,"\\\\":2}');
    expect(reasonOf('{":":1,"\\u0063":2}')).to.equal(ESCAPED);
  });

  it("is not misled by colons and quotes inside strings", () => {
    for (const text of [
      '{"a:":1,"b":":\\"::"}',
      '["\\":","\\\\",":",{"a ":{"b":":"}}]',
      '{"url":"https://host:8545/x","m":"\\"a\\":1,\\"a\\":2"}',
      '":"',
    ]) {
      expect(reasonOf(text), text).to.equal("ok");
    }
    expect(reasonOf('{"a:":1,"a:":2}')).to.equal(TWICE);
    expect(reasonOf('{"x":":::","y":1,"y":2}')).to.equal(TWICE);
  });

  it("takes the same name in different objects", () => {
    expect(reasonOf('[{"a":1},{"a":{"a":[{"a":2}]}}]')).to.equal("ok");
  });

  it("refuses what is nested too deep, and takes what is not", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const nested = (depth: number): string => `${open.repeat(depth)}1${close.repeat(depth)}`;
      expect(reasonOf(nested(MAX_JSON_DEPTH))).to.equal("ok");
      expect(reasonOf(nested(MAX_JSON_DEPTH + 1))).to.equal(`nested deeper than ${MAX_JSON_DEPTH}`);
    }
    expect(reasonOf("[".repeat(200_000) + "]".repeat(200_000))).to.equal(`nested deeper than ${MAX_JSON_DEPTH}`);
  });

  it("refuses a byte order mark, and everything that is no JSON", () => {
    for (const text of ["\ufeff{}", "", "{", "{'a':1}", "[1,]", "01", "NaN", '{"a":1}{"b":2}', "\u00a0[]"]) {
      expect(reasonOf(text), JSON.stringify(text)).to.equal("no JSON");
    }
  });

  it("makes names such as __proto__ plain own properties", () => {
    const parsed = parseStrictJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(Object.keys(parsed.value as object)).to.deep.equal(["__proto__", "constructor"]);
    expect((parsed.value as { polluted?: unknown }).polluted).to.equal(undefined);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  it("agrees with a generator that knows what it wrote", () => {
    const seed = chooseSeed(1);
    const random = new SeededRandom(seed);
    const counts = new Map<string, number>();
    for (let round = 0; round < 3_000; round += 1) {
      const { text, flaw } = write(random, 0);
      counts.set(flaw, (counts.get(flaw) ?? 0) + 1);
      expect(reasonOf(text), `seed ${seed}: ${text}`).to.equal(flaw);
    }
    for (const flaw of ["ok", TWICE, ESCAPED]) expect(counts.get(flaw), flaw).to.be.greaterThan(200);
  });
});

const NAMES = ["a", "b", ":", "[", "{", ",", "__proto__", "é", "0", "", "u0061"];
const STRINGS = ["", ":", '":', "\\", '\\":"', "0xabc", "\u2028", '{"a":1,"a":2}'];

interface Written {
  readonly text: string;
  readonly flaw: "ok" | typeof TWICE | typeof ESCAPED;
}

/** A random JSON text, and what is wrong with it; an escape in a name counts before a name that comes twice. */
function write(random: SeededRandom, depth: number): Written {
  const kind = random.below(depth > 3 ? 3 : 5);
  if (kind === 0) return { text: JSON.stringify(STRINGS[random.below(STRINGS.length)]), flaw: "ok" };
  if (kind === 1) return { text: ["1", "-0.5e3", "true", "null"][random.below(4)]!, flaw: "ok" };
  const items = Array.from({ length: random.below(5) }, () => write(random, depth + 1));
  const flaws = new Set(items.map(({ flaw }) => flaw));
  const space = ["", " ", "\n\t "][random.below(3)]!;
  const spaced = (texts: readonly string[]): string => texts.map((text) => `${space}${text}${space}`).join(",");
  if (kind === 2) return { text: `[${spaced(items.map(({ text }) => text))}]`, flaw: worstOf(flaws) };
  const names = items.map(() => NAMES[random.below(NAMES.length)]!);
  if (new Set(names).size < names.length) flaws.add(TWICE);
  const keys = names.map((name) => {
    if (name === "" || random.below(12) > 0) return JSON.stringify(name);
    flaws.add(ESCAPED);
    return escape(name);
  });
  const members = items.map(({ text }, index) => `${keys[index]!}${space}:${space}${text}`);
  return { text: `{${spaced(members)}}`, flaw: worstOf(flaws) };
}

function worstOf(flaws: ReadonlySet<Written["flaw"]>): Written["flaw"] {
  if (flaws.has(ESCAPED)) return ESCAPED;
  return flaws.has(TWICE) ? TWICE : "ok";
}

/** The name as a JSON string, its first character as an escape. */
function escape(name: string): string {
  return `"\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}"`;
}
