import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";

/** One line or row of bars. */
export interface ChartSeries {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
}

const HEIGHT = 180;

/**
 * Lines or bars over numbers, for the eye; what it shows is said in words beside it.
 *
 * @param data x, then one list of y for each series
 */
export function Chart({
  summary,
  data,
  series,
  kind,
  unit,
  ticks,
}: {
  readonly summary: string;
  readonly data: readonly (readonly (number | null)[])[];
  readonly series: readonly ChartSeries[];
  readonly kind: "lines" | "bars";
  readonly unit: string;
  /** Words for the x of bars. */
  readonly ticks?: readonly string[];
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const shape = `${kind} ${series.map(({ label }) => label).join()}`;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const style = getComputedStyle(document.documentElement);
    const colourOf = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colourOf("--quiet"),
      grid: { stroke: colourOf("--line"), width: 1 },
      ticks: { show: false },
    };
    const paths = kind === "bars" ? UPlot.paths.bars?.({ size: [0.8, 60] }) : undefined;
    const bars = paths === undefined ? {} : { paths };
    chart.current = new UPlot(
      {
        ...{
          width: element.clientWidth || 300,
          height: HEIGHT,
          legend: { show: series.length > 1, live: false },
          cursor: { y: false },
        },
        scales: {
          x: { time: false, ...(ticks === undefined ? {} : { range: [-0.6, ticks.length - 0.4] }) },
          y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 0.001)] },
        },
        axes: [
          {
            ...axis,
            ...(ticks === undefined
              ? {}
              : {
                  values: (_plot, at) => at.map((x) => ticks[x] ?? ""),
                  splits: () => ticks.map((_tick, index) => index),
                }),
          },
          { ...axis, size: 64, values: (_plot, at) => at.map((y) => `${y} ${unit}`) },
        ],
        series: [
          { label: kind === "lines" ? "block" : "up to" },
          ...series.map(({ label, colour }) => {
            const stroke = colourOf(colour);
            return {
              label,
              stroke,
              width: 1.5,
              points: { show: false },
              ...bars,
              ...(kind === "bars" ? { fill: stroke } : {}),
            };
          }),
        ],
      },
      data as unknown as UPlot.AlignedData,
      element,
    );
    const resize = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(data as unknown as UPlot.AlignedData), [data]);
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={summary} />
      <figcaption>{summary}</figcaption>
    </figure>
  );
}
