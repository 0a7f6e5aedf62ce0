import type { DrillAttempt } from "../DrillResult.ts";
import {
  FULL_CYCLE_STAGES,
  type FullCycleResult,
  type FullCycleStage,
  type FullCycleStageName,
} from "./FullCycleResult.ts";

const REFUSALS = 3;

/** Writes down what happens in a full cycle, says it, and judges it at the end. */
export class Timeline {
  evidence = "none";
  newcomer = "none";
  trouble: string | null = null;
  readonly #say: (line: string) => void;
  readonly #now: () => number;
  readonly #stages: FullCycleStage[] = [];
  readonly #refusals: string[] = [];
  readonly #attempts: DrillAttempt[] = [];
  #startedAtMs = 0;

  /** @param now monotonic milliseconds, on the keepers' clock */
  constructor(say: (line: string) => void, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  /** The divergent block was announced: from here on time is counted. */
  begin(block: number, atMs: number): void {
    this.#startedAtMs = atMs;
    this.reach("diverged", block, "one million on the books of nobody", atMs);
  }

  /** @param atMs default: now */
  reach(name: FullCycleStageName, block: number, what: string, atMs = this.#now()): void {
    const ms = Math.max(0, Math.round(atMs - this.#startedAtMs));
    this.#stages.push({ name, block, ms });
    this.#say(`block ${block}  +${ms} ms  ${name}: ${what}`);
  }

  /** The resume gate refused. */
  refused(reason: string): void {
    this.#refusals.push(reason);
    this.#say(`refused to resume: ${reason}`);
  }

  /** What had to hold, and whether it did. */
  check(what: string, outcome: string, isHarmless: boolean): void {
    this.#attempts.push({ what, outcome, isHarmless });
    this.#say(`${isHarmless ? "as it should be" : "WRONG"}: ${what}: ${outcome}`);
  }

  result(): FullCycleResult {
    const { evidence, newcomer, trouble } = this;
    const reached = this.#stages.map(({ name }) => name);
    const isWhole = FULL_CYCLE_STAGES.every((name) => reached.includes(name));
    const isGateShown = this.#refusals.length === REFUSALS && new Set(this.#refusals).size === REFUSALS;
    const isHarmless = this.#attempts.every((attempt) => attempt.isHarmless);
    const isProven = evidence === "confirmed" && newcomer === "InSync";
    return {
      scenario: "full-cycle",
      contained: trouble === null && isWhole && isGateShown && isHarmless && isProven,
      stages: this.#stages,
      refusals: this.#refusals,
      blocks: {
        detect: this.#since("detected"),
        softPause: this.#since("soft-pause"),
        hardPause: this.#since("hard-pause"),
        repair: this.#since("repair"),
        inSync: this.#since("in-sync"),
        resume: this.#since("resume"),
      },
      evidence,
      newcomer,
      attempts: this.#attempts,
      trouble,
    };
  }

  #since(name: FullCycleStageName): number | null {
    const blockOf = (wanted: FullCycleStageName) => this.#stages.find((stage) => stage.name === wanted)?.block;
    const [from, to] = [blockOf("diverged"), blockOf(name)];
    return from === undefined || to === undefined ? null : to - from;
  }
}
