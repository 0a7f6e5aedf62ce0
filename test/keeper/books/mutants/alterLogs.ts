import type { LogDescription, ParamType } from "ethers";

import type { BookBlock, BookLog } from "../../../../keeper/books/BookBlock.ts";
import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import { BOOK_NAMES, type BookAddresses, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";

/** A block with something in it that is not so. */
export interface Alteration {
  readonly what: string;
  /** Those of which the block has logs. */
  readonly books: readonly BookName[];
  readonly block: BookBlock;
  /** `<log index> <field>` of what the lie consists in. */
  readonly kept: ReadonlySet<string>;
}

/** A log of a book contract, with its event. */
interface Read {
  readonly log: BookLog;
  readonly book: BookName;
  readonly event: LogDescription;
}

/** A value in the place of another. */
interface Other {
  readonly what: string;
  readonly value: unknown;
}

/** Below it two fields may well have the same value by chance. */
const TELLING = 1_000n;
/** Seconds by which a block is moved. */
const MOVES = [-2, -1, 1, 3_600];

/** Every way in which a block is altered. */
export function* alterationsOf(block: BookBlock, addresses: BookAddresses, before: Before): Generator<Alteration> {
  const reads = block.logs.map((log) => read(log, addresses));
  const books = booksOf(reads);
  if (books.length === 0) return;
  for (const seconds of MOVES) {
    const moved = { ...block, timestamp: block.timestamp + seconds };
    yield { what: `${seconds} s`, books, block: moved, kept: new Set() };
  }
  for (const [index, found] of reads.entries()) {
    if (found === null) continue;
    const { log, event } = found;
    const with_ = (what: string, logs: readonly BookLog[], kept: readonly string[] = []): Alteration => {
      return { what, books, block: { ...block, logs }, kept: new Set(kept) };
    };
    yield with_(`no ${event.name}`, block.logs.toSpliced(index, 1));
    yield with_(`${event.name} twice`, block.logs.toSpliced(index, 0, log));
    const plain = event.args.toArray(true) as unknown[];
    for (const [field, input] of event.fragment.inputs.entries()) {
      for (const { what, value } of otherValues(input, plain[field])) {
        const said = `${event.name}.${input.name} ${what}`;
        yield with_(said, block.logs.with(index, encode(found, plain.with(field, value))), [place(log, input)]);
      }
      const value = plain[field];
      if (typeof value === "bigint" && value >= TELLING) yield* everywhere(block, reads, input, [value, value + 1n]);
      const earlier = before.get(`${event.name}.${input.name}`);
      if (earlier !== undefined && earlier !== value) yield* everywhere(block, reads, input, [value, earlier]);
    }
  }
}

/** What each field of each event was the last time, by `<event>.<field>`; of plain values only. */
export type Before = ReadonlyMap<string, unknown>;

/** The same after a block. */
export function after(before: Before, { logs }: BookBlock, addresses: BookAddresses): Before {
  const next = new Map(before);
  for (const log of logs) {
    const event = read(log, addresses)?.event;
    for (const [index, { name }] of event?.fragment.inputs.entries() ?? []) {
      const value: unknown = event?.args[index];
      if (typeof value === "bigint" || typeof value === "string") next.set(`${event?.name}.${name}`, value);
    }
  }
  return next;
}

/** Another value wherever one stands in the block; of numbers the negative one as well. */
function* everywhere(
  block: BookBlock,
  reads: readonly (Read | null)[],
  { name }: ParamType,
  [value, next]: readonly [unknown, unknown],
): Generator<Alteration> {
  const isBigger = typeof value === "bigint" && next === value + 1n;
  try {
    const altered = replaced(block, reads, new Map([[value, next]]));
    if (isBigger && altered.kept.size < 2) return;
    yield { ...altered, what: `${name} ${isBigger ? "plus one" : "as before"} everywhere` };
  } catch {
    // One of the fields cannot hold it.
  }
}

/** The block with other values in the place of some, wherever they stand; of numbers the negative ones as well. */
export function replaceValues(
  block: BookBlock,
  addresses: BookAddresses,
  values: ReadonlyMap<unknown, unknown>,
): Alteration {
  const reads = block.logs.map((log) => read(log, addresses));
  return replaced(block, reads, values);
}

function replaced(
  block: BookBlock,
  reads: readonly (Read | null)[],
  values: ReadonlyMap<unknown, unknown>,
): Alteration {
  const kept = new Set<string>();
  const books = booksOf(reads);
  const logs = reads.map((found, index) => {
    if (found === null) return block.logs[index]!;
    const args = (found.event.args.toArray(true) as unknown[]).map((value, at) => {
      const next = values.get(value);
      const minus = typeof value === "bigint" ? values.get(-value) : undefined;
      if (next === undefined && typeof minus !== "bigint") return value;
      kept.add(place(found.log, found.event.fragment.inputs[at]!));
      return next ?? -(minus as bigint);
    });
    return encode(found, args);
  });
  return { what: "other values", books, block: { ...block, logs }, kept };
}

function booksOf(reads: readonly (Read | null)[]): BookName[] {
  return [...new Set(reads.flatMap((found) => (found === null ? [] : [found.book])))];
}

function place({ logIndex }: BookLog, { name }: ParamType): string {
  return `${logIndex} ${name}`;
}

function read(log: BookLog, addresses: BookAddresses): Read | null {
  const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
  const event = book === undefined ? null : EVENTS[book].parseLog(log);
  return book === undefined || event === null ? null : { log, book, event };
}

function encode({ log, book, event }: Read, args: readonly unknown[]): BookLog {
  const { topics, data } = EVENTS[book].encodeEventLog(event.fragment, args);
  return { ...log, topics: topics as Hash[], data: data as Hex };
}

/** Values near to one, that its type can hold. */
function* otherValues(type: ParamType, value: unknown): Generator<Other> {
  const { baseType } = type;
  if (baseType === "array") {
    const items = value as unknown[];
    const [first] = items;
    for (const other of first === undefined ? [] : otherValues(type.arrayChildren!, first)) {
      yield { what: `[0] ${other.what}`, value: items.with(0, other.value) };
    }
    if (items.length > 0) yield { what: "less its last", value: items.slice(0, -1) };
    if (items.length > 1) yield { what: "reversed", value: items.toReversed() };
  } else if (baseType === "tuple") {
    for (const [index, component] of type.components!.entries()) {
      for (const other of otherValues(component, (value as unknown[])[index])) {
        yield { what: `.${component.name} ${other.what}`, value: (value as unknown[]).with(index, other.value) };
      }
    }
  } else if (baseType === "bool") yield { what: "negated", value: value !== true };
  else if (baseType === "address" || baseType.startsWith("bytes")) yield* otherBytes(value as Hex, baseType);
  else yield* otherNumbers(value as bigint, baseType);
}

function* otherBytes(value: Hex, type: string): Generator<Other> {
  const word = BigInt(value);
  const digits = type === "address" ? 40 : value.length - 2;
  if (digits === 0) return;
  const write = (number: bigint): Hex => `0x${number.toString(16).padStart(digits, "0")}`;
  yield { what: "with another last bit", value: write(word ^ 1n) };
  yield { what: "with another first digit", value: write(word ^ (1n << BigInt(4 * digits - 4))) };
  if (word !== 0n) yield { what: "zero", value: write(0n) };
}

function* otherNumbers(value: bigint, type: string): Generator<Other> {
  const isSigned = type.startsWith("int");
  const bits = Number(type.replace(/\D/g, ""));
  const fits = (number: bigint): boolean =>
    (isSigned ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number)) === number;
  const others = new Map([
    ["plus one", value + 1n],
    ["minus one", value - 1n],
    ["zero", 0n],
    ["doubled", 2n * value],
  ]);
  for (const [what, other] of others) if (other !== value && fits(other)) yield { what, value: other };
}
