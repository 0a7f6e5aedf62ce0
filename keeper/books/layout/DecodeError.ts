import { KeeperError } from "../../errors/KeeperError.ts";

/** Everything that can be wrong with a log whose first topic names a known event. */
export type DecodeProblem =
  "topic-count" | "topic-length" | "wrong-event" | "not-hex" | "data-length" | "padding" | "offset" | "array-length";

/**
 * A fault: a log claims to be an event but is not the ABI encoding that solc produces for it.
 *
 * Canonical encoding only: exact length, zero padding, dynamic parts in order without gaps. Anything else cannot have
 * been emitted by a contract of ours, so whoever served it is wrong about its contents. Code `EventMalformed`.
 */
export class DecodeError extends KeeperError {
  readonly event: string;
  /** The parameter (`accounts[]`, `order.salt`), or `topics` or `data` when the whole is malformed. */
  readonly field: string;
  readonly problem: DecodeProblem;

  constructor(event: string, field: string, problem: DecodeProblem) {
    super("EventMalformed", `${event}.${field}: ${problem}`, { event, field, problem });
    this.name = "DecodeError";
    this.event = event;
    this.field = field;
    this.problem = problem;
  }
}
