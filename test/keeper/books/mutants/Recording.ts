import type { BookLog } from "../../../../keeper/books/BookBlock.ts";
import type { BookAddresses, BookName, Immutables } from "../../../../keeper/domain/bookSet.ts";
import type { RecordedBlock } from "../BooksFollower.ts";

/** A block of a recording that a lie is told of: other logs, to which the reducers object. */
export interface Lie {
  /** Position of the block in its recording. */
  readonly at: number;
  readonly logs: readonly BookLog[];
  readonly timestamp: number;
  /** Those of the logs and of the objections. */
  readonly contracts: readonly BookName[];
  /** What is said, for people. */
  readonly what: string;
}

/** A recorded chain from its first block on, in whose blocks nothing is found. */
export interface Recording {
  readonly name: string;
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  readonly blocks: readonly RecordedBlock[];
  /** Ascending by block. */
  readonly lies: readonly Lie[];
}
