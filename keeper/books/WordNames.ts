import { assert } from "../lib/assert.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { LAYOUT as VAULT } from "./generated/CollateralVault.ts";
import { LAYOUT as LEDGER } from "./generated/PositionLedger.ts";
import type { KnownKeys } from "./KnownKeys.ts";
import type { Layout } from "./layout/Layout.ts";
import { typeOf } from "./layout/layoutShape.ts";
import { addressKey, addSlot, bytesKey, hashMappingSlot, slotOf, uintKey, type KeyWord } from "./layout/slots.ts";
import { valueMappingsOf, type KeyKind, type ValueMapping } from "./layout/valueMappings.ts";

/** A book contract whose words carry value. */
export type ValueBook = "CollateralVault" | "PositionLedger";

/** What a word is, as far as sums over words ask. */
export interface WordName {
  readonly variable: string;
  /** The innermost key, if it is an asset, an instrument or a page; null for that of an account, or where there is none. */
  readonly key: Hex | bigint | null;
  /** Which word of a value of several. */
  readonly offset: number;
}

/** How far names had come at a moment. */
export interface NamesMark {
  readonly size: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly idle: number;
  readonly generation: number;
}

/** A word with its name. */
export interface NamedWord extends WordName {
  readonly book: ValueBook;
  readonly slot: Hash;
}

/** Names as they were at a moment: how far they had come, and all of them in the order in which they came. */
export interface NamesImage extends Omit<NamesMark, "size" | "generation"> {
  readonly words: readonly NamedWord[];
}

/** A variable with what has been named of it. */
interface Family extends ValueMapping {
  readonly book: ValueBook;
  readonly base: Hash;
}

const FAMILIES: readonly Family[] = [
  ...valueMappingsOf(VAULT).map((mapping) => ({
    ...mapping,
    book: "CollateralVault" as const,
    base: slotOf(mapping.slot),
  })),
  ...valueMappingsOf(LEDGER).map((mapping) => ({
    ...mapping,
    book: "PositionLedger" as const,
    base: slotOf(mapping.slot),
  })),
];
/** Every variable of which words are named, as an image tells them. */
export const NAMED_VARIABLES: readonly string[] = FAMILIES.map(({ book, variable }) => `${book}.${variable}`);
/** Pages of open ids that an account can have. */
const PAGES = [0n, 1n, 2n, 3n];
/** About 200 bytes each. Beyond them nothing more is named, and what is not named is not judged. */
const MAX_NAMES = 1_000_000;
/** More blocks than a source that invents them can have judged in one go. */
const MAX_IDLE = 1_024;
/** Variables that are no mappings. */
const FIXED: ReadonlyMap<string, WordName> = new Map([
  ...fixedOf("CollateralVault", VAULT),
  ...fixedOf("PositionLedger", LEDGER),
]);

/**
 * The names of the words of vault and ledger that known keys reach, by their slots: each is hashed once and kept, so that a
 * repaired word is looked up and not searched for.
 *
 * Grows by {@link advance} only, by as many hashes as it is given, in the order of the known keys; what a block added is taken
 * back with it. Hence it depends on nothing but the blocks that the books hold.
 */
export class WordNames {
  readonly #keys: KnownKeys;
  readonly #first: readonly (Hex | bigint)[];
  readonly #names = new Map<string, WordName>();
  readonly #order: string[] = [];
  /** Accounts, and assets and instruments, of which all words are named; then steps into the next one. */
  #rows = 0;
  #columns = 0;
  #rowStep = 0;
  #columnStep = 0;
  #left = 0;
  /** Blocks since names were needed, and how often all were dropped. */
  #idle = 0;
  #generation = 0;

  /** @param settlementAsset is known from the beginning */
  constructor(keys: KnownKeys, settlementAsset: Hex) {
    this.#keys = keys;
    this.#first = [settlementAsset, ...PAGES];
  }

  /** Whether every word is named that known keys reach. */
  get isComplete(): boolean {
    return this.#rows === this.#keys.accounts.length && this.#columns === this.#columnCount;
  }

