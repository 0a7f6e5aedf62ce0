import type { BookName } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { addressOf } from "./decode.ts";
import { knownWords, type KnownWord } from "./knownWords.ts";
import { NaiveTransaction } from "./NaiveTransaction.ts";
import type { NaiveInput, NaivePrice, NaiveProblem } from "./naiveTypes.ts";
import { fits, readPlace, writePlace, type Place } from "./words.ts";

/** The state of one derivation: the books before the block, what was written since, and what was found wrong. */
export class Derivation {
  readonly input: NaiveInput;
  readonly writes = new Map<BookName, Map<Hash, bigint>>();
  readonly problems: NaiveProblem[] = [];
  readonly prices = new Map<Address, NaivePrice>();
  transaction = new NaiveTransaction(-1);
  /** The contract and position of the log at hand. */
  book: BookName = "CollateralVault";
  logIndex = 0;

  #knownWords: ReadonlyMap<string, KnownWord> | undefined;

  constructor(input: NaiveInput) {
    this.input = input;
  }

  /** Number of the block. */
  get blockNumber(): bigint {
    return BigInt(this.input.block.number);
  }

  /** Time of the block, seconds. */
  get timestamp(): bigint {
    return BigInt(this.input.block.timestamp);
  }

  /** Whether what was found suffices, so that nothing more has to be derived. */
  get isDone(): boolean {
    return this.input.isUntilProblem === true && this.problems.length > 0;
  }

  /** The books as they are now, untouched by what is written later. */
  copy(): Derivation {
    const copy = new Derivation(this.input);
    for (const [book, words] of this.writes) copy.writes.set(book, new Map(words));
    for (const [aggregator, price] of this.prices) copy.prices.set(aggregator, price);
    return copy;
  }

  /** A variable as it is now: as written in this block, otherwise as before it. */
  get(place: Place): bigint {
    return readPlace(this.word(place), place);
  }

  /** An address variable as it is now. */
  getAddress(place: Place): Address {
    return addressOf(this.get(place));
  }

  isSet(place: Place): boolean {
    return this.get(place) !== 0n;
  }

  /** Writes a variable. The contracts revert where its type cannot hold the value, so that it is illegal to get here. */
  set(place: Place, value: bigint | boolean | Address): void {
    const number = BigInt(value);
    if (!fits(place, number)) this.report("illegal", `${number} does not fit in ${place.bits} bits`);
    this.setWord(place.book, place.slot, writePlace(this.word(place), place, number));
  }

  /** Writes a whole word. */
  setWord(book: BookName, slot: Hash, word: bigint): void {
    let words = this.writes.get(book);
    if (words === undefined) this.writes.set(book, (words = new Map<Hash, bigint>()));
    words.set(slot, word);
  }

  /** Adds to a variable. */
  add(place: Place, amount: bigint): void {
    this.set(place, this.get(place) + amount);
  }

  /** Notes a problem, of the log at hand unless another one is named. */
  report(kind: NaiveProblem["kind"], detail: string, book = this.book, logIndex = this.logIndex): void {
    this.problems.push({ kind, book, logIndex, detail });
  }

  /** Notes an illegal operation where the contracts require `condition`. */
  require(condition: boolean, detail: string): void {
    if (!condition) this.report("illegal", detail);
  }

  /** Notes where a result that an event claims is not the computed one. */
  compare(field: string, claimed: bigint | string | boolean, computed: bigint | string | boolean): void {
    if (claimed !== computed) this.report("miscomputed", `${field} is ${claimed}, computed ${computed}`);
  }

  /** What the words are that the block repairs, as far as that is known; looked up once, at its first repair. */
  get knownWords(): ReadonlyMap<string, KnownWord> {
    this.#knownWords ??= knownWords(this);
    return this.#knownWords;
  }

  /** The last price of an aggregator at the log at hand. */
  priceOf(aggregator: Address): NaivePrice | undefined {
    return this.prices.get(aggregator) ?? this.input.priceBefore(aggregator);
  }

  /** A whole word as it is now. */
  word({ book, slot }: Pick<Place, "book" | "slot">): bigint {
    return this.writes.get(book)?.get(slot) ?? this.input.read(book, slot);
  }
}
