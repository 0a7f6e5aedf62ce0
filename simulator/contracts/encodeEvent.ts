import { EVENTS, AGGREGATOR } from "../../keeper/books/naive/events.ts";
import type { BookName } from "../../keeper/domain/bookSet.ts";
import { assert } from "../../keeper/lib/assert.ts";
import type { Address, Hash, Hex } from "../../keeper/lib/hex.ts";

/** A value of one word, or a list of them. */
export type EventValue = bigint | boolean | Hex | readonly Hex[];

/** A log as a contract emits it; where it stands in its block is not known yet. */
export interface RawLog {
  readonly address: Address;
  readonly topics: readonly Hash[];
  readonly data: Hex;
}

interface Shape {
  readonly topic: Hash;
  readonly fields: readonly { readonly name: string; readonly isIndexed: boolean; readonly isList: boolean }[];
}

const SHAPES = new Map<string, Shape>();
for (const events of [...Object.values(EVENTS), AGGREGATOR]) {
  events.forEachEvent((fragment) => {
    const fields = fragment.inputs.map(({ name, indexed, baseType }) => {
      return { name, isIndexed: indexed === true, isList: baseType === "array" };
    });
    SHAPES.set(fragment.name, { topic: fragment.topicHash as Hash, fields });
  });
}

/** A number, address or flag as one word, without prefix. */
function wordOf(value: bigint | boolean | Hex): string {
  if (typeof value === "string") return value.slice(2).padStart(64, "0");
  return BigInt.asUintN(256, BigInt(value)).toString(16).padStart(64, "0");
}

/** Encodes an event of a book contract or of an aggregator; names are those of `keeper/books/naive/events.ts`. */
export function encodeEvent(address: Address, name: string, values: Readonly<Record<string, EventValue>>): RawLog {
  const shape = SHAPES.get(name);
  assert(shape !== undefined, "the event is known");
  const topics: Hash[] = [shape.topic];
  const rest = shape.fields.filter(({ isIndexed }) => !isIndexed);
  let head = "";
  let tail = "";
  for (const { name: field, isIndexed, isList } of shape.fields) {
    const value = values[field];
    assert(value !== undefined, `${name} has a value for ${field}`);
    if (isList) {
      const items = value as readonly Hex[];
      head += wordOf(BigInt(32 * rest.length + tail.length / 2));
      tail += wordOf(BigInt(items.length)) + items.map(wordOf).join("");
    } else if (isIndexed) topics.push(`0x${wordOf(value as Hex)}`);
    else head += wordOf(value as Hex);
  }
  return { address, topics, data: `0x${head}${tail}` };
}

/** Names of books, for callers that emit in their name. */
export type Emit = (book: BookName, name: string, values: Readonly<Record<string, EventValue>>) => void;
