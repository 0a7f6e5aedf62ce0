import type { ProvenBooks, Unproven } from "./api/ports.ts";
import type { Keeper } from "./loop/Keeper.ts";
import { BooksAt } from "./queries/BooksAt.ts";
import type { Status } from "./Status.ts";

/** What the room looks at. */
export interface QueryRoomParts {
  readonly status: Pick<Status, "standing">;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const SOON = 1;
const LATER = 10;

/**
 * Where the books are read from: at the block that was judged last, if it was found in sync and nothing has happened since. There is
 * no third case between an answer that was proven and a refusal that says why.
 */
export class QueryRoom {
  readonly #parts: QueryRoomParts;
  #keeper: Keeper | null = null;
  #at: BooksAt | null = null;

  constructor(parts: QueryRoomParts) {
    this.#parts = parts;
  }

  /** From now on there are books. */
  watch(keeper: Keeper): void {
    this.#keeper = keeper;
  }

  /** The books as they were proven, or why they are not. */
  books(): ProvenBooks | Unproven {
    const { status, now } = this.#parts;
    const { last, unknown } = status.standing;
    if (this.#keeper === null || last === null) {
      return refuse("Starting", "the keeper has judged no block yet: /status says how far it is", LATER);
    }
    const { report, atMs } = last;
    if (unknown !== null) {
      return refuse("Unknown", `nothing can be said of the chain now (${unknown.reason}): ${unknown.detail}`, SOON);
    }
    const { verdict, number, hash, timestamp } = report;
    if (verdict.kind === "Diverged") {
      const [first] = verdict.findings;
      const what = first === undefined ? "" : ` since block ${first.blockNumber} (${first.cause}, ${first.contract})`;
      return refuse("Diverged", `the books and the chain differ${what}: rely on neither, see /v1/incidents`, LATER);
    }
    if (verdict.kind === "OwnFault") {
      return refuse("OwnFault", `the keeper's own books are at fault (${verdict.detail}): ask another keeper`, LATER);
    }
    if (verdict.kind === "Unknown") {
      return refuse("Unknown", `nothing can be said of block ${number} (${verdict.reason}): ${verdict.detail}`, SOON);
    }
    const { books } = this.#keeper;
    if (books.tip?.hash !== hash) {
      return refuse("NotYetProven", `the books are past block ${number}, and no later one is proven yet`, SOON);
    }
    if (this.#at?.block.hash !== hash) this.#at = new BooksAt(books, { number, hash, timestamp }, verdict.roots);
    return { kind: "proven", at: this.#at, ageSeconds: (now() - atMs) / 1_000 };
  }
}

function refuse(code: Unproven["code"], detail: string, retryAfterSeconds: number): Unproven {
  return { kind: "unproven", code, detail, retryAfterSeconds };
}
