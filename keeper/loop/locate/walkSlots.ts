import type { Layout } from "../../books/layout/Layout.ts";
import { addressKey, bytesKey, hashMappingSlot, slotOf, uintKey } from "../../books/layout/slots.ts";
import { valueMappingsOf, type KeyKind, type ValueMapping } from "../../books/layout/valueMappings.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { SMALL, type Candidates } from "../nameDifferences.ts";

/** Where a variable's value begins for some keys. */
export interface WalkedSlot {
  readonly slot: Hash;
  /** Words of the value. */
  readonly words: number;
  readonly keys: readonly (Hex | bigint)[];
}

function keyWord(key: Hex | bigint): string {
  if (typeof key === "bigint") return uintKey("key", key, 256);
  return key.length === 42 ? addressKey("key", key) : bytesKey("key", key, 32);
}

function* keysOf(kind: KeyKind, accounts: Iterable<Hex>, candidates: Candidates): Generator<Hex | bigint> {
  if (kind === "bytes32") yield* accounts;
  else if (kind === "address") yield* candidates.addresses;
  else if (kind === 64) yield* candidates.lanes;
  else yield* candidates.numbers.filter((number) => BigInt.asUintN(kind, number) === number);
}

/**
 * Every value that the keys reach in a layout's mappings, one hash after the other, so that the walk can rest between any two:
 * the values of one account's own before those it has with other keys, because there are so many more of these.
 */
export function* walkSlots(layout: Layout, accounts: Iterable<Hex>, candidates: Candidates): Generator<WalkedSlot> {
  const mappings = valueMappingsOf(layout);
  const simple = mappings.filter(({ keys }) => keys.length === 1);
  const ofAccounts = (mapping: ValueMapping): boolean => mapping.keys[0] === "bytes32";
  const wide = { ...candidates, numbers: [...new Set([...candidates.numbers, ...SMALL])] };
  for (const mapping of simple.filter((other) => !ofAccounts(other))) yield* walkMapping(mapping, [], wide);
  for (const account of accounts) {
    for (const mapping of simple.filter(ofAccounts)) yield* walkMapping(mapping, [account], candidates);
  }
  const nested = mappings.filter(({ keys }) => keys.length === 2);
  for (const mapping of nested.filter((other) => !ofAccounts(other))) yield* walkMapping(mapping, accounts, candidates);
  for (const account of accounts) {
    for (const mapping of nested.filter(ofAccounts)) yield* walkMapping(mapping, [account], candidates);
  }
}

function* walkMapping(
  { slot, keys, words }: ValueMapping,
  accounts: Iterable<Hex>,
  candidates: Candidates,
): Generator<WalkedSlot> {
  const [outer, inner] = keys;
  if (outer === undefined) return;
  for (const key of keysOf(outer, accounts, candidates)) {
    const base = hashMappingSlot(slotOf(slot), keyWord(key));
    yield { slot: base, words: inner === undefined ? words : 0, keys: [key] };
    if (inner === undefined) continue;
    for (const second of keysOf(inner, accounts, candidates)) {
      yield { slot: hashMappingSlot(base, keyWord(second)), words, keys: [key, second] };
    }
  }
}
