import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { hexToBytes, type Address, type Hash, type Hex } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import type { StorageTrie, TrieEntry } from "../trie/StorageTrie.ts";
import type { Overwritten } from "./Books.ts";
import { sortAnswers, type ImageBlock } from "./BooksImage.ts";
import {
  accountsSection,
  answersSection,
  headSection,
  namesSection,
  othersSection,
  wordsSection,
  type ImageSection,
  type Words,
} from "./imageSections.ts";
import type { KeyMark, KnownKeys } from "./KnownKeys.ts";
import type { Answer } from "./Prices.ts";
import { NAMED_VARIABLES, type NamesMark, type WordNames } from "./WordNames.ts";

/** Books that go on while they are exported as they were at one of their blocks. */
export interface ExportSource {
  readonly block: ImageBlock;
  /** The books' roots there, in the order of the book set. */
  readonly roots: readonly Hash[];
  readonly tries: Readonly<Record<BookName, StorageTrie>>;
  readonly known: KnownKeys;
  readonly names: WordNames;
  readonly answers: ReadonlyMap<Address, Answer>;
  /** What was known and named there. */
  readonly keysMark: KeyMark;
  readonly namesMark: NamesMark;
  /** The books' newest block, by identity, and what was written since the exported one; null when that was taken back. */
  readonly since: () => { readonly newest: unknown; readonly overwritten: () => Overwritten } | null;
}

/** So many words, keys or names make a piece: some milliseconds of work, and of the trie as many as a prefix has. */
const PIECE = 512;
const MAX_PREFIX = 5;

/** Words of one book that blocks above have written, as they were before, by the first nibbles of their keys. */
type Earlier = ReadonlyMap<string, readonly TrieEntry[]>;

/**
 * The pieces of the books' image at a block that they hold. Between two pieces the books may go on: each piece shows the words
 * as they were at the block, whatever was written since.
 *
 * @throws KeeperError `SnapshotOvertaken` when the block was taken back in between
 */
export function* exportBooks(source: ExportSource): Generator<ImageSection, void> {
  const { block, roots, tries, known, names, keysMark, namesMark } = source;
  const position = names.positionAt(namesMark);
  const { unnamed } = keysMark;
  const nameCount = names.slice(namesMark, 0, 0) === null ? 0 : namesMark.size;
  yield headSection({ block, roots, unnamed, names: position, variables: NAMED_VARIABLES });
  const history = new History(source);
  for (const book of BOOK_NAMES) {
    const trie = tries[book];
    const depth = prefixLength(trie.size);
    for (const prefix of prefixesOf(depth)) {
      const words = wordsUnder(trie, prefix, history.earlier(book, depth));
      if (words.length > 0) yield wordsSection(book, words);
    }
  }
  for (const answers of piecesOf(history.answers())) yield answersSection(answers);
  for (let at = 0; at < keysMark.accounts; at += PIECE) {
    history.check();
    yield accountsSection(known.accounts.slice(at, Math.min(at + PIECE, keysMark.accounts)));
  }
  for (let at = 0; at < keysMark.others; at += PIECE) {
    history.check();
    yield othersSection(known.others.slice(at, Math.min(at + PIECE, keysMark.others)));
  }
  for (let at = 0; at < nameCount; at += PIECE) {
    history.check();
    const words = names.slice(namesMark, at, Math.min(at + PIECE, nameCount));
    if (words === null) throw overtaken(block);
    yield namesSection(words, NAMED_VARIABLES);
  }
}

/** What was written since the exported block, looked up again whenever the books have gone on. */
class History {
  readonly #source: ExportSource;
  #newest: unknown = null;
  #overwritten: Overwritten | null = null;
  readonly #earlier = new Map<BookName, { readonly depth: number; readonly words: Earlier }>();

  constructor(source: ExportSource) {
    this.#source = source;
  }

  /** Throws when the exported block was taken back. */
  check(): Overwritten {
    const since = this.#source.since();
    if (since === null) throw overtaken(this.#source.block);
    if (this.#overwritten === null || since.newest !== this.#newest) {
      this.#newest = since.newest;
      this.#overwritten = since.overwritten();
      this.#earlier.clear();
    }
    return this.#overwritten;
  }

  earlier(book: BookName, depth: number): Earlier {
    const { words } = this.check();
    const found = this.#earlier.get(book);
    if (found?.depth === depth) return found.words;
    const sorted = byPrefix(words.get(book) ?? [], depth);
    this.#earlier.set(book, { depth, words: sorted });
    return sorted;
  }

  answers(): (readonly [Address, Answer])[] {
    const answers = new Map(this.#source.answers);
    for (const [aggregator, answer] of this.check().answers) {
      if (answer === undefined) answers.delete(aggregator);
      else answers.set(aggregator, answer);
    }
    return sortAnswers(answers);
  }
}

function byPrefix(words: Iterable<readonly [Hash, bigint]>, depth: number): Earlier {
  const byPrefix = new Map<string, TrieEntry[]>();
  for (const [slot, value] of words) {
    const hashedSlot = keccak256Hex(hexToBytes(slot));
    const prefix = hashedSlot.slice(2, 2 + depth);
    const entry = { slot, hashedSlot, value };
    const entries = byPrefix.get(prefix);
    if (entries === undefined) byPrefix.set(prefix, [entry]);
    else entries.push(entry);
  }
  return byPrefix;
}

/** Words of a trie whose keys start with these nibbles, with those of them that were other words before. */
function wordsUnder(trie: StorageTrie, prefix: readonly number[], earlier: Earlier): Words {
  const before = earlier.get(prefix.map((nibble) => nibble.toString(16)).join("")) ?? [];
  const words: (readonly [Hex, bigint])[] = [];
  if (before.length === 0) {
    for (const { slot, value } of trie.entriesUnder(prefix)) words.push([slot, value]);
    return words;
  }
  const entries = new Map<Hash, TrieEntry>();
  for (const entry of trie.entriesUnder(prefix)) entries.set(entry.hashedSlot, entry);
  for (const entry of before) entries.set(entry.hashedSlot, entry);
  const kept = [...entries.values()].filter(({ value }) => value !== 0n);
  return kept
    .sort((one, other) => (one.hashedSlot < other.hashedSlot ? -1 : 1))
    .map(({ slot, value }) => [slot, value]);
}

/** Nibbles of a prefix under which about a piece of so many words lies. */
function prefixLength(size: number): number {
  let length = 0;
  while (length < MAX_PREFIX && size > PIECE * 16 ** length) length += 1;
  return length;
}

function* prefixesOf(length: number): Generator<readonly number[]> {
  for (let index = 0; index < 16 ** length; index += 1) {
    yield Array.from({ length }, (_, place) => (index >> (4 * (length - 1 - place))) & 15);
  }
}

function* piecesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += PIECE) yield items.slice(at, at + PIECE);
}

function overtaken({ number, hash }: ImageBlock): KeeperError {
  const message = `block ${number} was taken back while its snapshot was written`;
  return new KeeperError("SnapshotOvertaken", message, { number, hash });
}
