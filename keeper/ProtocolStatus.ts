import type { Books } from "./books/Books.ts";
import { FLAG, readHot } from "./books/legality/flags.ts";
import { readKeeperSet } from "./books/reducers/keepers/members.ts";
import type { Metrics } from "./telemetry/Metrics.ts";

/** Whose books are read. */
export interface WatchedBooks {
  readonly books: Pick<Books, "tip" | "immutables" | "read">;
}

/** The flags of the ledger's hot word, as metrics call them. */
const FLAG_NAMES = {
  increaseRisk: "increase-risk",
  withdraw: "withdraw",
  liquidate: "liquidate",
  halt: "halt",
  fundShort: "fund-short",
  windDown: "wind-down",
} as const satisfies Record<keyof typeof FLAG, string>;

/** What operators see of the protocol itself, by the keeper's books: whether it is paused, and when the stale grade comes. */
export class ProtocolStatus {
  #watched: WatchedBooks | null = null;

  constructor(metrics: Metrics) {
    const flags = metrics.gauge({
      name: "lockstep_protocol_flag",
      help: "1 while the ledger's word refuses an action family, whoever paused it; the stale grade has no flag.",
      labels: ["flag"],
    });
    const checkpoint = metrics.gauge({
      name: "lockstep_checkpoint_timestamp_seconds",
      help: "Time of the newest checkpoint as the stale grade counts it, seconds since the epoch; 0 before the first.",
    });
    const staleLimit = metrics.gauge({
      name: "lockstep_stale_limit_seconds",
      help: "Age of the newest checkpoint from which the stale grade restricts the protocol.",
    });
    const members = metrics.gauge({ name: "lockstep_keepers", help: "Keepers in the set whose signatures count." });
    const quorum = metrics.gauge({
      name: "lockstep_keeper_quorum",
      help: "Signatures of that set that a checkpoint, a hard pause or a resume needs.",
    });
    metrics.onCollect(() => {
      const books = this.#watched?.books;
      if (books?.tip == null) return;
      const hot = readHot({ readOf: (book, slot) => books.read(book, slot) });
      for (const name of Object.keys(FLAG) as (keyof typeof FLAG)[]) {
        flags.set((hot.flags & FLAG[name]) === 0n ? 0 : 1, { flag: FLAG_NAMES[name] });
      }
      checkpoint.set(Number(hot.checkpointTime));
      staleLimit.set(Number(books.immutables.staleLimit));
      const set = readKeeperSet((slot) => books.read("KeeperRegistry", slot), books.immutables.minKeepers);
      members.set(set.members.length);
      quorum.set(Number(set.quorum));
    });
  }

  /** From now on these books are read. */
  watch(watched: WatchedBooks): void {
    this.#watched = watched;
  }
}
