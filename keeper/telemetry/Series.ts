import { assert } from "../lib/assert.ts";

/** Values by label name. */
export type Labels = Readonly<Record<string, string>>;

/** Most series of one metric; what comes beyond shares one series, so that a mistake cannot fill the memory. */
const MAX_SERIES = 500;

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
    const hasAll = this.labelNames.every((name) => typeof labels[name] === "string");
    assert(hasAll && Object.keys(labels).length === this.labelNames.length, `labels are ${this.labelNames.join(", ")}`);
    const known = this.#byKey.get(this.#keyOf(labels));
    if (known !== undefined) return known.entry;
    const isFull = this.#byKey.size >= MAX_SERIES;
    const ordered = Object.fromEntries(this.labelNames.map((name) => [name, isFull ? OVERFLOW : labels[name]!]));
    const key = this.#keyOf(ordered);
    const found = this.#byKey.get(key) ?? { labels: ordered, entry: this.#create() };
    this.#byKey.set(key, found);
    return found.entry;
  }

  /** What `format` makes of every series, in the order of their first measurement. */
  render(format: (labels: Labels, entry: T) => string[]): string[] {
    return [...this.#byKey.values()].flatMap(({ labels, entry }) => format(labels, entry));
  }

  #keyOf(labels: Labels): string {
    return JSON.stringify(this.labelNames.map((name) => labels[name]));
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
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
