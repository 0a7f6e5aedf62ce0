import { expect } from "chai";
import { toBeHex, ZeroHash, zeroPadValue } from "ethers";
import { network } from "hardhat";

import {
  LAYOUT as AUCTION_LAYOUT,
  storage as auctionStorage,
} from "../../../keeper/books/generated/LiquidationAuction.ts";
import { LAYOUT as LANES_LAYOUT, storage as laneStorage } from "../../../keeper/books/generated/OrderSettlement.ts";
import { LAYOUT as LEDGER_LAYOUT, storage as ledgerStorage } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Layout } from "../../../keeper/books/layout/Layout.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import type { LiquidationAuction, OrderSettlement, PositionLedger } from "../../../types/ethers-contracts/index.ts";
import { deployBareLedger, tradeInput, type BareLedger } from "../../fixtures/deployBareLedger.ts";
import { accountOf } from "../../helpers/accounts.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ONE = 10n ** 18n;
const WORD = 2n ** 256n - 1n;
/** Where flags, time of the newest checkpoint and grace stand in the hot word. */
const GUARD_BITS = (2n ** 88n - 1n) << 64n;

type Book = "ledger" | "settlement" | "auction";
type RepairableBook = PositionLedger | OrderSettlement | LiquidationAuction;

interface Books extends BareLedger {
  readonly books: Readonly<Record<Book, RepairableBook>>;
}

interface RepairItem {
  readonly variable: number;
  readonly keys: readonly string[];
  readonly offset: number;
  readonly expected: string;
  readonly value: string;
}

/** Per contract, what its repair may write; everything else must be refused. */
const REPAIRABLE: Readonly<Record<Book, { readonly layout: Layout; readonly variables: readonly string[] }>> = {
  ledger: {
    layout: LEDGER_LAYOUT,
    variables: [
      "_hot",
      "_accounts",
      "_positions",
      "_openIds",
      "_collateral",
      "_markets",
      "_clearingSizes",
      "_debts",
      "_totalDebt",
    ],
  },
  settlement: { layout: LANES_LAYOUT, variables: ["_lanes"] },
  auction: { layout: AUCTION_LAYOUT, variables: ["_auctions", "_collateralAuctions", "_windows"] },
};

async function fixture(): Promise<Books> {
  const bare = await deployBareLedger(connection);
  const { ethers, ledger, harness, stranger } = bare;
  const settlement = await ethers.deployContract("OrderSettlement", [ledger.target, harness.target, harness.target]);
  const auction = await ethers.deployContract("LiquidationAuction", [
    stranger.address,
    ledger.target,
    harness.target,
    harness.target,
    harness.target,
    harness.target,
    { duration: 3_600, maxDiscountPpm: 100_000, window: 3_600, capacity: ONE },
  ]);
  return { ...bare, books: { ledger, settlement, auction } };
}

const word = (value: bigint): string => toBeHex(value, 32);
const addressKey = (address: string): string => zeroPadValue(address, 32);

/** Number of keys and of words behind them, from the compiler's layout. */
function shapeOf({ variables, types }: Layout, label: string): { slot: number; keys: number; words: number } {
  const { slot, keyNames, type } = variables.find((variable) => variable.label === label)!;
  let value = types[type]!;
  while (value.kind === "mapping") value = types[value.value]!;
  return { slot: Number(slot), keys: keyNames.length, words: value.kind === "struct" ? Number(value.slots) : 1 };
}

