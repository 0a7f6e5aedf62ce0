import { useMemo } from "preact/hooks";

import type { LatencySample } from "../../../client/index.ts";
import { milliseconds } from "../format.ts";
import { Chart } from "./Chart.tsx";

const BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] as const;
const TICKS = [...BOUNDS.map((bound) => (bound < 1_000 ? `${bound}` : `${bound / 1_000} s`)), "more"];
const COLOURS = [
  "--series-1",
  "--series-2",
  "--series-3",
  "--series-4",
  "--series-5",
  "--series-6",
  "--series-7",
  "--series-8",
];

/** How fast verdicts come. */
export function LatencyCharts({ samples }: { readonly samples: readonly LatencySample[] }) {
  const { data, summary } = useMemo(() => {
    const verdicts = samples.map(({ verdictMs }) => verdictMs);
    const detections = samples.map(({ detectionMs }) => detectionMs);
    const words =
      samples.length === 0
        ? "No verdict yet."
        : `Of ${samples.length} verdicts, the keeper's own share: median ${milliseconds(quantile(verdicts, 0.5))}, 99 % within ${milliseconds(quantile(verdicts, 0.99))}. From head to verdict: median ${milliseconds(quantile(detections, 0.5))}, 99 % within ${milliseconds(quantile(detections, 0.99))}.`;
    return { data: [TICKS.map((_, at) => at), histogram(verdicts), histogram(detections)], summary: words };
  }, [samples]);
  return (
    <section aria-labelledby="latency">
      <h2 id="latency">Time to a verdict</h2>
      <Chart
        kind="bars"
        {...{ summary, data, unit: "", ticks: TICKS }}
        series={[
          { label: "keeper's own share, ms", colour: "--series-1" },
          { label: "head to verdict, ms", colour: "--series-2" },
        ]}
      />
    </section>
  );
}

/** What lag costs. */
export function LagChart({ samples }: { readonly samples: readonly LatencySample[] }) {
  const { instruments, data, summary } = useMemo(() => {
    const ids = [
      ...new Set(samples.flatMap(({ lagPremium }) => lagPremium.map(({ instrument }) => instrument))),
    ].sort();
    const lines = ids.map((id) =>
      samples.map(({ lagPremium }) => {
        const ppm = lagPremium.find(({ instrument }) => instrument === id)?.ppm;
        return ppm === undefined ? null : ppm / 10_000;
      }),
    );
    const latest = ids.map(
      (id, at) => `instrument ${id} ${(lines[at]?.findLast((value) => value !== null) ?? 0).toFixed(2)} %`,
    );
    const words =
      ids.length === 0
        ? "No price is known yet."
        : `Added to the initial requirement for lag, of the notional, now: ${latest.join(", ")}.`;
    return { instruments: ids, data: [samples.map(({ block }) => block), ...lines], summary: words };
  }, [samples]);
  return (
    <section aria-labelledby="lag">
      <h2 id="lag">Lag premium</h2>
      <Chart
        kind="lines"
        {...{ summary, data, unit: "%" }}
        series={instruments.map((id, at) => ({
          label: `instrument ${id}`,
          colour: COLOURS[at % COLOURS.length] ?? "--series-1",
        }))}
      />
    </section>
  );
}

function histogram(values: readonly number[]): number[] {
  const counts = TICKS.map(() => 0);
  for (const value of values) {
    const at = BOUNDS.findIndex((bound) => value <= bound);
    const index = at === -1 ? BOUNDS.length : at;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

function quantile(values: readonly number[], share: number): number {
  return (
    values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0
  );
}
