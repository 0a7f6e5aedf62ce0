import { Books } from "../../../keeper/books/Books.ts";
import { storage as registry } from "../../../keeper/books/generated/CheckpointRegistry.ts";
import { storage as guard } from "../../../keeper/books/generated/SyncGuard.ts";
import { deriveNaively } from "../../../keeper/books/naive/deriveNaively.ts";
import { EVENTS } from "../../../keeper/books/naive/events.ts";
import { BOOK_NAMES, type BookName, type Immutables } from "../../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../../keeper/domain/VerifiedLog.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { ADDRESSES } from "../../helpers/keeper/inventedBlocks.ts";

/** For books of a protocol that is not there. */
export const IMMUTABLES: Immutables = {
  ...{ chainId: 1n, settlementAsset: `0x${"ee".repeat(20)}`, settlementScale: 10n ** 12n },
  ...{ staleLimit: 3_600n, softTime: 14_400n, viewTime: 1_800n, coolDown: 3_600n, grace: 600n },
  ...{ windDownTime: 604_800n, claimPeriod: 604_800n, bond: 1n, minKeepers: 4n, joinDelay: 1n, unbonding: 1n },
  ...{ challengerPpm: 1n, sequencerFeed: `0x${"00".repeat(20)}`, sequencerGrace: 0n },
};

/** A log that nobody emitted. */
export type MadeUp = readonly [book: BookName, event: string, args: readonly unknown[]];

export const word32 = (value: bigint): Hash => `0x${value.toString(16).padStart(64, "0")}`;
export const accountOf = (index: number): Hash => word32((BigInt(index + 1) << 96n) | 7n);

/** Books of a protocol that is not there, with as many words as repairs ask for: a book set, and a halt if it has one. */
export class RepairWorld {
  readonly books = new Books({ addresses: ADDRESSES, immutables: IMMUTABLES });

  constructor({ isHalted = true } = {}) {
    const { cursor, bookSets } = registry;
    const set = (book: BookName, slot: Hash, word: bigint): void => {
      this.books.trie(book).set(slot, word);
    };
    const first = { bookSetVersion: 1n, bookSetFrom: 1n, bookCount: 10n };
    set("CheckpointRegistry", cursor.slot, cursor.encode({ ...cursor.decode(0n), ...first }));
    set("CheckpointRegistry", bookSets.activeFrom.slot(1n), bookSets.activeFrom.encode(1n));
    set("CheckpointRegistry", bookSets.contracts.length.slot(1n), 10n);
    BOOK_NAMES.forEach((name, index) => {
      set("CheckpointRegistry", bookSets.contracts.at.slot(1n, BigInt(index)), BigInt(ADDRESSES[name]));
    });
    if (!isHalted) return;
    const { incident, halt } = guard;
    set("SyncGuard", incident.slot, incident.encode({ ...incident.decode(0n), nonce: 1n, startedAt: 1n }));
    set("SyncGuard", halt.slot, halt.encode({ ...halt.decode(0n), pausedAt: 1n, haltedAt: 1n }));
  }

  /** Applies transactions as the next block, and returns what both derivations say of it. */
  apply(transactions: readonly (readonly MadeUp[])[]): { first: string[]; naive: string[] } {
    const { books } = this;
    const [number, parentHash] = [(books.tip?.number ?? 99) + 1, books.tip?.hash ?? word32(0n)];
    const logs = this.encode(transactions);
    const block = { number, hash: word32(BigInt(number)), timestamp: 1_000 + number, logs };
    const words = new Map(BOOK_NAMES.map((name) => [name, books.wordsBefore(name, 0)]));
    const findings = books.apply({ ...block, parentHash });
    const { problems } = deriveNaively({
      ...{ addresses: ADDRESSES, immutables: IMMUTABLES, block },
      read: (book, slot) => words.get(book)!.get(slot) ?? 0n,
      priceBefore: () => undefined,
      accounts: books.accounts,
    });
    return { first: findings.map(({ detail }) => detail), naive: problems.map(({ detail }) => detail) };
  }

  /** The logs of transactions. */
  encode(transactions: readonly (readonly MadeUp[])[]): VerifiedLog[] {
    const logs = transactions.flatMap((made, transactionIndex) => made.map((log) => encode(log, transactionIndex)));
    return logs.map((log, logIndex) => ({ ...log, logIndex }));
  }

  /** Makes accounts known, by one more block. */
  know(from: number, to: number): void {
    const { books } = this;
    const [number, parentHash] = [(books.tip?.number ?? 99) + 1, books.tip?.hash ?? word32(0n)];
    const logs = this.encode([Array.from({ length: to - from }, (_, index) => advance(from + index))]);
    books.apply({ number, hash: word32(BigInt(number)), parentHash, timestamp: 1_000 + number, logs });
  }
}

function advance(index: number): MadeUp {
  return ["PositionLedger", "EpochAdvanced", [accountOf(index), 1]];
}

/** An acceptance of words. */
export function accept(corrections: readonly (readonly [book: BookName, slot: Hash, word: bigint])[]): MadeUp {
  const list = corrections.map(([book, slot, word]) => [ADDRESSES[book], slot, word32(word)]);
  return ["SyncGuard", "BooksAccepted", [99n, word32(1n), list]];
}

/** A repair of a word of the ledger, as both contracts log it. */
export function repair(slot: Hash, word: bigint, blockNumber: number): MadeUp[] {
  return [
    ["PositionLedger", "WordRepaired", [slot, word32(1n), word32(word)]],
    ["SyncGuard", "RepairMade", [ADDRESSES.PositionLedger, BigInt(blockNumber)]],
  ];
}

function encode([book, event, args]: MadeUp, transactionIndex: number): VerifiedLog {
  const { topics, data } = EVENTS[book].encodeEventLog(event, args);
  const at = {
    transactionHash: word32(BigInt(transactionIndex)),
    transactionIndex,
    logIndex: 0,
    logPositionInTransaction: 0,
  };
  return { address: ADDRESSES[book], topics: topics as Hash[], data: data as Hex, ...at };
}
