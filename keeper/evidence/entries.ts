import type { KeeperOptions } from "../loop/KeeperOptions.ts";
import type { Effect, Input } from "../loop/ports.ts";
import type { KeptExchange } from "./KeptExchange.ts";
import type { SourceShare } from "./SourceShares.ts";

/** Version of the format; a reader refuses what it does not know. */
export const FORMAT = 1;

/** What can be decided again: a recording from a keeper's start, or the newest exchanges without their beginning. */
export type RecordingKind = "recording" | "window";

/** The first entry of a recording: what the keeper was told at start. No key, no URL. */
export interface Beginning {
  readonly type: RecordingKind;
  readonly format: number;
  /** Version of the program that decided. */
  readonly build: string;
  /** The two clocks at the same moment: wall time and monotonic milliseconds. */
  readonly wallMs: number;
  readonly atMs: number;
  /** Null in a window. */
  readonly options: KeeperOptions | null;
}

/** Inputs that are not answers to effects: those are made again from the exchanges. */
export type RecordedInput = Exclude<Input, { readonly type: "answers" | "journalled" | "signed" }>;

/** Effects that say what was decided, for comparison. */
const DECISION_TYPES = [
  ...(["block", "incident", "unknown", "latch", "condition"] as const),
  ...(["rolled-back", "quarantine", "equivocation", "finality", "checkpoint", "located"] as const),
] as const satisfies Effect["type"][];

/** An effect that says what was decided. */
export type Decision = Extract<Effect, { readonly type: (typeof DECISION_TYPES)[number] }>;

/** Why a recording ends. Without such an entry, the process died. */
export type EndReason =
  /** The recorder was closed. */
  | "closed"
  /** `maxBytes` is reached. */
  | "full"
  /** The disk could not keep up. */
  | "overrun"
  /** The disk refused. */
  | "failed";

/** When the core was given the answers of an exchange: later than they came when it was busy. */
export interface Taken {
  readonly source: string;
  /** That of the exchange. */
  readonly firstId: number;
  /** When the core took them, and what the input called now. */
  readonly atMs: number;
  readonly nowMs: number;
}

/** One line of a recording. */
export type Entry =
  | Beginning
  /** The first line of each further file. */
  | { readonly type: "segment"; readonly number: number }
  | { readonly type: "input"; readonly atMs: number; readonly input: RecordedInput }
  | { readonly type: "exchange"; readonly exchange: KeptExchange }
  | ({ readonly type: "taken" } & Taken)
  | { readonly type: "decision"; readonly atMs: number; readonly decision: Decision }
  /** `filledBy`: which source took most of what was used up, for `full` and `overrun`. */
  | { readonly type: "end"; readonly reason: EndReason; readonly filledBy?: SourceShare };

const NOT_RECORDED: ReadonlySet<Input["type"]> = new Set(["answers", "journalled", "signed"]);

/** Whether an input is recorded as it is. */
export function isRecordedInput(input: Input): input is RecordedInput {
  return !NOT_RECORDED.has(input.type);
}

const DECISIONS: ReadonlySet<Effect["type"]> = new Set(DECISION_TYPES);

/** Whether an effect says what was decided. */
export function isDecision(effect: Effect): effect is Decision {
  return DECISIONS.has(effect.type);
}
