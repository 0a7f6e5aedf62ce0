/** One line with a value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all of its lines. */
export interface ExposedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** What a scrape said, and what is wrong with it, in words. */
export interface Exposition {
  readonly families: ReadonlyMap<string, ExposedFamily>;
  readonly problems: readonly string[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/;
const TYPES = ["counter", "gauge", "histogram"];
/** Other units, and abbreviations of the base ones. */
const FOREIGN_UNITS =
  /_(?:ms|millis|milliseconds|micros|microseconds|nanoseconds|sec|secs|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|gwei|percent)(?:_|$)/;
/** What has no place in a label: hashes, addresses, keys, URLs. */
const FORBIDDEN_VALUES: readonly (readonly [string, RegExp])[] = [
  ["hex digits", /0x[0-9a-fA-F]{8,}|\b[0-9a-fA-F]{32,}\b/],
  ["a URL", /[a-z][a-z0-9+.-]*:\/\//i],
  ["an address of the network", /@|\?|\b\d{1,3}(?:\.\d{1,3}){3}:\d+/],
];
const MAX_VALUES = 50;
const MAX_VALUE_LENGTH = 100;

/**
 * Reads an exposition by the grammar of the text format 0.0.4, and holds it against what `promtool check metrics` demands and
 * against the project's own rules:
 *
 * - each metric has HELP and TYPE, once, before its lines, which are all together;
 * - names are `lockstep_*` in snake case, in base units, without the type in them; counters end in `_total` and nothing else does;
 * - histograms have ascending, cumulative buckets up to `+Inf`, which equals `_count`, and a `_sum`;
 * - no line is there twice, and label values are few, short, and no hashes, addresses or URLs.
 */
export function readExposition(text: string): Exposition {
  const problems: string[] = [];
  const families = new Map<string, { name: string; type: string; help: string; samples: Sample[] }>();
  if (!text.endsWith("\n")) problems.push("the last line does not end");
  let current: string | null = null;
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const complain = (what: string): void => void problems.push(`line ${index + 1}: ${what}: ${line}`);
    if (line === "") continue;
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = "", words = ""] = comment;
      const known = families.get(name);
      if (!NAME.test(name)) complain("no name of a metric");
      if (kind === "HELP" && known !== undefined) complain("HELP for the second time");
      if (kind === "HELP" && known === undefined) families.set(name, { name, type: "", help: words, samples: [] });
      if (kind === "TYPE" && known === undefined) complain("TYPE without HELP before it");
      if (kind === "TYPE" && known !== undefined) {
        if (known.type !== "" || known.samples.length > 0) complain("TYPE for the second time, or after its lines");
        known.type = words;
      }
      current = name;
      continue;
    }
    if (line.startsWith("#")) continue;
    const sample = readSample(line);
    if (sample === null) {
      complain("not by the grammar");
      continue;
    }
    const family = families.get(familyOf(sample.name, families));
    if (family === undefined) complain("neither HELP nor TYPE");
    else if (family.name !== current) complain("not together with its metric");
    family?.samples.push(sample);
  }
  for (const family of families.values()) problems.push(...lintFamily(family));
  return { families, problems };
}

/** The metric that a line belongs to: a histogram's lines have a suffix. */
function familyOf(name: string, families: ReadonlyMap<string, { readonly type: string }>): string {
  const base = name.replace(/_(?:bucket|sum|count)$/, "");
  return families.get(base)?.type === "histogram" ? base : name;
}

function readSample(line: string): Sample | null {
  const [, name, labelText, value] = SAMPLE.exec(line) ?? [];
  if (name === undefined || value === undefined || !NUMBER.test(value)) return null;
  const labels: Record<string, string> = {};
  for (let rest = labelText ?? ""; rest !== "";) {
    const [whole, label, text] = LABEL.exec(rest) ?? [];
    if (whole === undefined || label === undefined || text === undefined || label in labels) return null;
    labels[label] = text.replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(whole.length);
  }
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}

function lintFamily(family: ExposedFamily): string[] {
  const { name, type, help, samples } = family;
  const problems: string[] = [];
  const complain = (what: string): void => void problems.push(`${name}: ${what}`);
  if (help.trim() === "") complain("HELP says nothing");
  if (!TYPES.includes(type)) complain(`the type ${type === "" ? "is missing" : `"${type}" is none`}`);
  if (!/^lockstep_[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name)) complain("not lockstep_* in snake case");
  if (FOREIGN_UNITS.test(name)) complain("not in a base unit");
  if (/_(?:counter|gauge|histogram|summary)(?:_|$)/.test(name)) complain("its type in its name");
  if (/_(?:bucket|count|sum)$/.test(name)) complain("a suffix of histograms");
  if ((type === "counter") !== name.endsWith("_total")) complain("_total is for counters, and for each of them");
  const lines = samples.map(({ name: line, labels }) => JSON.stringify([line, Object.entries(labels).sort()]));
  if (new Set(lines).size < lines.length) complain("one line twice");
  if (type === "counter" && samples.some(({ value }) => !(value >= 0))) complain("a counter below zero");
  if (type === "histogram") problems.push(...lintHistogram(family));
  return [...problems, ...lintLabels(family)];
}

function lintLabels({ name, samples }: ExposedFamily): string[] {
  const values = new Map<string, Set<string>>();
  for (const { labels } of samples) {
    for (const [label, value] of Object.entries(labels)) {
      if (label !== "le") values.set(label, (values.get(label) ?? new Set()).add(value));
    }
  }
  return [...values].flatMap(([label, all]) => {
    const found = [...all].flatMap((value) =>
      FORBIDDEN_VALUES.filter(([, pattern]) => pattern.test(value)).map(([what]) => `${what} in "${value}"`),
    );
    if (!/^[a-z][a-z0-9_]*$/.test(label)) found.push("not in snake case");
    if (all.size > MAX_VALUES) found.push(`${all.size} values`);
    if ([...all].some((value) => value.length > MAX_VALUE_LENGTH)) found.push("a long text");
    return found.map((what) => `${name}: label ${label}: ${what}`);
  });
}

/** Each series of a histogram, which its labels other than `le` tell. */
function lintHistogram({ name, samples }: ExposedFamily): string[] {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels));
  return [...series].flatMap(([labels, lines]) => {
    const problems: string[] = [];
    const buckets = lines.filter((line) => line.name === `${name}_bucket`);
    const [sums, counts] = ["_sum", "_count"].map((suffix) => lines.filter((line) => line.name === name + suffix));
    if (buckets.length + (sums?.length ?? 0) + (counts?.length ?? 0) < lines.length) problems.push("a foreign line");
    if (sums?.length !== 1) problems.push("not one _sum");
    if (counts?.length !== 1) problems.push("not one _count");
    const bounds = buckets.map((bucket) => Number((bucket.labels["le"] ?? "NaN").replace("Inf", "Infinity")));
    const isAscending = bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!);
    if (!isAscending) problems.push("the bounds do not ascend");
    if (buckets.some(({ value }, index) => index > 0 && value < buckets[index - 1]!.value))
      problems.push("the buckets are not cumulative");
    if (bounds.at(-1) !== Infinity) problems.push("no +Inf");
    if (buckets.at(-1)?.value !== counts?.[0]?.value) problems.push("+Inf is not _count");
    return problems.map((what) => `${name}${labels === "{}" ? "" : labels}: ${what}`);
  });
}