  /** The name of a word; undefined when no known key explains it, or none yet. */
  nameOf(book: ValueBook, slot: Hash): WordName | undefined {
    return FIXED.get(idOf(book, slot)) ?? this.#names.get(idOf(book, slot));
  }

  mark(): NamesMark {
    return {
      ...{ size: this.#order.length, rows: this.#rows, columns: this.#columns },
      ...{ rowStep: this.#rowStep, columnStep: this.#columnStep, idle: this.#idle, generation: this.#generation },
    };
  }

  /** Goes back to a mark, before the keys do. What was dropped since is named again when it is needed. */
  rewind({ size, rows, columns, rowStep, columnStep, idle, generation }: NamesMark): void {
    this.#idle = idle;
    if (generation !== this.#generation) return this.#drop();
    for (const id of this.#order.splice(size)) this.#names.delete(id);
    [this.#rows, this.#columns, this.#rowStep, this.#columnStep] = [rows, columns, rowStep, columnStep];
  }

  /** The names as they are. */
  toImage(): NamesImage {
    const mark = this.mark();
    return { ...this.positionAt(mark), words: this.slice(mark, 0, mark.size) ?? [] };
  }

  /** How far names had come at a mark; nowhere where they were dropped since, as {@link rewind} would leave them. */
  positionAt({ generation, rows, columns, rowStep, columnStep, idle }: NamesMark): Omit<NamesImage, "words"> {
    if (generation !== this.#generation) return { rows: 0, columns: 0, rowStep: 0, columnStep: 0, idle };
    return { rows, columns, rowStep, columnStep, idle };
  }

  /** Some of the names that there were at a mark, in the order in which they came; null where they were dropped since. */
  slice({ generation, size }: NamesMark, from: number, to: number): NamedWord[] | null {
    if (generation !== this.#generation) return null;
    return this.#order.slice(from, Math.min(to, size)).map((id) => ({ ...placeOf(id), ...this.#named(id) }));
  }

  /** Names what an image names, where nothing was named. The keys come first. */
  restore({ rows, columns, rowStep, columnStep, idle, words }: NamesImage): void {
    [this.#rows, this.#columns, this.#rowStep, this.#columnStep] = [rows, columns, rowStep, columnStep];
    this.#idle = idle;
    for (const { book, slot, variable, key, offset } of words) {
      const id = idOf(book, slot);
      this.#names.set(id, { variable, key, offset });
      this.#order.push(id);
    }
  }

  #named(id: string): WordName {
    const name = this.#names.get(id);
    assert(name !== undefined, "what is in the order is named");
    return name;
  }

  /** A block passes that needs no names. When none did for long they are dropped. */
  rest(): void {
    this.#idle += 1;
    if (this.#idle > MAX_IDLE && this.#order.length > 0) this.#drop();
  }

  #drop(): void {
    this.#names.clear();
    this.#order.length = 0;
    [this.#rows, this.#columns, this.#rowStep, this.#columnStep] = [0, 0, 0, 0];
    this.#generation += 1;
  }

  /** Names more words with at most about so many hashes. Returns how many are left. */
  advance(hashes: number): number {
    this.#left = hashes;
    this.#idle = 0;
    while (this.#left > 0 && this.#order.length < MAX_NAMES && !this.isComplete) {
      if (this.#columns < this.#columnCount) this.#nameColumn();
      else this.#nameRow();
    }
    return this.#left;
  }

  get #columnCount(): number {
    return this.#first.length + this.#keys.others.length;
  }

  #columnAt(index: number): Hex | bigint {
    return (this.#first[index] ?? this.#keys.others[index - this.#first.length]) as Hex | bigint;
  }

  /** One more asset or instrument: its own words, then those that it has with one more account. */
  #nameColumn(): void {
    const column = this.#columnAt(this.#columns);
    if (this.#columnStep === 0) {
      // The account that was begun with fewer columns is begun again.
      this.#rowStep = 0;
      for (const { book, variable, keys, base, words } of FAMILIES) {
        if (keys.length === 1 && fits(keys[0] as KeyKind, column) && !this.#isPage(this.#columns)) {
          this.#note(book, this.#hash(base, wordOf(column)), { variable, key: column, offset: 0 }, words);
        }
      }
    } else {
      const account = this.#keys.accounts[this.#columnStep - 1] as Hex;
      for (const family of FAMILIES) this.#nameNested(family, account, this.#columns, this.#columns + 1);
    }
    this.#columnStep += 1;
    if (this.#columnStep <= this.#rows) return;
    this.#columns += 1;
    this.#columnStep = 0;
  }

  /** One more account: its own words, then those that it has with assets and instruments, a variable at a time. */
  #nameRow(): void {
    const account = this.#keys.accounts[this.#rows] as Hex;
    const family = FAMILIES[this.#rowStep] as Family;
    const { book, variable, keys, base, words } = family;
    if (keys.length === 2) this.#nameNested(family, account, 0, this.#columns);
    else if (keys[0] === "bytes32") {
      this.#note(book, this.#hash(base, wordOf(account)), { variable, key: null, offset: 0 }, words);
    }
    this.#rowStep += 1;
    if (this.#rowStep < FAMILIES.length) return;
    this.#rows += 1;
    this.#rowStep = 0;
  }

  /** The words of an account with the columns `from` to `end`. */
  #nameNested({ book, variable, keys, base, words }: Family, account: Hex, from: number, end: number): void {
    const [outer, inner] = keys;
    if (outer !== "bytes32" || inner === undefined) return;
    let nested: Hash | undefined;
    for (let index = from; index < end; index += 1) {
      const column = this.#columnAt(index);
      // Pages are keys of 256 bits, instruments of fewer; no page is tried for an instrument, nor the other way round.
      if (!fits(inner, column) || (inner === 256) !== this.#isPage(index)) continue;
      nested ??= this.#hash(base, wordOf(account));
      this.#note(book, this.#hash(nested, wordOf(column)), { variable, key: column, offset: 0 }, words);
    }
  }

  #note(book: ValueBook, slot: Hash, name: WordName, words: number): void {
    for (let offset = 0; offset < words; offset += 1) {
      const id = idOf(book, offset === 0 ? slot : addSlot(slot, BigInt(offset)));
      if (this.#names.has(id)) continue;
      this.#names.set(id, offset === 0 ? name : { ...name, offset });
      this.#order.push(id);
    }
  }

  #isPage(index: number): boolean {
    return index > 0 && index < this.#first.length;
  }

  #hash(base: Hash, key: KeyWord): Hash {
    this.#left -= 1;
    return hashMappingSlot(base, key);
  }
}

function fixedOf(book: ValueBook, layout: Layout): (readonly [string, WordName])[] {
  return layout.variables
    .filter(({ type }) => typeOf(layout, type).kind !== "mapping")
    .map(({ label, slot }) => [idOf(book, slotOf(slot)), { variable: label, key: null, offset: 0 }]);
}

function fits(kind: KeyKind, key: Hex | bigint): boolean {
  if (typeof key === "bigint") return typeof kind === "number" && BigInt.asUintN(kind, key) === key;
  return kind === "address" && key.length === 42;
}

function wordOf(key: Hex | bigint): KeyWord {
  if (typeof key === "bigint") return uintKey("key", key, 256);
  return key.length === 42 ? addressKey("key", key) : bytesKey("key", key, 32);
}

/** One letter tells the two books apart. */
function idOf(book: ValueBook, slot: Hash): string {
  return book === "CollateralVault" ? slot : `L${slot.slice(2)}`;
}

/** What {@link idOf} was made of. */
function placeOf(id: string): { readonly book: ValueBook; readonly slot: Hash } {
  if (id.startsWith("L")) return { book: "PositionLedger", slot: `0x${id.slice(1)}` };
  return { book: "CollateralVault", slot: id as Hash };
}
