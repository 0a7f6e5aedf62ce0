import type { Interface } from "ethers";

import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import type { BookName } from "../../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import { AGGREGATOR, EVENTS } from "./events.ts";
import { plainEventsOf, readPlainEvent, type Fields } from "./plainEvents.ts";
import { word32 } from "./words.ts";

const ACCEPTED = EVENTS.SyncGuard.getEvent("BooksAccepted")?.topicHash;
/** Hex digits of a word, and of a correction: book, slot and value. */
const WORD = 64;
const CORRECTION = 3 * WORD;
/** Corrections decoded at once: ethers copies all data for each of them. */
const AT_ONCE = 64;

/** A decoded event. A field is asked for as what its type is. */
export class NaiveEvent {
  readonly name: string;
  readonly #args: Fields;
  readonly #lists: ReadonlyMap<string, readonly NaiveEvent[]>;

  constructor(name: string, args: Fields, lists: ReadonlyMap<string, readonly NaiveEvent[]> = new Map()) {
    this.name = name;
    this.#args = args;
    this.#lists = lists;
  }

  /** The same with another list of structs. */
  with(field: string, structs: readonly NaiveEvent[]): NaiveEvent {
    return new NaiveEvent(this.name, this.#args, new Map([...this.#lists, [field, structs]]));
  }

  number(field: string): bigint {
    return this.#args.getValue(field) as bigint;
  }

  /** An address or 32 bytes, lower case. */
  hex(field: string): Hex {
    return (this.#args.getValue(field) as string).toLowerCase() as Hex;
  }

  /** A list of addresses or of 32 bytes, lower case. */
  list(field: string): Hex[] {
    return Array.from(this.#args.getValue(field) as Iterable<string>, (item) => item.toLowerCase() as Hex);
  }

  /** A list of structs. */
  structs(field: string): readonly NaiveEvent[] {
    const list = this.#lists.get(field);
    if (list !== undefined) return list;
    return Array.from(this.#args.getValue(field) as Iterable<Fields>, (item) => new NaiveEvent(this.name, item));
  }

  flag(field: string): boolean {
    return this.#args.getValue(field) as boolean;
  }

  /** A struct, whose fields are asked for in the same way. */
  struct(field: string): NaiveEvent {
    return new NaiveEvent(this.name, this.#args.getValue(field) as Fields);
  }
}

/** Of every interface by its events' topics. */
const PLAIN = new Map([...Object.values(EVENTS), AGGREGATOR].map((events) => [events, plainEventsOf(events)]));

function decodeWith(events: Interface, log: VerifiedLog): NaiveEvent | undefined {
  const plain = PLAIN.get(events)?.get(log.topics[0] ?? "");
  if (plain === undefined) return undefined;
  if (plain === null) return decodeComposed(events, log);
  const fields = readPlainEvent(plain, log);
  return fields === undefined ? undefined : new NaiveEvent(plain.name, fields);
}

/** An event with lists or structs. */
function decodeComposed(events: Interface, log: VerifiedLog): NaiveEvent | undefined {
  try {
    const parsed = events.parseLog(log);
    if (parsed === null) return undefined;
    // ethers overlooks dirty padding, surplus data and surplus topics: only what encodes back is what solc emits.
    const { topics, data } = events.encodeEventLog(parsed.fragment, parsed.args);
    const isSame = data === log.data && topics.length === log.topics.length;
    const isExact = isSame && topics.every((topic, at) => topic === log.topics[at]);
    return isExact ? new NaiveEvent(parsed.name, parsed.args) : undefined;
  } catch {
    // Whatever ethers throws for bytes that do not decode, the log is no event of this interface.
    return undefined;
  }
}

/** `BooksAccepted`, a few corrections after the other: offset of the list, its length, its elements. */
function decodeAcceptance(log: VerifiedLog): NaiveEvent | undefined {
  const [head, list] = [log.data.slice(2, 2 + 2 * WORD), log.data.slice(2 + 2 * WORD)];
  const [offset, length] = [word32(32n).slice(2), word32(BigInt(Math.floor(list.length / CORRECTION))).slice(2)];
  if (list.length % CORRECTION !== 0 || head !== offset + length) return undefined;
  const corrections: NaiveEvent[] = [];
  for (let at = 0; at < list.length; at += AT_ONCE * CORRECTION) {
    const part = list.slice(at, at + AT_ONCE * CORRECTION);
    const count = word32(BigInt(part.length / CORRECTION)).slice(2);
    const event = decodeWith(EVENTS.SyncGuard, { ...log, data: `0x${offset}${count}${part}` });
    if (event === undefined) return undefined;
    corrections.push(...event.structs("corrections"));
  }
  const empty = { ...log, data: `0x${offset}${word32(0n).slice(2)}` as const };
  return decodeWith(EVENTS.SyncGuard, empty)?.with("corrections", corrections);
}

/** The event of a book contract in a log of it; undefined when it is none. */
export function decodeBookLog(book: BookName, log: VerifiedLog): NaiveEvent | undefined {
  if (book === "SyncGuard" && log.topics[0] === ACCEPTED) return decodeAcceptance(log);
  return decodeWith(EVENTS[book], log);
}

/** The answer that an aggregator publishes with a log; undefined for every other log. */
export function decodeAnswer(
  log: VerifiedLog,
): { readonly aggregator: Address; readonly answer: bigint; readonly updatedAt: bigint } | undefined {
  const event = decodeWith(AGGREGATOR, log);
  if (event === undefined) return undefined;
  return { aggregator: log.address, answer: event.number("current"), updatedAt: event.number("updatedAt") };
}

/** `type AccountId is bytes32`: the owner in the upper 20 bytes. */
export function ownerOf(account: Hash): Address {
  return account.slice(0, 42) as Address;
}

/** The address in the low 20 bytes of a key. */
export function addressOf(key: bigint): Address {
  return `0x${BigInt.asUintN(160, key).toString(16).padStart(40, "0")}`;
}

/** The first account of an owner. */
export function firstAccountOf(owner: Address): Hash {
  return `${owner}${"00".repeat(12)}`;
}
