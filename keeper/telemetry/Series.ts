import { assert } from "../lib/assert.ts";
import { printable } from "../lib/printable.ts";

/** Values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** Most series of one metric; what comes beyond shares one series, so that a mistake cannot fill the memory. */
const MAX_SERIES = 500;

/** Longest label value that is shown, characters. */
const MAX_VALUE = 256;

/** The label value of the shared series. */
const OVERFLOW = "overflow";

/** The measurements of one metric, one for each combination of label values. */
export class SeriesMap<T> {
  readonly labelNames: readonly string[];
  readonly #create: () => T;
  readonly #byKey = new Map<string, { readonly labels: Labels; readonly entry: T }>();

  constructor(labelNames: readonly string[], create: () => T) {
    this.labelNames = labelNames;
    this.#create = create;
  }

  /** The measurement for these label values, which must be exactly the declared ones. */
  get(labels: Labels): T {
    const pairs = this.#pairsOf(labels);
    const known = this.#byKey.get(JSON.stringify(pairs));
    if (known !== undefined) return known.entry;
    const isFull = this.#byKey.size >= MAX_SERIES;
    const kept = isFull ? pairs.map(([name]) => [name, OVERFLOW] as const) : pairs;
    const key = JSON.stringify(kept);
    const found = this.#byKey.get(key) ?? { labels: Object.fromEntries(kept), entry: this.#create() };
    this.#byKey.set(key, found);
    return found.entry;
  }

  /** What `format` makes of every series, in the order of their first measurement. */
  render(format: (labels: Labels, entry: T) => string[]): string[] {
    return [...this.#byKey.values()].flatMap(({ labels, entry }) => format(labels, entry));
  }

  /** The labels in the order of their declaration. */
  #pairsOf(labels: Labels): (readonly [name: string, value: string])[] {
    const expected = `labels are ${this.labelNames.join(", ")}`;
    assert(Object.keys(labels).length === this.labelNames.length, expected);
    return this.labelNames.map((name) => {
      const value = labels[name];
      assert(typeof value === "string", expected);
      return [name, value];
    });
  }
}

/** `{name="value",…}`, escaped as the text format demands; nothing when there are no labels. */
export function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A number as the text format writes it. */
export function formatNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeLabel(value: string): string {
  const lines = value.slice(0, MAX_VALUE).split("\n");
  const shown = lines.map((line) => printable(line, MAX_VALUE)).join("\n");
  return shown.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
