import { BOOK_NAMES, type BookName } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { fundAccount } from "./checkShortfall.ts";
import { decodeBookLog } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import {
  accountAt,
  clearingSizeAt,
  collateralAt,
  debtAt,
  hot,
  marketAt,
  openIdAt,
  positionAt,
  totalDebt,
} from "./ledgerStorage.ts";
import { collateralCount, collateralTermsAt, instrumentAt } from "./riskStorage.ts";
import { assetAt, claimAt, flowAt, limitsAt, registrationAt } from "./vaultStorage.ts";
import type { Place } from "./words.ts";

/** The variables of a word that tell what it is. */
export type KnownWord =
  | { readonly kind: "hot" | "account" | "other" }
  | { readonly kind: "position" | "market" | "clearing size"; readonly instrument: bigint }
  | { readonly kind: "collateral" | "asset" | "claim" | "registration"; readonly asset: Address }
  | { readonly kind: "flow" | "limits"; readonly asset: Address };

const LAST_INSTRUMENT = 65_535n;
const OPEN_IDS_PER_PAGE = 15n;

/** Where the kind of every instrument that there can be is stored: 65,535 hashes, made once. */
const kinds: Place[] = [];

/** The instruments that are listed: all numbers are tried, as no book holds a list of them. */
function listedInstruments(state: Derivation): bigint[] {
  for (let number = BigInt(kinds.length); number <= LAST_INSTRUMENT; number += 1n) {
    kinds.push(instrumentAt(number).kind);
  }
  return kinds.flatMap((kind, number) => (number > 0 && state.isSet(kind) ? [BigInt(number)] : []));
}

/** The settlement asset and every collateral. */
function knownAssets(state: Derivation): Address[] {
  const assets = [state.input.immutables.settlementAsset];
  for (let id = 1n; id <= state.get(collateralCount); id += 1n)
    assets.push(state.getAddress(collateralTermsAt(id).asset));
  return assets;
}

/** A word with what it is. */
type Known = readonly [place: Place, word: KnownWord];

/** The words that the block repairs and accepts, of vault and ledger: of no other is it ever asked what they are. */
function repairedWords({ input }: Derivation): Set<string> {
  const { addresses, block } = input;
  const keys = new Set<string>();
  for (const log of block.logs) {
    const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
    const event = book === undefined ? undefined : decodeBookLog(book, log);
    if (book === undefined || event === undefined) continue;
    if (event.name === "WordRepaired") keys.add(keyOf(book, event.hex("slot")));
    if (event.name !== "BooksAccepted") continue;
    for (const correction of event.structs("corrections")) {
      const accepted = BOOK_NAMES.find((name) => addresses[name] === correction.hex("book"));
      if (accepted !== undefined) keys.add(keyOf(accepted, correction.hex("slot")));
    }
  }
  for (const key of keys) if (!/^(CollateralVault|PositionLedger) /.test(key)) keys.delete(key);
  return keys;
}

/**
 * What the repaired words of vault and ledger are, as far as their keys are known: those of the accounts that the
 * caller names, of listed instruments and of known assets. A hash does not tell what it is a hash of: all are tried, until every
 * repaired word is found. Only a word that nobody knows costs what the books hold; nothing else can tell that nobody does.
 */
export function knownWords(state: Derivation): ReadonlyMap<string, KnownWord> {
  const wanted = repairedWords(state);
  const words = new Map<string, KnownWord>();
  if (wanted.size === 0) return words;
  for (const [{ book, slot }, word] of allWords(state)) {
    const key = keyOf(book, slot);
    if (wanted.has(key)) words.set(key, word);
    if (words.size === wanted.size) break;
  }
  return words;
}

/** Every word whose keys are known; what costs most to list comes last. */
function* allWords(state: Derivation): IterableIterator<Known> {
  const assets = knownAssets(state);
  const accounts = [...new Set([fundAccount(state), ...(state.input.accounts ?? [])])];
  yield [hot.fees, { kind: "hot" }];
  yield [totalDebt.amount, { kind: "other" }];
  for (const asset of assets) {
    yield [assetAt(asset).held, { kind: "asset", asset }];
    yield [limitsAt(asset).cap, { kind: "limits", asset }];
  }
  for (const account of accounts) yield* wordsOf(account, assets);
  const instruments = listedInstruments(state);
  for (const instrument of instruments) {
    yield [marketAt(instrument).longIndex, { kind: "other" }];
    yield [marketAt(instrument).clearing, { kind: "market", instrument }];
    yield [clearingSizeAt(instrument).size, { kind: "clearing size", instrument }];
  }
  for (const account of accounts) {
    for (const instrument of instruments)
      yield [positionAt(account, instrument).size, { kind: "position", instrument }];
  }
}

/** The words of an account, its positions apart. */
function* wordsOf(account: Hash, assets: readonly Address[]): IterableIterator<Known> {
  yield [accountAt(account).quote, { kind: "account" }];
  yield [debtAt(account).amount, { kind: "other" }];
  yield [openIdAt(account, 0n).id, { kind: "other" }];
  yield [openIdAt(account, OPEN_IDS_PER_PAGE).id, { kind: "other" }];
  for (const asset of assets) {
    yield [collateralAt(account, asset).balance, { kind: "collateral", asset }];
    yield [claimAt(account, asset).owed, { kind: "claim", asset }];
    yield [flowAt(account, asset).withdrawn, { kind: "flow", asset }];
    yield [registrationAt(account, asset).amount, { kind: "registration", asset }];
  }
}

/** The key of a word among known ones. */
export function keyOf(book: BookName, slot: Hash): string {
  return `${book} ${slot}`;
}
