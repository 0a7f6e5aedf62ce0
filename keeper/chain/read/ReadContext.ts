import type { Source } from "../sources/Source.ts";
import type { HeaderBook } from "./HeaderBook.ts";
import type { Identities } from "./Identities.ts";
import type { Standings } from "./Standings.ts";

/** What the parts of a reader share. */
export interface ReadContext {
  readonly sources: readonly Source[];
  readonly book: HeaderBook;
  readonly standings: Standings;
  readonly identities: Identities;
  /** How long one source is waited for before another one is asked as well. */
  readonly hedgeMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** A source answered what is proved to be false. */
  readonly onLie: (source: string, reason: string) => void;
}
