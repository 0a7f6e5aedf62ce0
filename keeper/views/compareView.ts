import type { Hex } from "../lib/hex.ts";
import type { View, ViewDifference } from "./View.ts";

/** The proven books at the view's block. */
export interface ProvenBalances {
  /** Accounts that have any balance or position. */
  accounts(): Iterable<Hex>;
  /** Items of an account that are not zero, with their amounts. */
  itemsOf(account: Hex): ReadonlyMap<string, bigint>;
}

/**
 * Compares a view with the proven books at exactly its block. Tolerance zero.
 *
 * - phantom: the view believes in what the chain does not hold;
 * - missing: the chain holds what the view has not;
 * - wrong: both have it, with different amounts;
 * - duplicate: the view says it twice.
 */
export function compareView(view: View, books: ProvenBalances): ViewDifference[] {
  const differences: ViewDifference[] = [];
  const believed = new Map<Hex, Map<string, bigint>>();
  for (const { account, item, amount } of view.rows) {
    const items = believed.get(account) ?? new Map<string, bigint>();
    believed.set(account, items);
    if (items.has(item)) {
      const proven = books.itemsOf(account).get(item) ?? 0n;
      differences.push({ kind: "duplicate", account, item, believed: amount, proven });
    }
    items.set(item, amount);
  }
  for (const account of new Set([...believed.keys(), ...books.accounts()])) {
    const own = believed.get(account) ?? new Map<string, bigint>();
    const proven = books.itemsOf(account);
    for (const item of new Set([...own.keys(), ...proven.keys()])) {
      const left = own.get(item) ?? 0n;
      const right = proven.get(item) ?? 0n;
      if (left === right) continue;
      const kind = right === 0n ? "phantom" : left === 0n ? "missing" : "wrong";
      differences.push({ kind, account, item, believed: left, proven: right });
    }
  }
  return differences;
}
