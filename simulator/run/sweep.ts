import type { Violation } from "../check/Violation.ts";
import type { Containment } from "../check/checkEnd.ts";
import { drawPlan } from "../plan/drawPlan.ts";
import type { Mode, ModeChoice } from "../plan/Plan.ts";
import { Coverage } from "./Coverage.ts";
import { simulate } from "./simulate.ts";
import { HONEST, type Twin } from "./Twin.ts";

/** A plan that broke a promise. */
export interface Failure extends Violation {
  readonly seed: number;
  readonly mode: Mode;
}

/** Values in order, told by their places. */
export interface Distribution {
  readonly count: number;
  readonly median: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** What many runs came to. */
export interface SweepResult {
  readonly seeds: number;
  readonly runs: number;
  readonly blocks: number;
  readonly judged: number;
  readonly violations: readonly Failure[];
  readonly falsePauses: number;
  readonly missed: number;
  readonly coverage: Readonly<Record<string, number>>;
  readonly detectionMs: Distribution;
  readonly pauseBlocks: Distribution;
}

/** What is run. */
export interface SweepOptions {
  readonly first: number;
  readonly seeds: number;
  readonly mode: ModeChoice;
  /** Only what must never lead to a pause. */
  readonly isPauseForbidden?: boolean;
  readonly twin?: Twin;
}

/** Sums up runs, of this process or of others. */
export class Tally {
  readonly #coverage = new Coverage();
  readonly #violations: Failure[] = [];
  readonly #detections: number[] = [];
  readonly #pauseBlocks: number[] = [];
  readonly #sums = { seeds: 0, runs: 0, blocks: 0, judged: 0, falsePauses: 0, missed: 0 };

  /** Counts a seed of which all runs are done. */
  seed(): void {
    this.#sums.seeds += 1;
  }

  run(seed: number, mode: Mode, outcome: ReturnType<typeof simulate>): void {
    const { blocks, judged, falsePauses, missed } = outcome;
    this.#sums.runs += 1;
    for (const [name, value] of Object.entries({ blocks, judged, falsePauses, missed })) {
      this.#sums[name as "blocks"] += value;
    }
    this.#coverage.add(outcome.coverage);
    for (const violation of outcome.violations) this.#violations.push({ ...violation, seed, mode });
    this.#contain(outcome.containments);
  }

  /** What another process counted. */
  add(part: TallyPart): void {
    for (const [name, value] of Object.entries(part.sums)) this.#sums[name as "blocks"] += value;
    this.#coverage.add(part.coverage);
    this.#violations.push(...part.violations);
    this.#detections.push(...part.detections);
    this.#pauseBlocks.push(...part.pauseBlocks);
  }

  toPart(): TallyPart {
    return {
      sums: { ...this.#sums },
      coverage: this.#coverage.toJson(),
      violations: this.#violations,
      detections: this.#detections,
      pauseBlocks: this.#pauseBlocks,
    };
  }

  result(): SweepResult {
    return {
      ...this.#sums,
      violations: this.#violations.toSorted((one, other) => one.seed - other.seed),
      coverage: this.#coverage.toJson(),
      detectionMs: distributionOf(this.#detections),
      pauseBlocks: distributionOf(this.#pauseBlocks),
    };
  }

  #contain(containments: readonly Containment[]): void {
    for (const { detectionMs, blocks } of containments) {
      if (detectionMs !== null) this.#detections.push(detectionMs);
      if (blocks !== null) this.#pauseBlocks.push(blocks);
    }
  }
}

/** A tally as it goes from one process to another. */
export interface TallyPart {
  readonly sums: Readonly<Record<string, number>>;
  readonly coverage: Readonly<Record<string, number>>;
  readonly violations: readonly Failure[];
  readonly detections: readonly number[];
  readonly pauseBlocks: readonly number[];
}

/** The runs of a seed. By turns, odd seeds are about safety and even ones about liveness. */
export function modesFor(choice: ModeChoice, seed: number): readonly Mode[] {
  if (choice === "both") return ["safety", "liveness"];
  if (choice === "turns") return [seed % 2 === 1 ? "safety" : "liveness"];
  return [choice];
}

/** Runs seeds one after the other. */
export function sweep(options: SweepOptions): Tally {
  const { first, seeds, mode: choice, isPauseForbidden = false, twin = HONEST } = options;
  const tally = new Tally();
  for (let seed = first; seed < first + seeds; seed += 1) {
    for (const mode of modesFor(choice, seed))
      tally.run(seed, mode, simulate(drawPlan({ seed, mode, isPauseForbidden }), undefined, twin));
    tally.seed();
  }
  return tally;
}

function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number | null =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) };
}
