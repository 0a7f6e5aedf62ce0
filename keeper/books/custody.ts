import type { Address } from "../lib/hex.ts";
import type { Books } from "./Books.ts";
import { storage as vault } from "./generated/CollateralVault.ts";

/**
 * What the vault owes of an asset by the books, asset units: deposits less what was paid out, so with the accounts' balances, fees, insurance,
 * what clearing accounts hold, claims that were kept and registrations that are unpaid. 0 for an asset that is not listed.
 */
export function owedOf(books: Pick<Books, "read">, asset: Address): bigint {
  return vault.assets.decode(books.read("CollateralVault", vault.assets.slot(asset))).held;
}

/** The assets that the vault lists by the books, in the order in which events have named them. */
export function listedAssets(books: Pick<Books, "read" | "items">): Address[] {
  return books.items.filter((item): item is Address => {
    if (typeof item !== "string") return false;
    return vault.assets.decode(books.read("CollateralVault", vault.assets.slot(item))).isListed;
  });
}
