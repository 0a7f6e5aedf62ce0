import { LAYOUT as checkpointRegistry } from "../../../keeper/books/generated/CheckpointRegistry.ts";
import { LAYOUT as collateralVault } from "../../../keeper/books/generated/CollateralVault.ts";
import { LAYOUT as instrumentRegistry } from "../../../keeper/books/generated/InstrumentRegistry.ts";
import { LAYOUT as insuranceFund } from "../../../keeper/books/generated/InsuranceFund.ts";
import { LAYOUT as keeperRegistry } from "../../../keeper/books/generated/KeeperRegistry.ts";
import { LAYOUT as liquidationAuction } from "../../../keeper/books/generated/LiquidationAuction.ts";
import { LAYOUT as orderSettlement } from "../../../keeper/books/generated/OrderSettlement.ts";
import { LAYOUT as positionLedger } from "../../../keeper/books/generated/PositionLedger.ts";
import { LAYOUT as priceOracle } from "../../../keeper/books/generated/PriceOracle.ts";
import { LAYOUT as syncGuard } from "../../../keeper/books/generated/SyncGuard.ts";
import type { Layout, LayoutVariable } from "../../../keeper/books/layout/Layout.ts";
import { groupBySlot, typeOf } from "../../../keeper/books/layout/layoutShape.ts";
import type { NamedSlot, PlainValue } from "../../../keeper/books/layout/NamedSlot.ts";
import { nameSlots } from "../../../keeper/books/layout/nameSlot.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { Poke } from "./BooksFollower.ts";
import { StrayTour, type Spoil } from "./StrayTour.ts";

const LAYOUTS: Readonly<Record<BookName, Layout>> = {
  CollateralVault: collateralVault,
  PositionLedger: positionLedger,
  OrderSettlement: orderSettlement,
  LiquidationAuction: liquidationAuction,
  InsuranceFund: insuranceFund,
  InstrumentRegistry: instrumentRegistry,
  PriceOracle: priceOracle,
  KeeperRegistry: keeperRegistry,
  SyncGuard: syncGuard,
  CheckpointRegistry: checkpointRegistry,
};
const ALL_BITS = (1n << 256n) - 1n;
/** Some of them. */
const STRIPES = BigInt(`0x${"5".repeat(64)}`);
/** Instruments and feeds are below it. */
const SMALL = 1_000n;
const INDICES = Array.from({ length: 10 }, (_, index) => BigInt(index));

/** What stands in each word that the tour writes. */
export type Words = ReadonlyMap<BookName, ReadonlyMap<Hash, NamedSlot>>;

/** The names of every word that the books hold, found by what their events named. */
export async function nameWords({ follower, system }: Pick<StrayTour, "follower" | "system">): Promise<Words> {
  const values = new Map<string, Set<PlainValue>>();
  const note = (type: string, value: PlainValue): void => {
    values.set(type, (values.get(type) ?? new Set()).add(value));
  };
  const visit = (value: unknown): void => {
    if (typeof value === "string" && value.length === 42) note("address", value as Hash);
    else if (typeof value === "string" && value.length === 66) note("bytes32", value as Hash);
    else if (typeof value === "bigint" && value >= 0n) {
      note("uint64", value);
      if (value < SMALL) note("uint16", value);
    } else if (typeof value === "object" && value !== null) Object.values(value).forEach(visit);
  };
  const { addresses } = follower.books;
  const head = await system.ethers.provider.getBlockNumber();
  for (let number = 0; number <= head; number += 1) {
    for (const log of (await follower.read(number)).logs) {
      const book = BOOK_NAMES.find((name) => addresses[name] === log.address);
      if (book !== undefined) visit(REDUCERS[book].decode(log));
    }
  }
  const indices = Object.fromEntries(["uint8", "uint32", "uint256"].map((type) => [type, INDICES]));
  const candidates = { ...indices, ...Object.fromEntries([...values].map(([type, found]) => [type, [...found]])) };
  const named = BOOK_NAMES.map((book) => {
    const slots = [...follower.books.trie(book).slots()].map(([slot]) => slot);
    const bytes32 = book === "PositionLedger" ? [...follower.books.accounts] : candidates["bytes32"]!;
    const { names } = nameSlots({ layout: LAYOUTS[book], slots, candidates: { ...candidates, bytes32 } });
    return [book, names] as const;
  });
  return new Map(named);
}

