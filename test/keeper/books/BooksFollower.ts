import { toQuantity } from "ethers";

import type { BookBlock } from "../../../keeper/books/BookBlock.ts";
import { Books } from "../../../keeper/books/Books.ts";
import { verifyHeader } from "../../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../../keeper/chain/verify/receipts.ts";
import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../../../keeper/domain/bookSet.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { bigintToHex32, type Hash } from "../../../keeper/lib/hex.ts";
import { readImmutables as readImmutablesOver } from "../../../testing/readImmutables.ts";
import { rpcOver } from "../../../testing/Rpc.ts";
import type { Lockstep } from "../../fixtures/deployLockstep.ts";

/** What the contracts of a deployment hold in their code. */
export function readImmutables(system: Lockstep): Promise<Immutables> {
  return readImmutablesOver(rpcOver(system.connection.provider), addressesOf(system));
}

/** The book contracts of a deployment, lower case. */
export function addressesOf({ books }: Lockstep): BookAddresses {
  const pairs = BOOK_NAMES.map((name, index) => [name, books[index]!.toLowerCase()] as const);
  return Object.fromEntries(pairs) as BookAddresses;
}

/** A word that something past all code changed, on the chain and in the books. */
export type Poke = readonly [book: BookName, slot: Hash, value: bigint];

/** One block of a recorded chain: what was changed before it past all code, and the chain's roots after it. */
export interface RecordedBlock {
  readonly pokes: readonly Poke[];
  readonly block: BookBlock;
  /** In the order of the book set. */
  readonly roots: readonly Hash[];
}

/** Books alone on an in-process chain, from its genesis: every block applied, every root compared with the chain's. */
export class BooksFollower {
  readonly books: Books;
  readonly #system: Lockstep;
  #next = 0;
  /** Of all blocks so far, in words. */
  readonly findings: Finding[] = [];
  /** Of every log so far. */
  readonly topics = new Set<Hash>();
  /** Every block so far, to be applied again. */
  readonly recorded: RecordedBlock[] = [];
  #pokes: Poke[] = [];
  /** Books whose root was not the chain's, with their block. */
  readonly mismatches: { readonly number: number; readonly book: BookName }[] = [];

  private constructor(system: Lockstep, immutables: Immutables) {
    this.#system = system;
    this.books = new Books({ addresses: addressesOf(system), immutables });
  }

  static async open(system: Lockstep): Promise<BooksFollower> {
    return new BooksFollower(system, await readImmutables(system));
  }

  /** Applies and compares every block up to the head; returns what was found in them. */
  async follow(): Promise<Finding[]> {
    const found = this.findings.length;
    const head = await this.#system.ethers.provider.getBlockNumber();
    for (; this.#next <= head; this.#next += 1) {
      const block = await this.read(this.#next);
      this.findings.push(...this.books.apply(block));
      for (const { topics } of block.logs) this.topics.add(topics[0]!);
      const roots: Hash[] = [];
      for (const book of BOOK_NAMES) roots.push(await this.#compare(book, block));
      this.recorded.push({ pokes: this.#pokes, block, roots });
      this.#pokes = [];
    }
    return this.findings.slice(found);
  }

  /** A block of the chain as the books take it in. */
  async read(number: number): Promise<BookBlock> {
    const { provider } = this.#system.ethers;
    const block = (await provider.send("eth_getBlockByNumber", [toQuantity(number), false])) as {
      hash: Hash;
      parentHash: Hash;
      transactions: string[];
    };
    const header = verifyHeader(block, block.hash);
    const receipts: unknown[] = [];
    for (const hash of block.transactions) receipts.push(await provider.send("eth_getTransactionReceipt", [hash]));
    const logs = verifyReceipts(receipts, header.receiptsRoot);
    return { number, hash: block.hash, parentHash: block.parentHash, timestamp: header.timestamp, logs };
  }

  /** Writes words past all code, on the chain and in the books. The blocks so far must have been followed. */
  async poke(pokes: readonly Poke[]): Promise<void> {
    for (const [book, slot, value] of pokes) {
      await this.setOnChain(book, slot, value);
      this.books.trie(book).set(slot, value);
    }
    this.#pokes.push(...pokes);
  }

  /** Writes a word past all code on the chain only, which is then not what the books have. */
  async setOnChain(book: BookName, slot: Hash, value: bigint): Promise<void> {
    const selector = [this.books.addresses[book], slot, bigintToHex32(value)];
    await this.#system.ethers.provider.send("hardhat_setStorageAt", selector);
  }

  async #compare(book: BookName, { number, hash }: BookBlock): Promise<Hash> {
    const selector = [this.books.addresses[book], [], { blockHash: hash }];
    const proof = (await this.#system.ethers.provider.send("eth_getProof", selector)) as { storageHash: Hash };
    if (this.books.root(book) !== proof.storageHash) this.mismatches.push({ number, book });
    return proof.storageHash;
  }
}
