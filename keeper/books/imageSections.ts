import { BOOK_NAMES, type BookName } from "../domain/bookSet.ts";
import { KeeperError } from "../errors/KeeperError.ts";
import { bytesToBigint } from "../lib/bytes.ts";
import { bigintToHex32, bytesToHex, writeHex, type Address, type Hash, type Hex } from "../lib/hex.ts";
import type { TrieImage } from "../trie/compact/TrieImage.ts";
import type { BooksImage, ImageBlock } from "./BooksImage.ts";
import type { KeysImage } from "./KnownKeys.ts";
import type { Answer } from "./Prices.ts";
import type { NamedWord, NamesImage, ValueBook } from "./WordNames.ts";

/** A piece of an image as flat bytes: many make the whole, in the order in which they were made. */
export interface ImageSection {
  readonly kind: number;
  readonly bytes: Uint8Array;
}

/** What the pieces are. Everything else in a file is somebody else's; 0 and 1 are the file's own. */
export const SECTION = { head: 2, words: 3, answers: 4, accounts: 5, others: 6, names: 7 } as const;

/** What an image says before its words. */
export interface ImageHead {
  readonly block: ImageBlock;
  /** In the order of the book set. */
  readonly roots: readonly Hash[];
  readonly unnamed: number;
  readonly names: Omit<NamesImage, "words">;
  /** What the names' words are of: `CollateralVault.balances`. */
  readonly variables: readonly string[];
}

/** Words of one book, by rising key, none of them zero. */
export type Words = readonly (readonly [Hex, bigint])[];

const WORD_SIZE = 32;
const ANSWER_SIZE = 20 + 2 * WORD_SIZE;
const OTHER_SIZE = 1 + WORD_SIZE;
const NAME_SIZE = 2 + 1 + WORD_SIZE + 2 + WORD_SIZE;
const KEY_KINDS = { none: 0, address: 1, number: 2 } as const;
const SIGN = 1n << 255n;

/** The piece that comes first. */
export function headSection(head: ImageHead): ImageSection {
  return { kind: SECTION.head, bytes: new TextEncoder().encode(JSON.stringify(head)) };
}

/** Words of a book: its number, their count, then slots, lengths and minimal bytes as a {@link TrieImage} has them. */
export function wordsSection(book: BookName, words: Words): ImageSection {
  const bytes = new Uint8Array(5 + (2 * WORD_SIZE + 1) * words.length);
  new DataView(bytes.buffer).setUint32(1, words.length);
  bytes[0] = BOOK_NAMES.indexOf(book);
  const lengthsAt = 5 + WORD_SIZE * words.length;
  let end = lengthsAt + words.length;
  for (const [index, [slot, value]] of words.entries()) {
    writeHex(slot, bytes, 5 + WORD_SIZE * index);
    const digits = value.toString(16);
    const length = (digits.length + 1) >> 1;
    bytes[lengthsAt + index] = length;
    writeHex(digits.length % 2 === 0 ? `0x${digits}` : `0x0${digits}`, bytes, end);
    end += length;
  }
  return { kind: SECTION.words, bytes: bytes.subarray(0, end) };
}

/** Answers of feeds: aggregator, answer (two's complement) and time. */
export function answersSection(answers: readonly (readonly [Address, Answer])[]): ImageSection {
  const bytes = new Uint8Array(ANSWER_SIZE * answers.length);
  for (const [index, [aggregator, { answer, updatedAt }]] of answers.entries()) {
    const at = ANSWER_SIZE * index;
    writeHex(aggregator, bytes, at);
    writeHex(bigintToHex32(BigInt.asUintN(256, answer)), bytes, at + 20);
    writeHex(bigintToHex32(updatedAt), bytes, at + 20 + WORD_SIZE);
  }
  return { kind: SECTION.answers, bytes };
}

/** Accounts, 32 bytes each. */
export function accountsSection(accounts: readonly Hex[]): ImageSection {
  const bytes = new Uint8Array(WORD_SIZE * accounts.length);
  for (const [index, account] of accounts.entries()) writeHex(account, bytes, WORD_SIZE * index);
  return { kind: SECTION.accounts, bytes };
}

/** Assets and instruments: which of them, and the value in 32 bytes. */
export function othersSection(others: readonly (Hex | bigint)[]): ImageSection {
  const bytes = new Uint8Array(OTHER_SIZE * others.length);
  for (const [index, key] of others.entries()) writeKey(key, bytes, OTHER_SIZE * index);
  return { kind: SECTION.others, bytes };
}

/** Named words: the variable's number, the key, the offset and the slot. */
export function namesSection(words: readonly NamedWord[], variables: readonly string[]): ImageSection {
  const bytes = new Uint8Array(NAME_SIZE * words.length);
  const view = new DataView(bytes.buffer);
  const numberOf = new Map(variables.map((variable, index) => [variable, index]));
  for (const [index, { book, slot, variable, key, offset }] of words.entries()) {
    const at = NAME_SIZE * index;
    view.setUint16(at, numberOf.get(`${book}.${variable}`) ?? variables.length);
    writeKey(key, bytes, at + 2);
    view.setUint16(at + 2 + OTHER_SIZE, offset);
    writeHex(slot, bytes, at + 4 + OTHER_SIZE);
  }
  return { kind: SECTION.names, bytes };
}

