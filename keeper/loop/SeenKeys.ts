import type { Candidates } from "./nameDifferences.ts";
import type { BookLog } from "../books/Books.ts";
import type { BookAddresses, Immutables } from "../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";

/** Order hashes remembered: each fill brings two, so that only the newest can be kept. */
const MAX_ORDERS = 20_000;
const ENTRY_TOPIC_ACCOUNT = 2;
const WORD = /^0x[0-9a-f]{64}$/;

/** Mapping keys that the logs of the book contracts have shown: what may name a slot later. */
export class SeenKeys {
  readonly accounts = new Set<Hash>();
  readonly #addresses: Set<Hex>;
  readonly #numbers = new Set<bigint>();
  readonly #orders = new Set<Hash>();
  readonly #words = new Set<Hash>();
  readonly #books: BookAddresses;

  constructor(books: BookAddresses, { settlementAsset }: Immutables) {
    this.#books = books;
    this.#addresses = new Set([...Object.values(books), settlementAsset]);
  }

  /** Remembers the indexed fields of a log. */
  see({ address, topics }: BookLog): void {
    const [, first, second] = topics;
    if (first === undefined) return;
    const books = this.#books;
    if (address === books.PositionLedger) this.#seeAccount(topics[ENTRY_TOPIC_ACCOUNT]);
    else if (address === books.CollateralVault) this.#addresses.add(addressIn(second ?? first));
    else if (address === books.InstrumentRegistry || address === books.PriceOracle) this.#numbers.add(BigInt(first));
    else if (address === books.OrderSettlement) this.#seeOrder(first);
    else if (address === books.KeeperRegistry || address === books.SyncGuard) {
      this.#words.add(first);
      for (const topic of topics.slice(1)) this.#addresses.add(addressIn(topic));
    }
  }

  /** What may stand in a mapping's path; `extraWords` are words of the divergent block's transactions. */
  candidates(extraWords: Iterable<Hash>): Candidates {
    const accounts = new Set(this.accounts);
    const addresses = new Set(this.#addresses);
    const words = new Set([...this.#words, ...this.#orders]);
    for (const word of extraWords) {
      // A word may be an account, or an address in the lower 20 bytes.
      accounts.add(word);
      words.add(word);
      addresses.add(addressIn(word));
    }
    return { accounts: [...accounts], addresses: [...addresses], words: [...words], numbers: [...this.#numbers] };
  }

  #seeAccount(account: Hash | undefined): void {
    if (account !== undefined && WORD.test(account)) this.accounts.add(account);
  }

  #seeOrder(order: Hash): void {
    this.#orders.add(order);
    const [oldest] = this.#orders;
    if (this.#orders.size > MAX_ORDERS && oldest !== undefined) this.#orders.delete(oldest);
  }
}

function addressIn(word: Hash): Address {
  return `0x${word.slice(26)}`;
}
