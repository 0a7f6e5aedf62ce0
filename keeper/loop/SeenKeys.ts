import type { Candidates } from "./nameDifferences.ts";
import type { BookLog } from "../books/Books.ts";
import { TOPICS } from "../books/generated/OrderSettlement.ts";
import { TOPICS as LEDGER_TOPICS } from "../books/generated/PositionLedger.ts";
import { fundAccountOf } from "../books/reducers/PositionLedger.ts";
import type { BookAddresses, BookName, Immutables } from "../domain/bookSet.ts";
import type { Address, Hash, Hex } from "../lib/hex.ts";

/** Lanes remembered: every account's slots are looked for in each of them, so that only the newest can be kept. */
const MAX_LANES = 256;
/** An id of an instrument or a collateral has four hexadecimal digits at most; any other word is an address. */
const SMALL_WORD = /^0x0{60}/;
const REPAIRED: Hash = LEDGER_TOPICS.WordRepaired;
const WORD = /^0x[0-9a-f]{64}$/;

/** Mapping keys that the logs of the book contracts have shown: what may name a slot later. */
export class SeenKeys {
  readonly accounts = new Set<Hash>();
  readonly #assets: Set<Hex>;
  /** Keepers, their keys and owners, and challengers. */
  readonly #people = new Set<Hex>();
  readonly #numbers = new Set<bigint>();
  readonly #lanes = new Set<bigint>();
  readonly #words = new Set<Hash>();
  readonly #books: BookAddresses;

  constructor(books: BookAddresses, { settlementAsset }: Immutables) {
    this.#books = books;
    this.#assets = new Set([settlementAsset]);
    this.accounts.add(fundAccountOf(books.InsuranceFund));
  }

  /** Remembers the keys in a log: most are its indexed fields. */
  see(log: BookLog): void {
    const { address, topics } = log;
    const [topic0, first, second] = topics;
    // A repair names a slot, which is a hash already.
    if (first === undefined || topic0 === REPAIRED) return;
    const books = this.#books;
    // An entry names its account second, after its sequence; so does a socialised loss, after the instrument.
    if (address === books.PositionLedger) this.#seeAccount(second ?? first);
    else if (address === books.CollateralVault) {
      this.#assets.add(addressIn(second ?? first));
      if (second !== undefined) this.#seeAccount(first);
    } else if (address === books.LiquidationAuction) {
      this.#seeAccount(first);
      this.#seeItem(topics.at(-1));
    } else if (address === books.InstrumentRegistry || address === books.PriceOracle) {
      for (const topic of topics.slice(1)) this.#seeItem(topic);
    } else if (address === books.OrderSettlement) this.#seeLane(log);
    else if (address === books.KeeperRegistry || address === books.SyncGuard) {
      this.#words.add(first);
      for (const topic of topics.slice(1)) this.#people.add(addressIn(topic));
    }
  }

  /** What may stand in a mapping's path of a contract; `extraWords` are words of the divergent block's transactions. */
  candidates(contract: BookName, extraWords: Iterable<Hash>): Candidates {
    const accounts = new Set(this.accounts);
    const addresses = new Set(contract === "KeeperRegistry" ? this.#people : this.#assets);
    const words = new Set(this.#words);
    for (const word of extraWords) {
      // A word may be an account, or an address in the lower 20 bytes.
      accounts.add(word);
      words.add(word);
      addresses.add(addressIn(word));
    }
    const lists = { accounts: [...accounts], addresses: [...addresses], words: [...words] };
    return { ...lists, numbers: [...this.#numbers], lanes: [...this.#lanes] };
  }

  #seeAccount(account: Hash | undefined): void {
    // An account has an owner; a number alone is the instrument of an event that names no account.
    if (account !== undefined && WORD.test(account) && !SMALL_WORD.test(account)) this.accounts.add(account);
  }

  #seeItem(item: Hash | undefined): void {
    if (item === undefined) return;
    if (SMALL_WORD.test(item)) this.#numbers.add(BigInt(item));
    else this.#assets.add(addressIn(item));
  }

  /** Of a fill and of a cancellation alike, the lane is the first word that is not indexed. */
  #seeLane({ topics, data }: BookLog): void {
    const isFill = topics[0] === TOPICS.OrderFilled;
    if (!isFill && topics[0] !== TOPICS.OrderCancelled) return;
    this.#seeAccount(isFill ? topics[2] : topics[1]);
    const word = data.slice(0, 66);
    if (!WORD.test(word)) return;
    const lane = BigInt(word);
    // Again at the end of the order in which they are forgotten.
    this.#lanes.delete(lane);
    this.#lanes.add(lane);
    const [oldest] = this.#lanes;
    if (this.#lanes.size > MAX_LANES && oldest !== undefined) this.#lanes.delete(oldest);
  }
}

function addressIn(word: Hash): Address {
  return `0x${word.slice(26)}`;
}
