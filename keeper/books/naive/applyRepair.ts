import { BOOK_NAMES } from "../../domain/bookSet.ts";
import type { Address } from "../../lib/hex.ts";
import { bookSetVersionAt } from "./checkpointRing.ts";
import { noteRepair } from "./conservation.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { isHard, isWoundDown } from "./incidents.ts";
import { requireRecent } from "./recentBlock.ts";
import { requireRepairable } from "./repairable.ts";
import { bookAt, bookSetAt, halt } from "./syncStorage.ts";

/** Only while everything stands still, and not once everything is being paid out. */
function requireHalted(state: Derivation): void {
  state.require(isHard(state), "repairs while nothing is halted");
  state.require(!isWoundDown(state), "repairs in a wind-down");
}

/** Whether a contract is in the book set of the block. */
function requireBook(state: Derivation, book: Address, books: readonly Address[]): void {
  state.require(books.includes(book), `repairs ${book}, which is no book contract`);
}

/** More than the registry takes: a length that governance accepted as the chain's may be any number. */
const MAX_BOOKS = 255n;

/** The book set of the block. */
function validBooks(state: Derivation): Address[] {
  const version = bookSetVersionAt(state, state.blockNumber);
  const books: Address[] = [];
  const length = state.get(bookSetAt(version).length);
  for (let index = 0n; index < length && index < MAX_BOOKS; index += 1n) {
    books.push(state.getAddress(bookAt(version, index)));
  }
  return books;
}

/**
 * `WordRepaired`: the books take over what governance has written. What the chain held before is what was wrong, and may be
 * anything. Not checked: that a vault holds what a repair makes it owe, which its token alone knows.
 */
export function applyRepair(state: Derivation, event: NaiveEvent): void {
  const slot = event.hex("slot");
  const [expected, value] = [BigInt(event.hex("expected")), BigInt(event.hex("value"))];
  requireHalted(state);
  state.require(value !== 0n, "clears a word");
  // What the word is may be a long search, for an answer that would change nothing.
  if (state.isDone) return;
  noteRepair(state, state.book, slot, value);
  state.setWord(state.book, slot, value);
  requireRepairable(state, { slot, expected, value });
  const address = state.input.addresses[state.book];
  expectEvent(state, "SyncGuard", "RepairMade", (next) => next.hex("book") === address);
}

/** `RepairMade`: the guard's word for it. */
export function applyRepairMade(state: Derivation, event: NaiveEvent): void {
  const book = event.hex("book");
  const isKnown = Object.values(state.input.addresses).includes(book);
  state.require(!isKnown || state.transaction.isExpected, `repairs nothing in ${book}`);
  requireHalted(state);
  requireBook(state, book, validBooks(state));
  state.set(halt.repairBlock, state.blockNumber);
  state.compare("repairBlock", event.number("repairBlock"), state.blockNumber);
}

/**
 * `BooksAccepted`: the books take over what the chain is said to hold, in any word of any book contract. Whether it does hold
 * that, the storage roots show.
 */
export function applyAcceptance(state: Derivation, event: NaiveEvent): void {
  const corrections = event.structs("corrections");
  const books = validBooks(state);
  requireHalted(state);
  requireRecent(state, event);
  state.require(corrections.length !== 0, "accepts nothing");
  if (state.isDone) return;
  for (const correction of corrections) {
    const [address, slot] = [correction.hex("book"), correction.hex("slot")];
    const value = BigInt(correction.hex("value"));
    const book = BOOK_NAMES.find((name) => state.input.addresses[name] === address);
    requireBook(state, address, books);
    // A contract of a later book set, which nobody derives here.
    if (book === undefined) continue;
    noteRepair(state, book, slot, value);
    state.setWord(book, slot, value);
  }
  state.set(halt.repairBlock, state.blockNumber);
}
