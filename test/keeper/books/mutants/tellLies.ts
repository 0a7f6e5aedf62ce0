import type { LogDescription, ParamType } from "ethers";

import { Books } from "../../../../keeper/books/Books.ts";
import type { BookLog } from "../../../../keeper/books/BookBlock.ts";
import { EVENTS } from "../../../../keeper/books/naive/events.ts";
import { BOOK_NAMES, type BookAddresses, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Finding } from "../../../../keeper/domain/Finding.ts";
import type { Hash, Hex } from "../../../../keeper/lib/hex.ts";
import type { Lie, Recording } from "./Recording.ts";

/** Lies of a kind: more show the same, mostly. */
const SAME = 3;

/** A log in other words. */
interface Altered {
  readonly what: string;
  readonly book: BookName;
  readonly logs: readonly BookLog[];
}

/**
 * The recordings with lies of their blocks to which the reducers as they are object: a log with one value changed, left out, or
 * doubled. Of those that are objected to in the same words only the first few.
 */
export function tellLies(recordings: readonly Recording[]): Recording[] {
  const told = new Map<string, number>();
  return recordings.map((recording) => ({ ...recording, lies: liesOf(recording, told) }));
}

function liesOf({ addresses, immutables, blocks }: Recording, told: Map<string, number>): Lie[] {
  const books = new Books({ addresses, immutables, undoDepth: 4 });
  const lies: Lie[] = [];
  for (const [at, { pokes, block }] of blocks.entries()) {
    for (const [book, slot, value] of pokes) books.trie(book).set(slot, value);
    for (const { what, logs, book } of alterationsOf(block.logs, addresses)) {
      const findings = books.apply({ ...block, logs });
      const key = `${what} ${findings.map(inShort).join("; ")}`;
      const count = told.get(key) ?? 0;
      if (findings.length > 0 && count < (findings.length === 1 ? SAME : 1)) {
        told.set(key, count + 1);
        const contracts = [...new Set([book, ...findings.map(({ contract }) => contract)])];
        lies.push({ at, logs, what, contracts, roots: books.roots().join() });
      }
      books.undo();
    }
    books.apply(block);
  }
  return lies;
}

/** Without numbers and hashes. */
function inShort({ contract, cause, detail }: Finding): string {
  return `${contract} ${cause} ${detail.replaceAll(/0x[0-9a-f]*|-?\d+/g, "…")}`;
}

function* alterationsOf(logs: readonly BookLog[], addresses: BookAddresses): Generator<Altered> {
  for (const [index, log] of logs.entries()) {
    const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
    if (book === undefined) continue;
    const abi = EVENTS[book];
    const event = abi.parseLog(log);
    if (event === null) continue;
    const { name } = event;
    yield { book, what: `no ${name}`, logs: logs.filter((_, at) => at !== index) };
    yield { book, what: `${name} twice`, logs: logs.toSpliced(index, 0, log) };
    for (const { what, args } of otherArguments(event)) {
      const { topics, data } = abi.encodeEventLog(event.fragment, args as unknown[]);
      yield { book, what, logs: logs.with(index, { ...log, topics: topics as Hash[], data: data as Hex }) };
    }
  }
}

function* otherArguments({ name, args, fragment }: LogDescription): Generator<{ what: string; args: unknown }> {
  const plain = args.toArray(true) as unknown[];
  for (const [index, input] of fragment.inputs.entries()) {
    for (const { what, value } of otherValues(input, plain[index])) {
      yield { what: `${name}.${input.name} ${what}`, args: plain.with(index, value) };
    }
  }
}

/** Values near to one, that its type can hold. */
function* otherValues(type: ParamType, value: unknown): Generator<{ what: string; value: unknown }> {
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

function* otherBytes(value: Hex, type: string): Generator<{ what: string; value: Hex }> {
  const word = BigInt(value);
  const digits = type === "address" ? 40 : value.length - 2;
  const write = (number: bigint): Hex => `0x${number.toString(16).padStart(digits, "0")}`;
  if (digits === 0) return;
  yield { what: "with another bit", value: write(word ^ 1n) };
  if (word !== 0n) yield { what: "zero", value: write(0n) };
}

function* otherNumbers(value: bigint, type: string): Generator<{ what: string; value: bigint }> {
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
