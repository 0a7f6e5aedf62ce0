import { readPlace, word32, type Place } from "../../keeper/books/naive/words.ts";
import type { NaivePrice } from "../../keeper/books/naive/naiveTypes.ts";
import { BOOK_NAMES, type BookAddresses, type BookName } from "../../keeper/domain/bookSet.ts";
import { bigintToBytes, bytesToBigint } from "../../keeper/lib/bytes.ts";
import { hexToBytes, type Address, type Hash, type Hex } from "../../keeper/lib/hex.ts";
import { keccak256, keccak256Hex } from "../../keeper/lib/keccak.ts";
import { encodeRlp, readRlpPrefix } from "../../keeper/lib/rlp.ts";
import { EMPTY_ROOT } from "../../keeper/trie/nodeEncoding.ts";
import { Trie } from "./Trie.ts";

/** An externally owned account. */
export interface KeyAccount {
  readonly nonce: number;
  /** Wei. */
  readonly balance: bigint;
}

/** Words that a block writes, by book and slot; zero clears. */
export type Writes = ReadonlyMap<BookName, ReadonlyMap<Hash, bigint>>;

const EMPTY_CODE = keccak256Hex(new Uint8Array());
/** Of slots and addresses: there are few of them, and each is asked for over and over. */
const HASHED = new Map<string, Uint8Array>();
const MAX_HASHED = 100_000;

function hashOf(preimage: Hex): Uint8Array {
  let hashed = HASHED.get(preimage);
  if (hashed !== undefined) return hashed;
  if (HASHED.size >= MAX_HASHED) HASHED.clear();
  HASHED.set(preimage, (hashed = keccak256(hexToBytes(preimage))));
  return hashed;
}

/** The state of one block: words of the book contracts, code, and the keepers' own accounts. It never changes. */
export class State {
  readonly storage: Readonly<Record<BookName, Trie>>;
  readonly codeHashes: Readonly<Record<BookName, Hash>>;
  readonly keys: ReadonlyMap<Address, KeyAccount>;
  /** Newest answers of price feeds. */
  readonly answers: ReadonlyMap<Address, NaivePrice>;
  readonly #addresses: BookAddresses;
  readonly #accounts: Trie;

  private constructor(parts: {
    readonly addresses: BookAddresses;
    readonly storage: Readonly<Record<BookName, Trie>>;
    readonly codeHashes: Readonly<Record<BookName, Hash>>;
    readonly keys: ReadonlyMap<Address, KeyAccount>;
    readonly answers: ReadonlyMap<Address, NaivePrice>;
    readonly accounts: Trie;
  }) {
    this.storage = parts.storage;
    this.codeHashes = parts.codeHashes;
    this.keys = parts.keys;
    this.answers = parts.answers;
    this.#addresses = parts.addresses;
    this.#accounts = parts.accounts;
  }

  /** The state that a chain begins with. */
  static create(
    addresses: BookAddresses,
    codeHashes: Readonly<Record<BookName, Hash>>,
    keys: ReadonlyMap<Address, KeyAccount>,
    words: Writes,
    answers: ReadonlyMap<Address, NaivePrice>,
  ): State {
    const storage = Object.fromEntries(BOOK_NAMES.map((name) => [name, Trie.EMPTY])) as Record<BookName, Trie>;
    const empty = new State({ addresses, storage, codeHashes, keys: new Map(), answers, accounts: Trie.EMPTY });
    // Each account is entered once, whether it has words or not.
    const all = new Map(BOOK_NAMES.map((name) => [name, words.get(name) ?? new Map<Hash, bigint>()]));
    return empty.with({ writes: all, keys, codeHashes });
  }

  /** The state after changes; what is not named stays. */
  with(changes: {
    readonly writes?: Writes;
    readonly keys?: ReadonlyMap<Address, KeyAccount>;
    readonly answers?: ReadonlyMap<Address, NaivePrice>;
    readonly codeHashes?: Readonly<Record<BookName, Hash>>;
  }): State {
    const storage = { ...this.storage };
    const codeHashes = changes.codeHashes ?? this.codeHashes;
    const touched = new Set<BookName>(BOOK_NAMES.filter((name) => codeHashes[name] !== this.codeHashes[name]));
    for (const [book, words] of changes.writes ?? []) {
      touched.add(book);
      for (const [slot, value] of words) {
        const rlp = value === 0n ? null : encodeRlp(bigintToBytes(value));
        storage[book] = storage[book].with(hashOf(slot), rlp);
      }
    }
    let accounts = this.#accounts;
    for (const book of touched) {
      const account = [1n, 0n, storage[book].root(), codeHashes[book]] as const;
      accounts = accounts.with(hashOf(this.#addresses[book]), encodeAccount(...account));
    }
    for (const [address, { nonce, balance }] of changes.keys ?? []) {
      accounts = accounts.with(hashOf(address), encodeAccount(BigInt(nonce), balance, EMPTY_ROOT, EMPTY_CODE));
    }
    return new State({
      ...{ addresses: this.#addresses, storage, codeHashes, accounts },
      keys: changes.keys === undefined ? this.keys : new Map([...this.keys, ...changes.keys]),
      answers: changes.answers === undefined ? this.answers : new Map([...this.answers, ...changes.answers]),
    });
  }

  get root(): Hash {
    return this.#accounts.root();
  }

  /** Storage roots of the books, in set order. */
  get roots(): Hash[] {
    return BOOK_NAMES.map((name) => this.storage[name].root());
  }

  read(book: BookName, slot: Hash): bigint {
    const rlp = this.storage[book].get(hashOf(slot));
    return rlp === null ? 0n : bytesToBigint(payloadOf(rlp));
  }

  /** A field of a word. */
  value(place: Place): bigint {
    return readPlace(this.read(place.book, place.slot), place);
  }

  /** `eth_getProof` of an address: its account, and words of it where it is a book. */
  prove(address: Address, slots: readonly Hash[]): Readonly<Record<string, unknown>> {
    const book = BOOK_NAMES.find((name) => this.#addresses[name] === address);
    const storageProof = slots.map((slot) => ({
      key: slot,
      value: `0x${(book === undefined ? 0n : this.read(book, slot)).toString(16)}`,
      proof: book === undefined ? [] : this.storage[book].prove(hashOf(word32(BigInt(slot)))),
    }));
    return { address, accountProof: this.#accounts.prove(hashOf(address)), storageProof };
  }
}

/** Source: Yellow Paper, 4.1. */
function encodeAccount(nonce: bigint, balance: bigint, storageRoot: Hash, codeHash: Hash): Uint8Array {
  return encodeRlp([bigintToBytes(nonce), bigintToBytes(balance), hexToBytes(storageRoot), hexToBytes(codeHash)]);
}

function payloadOf(rlp: Uint8Array): Uint8Array {
  const { start, end } = readRlpPrefix(rlp, 0, rlp.length);
  return rlp.subarray(start, end);
}
