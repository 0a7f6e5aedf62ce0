import type { BookName } from "../../domain/bookSet.ts";
import type { Hash, Hex } from "../../lib/hex.ts";
import { storage as vault } from "../generated/CollateralVault.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import type { WordName, WordNames } from "../WordNames.ts";
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

/** Sums up what repairs change in the vault and the ledger; what others keep is no value. */
export function imbalanceOf(words: readonly RepairedWord[], names: Pick<WordNames, "nameOf">): Imbalance {
  const sum: Imbalance = { sizes: new Map(), longs: new Map(), assets: new Map(), quote: 0n, unknown: [] };
  for (const word of words) {
    const { book, slot } = word;
    if (book !== "CollateralVault" && book !== "PositionLedger") continue;
    const name = names.nameOf(book, slot);
    if (name === undefined) sum.unknown.push(word);
    else if (book === "CollateralVault") addVaultWord(word, name, sum);
    else addLedgerWord(word, name, sum);
  }
  return sum;
}

/** The change of what `of` makes of the word. */
function change(word: RepairedWord, of: (value: bigint) => bigint): bigint {
  return of(word.after) - of(word.before);
}

function add<Key>(sums: Map<Key, bigint>, key: Key, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

function addVaultWord(word: RepairedWord, { variable, key }: WordName, { assets }: Imbalance): void {
  const asset = key as Hex;
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

function addLedgerWord(word: RepairedWord, { variable, key, offset }: WordName, sum: Imbalance): void {
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
  if (variable === "_markets" && offset === 1) {
    sum.quote += change(word, (value) => markets.word1.decode(value).clearing);
    add(sum.longs, key as bigint, -change(word, (value) => markets.word1.decode(value).openInterest));
  }
}
