import type { Books } from "../books/Books.ts";
import { storage as ledger } from "../books/generated/PositionLedger.ts";
import { openInstruments } from "../books/reducers/ledger/openIds.ts";
import type { Finding } from "../domain/Finding.ts";
import type { Hash, Hex } from "../lib/hex.ts";
import { compareView, type ProvenBalances } from "../views/compareView.ts";
import type { Comparison, View } from "../views/View.ts";

/** The ledger as it was right after one block. */
class BalancesAt implements ProvenBalances {
  readonly #books: Books;
  readonly #blockHash: Hash;

  constructor(books: Books, blockHash: Hash) {
    this.#books = books;
    this.#blockHash = blockHash;
  }

  accounts(): Iterable<Hex> {
    return this.#books.accounts;
  }

  itemsOf(account: Hex): ReadonlyMap<string, bigint> {
    const read = (slot: Hash): bigint => this.#books.readAt(this.#blockHash, "PositionLedger", slot);
    const items = new Map<string, bigint>();
    const { quote } = ledger.accounts.decode(read(ledger.accounts.slot(account)));
    if (quote !== 0n) items.set("quote", quote);
    for (const instrument of openInstruments(account, read)) {
      items.set(String(instrument), ledger.positions.decode(read(ledger.positions.slot(account, instrument))).size);
    }
    return items;
  }
}

/** Compares views with the books at the block each claims to stand at. */
export class Views {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  compare(view: View): Comparison {
    const tip = this.#books.tip;
    const canonical = this.#books.hashAt(view.blockNumber);
    if (tip === null || view.blockNumber > tip.number)
      return { kind: "unknown", detail: "the view is ahead of the books" };
    if (canonical === null) return { kind: "unknown", detail: "the view stands at a block that the books do not hold" };
    if (canonical !== view.blockHash) return { kind: "orphaned" };
    const differences = compareView(view, new BalancesAt(this.#books, view.blockHash));
    return differences.length === 0 ? { kind: "equal" } : { kind: "different", differences };
  }

  /**
   * The finding of a view that believes in collateral which the chain does not hold, at the books' tip.
   *
   * A view that believes too little, or that has not yet followed a reorg, endangers nobody: it is told, not paused for.
   */
  finding(name: string, comparison: Comparison): Finding | null {
    const tip = this.#books.tip;
    if (tip === null || comparison.kind !== "different") return null;
    const phantoms = comparison.differences.filter(
      ({ item, believed, proven }) => item === "quote" && believed > proven,
    );
    const [first] = phantoms;
    if (first === undefined) return null;
    const { account, believed, proven } = first;
    const others = phantoms.length === 1 ? "" : `, and ${phantoms.length - 1} more`;
    const detail = `view ${name} believes that ${account} has ${believed}, proven are ${proven}${others}`;
    const { number: blockNumber, hash: blockHash } = tip;
    return { cause: "view-diverged", contract: "PositionLedger", blockNumber, blockHash, detail, logIndex: null };
  }
}
