import type { BookName } from "../../../keeper/domain/bookSet.ts";
import { bigintToHex32, type Hash, type Hex } from "../../../keeper/lib/hex.ts";
import { readHead } from "../guard.ts";
import type { World } from "./World.ts";

/** A word of a book contract by its variable's number and keys, as a repair names it. */
export interface RepairedWord {
  readonly book: BookName;
  readonly variable: number;
  readonly keys: readonly Hex[];
  readonly offset?: number;
  readonly slot: Hash;
  /** What it shall hold. */
  readonly value: bigint;
}

/** A word whose value on the chain, or another one, shall be what the books have. */
export interface AcceptedWord {
  readonly book: BookName;
  readonly slot: Hash;
  readonly value?: bigint;
}

/** Governance repairs a word, from what the chain has now. */
export async function repairWord(world: World, { book, variable, keys, offset = 0, slot, value }: RepairedWord) {
  const padded = keys.map((key) => `0x${key.slice(2).padStart(64, "0")}`);
  const expected = bigintToHex32(await world.wordAt(book, slot));
  const item = { variable, keys: padded, offset, expected, value: bigintToHex32(value) };
  return await world.system.guard.connect(world.system.admin).repair(world.addresses[book], item);
}

/** Governance declares words right as the chain has them, or as `value` says. */
export async function acceptWords(world: World, words: readonly AcceptedWord[]) {
  const { number, hash } = await readHead(world.system);
  const corrections: { book: Hex; slot: Hash; value: Hash }[] = [];
  for (const { book, slot, value } of words) {
    const held = value ?? (await world.wordAt(book, slot));
    corrections.push({ book: world.addresses[book], slot, value: bigintToHex32(held) });
  }
  return await world.system.guard.connect(world.system.admin).acceptBooks(number, hash, corrections);
}
