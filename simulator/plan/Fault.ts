import type { TamperKind } from "../chain/Block.ts";

/** When a fault is at work: milliseconds since the beginning. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When a fault strikes. */
interface Moment {
  readonly atMs: number;
}

/** How a lying source lies. */
export const LIES = [
  "fork",
  "tampered-fork",
  "receipts",
  "proof",
  "header",
  "deny",
  "flip-flop",
  "wrong-chain",
] as const;
/** One of {@link LIES}. */
export type Lie = (typeof LIES)[number];

/** When in its work a keeper is struck down. */
export const CRASH_MOMENTS = ["any", "intent-written", "intent-durable", "signed", "signature-durable"] as const;
/** One of {@link CRASH_MOMENTS}. */
export type CrashMoment = (typeof CRASH_MOMENTS)[number];

/** The keeper of the set that lies in some plans; no honest one then runs under its keys. */
export const EVIL_KEEPER = 3;

/** Something that goes wrong. Everything about it is decided when the plan is drawn, so that each can be left out. */
export type Fault =
  // The chain
  | ({ readonly kind: "tamper"; readonly how: TamperKind; readonly choice: number } & Moment)
  | ({ readonly kind: "reorg"; readonly depth: number } & Moment)
  | ({ readonly kind: "missed-slots"; readonly slots: number } & Moment)
  | ({ readonly kind: "gas-spike"; readonly factor: number } & Span)
  | ({ readonly kind: "full-blocks" } & Span)
  // The sources
  | ({ readonly kind: "lie"; readonly sources: readonly number[]; readonly how: Lie } & Span)
  | ({ readonly kind: "lag"; readonly source: number; readonly byMs: number } & Span)
  | ({ readonly kind: "stale"; readonly source: number } & Span)
  | ({ readonly kind: "down"; readonly source: number } & Span)
  | ({ readonly kind: "unproving"; readonly source: number } & Span)
  // The network between a keeper and its sources
  | ({ readonly kind: "drop"; readonly keeper: number; readonly percent: number } & Span)
  | ({ readonly kind: "delay"; readonly keeper: number; readonly byMs: number } & Span)
  | ({ readonly kind: "duplicate"; readonly keeper: number; readonly percent: number } & Span)
  | ({ readonly kind: "clog"; readonly keeper: number; readonly sources: readonly number[] } & Span)
  | ({ readonly kind: "peers-cut"; readonly keeper: number } & Span)
  // The keepers
  | ({
      readonly kind: "crash";
      readonly keeper: number;
      readonly moment: CrashMoment;
      readonly downMs: number;
      readonly isTorn: boolean;
    } & Moment)
  | ({ readonly kind: "stall"; readonly keeper: number } & Span)
  | ({ readonly kind: "bit-rot"; readonly keeper: number; readonly record: number } & Moment)
  | ({ readonly kind: "memory-rot"; readonly keeper: number; readonly choice: number } & Moment)
  | ({ readonly kind: "disk-full"; readonly keeper: number } & Span)
  | ({ readonly kind: "clock-jump"; readonly keeper: number; readonly seconds: number } & Moment)
  | ({ readonly kind: "signer-loss"; readonly keeper: number; readonly key: "pause" | "attest" | "post" } & Span)
  | ({ readonly kind: "equivocate"; readonly keeper: number } & Span)
  /** One of the set pauses softly, with its own key, for the head, with which nothing is wrong. */
  | ({ readonly kind: "false-pause"; readonly keeper: number } & Moment);

/** The fault of a kind. */
export type FaultOf<Kind extends Fault["kind"]> = Extract<Fault, { kind: Kind }>;

/** When a fault begins. */
export function startOf(fault: Fault): number {
  return "atMs" in fault ? fault.atMs : fault.fromMs;
}
