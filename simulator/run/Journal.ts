import type { Effect } from "../../keeper/loop/ports.ts";

/** What is told of a run while it goes on. */
export interface Journal {
  /** Something happened in the world; who it happened to is null where it is nobody. */
  note(atMs: number, who: string | null, what: string): void;
  /** A keeper is about to do something. */
  effect(atMs: number, keeper: number, effect: Effect): void;
}

/** Tells nothing: for speed. */
export const SILENT: Journal = {
  note: () => undefined,
  effect: () => undefined,
};

/** Everything, a line each, byte for byte the same for the same plan. */
export class EventLog implements Journal {
  readonly lines: string[] = [];

  note(atMs: number, who: string | null, what: string): void {
    this.lines.push(`${atMs} ${who ?? "world"} ${what}`);
  }

  effect(atMs: number, keeper: number, effect: Effect): void {
    this.lines.push(`${atMs} keeper ${keeper} ${describe(effect)}`);
  }
}

/** What a person wants to know. */
export class Story implements Journal {
  readonly lines: string[] = [];

  note(atMs: number, who: string | null, what: string): void {
    this.lines.push(`${clock(atMs)}  ${who ?? "the world"}: ${what}`);
  }

  effect(atMs: number, keeper: number, effect: Effect): void {
    const told = tell(effect);
    if (told !== null) this.lines.push(`${clock(atMs)}  keeper ${keeper}: ${told}`);
  }
}

function clock(atMs: number): string {
  const seconds = atMs / 1_000;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return `${String(minutes).padStart(3)}:${rest.toFixed(3).padStart(6, "0")}`;
}

function tell(effect: Effect): string | null {
  switch (effect.type) {
    case "block": {
      const { number, hash, verdict, votes } = effect.report;
      const why = verdict.kind === "Unknown" ? ` (${verdict.reason})` : "";
      return `block ${number} ${hash.slice(0, 10)} is ${verdict.kind}${why}, ${votes} votes`;
    }
    case "incident":
      return `incident ${effect.report.id.slice(0, 10)} is ${effect.report.state}: ${effect.report.cause} at ${effect.report.blockNumber}`;
    case "sign-transaction":
      return `signs nonce ${effect.request.nonce} with the ${effect.key} key for at most ${effect.request.maxFeePerGas} wei`;
    case "sign-typed-data":
      return `signs a statement: ${effect.statement.kind}`;
    case "broadcast":
      return `sends ${effect.purpose} ${effect.hash.slice(0, 10)}`;
    case "journal":
      return `writes down: ${effect.kind}`;
    case "rolled-back":
      return `takes ${effect.depth} blocks back`;
    case "latch":
      return `LATCHES: ${effect.detail}`;
    case "quarantine":
      return `does not believe ${effect.source}: ${effect.reason}`;
    case "condition":
      return `${effect.holds ? "sees" : "no longer sees"} ${effect.condition.kind}: ${effect.condition.detail}`;
    case "unknown":
      return `cannot say anything: ${effect.reason}: ${effect.detail}`;
    case "alert":
      return `alert ${effect.event}: ${effect.detail}`;
    case "withheld":
      return `withholds ${effect.action}: ${effect.because}`;
    case "checkpoint":
      return `carries the checkpoint of block ${effect.blockNumber}`;
    default:
      return null;
  }
}

function describe(effect: Effect): string {
  switch (effect.type) {
    case "evidence":
      return `evidence ${effect.transition.incidentId}`;
    case "request":
      return `request ${effect.id} ${effect.source} ${effect.calls.map(({ method }) => method).join()}`;
    default:
      return JSON.stringify(effect, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  }
}
