import type { BookName } from "../../domain/bookSet.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { fundAccount } from "./checkShortfall.ts";
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

/**
 * What the words of vault and ledger are, as far as their keys are known: those of the accounts that the
 * caller names, of listed instruments and of known assets. A hash does not tell what it is a hash of: all are tried.
 */
export function knownWords(state: Derivation): ReadonlyMap<string, KnownWord> {
  const words = new Map<string, KnownWord>();
  const note = (place: Place, word: KnownWord): void => {
    words.set(keyOf(place.book, place.slot), word);
  };
  const instruments = listedInstruments(state);
  const assets = knownAssets(state);
  note(hot.fees, { kind: "hot" });
  note(totalDebt.amount, { kind: "other" });
  for (const instrument of instruments) {
    note(marketAt(instrument).longIndex, { kind: "other" });
    note(marketAt(instrument).clearing, { kind: "market", instrument });
    note(clearingSizeAt(instrument).size, { kind: "clearing size", instrument });
  }
  for (const asset of assets) {
    note(assetAt(asset).held, { kind: "asset", asset });
    note(limitsAt(asset).cap, { kind: "limits", asset });
  }
  for (const account of new Set([fundAccount(state), ...(state.input.accounts ?? [])])) {
    noteAccount(account, instruments, assets, note);
  }
  return words;
}

function noteAccount(
  account: Hash,
  instruments: readonly bigint[],
  assets: readonly Address[],
  note: (place: Place, word: KnownWord) => void,
): void {
  note(accountAt(account).quote, { kind: "account" });
  note(debtAt(account).amount, { kind: "other" });
  note(openIdAt(account, 0n).id, { kind: "other" });
  note(openIdAt(account, OPEN_IDS_PER_PAGE).id, { kind: "other" });
  for (const instrument of instruments) note(positionAt(account, instrument).size, { kind: "position", instrument });
  for (const asset of assets) {
    note(collateralAt(account, asset).balance, { kind: "collateral", asset });
    note(claimAt(account, asset).owed, { kind: "claim", asset });
    note(flowAt(account, asset).withdrawn, { kind: "flow", asset });
    note(registrationAt(account, asset).amount, { kind: "registration", asset });
  }
}

/** The key of a word among known ones. */
export function keyOf(book: BookName, slot: Hash): string {
  return `${book} ${slot}`;
}
