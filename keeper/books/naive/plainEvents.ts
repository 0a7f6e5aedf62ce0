import type { EventFragment, Interface, ParamType } from "ethers";

import type { VerifiedLog } from "../../domain/VerifiedLog.ts";

/** Values of an event's fields, by their names. */
export interface Fields {
  getValue(name: string): unknown;
}

/** The value of a field in its word, 64 digits; undefined where the word is not what solc makes of such a value. */
type ReadWord = (word: string) => bigint | string | boolean | undefined;

/** An event all of whose fields are values of one word: its topics and its data are these words, one after the other. */
interface PlainEvent {
  readonly name: string;
  readonly indexed: readonly (readonly [name: string, read: ReadWord])[];
  readonly rest: readonly (readonly [name: string, read: ReadWord])[];
}

function readUint(bits: number): ReadWord {
  return (word) => {
    const value = BigInt(`0x${word}`);
    return value >> BigInt(bits) === 0n ? value : undefined;
  };
}

function readInt(bits: number): ReadWord {
  return (word) => {
    const value = BigInt.asIntN(256, BigInt(`0x${word}`));
    return BigInt.asIntN(bits, value) === value ? value : undefined;
  };
}

/** How a type is read; undefined for one of more than a word, or of a length of its own. Source: Solidity, ABI specification. */
function readerOf({ type }: ParamType): ReadWord | undefined {
  const [, kind, bits] = /^(uint|int)(\d+)$/.exec(type) ?? [];
  if (kind !== undefined) return kind === "uint" ? readUint(Number(bits)) : readInt(Number(bits));
  if (type === "bytes32") return (word) => `0x${word}`;
  if (type === "address") return (word) => (/^0{24}/.test(word) ? `0x${word.slice(24)}` : undefined);
  if (type === "bool") return (word) => (/^0{63}[01]$/.test(word) ? word.endsWith("1") : undefined);
  return undefined;
}

function plainEventOf({ name, inputs }: EventFragment): PlainEvent | null {
  const [indexed, rest]: [string, ReadWord][][] = [[], []];
  for (const input of inputs) {
    const read = readerOf(input);
    if (read === undefined) return null;
    (input.indexed === true ? indexed : rest)?.push([input.name, read]);
  }
  return { name, indexed: indexed ?? [], rest: rest ?? [] };
}

/** The events of an interface by their topic; null for one that is not plain. */
export function plainEventsOf(events: Interface): ReadonlyMap<string, PlainEvent | null> {
  const plain = new Map<string, PlainEvent | null>();
  events.forEachEvent((fragment) => plain.set(fragment.topicHash, plainEventOf(fragment)));
  return plain;
}

/** The fields of a plain event in a log of its topic; undefined where any bit is not as solc emits it. */
export function readPlainEvent({ indexed, rest }: PlainEvent, { topics, data }: VerifiedLog): Fields | undefined {
  if (topics.length !== 1 + indexed.length || data.length !== 2 + 64 * rest.length) return undefined;
  const values = new Map<string, unknown>();
  for (const [index, [name, read]] of indexed.entries()) values.set(name, read(topics[1 + index]?.slice(2) ?? ""));
  for (const [index, [name, read]] of rest.entries()) {
    values.set(name, read(data.slice(2 + 64 * index, 66 + 64 * index)));
  }
  for (const value of values.values()) if (value === undefined) return undefined;
  return { getValue: (name) => values.get(name) };
}
