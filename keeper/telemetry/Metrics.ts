import { assert } from "../lib/assert.ts";
import type { Labels } from "./Series.ts";
import { formatLabels, formatNumber, SeriesMap } from "./Series.ts";

/** What is measured, for whom. */
export interface MetricOptions {
  /** `lockstep_*`, snake case, with its unit as suffix; counters end in `_total`. */
  readonly name: string;
  /** One sentence for the operator. */
  readonly help: string;
  /** Names of the labels; every measurement gives a value to each. Values must be few: no hashes, no addresses. */
  readonly labels?: readonly string[];
}

/** A metric as it is registered. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** A number that only grows. */
export interface Counter {
  /** Adds `amount` (1 unless told), which is not negative. */
  add(labels?: Labels, amount?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** A distribution. */
export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** Seconds that fit latencies from under a millisecond to half a minute. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** A registry of metrics in the Prometheus text format 0.0.4. */
export class Metrics {
  readonly #families = new Map<string, { readonly family: MetricFamily; readonly render: () => string[] }>();
  readonly #collectors: (() => void)[] = [];

  /** Registers a counter. A counter without labels starts at 0, so that its first increase is seen as one. */
  counter(options: MetricOptions): Counter {
    const series = new SeriesMap(options.labels ?? [], () => ({ value: 0 }));
    if (series.labelNames.length === 0) series.get({});
    this.#register(options, "counter", () =>
      series.render((labels, { value }) => [sample(options.name, labels, value)]),
    );
    return {
      add: (labels = {}, amount = 1) => {
        assert(amount >= 0, `${options.name} only grows`);
        series.get(labels).value += amount;
      },
    };
  }

  /** Registers a gauge. */
  gauge(options: MetricOptions): Gauge {
    const series = new SeriesMap(options.labels ?? [], () => ({ value: 0 }));
    this.#register(options, "gauge", () => series.render((labels, { value }) => [sample(options.name, labels, value)]));
    return { set: (value, labels = {}) => void (series.get(labels).value = value) };
  }

  /** Registers a histogram. `buckets` are upper bounds, ascending; the last one, infinity, is added. */
  histogram(options: MetricOptions & { readonly buckets?: readonly number[] }): Histogram {
    const { name } = options;
    const bounds = options.buckets ?? LATENCY_BUCKETS;
    assert(
      bounds.every((bound, index) => bound > (bounds[index - 1] ?? -Infinity)),
      `${name}: buckets ascend`,
    );
    assert(!options.labels?.includes("le"), `${name}: the label "le" belongs to the format`);
    const series = new SeriesMap(options.labels ?? [], () => ({
      buckets: bounds.map((bound) => ({ bound, count: 0 })),
      count: 0,
      sum: 0,
    }));
    if (series.labelNames.length === 0) series.get({});
    this.#register(options, "histogram", () =>
      series.render((labels, { buckets, count, sum }) => {
        let below = 0;
        const lines = buckets.map((bucket) => {
          below += bucket.count;
          return sample(`${name}_bucket`, { ...labels, le: formatNumber(bucket.bound) }, below);
        });
        lines.push(sample(`${name}_bucket`, { ...labels, le: "+Inf" }, count));
        return [...lines, sample(`${name}_sum`, labels, sum), sample(`${name}_count`, labels, count)];
      }),
    );
    return {
      observe: (value, labels = {}) => {
        if (Number.isNaN(value)) return;
        const entry = series.get(labels);
        entry.count++;
        entry.sum += value;
        const bucket = entry.buckets.find(({ bound }) => value <= bound);
        if (bucket !== undefined) bucket.count++;
      },
    };
  }

  /** Calls back before each exposition, for values that are cheaper to look up than to keep, such as an age. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Every metric, in the order of the exposition. */
  get families(): readonly MetricFamily[] {
    return [...this.#families.values()].map(({ family }) => family);
  }

  /** The exposition. */
  render(): string {
    for (const collect of this.#collectors) collect();
    return [...this.#families.values()].flatMap(({ render }) => render()).join("");
  }

  #register({ name, help, labels = [] }: MetricOptions, type: MetricFamily["type"], render: () => string[]): void {
    assert(/^lockstep_[a-z0-9_]*[a-z0-9]$/.test(name), `${name} is no lockstep_* metric name`);
    assert(type !== "counter" || name.endsWith("_total"), `the counter ${name} ends in _total`);
    assert(!this.#families.has(name), `${name} is registered once`);
    for (const label of labels) assert(/^[a-z][a-z0-9_]*$/.test(label), `${name}: ${label} is no label name`);
    const helpText = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
    const head = `# HELP ${name} ${helpText}\n# TYPE ${name} ${type}\n`;
    this.#families.set(name, { family: { name, type, help, labels }, render: () => [head, ...render()] });
  }
}

function sample(name: string, labels: Labels, value: number): string {
  return `${name}${formatLabels(labels)} ${formatNumber(value)}\n`;
}
