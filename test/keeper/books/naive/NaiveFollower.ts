import { id, toQuantity, ZeroHash } from "ethers";

import { Derivation } from "../../../../keeper/books/naive/Derivation.ts";
import { deriveNaively } from "../../../../keeper/books/naive/deriveNaively.ts";
import { naiveRootAfter } from "../../../../keeper/books/naive/naiveRootAfter.ts";
import type { NaiveInput, NaiveProblem, NaiveResult } from "../../../../keeper/books/naive/naiveTypes.ts";
import { verifyHeader } from "../../../../keeper/chain/verify/header.ts";
import { verifyReceipts } from "../../../../keeper/chain/verify/receipts.ts";
import { BOOK_NAMES, type BookName } from "../../../../keeper/domain/bookSet.ts";
import type { VerifiedLog } from "../../../../keeper/domain/VerifiedLog.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { addressesOf, readImmutables } from "../BooksFollower.ts";

const ANSWER_UPDATED = id("AnswerUpdated(int256,uint256,uint256)");

/** A block as it was derived: enough to derive it again with something changed. */
export interface Followed {
  readonly input: NaiveInput;
  readonly result: NaiveResult;
}

/** The addresses and immutables of a deployment, lower case. */
export async function readContext(system: Lockstep): Promise<Pick<NaiveInput, "addresses" | "immutables">> {
  return { addresses: addressesOf(system), immutables: await readImmutables(system) };
}

/** Follows a chain block by block with the naive derivation, its words and prices in plain maps. */
export class NaiveFollower {
  readonly #system: Lockstep;
  readonly #context: Pick<NaiveInput, "addresses" | "immutables">;
  #words = new Map<BookName, Map<Hash, bigint>>(BOOK_NAMES.map((name) => [name, new Map<Hash, bigint>()]));
  #prices = new Map<Address, { answer: bigint; updatedAt: bigint }>();
  readonly #accounts = new Set<Hash>();
  readonly #roots = new Map<BookName, Hash>();
  #next = 0;
  /** Every block since the first, with what was derived from it. */
  readonly followed: Followed[] = [];
  /** Problems of all blocks. */
  readonly problems: NaiveProblem[] = [];
  /** Books whose derived root was not the chain's, with their block. */
  readonly mismatches: { readonly number: number; readonly book: BookName }[] = [];

  constructor(system: Lockstep, context: Pick<NaiveInput, "addresses" | "immutables">) {
    this.#system = system;
    this.#context = context;
  }

  /** Derives the block without keeping the result. */
  async derive(number: number): Promise<Followed> {
    const { provider } = this.#system.ethers;
    const block = (await provider.send("eth_getBlockByNumber", [toQuantity(number), false])) as {
      hash: Hash;
      transactions: string[];
    };
    const header = verifyHeader(block, block.hash);
    const receipts: unknown[] = [];
    for (const hash of block.transactions) receipts.push(await provider.send("eth_getTransactionReceipt", [hash]));
    const logs = verifyReceipts(receipts, header.receiptsRoot);
    this.#see(logs);
    const words = new Map([...this.#words].map(([book, ofBook]) => [book, new Map(ofBook)] as const));
    const prices = new Map(this.#prices);
    const input: NaiveInput = {
      ...this.#context,
      block: { number, hash: block.hash, timestamp: header.timestamp, logs },
      read: (book, slot) => words.get(book)!.get(slot) ?? 0n,
      priceBefore: (aggregator) => prices.get(aggregator),
      accounts: [...this.#accounts],
    };
    return { input, result: deriveNaively(input) };
  }

  /** The books after the last block that was followed, at a time. */
  stateAt(timestamp: number): Derivation {
    const block = { number: this.#next, hash: ZeroHash as Hash, timestamp, logs: [] };
    return new Derivation({
      ...this.#context,
      block,
      read: (book, slot) => this.#words.get(book)!.get(slot) ?? 0n,
      priceBefore: (aggregator) => this.#prices.get(aggregator),
    });
  }

  /** The words of a book after the last block that was followed. */
  wordsOf(book: BookName): ReadonlyMap<Hash, bigint> {
    return this.#words.get(book)!;
  }

  /** Derives and keeps every block up to the head, and compares every root with the chain's. */
  async follow(): Promise<void> {
    const head = await this.#system.ethers.provider.getBlockNumber();
    for (; this.#next <= head; this.#next += 1) {
      const followed = await this.derive(this.#next);
      const { input, result } = followed;
      this.followed.push(followed);
      this.problems.push(...result.problems);
      for (const book of BOOK_NAMES) await this.#compare(book, input, result);
      this.#keep(followed);
    }
  }

  async #compare(book: BookName, { block, addresses }: NaiveInput, { writes }: NaiveResult): Promise<void> {
    const selector = [addresses[book], [], { blockHash: block.hash }];
    const proof = (await this.#system.ethers.provider.send("eth_getProof", selector)) as { storageHash: Hash };
    const written = writes.get(book);
    const before = this.#roots.get(book);
    // Where nothing was written the root is the one before: to hash all words again would not make it another one.
    const isSame = written === undefined && before !== undefined;
    const root = isSame ? before : naiveRootAfter(this.#words.get(book)!, written ?? new Map<Hash, bigint>());
    this.#roots.set(book, root);
    if (root !== proof.storageHash) this.mismatches.push({ number: block.number, book });
  }

  /** Remembers what may be an account: an indexed word whose upper 20 bytes are not empty. */
  #see(logs: readonly VerifiedLog[]): void {
    const { PositionLedger, CollateralVault } = this.#context.addresses;
    for (const { address, topics } of logs) {
      if (address !== PositionLedger && address !== CollateralVault) continue;
      for (const topic of topics.slice(1)) if (BigInt(topic) >> 96n !== 0n) this.#accounts.add(topic);
    }
  }

  #keep({ input, result }: Followed): void {
    for (const [book, ofBook] of result.writes) {
      for (const [slot, word] of ofBook) this.#words.get(book)!.set(slot, word);
    }
    for (const { address, topics, data } of input.block.logs) {
      if (topics[0] !== ANSWER_UPDATED) continue;
      this.#prices.set(address, { answer: BigInt.asIntN(256, BigInt(topics[1]!)), updatedAt: BigInt(data) });
    }
  }
}