/** Bits of a word that no field owns; of a page of open ids, those between its lanes and its mark. */
function strayBits({ fields, variable }: NamedSlot): bigint {
  if (variable === "_openIds") return ((1n << 15n) - 1n) << 240n;
  let owned = 0n;
  for (const { type, offset } of fields) owned |= ((1n << BigInt(8 * type.bytes)) - 1n) << BigInt(8 * offset);
  return ALL_BITS ^ owned;
}

/** `Book.variable` of every word shape of a layout that leaves bits to nobody. */
function shapesOf(layout: Layout): Set<string> {
  const shapes = new Set<string>();
  const visit = (variable: string, id: string): void => {
    const type = typeOf(layout, id);
    if (type.kind === "mapping") visit(variable, type.value);
    else if (type.kind === "array") visit(variable, type.base);
    else if (type.kind === "struct") visitAll(type.members, variable);
    else if (type.kind === "value" && type.bytes < 32) shapes.add(`${layout.contract}.${variable}`);
  };
  const visitAll = (members: readonly LayoutVariable[], variable?: string): void => {
    for (const group of groupBySlot(members)) {
      const [first] = group.variables;
      const types = group.variables.map(({ type }) => typeOf(layout, type));
      if (types.some(({ kind }) => kind !== "value")) visit(variable ?? first!.label, first!.type);
      else if (types.reduce((bytes, type) => bytes + (type.kind === "value" ? type.bytes : 32), 0) < 32) {
        shapes.add(`${layout.contract}.${variable ?? first!.label}`);
      }
    }
  };
  visitAll(layout.variables);
  return shapes;
}

/** The word with every flag that is set as another number than one, which the contracts take for the same. */
export function withDirtyFlags(word: bigint, { fields }: NamedSlot, number: bigint): bigint {
  let dirty = word;
  for (const { type, offset } of fields) {
    const shift = BigInt(8 * offset);
    if (type.value === "bool" && (BigInt.asUintN(8, word >> shift) & 0xffn) !== 0n) {
      dirty = (dirty & ~(0xffn << shift)) | (number << shift);
    }
  }
  return dirty;
}

/** A tour in which words carried bits that no field owns, and flags that are neither zero nor one. */
export interface Strays {
  /** The tour without them, which showed which words there are. */
  readonly learnt: StrayTour;
  readonly spoilt: StrayTour;
  readonly spoiltWords: number;
  /** Variables of the contracts that leave such bits, and of which no word was spoilt. */
  readonly missed: readonly string[];
}

/** Runs the tour twice: what the words are called is only known afterwards. */
export async function tourStrays(): Promise<Strays> {
  const learnt = await StrayTour.open();
  const keep: Spoil = (_book, _slot, word) => word;
  await learnt.run(keep, keep);
  const words = await nameWords(learnt);
  const spoilt = await StrayTour.open();
  const nameOf = (book: BookName, slot: Hash): NamedSlot | undefined => words.get(book)!.get(slot);
  const pokes = BOOK_NAMES.flatMap((book) =>
    [...words.get(book)!].flatMap(([slot, name]): Poke[] => {
      const strays = strayBits(name) & STRIPES;
      return strays === 0n ? [] : [[book, slot, spoilt.follower.books.read(book, slot) | strays]];
    }),
  );
  await spoilt.follower.poke(pokes);
  await spoilt.run(
    (book, slot, word) => {
      const name = nameOf(book, slot);
      return name === undefined ? word : withDirtyFlags(word, name, 2n);
    },
    (book, slot, word) => {
      const name = nameOf(book, slot);
      return name === undefined ? word : withDirtyFlags(word, name, 3n) ^ strayBits(name);
    },
  );
  const variables = new Set(pokes.map(([book, slot]) => `${book}.${nameOf(book, slot)!.variable}`));
  const missed = BOOK_NAMES.flatMap((book) => [...shapesOf(LAYOUTS[book])]).filter((shape) => !variables.has(shape));
  return { learnt, spoilt, spoiltWords: pokes.length, missed };
}
