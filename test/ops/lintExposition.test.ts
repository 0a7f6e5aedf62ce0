import { expect } from "chai";

import { readExposition } from "./lintExposition.ts";

const HEAD = "# HELP lockstep_a h\n# TYPE lockstep_a gauge\n";
const HISTOGRAM = [
  "# HELP lockstep_h_seconds h",
  "# TYPE lockstep_h_seconds histogram",
  'lockstep_h_seconds_bucket{le="0.1"} 1',
  'lockstep_h_seconds_bucket{le="+Inf"} 2',
  "lockstep_h_seconds_sum 0.7",
  "lockstep_h_seconds_count 2",
  "",
].join("\n");

/** The histogram with one text in place of another. */
function altered(text: string, other: string): string {
  expect(HISTOGRAM, "nothing to alter").to.include(text);
  return HISTOGRAM.replace(text, other);
}

describe("readExposition", () => {
  it("reads names, labels and values, escapes included, and finds nothing wrong with what is right", () => {
    const text = `${HEAD}lockstep_a{reason="say \\"no\\"\\n\\\\",b="}"} -1.5e3\nlockstep_a +Inf\n${HISTOGRAM}`;
    const { families, problems } = readExposition(text);
    expect(problems).to.deep.equal([]);
    expect(families.get("lockstep_a")?.samples).to.deep.equal([
      { name: "lockstep_a", labels: { reason: 'say "no"\n\\', b: "}" }, value: -1500 },
      { name: "lockstep_a", labels: {}, value: Infinity },
    ]);
    expect(families.get("lockstep_h_seconds")?.samples).to.have.length(4);
  });

  const broken: Readonly<Record<string, readonly [text: string, problem: RegExp]>> = {
    "an end in the middle of a line": [`${HEAD}lockstep_a 1`, /does not end/],
    "a line by no grammar": [`${HEAD}lockstep_a one\n`, /grammar/],
    "an open quote": [`${HEAD}lockstep_a{b="c} 1\n`, /grammar/],
    "an escape that there is not": [`${HEAD}lockstep_a{b="\\t"} 1\n`, /grammar/],
    "one label twice": [`${HEAD}lockstep_a{b="1",b="2"} 1\n`, /grammar/],
    "a line without HELP": ["lockstep_a 1\n", /neither HELP/],
    "TYPE without HELP": ["# TYPE lockstep_a gauge\nlockstep_a 1\n", /TYPE without HELP/],
    "no TYPE": ["# HELP lockstep_a h\nlockstep_a 1\n", /type is missing/],
    "HELP twice": [`${HEAD}${HEAD}`, /HELP for the second/],
    "an empty HELP": ["# HELP lockstep_a  \n# TYPE lockstep_a gauge\n", /says nothing/],
    "a type that there is not": ["# HELP lockstep_a h\n# TYPE lockstep_a number\n", /"number" is none/],
    "lines apart": [`${HEAD}# HELP lockstep_b h\n# TYPE lockstep_b gauge\nlockstep_a 1\n`, /not together/],
    "a foreign name": [HEAD.replaceAll("lockstep_a", "keeper_a"), /not lockstep_/],
    "capital letters": [HEAD.replaceAll("lockstep_a", "lockstep_aB"), /snake case/],
    milliseconds: [HEAD.replaceAll("lockstep_a", "lockstep_age_ms"), /base unit/],
    "its type in its name": [HEAD.replaceAll("lockstep_a", "lockstep_a_gauge"), /its type/],
    "a gauge as a counter": [HEAD.replaceAll("lockstep_a", "lockstep_a_total"), /_total/],
    "a counter as a gauge": [HEAD.replace("gauge", "counter"), /_total/],
    "a gauge as part of a histogram": [HEAD.replaceAll("lockstep_a", "lockstep_a_sum"), /suffix of histograms/],
    "one line twice": [`${HEAD}lockstep_a{b="1"} 1\nlockstep_a{b="1"} 2\n`, /one line twice/],
    "a hash": [`${HEAD}lockstep_a{b="0x5e6046c584f1f6ff"} 1\n`, /hex digits/],
    "a URL": [`${HEAD}lockstep_a{b="wss://host/key"} 1\n`, /a URL/],
    "a long text": [`${HEAD}lockstep_a{b="${"x".repeat(101)}"} 1\n`, /long text/],
    "no +Inf": [altered('lockstep_h_seconds_bucket{le="+Inf"} 2\n', ""), /no \+Inf/],
    "buckets that are not cumulative": [altered('le="0.1"} 1', 'le="0.1"} 3'), /cumulative/],
    "bounds that do not ascend": [altered('{le="0.1"}', '{le="+Inf"}'), /ascend/],
    "another count": [altered("count 2", "count 3"), /not _count/],
    "no sum": [altered("lockstep_h_seconds_sum 0.7\n", ""), /not one _sum/],
  };
  for (const [what, [text, problem]] of Object.entries(broken)) {
    it(`finds ${what}`, () => {
      expect(readExposition(text).problems.join("\n")).to.match(problem);
    });
  }

  it("finds labels without bounds", () => {
    const lines = Array.from({ length: 51 }, (_, index) => `lockstep_a{b="v${index}"} 1\n`).join("");
    expect(readExposition(HEAD + lines).problems.join("\n")).to.match(/51 values/);
  });
});
