import type { Hex } from "../lib/hex.ts";
import { fundAccountOf } from "./reducers/PositionLedger.ts";

/** An account, as events name it. */
const ACCOUNT = /^0x[0-9a-f]{64}$/;

/** How many keys were known at a moment: what came after it can be forgotten again. */
export interface KeyMark {
  readonly accounts: number;
  readonly others: number;
  readonly unnamed: number;
}

/** Keys as they were known at a moment, in the order in which events named them. */
export interface KeysImage {
  readonly accounts: readonly Hex[];
  readonly others: readonly (Hex | bigint)[];
  /** Words that were accepted and may hold keys which no event has named. */
  readonly unnamed: number;
}

/**
 * Accounts, assets and instruments that events have named, in the order in which they did: with them the slots of words can be
 * told apart. What a block added is taken back with it, so that keys which were never on the chain cost nothing for long.
 */
export class KnownKeys {
  readonly #accounts: Hex[] = [];
  readonly #others: (Hex | bigint)[] = [];
  readonly #seen = new Set<Hex | bigint>();
  #unnamed = 0;

  get accounts(): readonly Hex[] {
    return this.#accounts;
  }

  /** Whether an event has named it. */
  knows(key: Hex | bigint): boolean {
    return this.#seen.has(key);
  }

  /** Assets (addresses) and instruments (numbers). */
  get others(): readonly (Hex | bigint)[] {
    return this.#others;
  }

  /** Whether the books hold keys that no event has named: governance accepted words that hold some. */
  get areLacking(): boolean {
    return this.#unnamed > 0;
  }

  /** A word was accepted that may hold a key. */
  lack(): void {
    this.#unnamed += 1;
  }

  /** What {@link rewind} goes back to. */
  mark(): KeyMark {
    return { accounts: this.#accounts.length, others: this.#others.length, unnamed: this.#unnamed };
  }

  /** Forgets every key that was seen after the mark was taken. */
  rewind({ accounts, others, unnamed }: KeyMark): void {
    this.#unnamed = unnamed;
    for (const key of this.#accounts.splice(accounts)) this.#seen.delete(key);
    for (const key of this.#others.splice(others)) this.#seen.delete(key);
  }

  /** The keys that were known when the mark was taken. */
  toImage({ accounts, others, unnamed }: KeyMark = this.mark()): KeysImage {
    return { accounts: this.#accounts.slice(0, accounts), others: this.#others.slice(0, others), unnamed };
  }

  /** Knows what an image knows, where nothing was known. */
  restore({ accounts, others, unnamed }: KeysImage): void {
    for (const account of accounts) this.#remember(account, this.#accounts);
    for (const other of others) this.#remember(other, this.#others);
    this.#unnamed = unnamed;
  }

  /** Remembers the keys that an event of a book contract names. */
  see(event: { readonly name: string }): void {
    const { account, to, asset, instrument, buyer, seller, bidder, fund } = event as unknown as Readonly<
      Record<string, unknown>
    >;
    for (const key of [account, to, buyer, seller, bidder]) {
      if (typeof key === "string" && ACCOUNT.test(key)) this.#remember(key as Hex, this.#accounts);
    }
    if (event.name === "ModulesBound") this.#remember(fundAccountOf(fund as Hex), this.#accounts);
    if (typeof asset === "string") this.#remember(asset as Hex, this.#others);
    if (typeof instrument === "bigint") this.#remember(instrument, this.#others);
  }

  #remember<Key extends Hex | bigint>(key: Key, keys: Key[] | (Hex | bigint)[]): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    keys.push(key);
  }
}
