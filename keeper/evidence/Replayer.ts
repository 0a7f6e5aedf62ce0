import type { Hex } from "../lib/hex.ts";
import { Keeper } from "../loop/Keeper.ts";
import type { Effect, Input, RpcAnswer, RpcCall } from "../loop/ports.ts";
import type { Replacements } from "../loop/Replacements.ts";
import { AnswerBook } from "./AnswerBook.ts";
import { isDecision, type Decision } from "./entries.ts";
import type { Recording } from "./readRecording.ts";
import { KeeperError } from "../errors/KeeperError.ts";

type RequestEffect = Extract<Effect, { readonly type: "request" }>;

/** A decision, at a time of the recording's clock. */
export interface TimedDecision {
  readonly atMs: number;
  readonly decision: Decision;
}

/** A call to which the recording has no answer. */
export interface UnansweredCall {
  readonly atMs: number;
  readonly source: string;
  readonly call: RpcCall;
  /** Whether there was an answer, of which the recording kept only the beginning. */
  readonly isCut: boolean;
}

/** What a core decided of a recording. */
export interface Replayed {
  readonly decisions: readonly TimedDecision[];
  readonly unanswered: readonly UnansweredCall[];
  /** The bug on which the core broke down, if it did; what it decided before stands. */
  readonly failure: Error | null;
}

/** What may be chosen of a replay. */
export interface ReplayOptions {
  /** Sees each decision as it is made. */
  readonly onDecision?: (decision: Decision, atMs: number) => void;
  /** Broken parts, for tests. */
  readonly replacements?: Replacements;
}

interface Due {
  readonly atMs: number;
  readonly nowMs: number;
  readonly id: number;
  readonly answers: readonly RpcAnswer[];
}

/** A signature of the right length that is nobody's: keys are not recorded, and nothing is sent. */
const NO_SIGNATURE: Hex = `0x${"00".repeat(65)}`;

/**
 * Lets a new core decide what another one was told: pure, on the recording's clock.
 *
 * What the core asks is answered from the recorded exchanges, read from their raw texts; what it journals is durable at once,
 * and what it signs is a dummy. Nothing goes anywhere.
 */
export class Replayer {
  readonly #keeper: Keeper;
  readonly #recording: Recording;
  readonly #answers: AnswerBook;
  readonly #onDecision: ReplayOptions["onDecision"];
  readonly #decisions: TimedDecision[] = [];
  readonly #unanswered: UnansweredCall[] = [];
  /** Answers on their way, the next one first. */
  readonly #due: Due[] = [];
  readonly #now: Input[] = [];

  private constructor(recording: Recording, keeper: Keeper, onDecision: ReplayOptions["onDecision"]) {
    this.#recording = recording;
    this.#keeper = keeper;
    this.#answers = new AnswerBook(recording);
    this.#onDecision = onDecision;
  }

  /**
   * Decides a recording again.
   *
   * @throws KeeperError `RecordingIncomplete` for a window: its beginning is gone.
   */
  static replay(recording: Recording, { onDecision, replacements }: ReplayOptions = {}): Replayed {
    const { options } = recording.beginning;
    if (options === null) {
      const message = `${recording.directory} is a window on the newest exchanges: without its beginning it cannot be decided again`;
      throw new KeeperError("RecordingIncomplete", message, { directory: recording.directory });
    }
    return new Replayer(recording, new Keeper(options, replacements), onDecision).#run();
  }

  #run(): Replayed {
    let failure: Error | null = null;
    try {
      for (const { atMs, input } of this.#recording.inputs) {
        this.#answerUntil(atMs);
        this.#step(input, atMs);
      }
      this.#answerUntil(lastMomentOf(this.#recording));
    } catch (error: unknown) {
      // Which block it broke down on is what is to be found out.
      failure = error instanceof Error ? error : new Error(String(error));
    }
    return { decisions: this.#decisions, unanswered: this.#unanswered, failure };
  }

  #answerUntil(untilMs: number): void {
    for (let next = this.#due[0]; next !== undefined && next.atMs <= untilMs; next = this.#due[0]) {
      this.#due.shift();
      const { id, answers, atMs, nowMs } = next;
      this.#step({ type: "answers", id, answers, nowMs }, atMs);
    }
  }

  #step(input: Input, atMs: number): void {
    this.#now.push(input);
    for (let next = this.#now.shift(); next !== undefined; next = this.#now.shift()) {
      for (const effect of this.#keeper.step(next)) this.#perform(effect, atMs);
    }
  }

  #perform(effect: Effect, atMs: number): void {
    switch (effect.type) {
      case "request":
        this.#ask(effect, atMs);
        return;
      case "journal":
        this.#now.push({ type: "journalled", id: effect.id, nowMs: atMs });
        return;
      case "sign-transaction":
        this.#sign(effect.id, `0x${effect.id.toString(16).padStart(64, "0")}`, atMs);
        return;
      case "sign-typed-data":
        this.#sign(effect.id, effect.structHash, atMs);
        return;
      default:
        if (!isDecision(effect)) return;
        this.#decisions.push({ atMs, decision: effect });
        this.#onDecision?.(effect, atMs);
    }
  }

  #sign(id: number, hash: Hex, nowMs: number): void {
    this.#now.push({ type: "signed", id, raw: NO_SIGNATURE, hash, nowMs });
  }

  #ask({ id, source, calls }: RequestEffect, askedAtMs: number): void {
    const recalled = calls.map((call) => this.#answers.recall(source, call, askedAtMs));
    const atMs = recalled.reduce((latest, answer) => Math.max(latest, answer.atMs), askedAtMs);
    const nowMs = recalled.reduce((latest, answer) => Math.max(latest, answer.nowMs), askedAtMs);
    for (const [index, { isRecorded, isCut }] of recalled.entries()) {
      const call = calls[index];
      if (!isRecorded && call !== undefined) this.#unanswered.push({ atMs: askedAtMs, source, call, isCut });
    }
    const due = { atMs, nowMs, id, answers: recalled.map(({ answer }) => answer) };
    const later = this.#due.findIndex((other) => other.atMs > atMs);
    this.#due.splice(later === -1 ? this.#due.length : later, 0, due);
  }
}

/** When the last thing in a recording happened. */
function lastMomentOf({ inputs, exchanges, taken, decisions }: Recording): number {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { atMs } of inputs) lastMs = Math.max(lastMs, atMs);
  for (const { atMs } of taken) lastMs = Math.max(lastMs, atMs);
  for (const { settledAtMs } of exchanges) lastMs = Math.max(lastMs, settledAtMs);
  for (const { atMs } of decisions) lastMs = Math.max(lastMs, atMs);
  return lastMs;
}
