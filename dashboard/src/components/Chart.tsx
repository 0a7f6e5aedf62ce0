import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";

/** One line or row of bars. */
export interface ChartSeries {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly colour: string;
}

const HEIGHT = 180;

/** What is drawn. */
export interface ChartProps {
  /** The same in words, for everybody. */
  readonly summary: string;
  /** x, then one list of y for each series. */
  readonly data: readonly (readonly (number | null)[])[];
  readonly series: readonly ChartSeries[];
  readonly kind: "lines" | "bars";
  readonly unit: string;
  /** Words for the x of bars. */
  readonly ticks?: readonly string[];
}

/** Lines or bars over numbers, for the eye; what it shows is said in words beside it. */
export function Chart(props: ChartProps) {
  const { summary, data, series, kind } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const shape = `${kind} ${series.map(({ label }) => label).join()}`;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const drawn = new UPlot(optionsOf(props, element.clientWidth || 300), toAligned(data), element);
    chart.current = drawn;
    const resize = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height: HEIGHT }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      drawn.destroy();
      chart.current = null;
    };
  }, [shape]);
  useEffect(() => chart.current?.setData(toAligned(data)), [data]);
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={summary} />
      <figcaption>{summary}</figcaption>
    </figure>
  );
}

function optionsOf({ series, kind, unit, ticks }: ChartProps, width: number): UPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colourOf = (name: string): string => style.getPropertyValue(name).trim();
  const axis = { stroke: colourOf("--quiet"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false } };
  const paths = kind === "bars" ? UPlot.paths.bars?.({ size: [0.8, 60] }) : undefined;
  const bars = paths === undefined ? {} : { paths };
  const words: Partial<UPlot.Axis> =
    ticks === undefined
      ? {}
      : { values: (_plot, at) => at.map((x) => ticks[x] ?? ""), splits: () => ticks.map((_tick, index) => index) };
  return {
    ...{ width, height: HEIGHT, legend: { show: series.length > 1, live: false }, cursor: { y: false } },
    scales: {
      x: { time: false, ...(ticks === undefined ? {} : { range: [-0.6, ticks.length - 0.4] }) },
      y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 0.001)] },
    },
    axes: [
      { ...axis, ...words },
      { ...axis, size: 64, values: (_plot, at) => at.map((y) => `${y} ${unit}`) },
    ],
    series: [
      { label: kind === "lines" ? "block" : "up to" },
      ...series.map(({ label, colour }) => {
        const stroke = colourOf(colour);
        const fill = kind === "bars" ? { fill: stroke } : {};
        return { label, stroke, width: 1.5, points: { show: false }, ...bars, ...fill };
      }),
    ],
  };
}

function toAligned(data: ChartProps["data"]): UPlot.AlignedData {
  return data as unknown as UPlot.AlignedData;
}
