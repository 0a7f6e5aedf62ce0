import type { Candidates } from "./nameDifferences.ts";
import type { BookLog, Books } from "../books/Books.ts";
import { TOPICS } from "../books/generated/OrderSettlement.ts";
import { TOPICS as LEDGER_TOPICS } from "../books/generated/PositionLedger.ts";
import { fundAccountOf } from "../books/reducers/PositionLedger.ts";
import type { BookName } from "../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";

/** Lanes remembered: every account's slots are looked for in each of them, so that only the newest can be kept. */
const MAX_LANES = 256;
/** People and words remembered, the newest of each. */
const MAX_KEYS = 4_096;
/** Words of a contract's own storage that are looked through for addresses. */
const MAX_STORED = 1_024;
/** An id of an instrument or a collateral has four hexadecimal digits at most; any other word is an address. */
const SMALL_WORD = /^0x0{60}/;
const REPAIRED: Hash = LEDGER_TOPICS.WordRepaired;
const WORD = /^0x[0-9a-f]{64}$/;

/**
 * Mapping keys that may name a slot, beyond the accounts, assets and instruments that the books know themselves: feeds and ids of
 * collateral, keepers with their keys, lanes, and words that the sync contracts have logged. What was seen before the books
 * began with a snapshot is not among them; people are then found in the words of their contract.
 */
export class SeenKeys {
  readonly #books: Books;
  readonly #feeds = new Set<Hex>();
  /** Keepers, their keys and owners, and challengers. */
  readonly #people = new Set<Hex>();
  readonly #numbers = new Set<bigint>();
  readonly #lanes = new Set<bigint>();
  readonly #words = new Set<Hash>();

  constructor(books: Books) {
    this.#books = books;
  }

  /** Remembers the keys in a log: most are its indexed fields. */
  see(log: BookLog): void {
    const { address, topics } = log;
    const [topic0, first] = topics;
    // A repair names a slot, which is a hash already.
    if (first === undefined || topic0 === REPAIRED) return;
    const { addresses } = this.#books;
    if (address === addresses.LiquidationAuction) this.#seeItem(topics.at(-1));
    else if (address === addresses.InstrumentRegistry || address === addresses.PriceOracle) {
      for (const topic of topics.slice(1)) this.#seeItem(topic);
    } else if (address === addresses.OrderSettlement) this.#seeLane(log);
    else if (address === addresses.KeeperRegistry || address === addresses.SyncGuard) {
      remember(this.#words, first, MAX_KEYS);
      for (const topic of topics.slice(1)) remember(this.#people, addressIn(topic), MAX_KEYS);
    }
  }

  /**
   * What may stand in a mapping's path of a contract, but for the accounts; `words` are those of the divergent blocks'
   * transactions and logs, and may be an account, or an address in the lower 20 bytes.
   */
  candidates(contract: BookName, words: readonly Hash[]): Candidates {
    const { items, immutables, addresses: contracts } = this.#books;
    const assets = items.filter((item) => typeof item === "string");
    const instruments = items.filter((item) => typeof item === "bigint");
    const isRegistry = contract === "KeeperRegistry";
    const addresses = isRegistry
      ? [...this.#people, ...this.#stored(contract)]
      : [immutables.settlementAsset, ...assets, ...this.#feeds];
    return {
      accounts: [fundAccountOf(contracts.InsuranceFund), ...words],
      addresses: [...new Set([...addresses, ...words.map(addressIn)])],
      words: [...new Set([...this.#words, ...words])],
      numbers: [...new Set([...instruments, ...this.#numbers, 0n, 1n, 2n, 3n])],
      lanes: [...this.#lanes],
    };
  }

  /** Addresses that a contract's words hold. */
  #stored(contract: BookName): Address[] {
    const found = new Set<Address>();
    let count = 0;
    for (const [, word] of this.#books.trie(contract).slots()) {
      if (count === MAX_STORED) break;
      count += 1;
      found.add(`0x${BigInt.asUintN(160, word).toString(16).padStart(40, "0")}`);
    }
    return [...found];
  }

  #seeItem(item: Hash | undefined): void {
    if (item === undefined) return;
    if (SMALL_WORD.test(item)) this.#numbers.add(BigInt(item));
    else remember(this.#feeds, addressIn(item), MAX_KEYS);
  }

  /** Of a fill and of a cancellation alike, the lane is the first word that is not indexed. */
  #seeLane({ topics, data }: BookLog): void {
    if (topics[0] !== TOPICS.OrderFilled && topics[0] !== TOPICS.OrderCancelled) return;
    const word = data.slice(0, 66);
    if (WORD.test(word)) remember(this.#lanes, BigInt(word), MAX_LANES);
  }
}

/** Adds a key, again at the end of the order in which they are forgotten. */
function remember<Key>(keys: Set<Key>, key: Key, max: number): void {
  keys.delete(key);
  keys.add(key);
  const [oldest] = keys;
  if (keys.size > max && oldest !== undefined) keys.delete(oldest);
}

function addressIn(word: Hash): Address {
  return `0x${word.slice(26)}`;
}