describe("repair", () => {
  let system: Books;
  let alice: string;
  let bob: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    alice = accountOf(system.users[0]!, 7);
    bob = accountOf(system.users[1]!);
  });

  const read = async (book: Book, slot: string): Promise<string> =>
    await system.ethers.provider.getStorage(system.books[book].target, slot);
  const write = async (book: Book, slot: string, value: bigint) =>
    await networkHelpers.setStorageAt(system.books[book].target as string, slot, word(value));
  /** As the guard. */
  const repair = async (book: Book, item: RepairItem) =>
    await system.books[book].connect(system.guard).repair({ ...item, keys: [...item.keys] });
  const refusalOf = async (book: Book, item: RepairItem): Promise<string | null> =>
    await system.books[book]
      .connect(system.guard)
      .repair.staticCall({ ...item, keys: [...item.keys] })
      .then(
        () => null,
        (error: unknown) => /custom error '(\w+)/.exec(String(error))?.[1] ?? String(error),
      );

  describe("what may be repaired", () => {
    for (const book of ["ledger", "settlement", "auction"] as const) {
      it(`is of the ${book} what is listed, with all its keys and words, and nothing else`, async () => {
        const { layout, variables } = REPAIRABLE[book];
        const listed = new Map(variables.map((label) => [shapeOf(layout, label).slot, shapeOf(layout, label)]));
        const last = Math.max(...layout.variables.map(({ slot }) => Number(slot)));
        let accepted = 0;
        for (const variable of [...Array(last + 7).keys(), 31, 32, 33, 64, 255]) {
          const shape = listed.get(variable);
          for (let keys = 0; keys <= 3; keys += 1) {
            for (const offset of [0, 1, 2, 255]) {
              const isListed = shape !== undefined && keys === shape.keys && offset < shape.words;
              // Nobody has used these keys, so that the word is zero; a variable without keys holds something.
              const expected = keys === 0 ? await read(book, word(BigInt(variable))) : ZeroHash;
              const item = {
                variable,
                keys: Array.from({ length: keys }, (_, index) => word(BigInt(77 + index))),
                offset,
                expected,
                value: word(BigInt(expected) ^ 1n),
              };
              const refusal = await refusalOf(book, item);
              expect(refusal, `variable ${variable}, ${keys} keys, word ${offset}`).to.equal(
                isListed ? null : "RepairForbidden",
              );
              if (isListed) accepted += 1;
            }
          }
        }
        expect(accepted).to.equal([...listed.values()].reduce((sum, { words }) => sum + words, 0));
      });
    }
  });

  describe("where it is", () => {
    /** Every listed variable, its keys as the caller gives them, and the slot that the compiler's layout says. */
    const places = () => {
      const [account, asset] = [alice as Hex, system.other.toLowerCase() as Hex];
      const id = (number: number) => word(BigInt(number));
      return [
        ["ledger", "_hot", [], 0, ledgerStorage.hot.slot],
        ["ledger", "_accounts", [account], 0, ledgerStorage.accounts.slot(account)],
        ["ledger", "_positions", [account, id(61)], 0, ledgerStorage.positions.slot(account, 61n)],
        ["ledger", "_openIds", [account, id(1)], 0, ledgerStorage.openIds.slot(account, 1n)],
        ["ledger", "_collateral", [account, addressKey(asset)], 0, ledgerStorage.collateral.slot(account, asset)],
        ["ledger", "_markets", [id(2)], 0, ledgerStorage.markets.word0.slot(2n)],
        ["ledger", "_markets", [id(2)], 1, ledgerStorage.markets.word1.slot(2n)],
        ["ledger", "_clearingSizes", [id(61)], 0, ledgerStorage.clearingSizes.slot(61n)],
        ["ledger", "_debts", [account], 0, ledgerStorage.debts.slot(account)],
        ["ledger", "_totalDebt", [], 0, ledgerStorage.totalDebt.slot],
        ["settlement", "_lanes", [account, id(9)], 0, laneStorage.lanes.slot(account, 9n)],
        ["auction", "_auctions", [account, id(1)], 0, auctionStorage.auctions.slot(account, 1n)],
        [
          "auction",
          "_collateralAuctions",
          [account, addressKey(asset)],
          0,
          auctionStorage.collateralAuctions.slot(account, asset),
        ],
        ["auction", "_windows", [id(1)], 0, auctionStorage.windows.slot(1n)],
      ] as const;
    };

    it("is the slot of the compiler's layout, for every variable and depth", async () => {
      const seen = new Set<string>();
      for (const [book, label, keys, offset, slot] of places()) {
        seen.add(`${book} ${label}`);
        const variable = shapeOf(REPAIRABLE[book].layout, label).slot;
        const before = BigInt(await read(book, slot));
        // The guard's part of the hot word stays as it is.
        const tampered = label === "_hot" ? (before & GUARD_BITS) | 5n : 2n ** 255n + 12_345n;
        const value = label === "_hot" ? (before & GUARD_BITS) | (9n << 152n) | 7n : 2n ** 200n + 1n;
        await write(book, slot, tampered);
        await expect(repair(book, { variable, keys, offset, expected: word(tampered), value: word(value) }), label)
          .to.emit(system.books[book], "WordRepaired")
          .withArgs(slot, word(tampered), word(value));
        expect(await read(book, slot), label).to.equal(word(value));
      }
      const listed = Object.entries(REPAIRABLE).flatMap(([book, { variables }]) =>
        variables.map((v) => `${book} ${v}`),
      );
      expect([...seen].sort()).to.deep.equal(listed.sort());
    });

    it("INV-29: writes one word and emits one event", async () => {
      const slot = ledgerStorage.markets.word1.slot(1n);
      await write("ledger", slot, 5n);
      const item = { variable: 5, keys: [word(1n)], offset: 1, expected: word(5n), value: word(6n) };
      const receipt = (await (await repair("ledger", item)).wait())!;
      expect(receipt.logs.length).to.equal(1);
      expect(await read("ledger", ledgerStorage.markets.word0.slot(1n))).to.equal(ZeroHash);
      expect(await read("ledger", ledgerStorage.hot.slot)).not.to.equal(ZeroHash);
    });
  });

  describe("the books", () => {
    it("work again with words that were tampered with and put back", async () => {
      const { ledger, settlement: trader, vault, usd } = system;
      await ledger.connect(vault).credit(alice, usd, 1_000);
      await ledger.connect(trader).trade(tradeInput({ buyer: alice, seller: bob, quote: 3n }));
      const slots = [
        [1, [alice], ledgerStorage.accounts.slot(alice as Hex)],
        [2, [alice, word(1n)], ledgerStorage.positions.slot(alice as Hex, 1n)],
        [3, [alice, word(0n)], ledgerStorage.openIds.slot(alice as Hex, 0n)],
      ] as const;
      const before = await ledger.portfolioOf(alice);
      for (const [variable, keys, slot] of slots) {
        const right = BigInt(await read("ledger", slot));
        // A theft, a ghost position, a list that names another instrument.
        const tampered = right ^ (1n << 70n);
        await write("ledger", slot, tampered);
        await repair("ledger", { variable, keys, offset: 0, expected: word(tampered), value: word(right) });
      }
      expect(await ledger.portfolioOf(alice)).to.deep.equal(before);
      await ledger.connect(trader).trade(tradeInput({ buyer: bob, seller: alice, quote: 3n }));
      expect(await ledger.openCountOf(alice)).to.equal(0);
    });

    it("get back a word that was wiped, and keep a fill that an order had", async () => {
      const { settlement } = system.books as { settlement: OrderSettlement };
      const slot = laneStorage.lanes.slot(alice as Hex, 3n);
      const right = laneStorage.lanes.encode({ sequence: 4n, filled: 5n * ONE });
      await write("settlement", slot, right);
      await write("settlement", slot, 0n);
      const item = { variable: 2, keys: [alice, word(3n)], offset: 0, expected: ZeroHash, value: word(right) };
      await repair("settlement", item);
      expect(await settlement.laneOf(alice, 3)).to.deep.equal([4n, 5n * ONE]);
    });
  });

  describe("refusals", () => {
    const item = (): RepairItem => ({
      variable: 1,
      keys: [alice],
      offset: 0,
      expected: ZeroHash,
      value: word(1n),
    });

    it("come for everybody but the guard, modules and owners included", async () => {
      const { ledger, vault, settlement, auction, fund, stranger, users, books } = system;
      for (const caller of [vault, settlement, auction, fund, stranger, users[0]!]) {
        for (const book of Object.values(books)) {
          await expect(book.connect(caller).repair({ ...item(), keys: [alice] }))
            .to.be.revertedWithCustomError(ledger, "RepairNotGuard")
            .withArgs(caller.address);
        }
      }
    });

    it("come for a value of zero: a used word never becomes empty", async () => {
      const slot = ledgerStorage.accounts.slot(alice as Hex);
      await write("ledger", slot, 5n);
      const emptying = { ...item(), expected: word(5n), value: ZeroHash };
      await expect(repair("ledger", emptying)).to.be.revertedWithCustomError(system.ledger, "RepairZeroValue");
    });

    it("come when the word is not what was expected, so that no repair overtakes another change", async () => {
      const slot = ledgerStorage.accounts.slot(alice as Hex);
      await system.ledger.connect(system.vault).credit(alice, system.usd, 1);
      const actual = await read("ledger", slot);
      for (const expected of [ZeroHash, word(BigInt(actual) ^ 1n), word(BigInt(actual) ^ (1n << 255n))]) {
        await expect(repair("ledger", { ...item(), expected }))
          .to.be.revertedWithCustomError(system.ledger, "RepairUnexpected")
          .withArgs(slot, actual, expected);
      }
      await repair("ledger", { ...item(), expected: actual });
      await expect(repair("ledger", { ...item(), expected: actual })).to.be.revertedWithCustomError(
        system.ledger,
        "RepairUnexpected",
      );
    });

    it("name what was asked for", async () => {
      const { ledger } = system;
      for (const [variable, keys, offset] of [
        [9, 0, 2],
        [1, 2, 0],
        [1, 1, 1],
        [5, 1, 2],
        [32, 0, 0],
      ] as const) {
        const asked = { ...item(), variable, offset, keys: Array.from({ length: keys }, () => alice) };
        await expect(repair("ledger", asked))
          .to.be.revertedWithCustomError(ledger, "RepairForbidden")
          .withArgs(variable, keys, offset);
      }
    });

    it("come for the guard's half of the hot word, bit by bit, and not for the rest of it", async () => {
      const { ledger, guard } = system;
      await ledger.connect(system.vault).credit(alice, system.usd, 1);
      await ledger.connect(guard).push(15, await networkHelpers.time.latest(), 99);
      const expected = await read("ledger", ledgerStorage.hot.slot);
      for (let bit = 0n; bit < 256n; bit += 1n) {
        const value = word(BigInt(expected) ^ (1n << bit));
        const refusal = await refusalOf("ledger", { variable: 0, keys: [], offset: 0, expected, value });
        const isGuards = ((GUARD_BITS >> bit) & 1n) === 1n;
        expect(refusal, `bit ${bit}`).to.equal(isGuards ? "RepairForbidden" : null);
      }
      // A lie about what stands there is found out as well.
      const lie = word(BigInt(expected) & ~GUARD_BITS & WORD);
      await expect(repair("ledger", { variable: 0, keys: [], offset: 0, expected: lie, value: lie }))
        .to.be.revertedWithCustomError(ledger, "RepairUnexpected")
        .withArgs(ledgerStorage.hot.slot, expected, lie);
    });
  });
});