/**
 * The image of its pieces; others are passed over. What no root binds is taken as it is.
 *
 * @throws KeeperError `ImageMalformed`
 */
export function readImage(sections: readonly ImageSection[]): BooksImage {
  const head = readHead(sections);
  const parts = (kind: number): Uint8Array[] => sections.flatMap((one) => (one.kind === kind ? [one.bytes] : []));
  const books = BOOK_NAMES.map((name, index) => {
    const root = head.roots[index];
    if (root === undefined) throw malformed("a book has no root");
    return [name, readTrie(parts(SECTION.words), index, root)] as const;
  });
  return {
    block: head.block,
    books: Object.fromEntries(books) as Record<BookName, TrieImage>,
    answers: parts(SECTION.answers).flatMap((bytes) => rows(bytes, ANSWER_SIZE).map(readAnswer)),
    keys: readKeys(parts(SECTION.accounts), parts(SECTION.others), head.unnamed),
    names: { ...head.names, words: readNames(parts(SECTION.names), head.variables) },
  };
}

function readHead(sections: readonly ImageSection[]): ImageHead {
  const head = sections.find(({ kind }) => kind === SECTION.head);
  if (head === undefined) throw malformed("it has no head");
  return JSON.parse(new TextDecoder().decode(head.bytes)) as ImageHead;
}

/** One book's words of all pieces, one after the other. */
function readTrie(parts: readonly Uint8Array[], book: number, root: Hash): TrieImage {
  const own = parts.filter((bytes) => bytes[0] === book).map((bytes) => piecesOf(bytes));
  const join = (arrays: readonly Uint8Array[]): Uint8Array => {
    const joined = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      joined.set(array, at);
      at += array.length;
    }
    return joined;
  };
  return {
    root,
    slots: join(own.map(({ slots }) => slots)),
    lengths: join(own.map(({ lengths }) => lengths)),
    words: join(own.map(({ words }) => words)),
  };
}

function piecesOf(bytes: Uint8Array): Pick<TrieImage, "slots" | "lengths" | "words"> {
  if (bytes.length < 5) throw malformed("a piece of words is cut");
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  const lengthsAt = 5 + WORD_SIZE * count;
  if (lengthsAt + count > bytes.length) throw malformed("a piece of words is cut");
  return {
    slots: bytes.subarray(5, lengthsAt),
    lengths: bytes.subarray(lengthsAt, lengthsAt + count),
    words: bytes.subarray(lengthsAt + count),
  };
}

function readKeys(accounts: readonly Uint8Array[], others: readonly Uint8Array[], unnamed: number): KeysImage {
  return {
    accounts: accounts.flatMap((bytes) => rows(bytes, WORD_SIZE).map(bytesToHex)),
    others: others.flatMap((bytes) => rows(bytes, OTHER_SIZE).map((row) => someKey(readKey(row)))),
    unnamed,
  };
}

function readNames(parts: readonly Uint8Array[], variables: readonly string[]): NamedWord[] {
  return parts.flatMap((bytes) =>
    rows(bytes, NAME_SIZE).map((row) => {
      const view = new DataView(row.buffer, row.byteOffset);
      const [book, variable] = (variables[view.getUint16(0)] ?? "").split(".");
      if (variable === undefined) throw malformed("a name is of no variable");
      const offset = view.getUint16(2 + OTHER_SIZE);
      const slot = bytesToHex(row.subarray(4 + OTHER_SIZE));
      return { book: book as ValueBook, slot, variable, key: readKey(row.subarray(2, 2 + OTHER_SIZE)), offset };
    }),
  );
}

function readAnswer(row: Uint8Array): readonly [Address, Answer] {
  const answer = bytesToBigint(row.subarray(20, 20 + WORD_SIZE));
  const updatedAt = bytesToBigint(row.subarray(20 + WORD_SIZE));
  return [bytesToHex(row.subarray(0, 20)), { answer: answer < SIGN ? answer : answer - 2n * SIGN, updatedAt }];
}

function writeKey(key: Hex | bigint | null, bytes: Uint8Array, at: number): void {
  if (key === null) return;
  bytes[at] = typeof key === "bigint" ? KEY_KINDS.number : KEY_KINDS.address;
  if (typeof key === "bigint") writeHex(bigintToHex32(key), bytes, at + 1);
  else writeHex(key, bytes, at + 1 + WORD_SIZE - (key.length - 2) / 2);
}

function readKey(row: Uint8Array): Hex | bigint | null {
  if (row[0] === KEY_KINDS.none) return null;
  return row[0] === KEY_KINDS.number ? bytesToBigint(row.subarray(1)) : bytesToHex(row.subarray(1 + WORD_SIZE - 20));
}

function someKey(key: Hex | bigint | null): Hex | bigint {
  if (key === null) throw malformed("a key is none");
  return key;
}

function rows(bytes: Uint8Array, size: number): Uint8Array[] {
  if (bytes.length % size !== 0) throw malformed("a piece is cut");
  return Array.from({ length: bytes.length / size }, (_, index) => bytes.subarray(size * index, size * (index + 1)));
}

function malformed(reason: string): KeeperError {
  return new KeeperError("ImageMalformed", `this is no image of books: ${reason}`, { reason });
}
