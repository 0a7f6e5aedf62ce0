import type { BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { LAYOUT as VAULT_LAYOUT, storage as vault } from "../generated/CollateralVault.ts";
import { LAYOUT as LEDGER_LAYOUT, storage as ledger } from "../generated/PositionLedger.ts";
import type { KnownKeys } from "../KnownKeys.ts";
import type { NamedSlot } from "../layout/NamedSlot.ts";
import { nameSlots } from "../layout/nameSlot.ts";
import { max } from "./amounts.ts";

/** A word of the books that governance changed, before and after. */
export interface RepairedWord {
  /** Written, not just declared right. */
  readonly isWritten: boolean;
  readonly book: BookName;
  readonly slot: Hash;
  readonly before: bigint;
  readonly after: bigint;
  readonly logIndex: number;
}

/** What repairs change of the sums that every operation conserves. All of it must be zero. */
export interface Imbalance {
  /** Sizes of accounts and of the clearing account, by instrument. 1e-18 underlying. */
  readonly sizes: Map<bigint, bigint>;
  /** Long sizes of accounts less the open interest, by instrument. 1e-18 underlying. */
  readonly longs: Map<bigint, bigint>;
  /** What is owed less what is held, by asset; of the settlement asset without the ledger's part. Asset units. */
  readonly assets: Map<Hex, bigint>;
  /** What accounts and clearing accounts have, and the fees. 1e-18 quote. */
  quote: bigint;
  /** Words that no known key explains. */
  readonly unknown: RepairedWord[];
}

const LAYOUTS = { CollateralVault: VAULT_LAYOUT, PositionLedger: LEDGER_LAYOUT } as const;
/** Pages of open ids that an account can have. */
const PAGES = [0n, 1n, 2n, 3n];
/** Collateral and instruments have small numbers; those that events named are tried as well. */
const MAX_NUMBER = 32;

/** Sums up what repairs change in the vault and the ledger; what others keep is no value. */
export function imbalanceOf(words: readonly RepairedWord[], keys: KnownKeys, settlementAsset: Hex): Imbalance {
  const sum: Imbalance = { sizes: new Map(), longs: new Map(), assets: new Map(), quote: 0n, unknown: [] };
  for (const book of ["CollateralVault", "PositionLedger"] as const) {
    const changed = words.filter((word) => word.book === book);
    const names = nameWords(book, changed, keys, settlementAsset);
    for (const word of changed) {
      const name = names.get(word.slot);
      if (name === undefined) sum.unknown.push(word);
      else if (book === "CollateralVault") addVaultWord(word, name, sum);
      else addLedgerWord(word, name, sum);
    }
  }
  return sum;
}

function nameWords(
  book: keyof typeof LAYOUTS,
  words: readonly RepairedWord[],
  keys: KnownKeys,
  settlementAsset: Hex,
): ReadonlyMap<Hash, NamedSlot> {
  if (words.length === 0) return new Map();
  const small = Array.from({ length: MAX_NUMBER }, (_, index) => BigInt(index));
  const accounts = [...keys.accounts];
  return nameSlots({
    layout: LAYOUTS[book],
    slots: words.map(({ slot }) => slot),
    candidates: {
      AccountId: accounts,
      bytes32: accounts,
      address: [...new Set([settlementAsset, ...keys.assets])],
      uint16: [...new Set([...small, ...keys.instruments])],
      uint256: PAGES,
    },
  }).names;
}

/** The change of what `of` makes of the word. */
function change(word: RepairedWord, of: (value: bigint) => bigint): bigint {
  return of(word.after) - of(word.before);
}

function add<Key>(sums: Map<Key, bigint>, key: Key, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

function addVaultWord(word: RepairedWord, { variable, keys }: NamedSlot, { assets }: Imbalance): void {
  const asset = keys.at(-1)?.value as Hex;
  const { assets: held, claims, registrations } = vault;
  if (variable === "_assets") add(assets, asset, -change(word, (value) => held.decode(value).held));
  if (variable === "_claims") {
    add(
      assets,
      asset,
      change(word, (value) => claims.decode(value).owed - claims.decode(value).paid),
    );
  }
  if (variable !== "_registrations") return;
  const owed = (value: bigint): bigint => {
    const { amount, isPaid } = registrations.decode(value);
    return isPaid ? 0n : amount;
  };
  add(assets, asset, change(word, owed));
}

function addLedgerWord(word: RepairedWord, { variable, keys, slot }: NamedSlot, sum: Imbalance): void {
  const key = keys.at(-1)?.value;
  const { hot, accounts, positions, collateral, markets, clearingSizes } = ledger;
  if (variable === "_hot") sum.quote += change(word, (value) => hot.decode(value).fees);
  if (variable === "_accounts") sum.quote += change(word, (value) => accounts.decode(value).quote);
  if (variable === "_collateral")
    add(
      sum.assets,
      key as Hex,
      change(word, (value) => collateral.decode(value).balance),
    );
  if (variable === "_clearingSizes")
    add(
      sum.sizes,
      key as bigint,
      change(word, (value) => clearingSizes.decode(value).size),
    );
  if (variable === "_positions") {
    add(
      sum.sizes,
      key as bigint,
      change(word, (value) => positions.decode(value).size),
    );
    add(
      sum.longs,
      key as bigint,
      change(word, (value) => max(positions.decode(value).size, 0n)),
    );
  }
  if (variable === "_markets" && slot === markets.word1.slot(key as bigint)) {
    sum.quote += change(word, (value) => markets.word1.decode(value).clearing);
    add(sum.longs, key as bigint, -change(word, (value) => markets.word1.decode(value).openInterest));
  }
}
