import type { BookBlock, Books } from "../../books/Books.ts";
import type { CursorWord } from "../../books/generated/CheckpointRegistry.ts";
import type { HaltWord, IncidentWord } from "../../books/generated/SyncGuard.ts";
import { readCursor } from "../../books/reducers/checkpoints/ring.ts";
import {
  isHard,
  isWoundDown,
  readCause,
  readHalt,
  readIncident,
  stands,
  type GuardReader,
} from "../../books/reducers/guardState.ts";
import { readKeeperSet } from "../../books/reducers/keepers/members.ts";
import { readHot } from "../../books/legality/flags.ts";
import type { KeeperSet } from "../../domain/keeperSet.ts";
import type { Hash } from "../../lib/hex.ts";

/** What the books say, at their newest block, of everything that keepers decide together. */
export interface QuorumView {
  readonly tip: BookBlock;
  readonly set: KeeperSet;
  readonly cursor: CursorWord;
  /** Time of the newest valid checkpoint as the stale grade counts it, seconds. */
  readonly checkpointTime: number;
  readonly incident: IncidentWord;
  readonly halt: HaltWord;
  readonly cause: Hash;
  /** Whether an incident stands, and whether it had a hard pause. */
  readonly stands: boolean;
  readonly isHard: boolean;
  readonly isWoundDown: boolean;
}

/** Reads the view from the books at their newest block. */
export function readQuorumView(books: Books, tip: BookBlock): QuorumView {
  const reader: GuardReader = { readOf: (book, slot) => books.read(book, slot) };
  return {
    tip,
    set: readKeeperSet((slot) => books.read("KeeperRegistry", slot), books.immutables.minKeepers),
    cursor: readCursor((slot) => books.read("CheckpointRegistry", slot)),
    checkpointTime: Number(readHot(reader).checkpointTime),
    incident: readIncident(reader),
    halt: readHalt(reader),
    cause: readCause(reader),
    stands: stands(reader),
    isHard: isHard(reader),
    isWoundDown: isWoundDown(reader),
  };
}
