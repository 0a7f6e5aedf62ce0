import type { RebuildProgress } from "../rebuild/Pace.ts";

/** How progress is told: a bar that is drawn again, lines now and then, or JSON lines. */
export type ProgressStyle = "bar" | "lines" | "json";

/** Where progress is told. */
export interface ProgressOptions {
  readonly style: ProgressStyle;
  readonly write: (text: string) => unknown;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Between two lines. A bar is drawn whenever there is something new. */
const LINE_GAP_MS = 5_000;
const JSON_GAP_MS = 1_000;
const BAR_WIDTH = 24;
const CLEAR_LINE = "\r\u001b[2K";

/** Tells how far a rebuild is: to a person at a terminal, to a log, or to a program. */
export class ResyncProgress {
  readonly #options: ProgressOptions;
  #saidAtMs = -Infinity;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Told of every step; says what is worth being said. */
  see(progress: RebuildProgress): void {
    const { style, write, now } = this.#options;
    if (style === "bar") {
      write(`${CLEAR_LINE}${drawBar(progress)} ${describeProgress(progress)}`);
      return;
    }
    const isLast = progress.block === progress.target;
    if (!isLast && now() - this.#saidAtMs < (style === "json" ? JSON_GAP_MS : LINE_GAP_MS)) return;
    this.#saidAtMs = now();
    write(
      style === "json" ? `${JSON.stringify({ type: "progress", ...progress })}\n` : `${describeProgress(progress)}\n`,
    );
  }

  /** Takes the bar away, for what is said next. */
  end(): void {
    if (this.#options.style === "bar") this.#options.write(CLEAR_LINE);
  }
}

/** `block 1,200 of 9,000  400 blocks/s  12 events/s  20 s left`. */
export function describeProgress(progress: RebuildProgress): string {
  const { block, target, blocksPerSecond, eventsPerSecond, secondsLeft } = progress;
  const left = secondsLeft === null ? "" : `  ${describeSeconds(secondsLeft)} left`;
  const speed = `${group(blocksPerSecond)} blocks/s  ${group(eventsPerSecond)} events/s`;
  return `block ${group(block)} of ${group(target)}  ${speed}${left}`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function describeSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

function drawBar({ from, block, target }: RebuildProgress): string {
  const share = target < from ? 1 : (block - from + 1) / (target - from + 1);
  const filled = Math.floor(share * BAR_WIDTH);
  return `[${"#".repeat(filled)}${".".repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** A number in whole units, with its thousands apart. */
function group(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ",");
}
