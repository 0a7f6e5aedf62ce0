import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import type { BooksAcceptedEvent, RepairMadeEvent } from "../generated/SyncGuard.ts";
import { bookSetAt } from "../reducers/checkpoints/bookSet.ts";
import { isHard, isWoundDown } from "../reducers/guardState.ts";
import { isRecent } from "./GuardRules.ts";
import type { LegalityContext, Moment, Rule, SeenEvent } from "./LegalityContext.ts";
import { imbalanceOf, type RepairedWord } from "./repairedWords.ts";

/** `WordRepaired` of any book contract. */
interface WordRepairedEvent {
  readonly name: "WordRepaired";
  readonly slot: Hash;
  readonly value: Hex;
}

/**
 * Repairs and acceptances: only while halted and before a wind-down, in contracts of the book set, each repaired word with the
 * guard's own event; and what they change together, relative to the books, creates nothing: sizes of an instrument sum to
 * zero and its open interest is that of the longs, what the vault owes of an asset is what it holds. Putting the books' own
 * value back changes nothing.
 *
 * Of a word that no known key explains nobody can prove what it is: accepted, it is not judged; but governance writes none of
 * the vault or the ledger, as an account needs no more than a deposit to be known.
 */
export class RepairRules implements Rule {
  readonly #context: LegalityContext;
  readonly #words: RepairedWord[] = [];
  /** Repaired words that the guard has not told of yet. */
  readonly #untold: { readonly book: BookName; readonly logIndex: number }[] = [];

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "WordRepaired") {
      const { slot, value } = event as WordRepairedEvent;
      if (BigInt(value) === 0n) this.#context.illegal(book, logIndex, `the word ${slot} is repaired to zero`);
      this.#untold.push({ book, logIndex });
      this.#note(book, slot, before, { logIndex, isWritten: true });
    } else if (event.name === "RepairMade") this.#checkRepair(event as RepairMadeEvent, logIndex, before);
    else if (event.name === "BooksAccepted") this.#checkAcceptance(event as BooksAcceptedEvent, logIndex, before);
  }

  end(): void {
    for (const { book, logIndex } of this.#untold) {
      this.#context.illegal(book, logIndex, "a word is repaired that the guard did not order");
    }
    if (this.#words.length > 0) this.#checkConservation(this.#words);
  }

  #checkRepair({ book }: RepairMadeEvent, logIndex: number, before: Moment): void {
    this.#checkHalted(logIndex, before);
    this.#checkBooks([book], logIndex, before);
    const index = this.#untold.findIndex((word) => this.#context.addresses[word.book] === book);
    if (index < 0) this.#illegal(logIndex, `a repair of ${book} that changes no word`);
    else this.#untold.splice(index, 1);
  }

  #checkAcceptance(event: BooksAcceptedEvent, logIndex: number, before: Moment): void {
    this.#checkHalted(logIndex, before);
    const { blockNumber, blockHash, corrections } = event;
    if (!isRecent(blockNumber, this.#context) || BigInt(blockHash) === 0n) {
      this.#illegal(logIndex, `books are accepted as of block ${blockNumber}, not one of the last 256`);
    }
    if (corrections.length === 0) this.#illegal(logIndex, "nothing is accepted");
    this.#checkBooks(new Set(corrections.map(({ book }) => book)), logIndex, before);
    const seen = new Set<string>();
    for (const { book: address, slot } of corrections) {
      const book = BOOK_NAMES.find((name) => this.#context.addresses[name] === address);
      const id = `${address} ${slot}`;
      if (book !== undefined && !seen.has(id)) {
        this.#note(book, slot, before, { logIndex, isWritten: false });
      }
      seen.add(id);
    }
  }

  #note(book: BookName, slot: Hash, moment: Moment, how: Pick<RepairedWord, "logIndex" | "isWritten">): void {
    const before = this.#context.asOf(moment).readOf(book, slot);
    const after = this.#context.readOf(book, slot);
    if (before !== after) this.#words.push({ book, slot, before, after, ...how });
  }

  #checkHalted(logIndex: number, before: Moment): void {
    const earlier = this.#context.asOf(before);
    const isEnd = isWoundDown(earlier);
    if (!isEnd && !isHard(earlier)) this.#illegal(logIndex, "a repair or acceptance while not halted");
    if (isEnd) this.#illegal(logIndex, "a repair or acceptance in the wind-down");
  }

  /** By the book set as it was: what is accepted may be a word of it. */
  #checkBooks(addresses: Iterable<Hex>, logIndex: number, before: Moment): void {
    const earlier = this.#context.asOf(before);
    const read = (slot: Hash): bigint => earlier.readOf("CheckpointRegistry", slot);
    const { contracts } = bookSetAt(this.#context.blockNumber, read);
    for (const address of addresses) {
      if (!contracts.includes(address)) this.#illegal(logIndex, `${address} is no book`);
    }
  }

  #checkConservation(words: readonly RepairedWord[]): void {
    const { settlementAsset, settlementScale } = this.#context.immutables;
    const names = this.#context.nameWords();
    if (names === null) return;
    const sum = imbalanceOf(words, names);
    // What a word is may show when more of them are named: until then nothing is proved.
    const mayBeKnown = !names.isComplete || this.#context.known.areLacking;
    if (sum.unknown.length > 0 && mayBeKnown) return;
    const { logIndex } = words.at(-1) as RepairedWord;
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, `a repair or acceptance that does not conserve: ${detail}`);
    };
    for (const { book, slot, isWritten } of sum.unknown) {
      if (isWritten) illegal(`no known key explains the word ${slot} of ${book}`);
    }
    for (const [instrument, size] of sum.sizes) if (size !== 0n) illegal(`sizes in ${instrument} differ by ${size}`);
    for (const [instrument, longs] of sum.longs) {
      if (longs !== 0n) illegal(`the longs of ${instrument} and its open interest differ by ${longs}`);
    }
    const quote = sum.quote + settlementScale * (sum.assets.get(settlementAsset) ?? 0n);
    if (quote !== 0n) illegal(`what is owed in the settlement asset and what is held differ by ${quote}`);
    for (const [asset, amount] of sum.assets) {
      if (asset !== settlementAsset && amount !== 0n)
        illegal(`what is owed of ${asset} and what is held differ by ${amount}`);
    }
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("SyncGuard", logIndex, detail);
  }
}
