import type { ParamType } from "ethers";

import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import { hot } from "../../../../keeper/books/naive/ledgerStorage.ts";
import { word32, writePlace, type Place } from "../../../../keeper/books/naive/words.ts";
import { BOOK_NAMES } from "../../../../keeper/domain/bookSet.ts";
import type { Address } from "../../../../keeper/lib/hex.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import type { Invented, Inventor, Transactions } from "./Inventor.ts";
import { placesOf, SINGLE_PLACES } from "./placesOf.ts";

const HALTED = 15n;
const NAMES = BOOK_NAMES.flatMap((book) => EVENTS[book].fragments.map((fragment) => [book, fragment] as const));

/** Invents transactions: what a source can make up that knows the protocol and the chain, and need obey neither. */
export class Invention {
  readonly #random: SeededRandom;
  readonly #inventor: Inventor;
  /** Transactions of the history so far. */
  readonly #seen: Invented[][] = [];
  /** Values that events of the history carried, by type. */
  readonly #values = new Map<string, unknown[]>();

  constructor(random: SeededRandom, inventor: Inventor) {
    this.#random = random;
    this.#inventor = inventor;
  }

  /** Learns from the logs of a block. */
  see(transactions: Transactions): void {
    for (const logs of transactions) {
      if (logs.length > 0) this.#seen.push([...logs]);
      for (const log of logs) {
        const read = this.#inventor.read(log);
        for (const { name, type } of read?.event.fragment.inputs ?? []) {
          const known = this.#values.get(type) ?? [];
          this.#values.set(type, known);
          if (known.length < 400) known.push(read!.event.args.getValue(name));
        }
      }
    }
  }

  /** One more transaction, of whatever kind. */
  transaction(): Invented[] {
    const kind = this.#random.below(10);
    if (kind < 2) return this.#halt();
    if (kind < 4) return [this.#acceptance()];
    if (kind < 5) return Array.from({ length: 1 + this.#random.below(3) }, () => this.#anyEvent());
    const logs = [...(this.#pick(this.#seen.slice(-60)) ?? this.#halt())];
    return kind < 7 ? logs : this.#changed(logs);
  }

  /** A recorded transaction with a log that is dropped, doubled, moved, changed or made up. */
  #changed(logs: Invented[]): Invented[] {
    const at = this.#random.below(logs.length);
    const how = this.#random.below(6);
    if (how === 0) logs.splice(at, 1);
    else if (how === 1) logs.splice(this.#random.below(logs.length), 0, logs[at]!);
    else if (how === 2) logs.splice(this.#random.below(logs.length), 0, ...logs.splice(at, 1));
    else if (how === 3) logs.splice(at, 0, this.#anyEvent());
    else logs[at] = this.#altered(logs[at]!);
    return logs;
  }

  #altered(log: Invented): Invented {
    const read = this.#inventor.read(log);
    if (read === undefined) return log;
    const { inputs } = read.event.fragment;
    const chosen = this.#random.below(inputs.length);
    const values = Object.fromEntries(
      inputs.map((input, index) => [
        input.name,
        index === chosen ? this.#value(input) : (read.event.args.getValue(input.name) as unknown),
      ]),
    );
    return this.#inventor.log(read.book, read.event.name, values);
  }

  /** A halt as the contracts log it; its results are corrected. */
  #halt(): Invented[] {
    const cause = this.#random.hex(32);
    return [
      this.#inventor.log("PositionLedger", "HotWordPushed", { flags: HALTED, checkpointTime: 0n, graceUntil: 0n }),
      this.#inventor.log("SyncGuard", "HardPaused", {
        ...{ cause, nonce: 0n, startedAt: 0n, haltedAt: 0n },
        witnessNumber: this.#value(EVENTS.SyncGuard.getEvent("HardPaused")!.inputs[1]!),
      }),
    ];
  }

  /** Variables of the books with other values: governance can say so of any word while halted. */
  #acceptance(): Invented {
    const { books } = this.#inventor;
    const words = new Map<string, readonly [Place, bigint]>();
    for (let left = 1 + this.#random.below(3); left > 0; left -= 1) {
      const place = this.#anyPlace();
      const word = words.get(place.book + place.slot)?.[1] ?? books.read(place.book, place.slot);
      words.set(place.book + place.slot, [
        place,
        writePlace(word, place, place === hot.flags ? BigInt(this.#random.below(64)) : this.#valueOf(place)),
      ]);
    }
    const corrections = Array.from(words.values(), ([{ book, slot }, word]) => [
      books.addresses[book],
      slot,
      word32(word),
    ]);
    const tip = books.tip!;
    return this.#inventor.log("SyncGuard", "BooksAccepted", {
      ...{ blockNumber: BigInt(tip.number), blockHash: tip.hash, corrections },
    });
  }

  #anyPlace(): Place {
    if (this.#random.below(3) !== 0) return this.#pick(SINGLE_PLACES)!;
    const account = this.#pick([...this.#inventor.books.accounts]) ?? word32(1n);
    const [asset, attester] = [this.#anyAddress(), this.#anyAddress()];
    return this.#pick(placesOf(account, asset, BigInt(1 + this.#random.below(4)), attester))!;
  }

  #anyAddress(): Address {
    const known = this.#pick(this.#values.get("address") ?? []) as string | undefined;
    return (known ?? this.#inventor.books.addresses.PositionLedger).toLowerCase() as Address;
  }

  /** One that its type can hold: of bytes, which are truths or kinds mostly, only the first two values. */
  #valueOf({ bits }: Place): bigint {
    if (bits === 8) return BigInt(this.#random.below(2));
    const { timestamp, number } = this.#inventor.books.tip!;
    const near = BigInt(this.#random.below(4));
    const time = BigInt(timestamp + this.#random.below(3) - 1);
    return BigInt.asUintN(bits, this.#pick([near, near, near, time, BigInt(number) - near, this.#random.uint(bits)])!);
  }

  #anyEvent(): Invented {
    const [book, fragment] = this.#pick(NAMES)!;
    const event = EVENTS[book].getEvent((fragment as unknown as { readonly name: string }).name)!;
    return this.#inventor.log(
      book,
      event.name,
      Object.fromEntries(event.inputs.map((input) => [input.name, this.#value(input)])),
    );
  }

  /** Of the type: one that was seen, or any. */
  #value(input: ParamType): unknown {
    const { type, baseType } = input;
    const known = this.#pick(this.#values.get(type) ?? []);
    if (known !== undefined && this.#random.below(4) !== 0) return known;
    if (baseType === "array")
      return Array.from({ length: this.#random.below(3) }, () => this.#value(input.arrayChildren!));
    if (baseType === "tuple") return input.components!.map((component) => this.#value(component));
    if (type === "bool") return this.#random.bool();
    if (type === "address") return this.#random.hex(20);
    if (type.startsWith("uint")) return this.#number(Number(type.slice(4)));
    if (type.startsWith("int")) return this.#random.int(Number(type.slice(3)));
    return type === "bytes32" ? this.#random.hex(32) : this.#random.hex(this.#random.below(40));
  }

  #number(bits: number): bigint {
    const { number, timestamp } = this.#inventor.books.tip!;
    const near = BigInt(this.#random.below(3));
    const value = this.#pick([near, near, BigInt(timestamp) + near, BigInt(number) - near, this.#random.uint(bits)])!;
    return BigInt.asUintN(bits, value);
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#random.below(Math.max(items.length, 1))];
  }
}
