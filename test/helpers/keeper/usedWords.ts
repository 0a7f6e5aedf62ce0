import type { Books } from "../../../keeper/books/Books.ts";
import * as registry from "../../../keeper/books/generated/CheckpointRegistry.ts";
import * as vault from "../../../keeper/books/generated/CollateralVault.ts";
import * as instruments from "../../../keeper/books/generated/InstrumentRegistry.ts";
import * as fund from "../../../keeper/books/generated/InsuranceFund.ts";
import * as keepers from "../../../keeper/books/generated/KeeperRegistry.ts";
import * as auction from "../../../keeper/books/generated/LiquidationAuction.ts";
import * as settlement from "../../../keeper/books/generated/OrderSettlement.ts";
import * as ledger from "../../../keeper/books/generated/PositionLedger.ts";
import * as oracle from "../../../keeper/books/generated/PriceOracle.ts";
import * as guard from "../../../keeper/books/generated/SyncGuard.ts";
import type { Layout } from "../../../keeper/books/layout/Layout.ts";
import type { NamedSlot } from "../../../keeper/books/layout/NamedSlot.ts";
import { nameSlots } from "../../../keeper/books/layout/nameSlot.ts";
import { slotOf } from "../../../keeper/books/layout/slots.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";

/** The generated layout of each book contract. */
export const LAYOUTS: Readonly<Record<BookName, Layout>> = {
  CollateralVault: vault.LAYOUT,
  PositionLedger: ledger.LAYOUT,
  OrderSettlement: settlement.LAYOUT,
  LiquidationAuction: auction.LAYOUT,
  InsuranceFund: fund.LAYOUT,
  InstrumentRegistry: instruments.LAYOUT,
  PriceOracle: oracle.LAYOUT,
  KeeperRegistry: keepers.LAYOUT,
  SyncGuard: guard.LAYOUT,
  CheckpointRegistry: registry.LAYOUT,
};

/** Topic 0 of each event of each book contract, by name. */
export const TOPICS: Readonly<Record<BookName, Readonly<Record<string, Hash>>>> = {
  CollateralVault: vault.TOPICS,
  PositionLedger: ledger.TOPICS,
  OrderSettlement: settlement.TOPICS,
  LiquidationAuction: auction.TOPICS,
  InsuranceFund: fund.TOPICS,
  InstrumentRegistry: instruments.TOPICS,
  PriceOracle: oracle.TOPICS,
  KeeperRegistry: keepers.TOPICS,
  SyncGuard: guard.TOPICS,
  CheckpointRegistry: registry.TOPICS,
};

/** Above every instrument, lane and id that the tests use. */
const MAX_NUMBER = 512;

/** A word of a book contract. */
export interface Word {
  readonly book: BookName;
  readonly slot: Hash;
  /** Its name and its first field's, without keys: `_positions[][] size`. */
  readonly shape: string;
  /** Its name; null for a mapping entry whose key is not among the candidates. */
  readonly name: NamedSlot | null;
}

/**
 * One word of every shape that a book contract's storage has: a used one where there is one, otherwise the variable's
 * own slot. `keys` name the mapping entries; those of `avoid` are used last.
 */
export function wordsOfEveryShape(books: Books, keys: readonly Hex[], avoid: readonly string[]): Word[] {
  const numbers = Array.from({ length: MAX_NUMBER }, (_, index) => BigInt(index));
  return BOOK_NAMES.flatMap((book) => {
    const layout = LAYOUTS[book];
    const slots = [...books.trie(book).slots()].map(([slot]) => slot);
    const plain = layout.variables
      .filter(({ type }) => layout.types[type]?.kind !== "mapping")
      .map(({ slot }) => slotOf(slot));
    const wide = keys.filter(({ length }) => length === 66);
    const { names } = nameSlots({
      layout,
      slots: [...new Set([...slots, ...plain])],
      candidates: {
        AccountId: wide,
        bytes32: wide,
        address: keys.filter(({ length }) => length === 42),
        uint8: numbers,
        uint16: numbers,
        uint32: numbers,
        uint64: numbers,
        uint256: numbers.slice(0, 4),
      },
    });
    const chosen = new Map<string, Word>();
    const isAvoided = (word: Word): boolean => avoid.some((part) => word.name?.path.includes(part));
    for (const slot of [...slots, ...plain]) {
      const name = names.get(slot) ?? null;
      const shape = name === null ? "unnamed" : `${name.path} ${name.fields[0]?.label}`.replace(/\[[^\]]*\]/g, "[]");
      const known = chosen.get(shape);
      if (known === undefined || isAvoided(known)) chosen.set(shape, { book, slot, shape, name });
    }
    return [...chosen.values()];
  });
}
