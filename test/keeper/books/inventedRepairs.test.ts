import { expect } from "chai";

import { storage as registry } from "../../../keeper/books/generated/CheckpointRegistry.ts";
import { storage as instruments } from "../../../keeper/books/generated/InstrumentRegistry.ts";
import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { storage as guard } from "../../../keeper/books/generated/SyncGuard.ts";
import { deriveNaively } from "../../../keeper/books/naive/deriveNaively.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { ADDRESSES } from "../../helpers/keeper/inventedBlocks.ts";
import { accept, accountOf, repair, RepairWorld, word32, type MadeUp } from "./repairWorld.ts";

/** More accounts than a block's budget names. */
const MANY = 1_500;

describe("Books under invented repairs", function () {
  // The second derivation is not made to be fast.
  this.timeout(30_000);

  it("asks the guard's own words whether everything is halted, in both derivations", () => {
    const world = new RepairWorld();
    const slot = guard.halt.slot;
    const lifted = guard.halt.encode({ ...guard.halt.decode(world.books.read("SyncGuard", slot)), pausedAt: 0n });
    const said = world.apply([
      [accept([["SyncGuard", slot, lifted]])],
      [accept([["OrderSettlement", word32(1n << 200n), 1n]])],
    ]);
    expect(said.first).to.deep.equal(["a repair or acceptance while not halted"]);
    expect(said.naive).to.deep.equal(["repairs while nothing is halted"]);
  });

  it("finds nothing wrong in an acceptance that the guard's words allow, whatever the ledger's flags say", () => {
    const world = new RepairWorld();
    const said = world.apply([[accept([["OrderSettlement", word32(1n << 200n), 1n]])]]);
    expect(said).to.deep.equal({ first: [], naive: [] });
  });

  it("asks the book set as it was before an acceptance that changes it, of any length", () => {
    const world = new RepairWorld();
    const { at, length } = registry.bookSets.contracts;
    const changed = accept([
      ["CheckpointRegistry", at.slot(1n, 2n), BigInt(ADDRESSES.SyncGuard)],
      ["OrderSettlement", word32(1n << 200n), 1n],
    ]);
    expect(world.apply([[changed]])).to.deep.equal({ first: [], naive: [] });
    const endless = accept([["CheckpointRegistry", length.slot(1n), 1n << 250n]]);
    expect(world.apply([[endless], [endless]])).to.deep.equal({ first: [], naive: [] });
  });

  it("reads long acceptances in both derivations, and none that claims another length", () => {
    const world = new RepairWorld();
    const slots = Array.from({ length: 200 }, (_, at) => word32((1n << 200n) + BigInt(at)));
    const made = accept(slots.map((slot) => ["OrderSettlement", slot, BigInt(slot)] as const));
    const [log] = world.encode([[made]]);
    const block = { number: 100, hash: word32(100n), timestamp: 1_100 };
    const naive = (data: Hex) =>
      deriveNaively({
        ...{ addresses: world.books.addresses, immutables: world.books.immutables },
        block: { ...block, logs: [{ ...log!, data }] },
        read: (book, slot) => world.books.read(book, slot),
        priceBefore: () => undefined,
      });
    const { writes, problems } = naive(log!.data);
    expect(problems).to.deep.equal([]);
    expect([...writes.get("OrderSettlement")!]).to.deep.equal(slots.map((slot) => [slot, BigInt(slot)]));
    const shorter: Hex = `${log!.data.slice(0, 2 + 64)}${word32(199n).slice(2)}${log!.data.slice(2 + 128)}` as Hex;
    expect(naive(shorter).problems.map(({ kind }) => kind)).to.deep.equal(["unreadable"]);
    expect(world.apply([[made]])).to.deep.equal({ first: [], naive: [] });
  });

  it("forgets the keys of a block that is taken back", () => {
    const world = new RepairWorld();
    world.know(0, 2);
    world.know(2, 5);
    expect([...world.books.accounts]).to.have.length(5);
    world.books.undo();
    expect([...world.books.accounts]).to.deep.equal([accountOf(0), accountOf(1)]);
    world.know(7, 8);
    expect([...world.books.accounts]).to.deep.equal([accountOf(0), accountOf(1), accountOf(7)]);
  });

  it("judges no repair whose words it has not named yet, and every one once it has", () => {
    const world = new RepairWorld();
    world.know(0, MANY);
    const { slot, decode, encode } = { ...ledger.accounts, slot: ledger.accounts.slot(accountOf(MANY - 1)) };
    const robbery = (): MadeUp[] => {
      const word = decode(world.books.read("PositionLedger", slot));
      return repair(slot, encode({ ...word, quote: word.quote + 5n }), world.books.tip!.number + 1);
    };
    expect(world.apply([robbery()]).first).to.deep.equal([]);
    world.books.undo();
    for (let blocks = 0; blocks < 4; blocks += 1) world.apply([]);
    expect(world.apply([robbery()]).first.join()).to.match(/settlement asset .* differ by 5$/);
    world.books.undo();
    const stranger = ledger.accounts.slot(`0x${"5e".repeat(32)}`);
    const unknown = world.apply([repair(stranger, 1n << 255n, world.books.tip!.number + 1)]);
    expect(unknown.first.join()).to.match(/no known key explains the word/);
    expect(unknown.naive.join()).to.match(/nobody knows what it is/);
  });

  it("names by the keys of the branch that it follows, not of one that was taken back", () => {
    const world = new RepairWorld();
    world.know(0, 2);
    world.know(2, 9);
    world.apply([]);
    for (let undone = 0; undone < 2; undone += 1) world.books.undo();
    world.know(9, 10);
    const write = (index: number): string[] => {
      const word = ledger.accounts.encode({ ...ledger.accounts.decode(0n), quote: 5n });
      const said = world.apply([repair(ledger.accounts.slot(accountOf(index)), word, 102)]).first;
      world.books.undo();
      return said;
    };
    expect(write(9).join()).to.match(/settlement asset .* differ by 5$/);
    expect(write(4).join()).to.match(/no known key explains the word/);
  });

  it("calls no word unknown whose key governance may have accepted, as the second derivation knows such keys", () => {
    const world = new RepairWorld();
    world.know(0, 1);
    const terms = instruments.instruments;
    const listing = accept([["InstrumentRegistry", terms.slot(77n), terms.encode({ ...terms.decode(0n), kind: 1n })]]);
    const { clearingSizes, positions } = ledger;
    const short = positions.encode({ ...positions.decode(0n), size: -5n });
    const long = clearingSizes.encode({ ...clearingSizes.decode(0n), size: 5n });
    const repairs = [
      ...repair(positions.slot(accountOf(0), 77n), short, 102),
      ...repair(clearingSizes.slot(77n), long, 102),
    ];
    expect(world.apply([[listing]])).to.deep.equal({ first: [], naive: [] });
    expect(world.apply([repairs])).to.deep.equal({ first: [], naive: [] });
  });

  it("knows the account of the fund that the ledger was bound to", () => {
    const world = new RepairWorld();
    const [one, fund] = ["11", "f0"].map((byte) => byte.repeat(20)) as [string, string];
    const modules = [one, one, one, one, fund].map((address) => `0x${address}`);
    world.apply([[["PositionLedger", "ModulesBound", modules]]]);
    expect([...world.books.accounts]).to.deep.equal([`0x${fund}${"00".repeat(12)}`]);
  });

  it("names nothing more once a block is illegal", () => {
    const world = new RepairWorld();
    world.know(0, 3);
    const slot = ledger.accounts.slot(accountOf(0));
    const robbery = repair(slot, ledger.accounts.encode({ ...ledger.accounts.decode(0n), quote: 5n }), 101);
    const alone = world.apply([robbery]).first;
    world.books.undo();
    const second = world.apply([[accept([])], robbery]).first;
    expect([alone.length, second]).to.deep.equal([1, ["nothing is accepted"]]);
  });

  it("takes a block of thousands of acceptances in one go", () => {
    const world = new RepairWorld();
    world.know(0, MANY);
    const garbage = (from: number, count: number): MadeUp =>
      accept(
        Array.from({ length: count }, (_, at) => ["PositionLedger", word32((1n << 200n) + BigInt(from + at)), 1n]),
      );
    const transactions = [[garbage(0, 20_000)], ...Array.from({ length: 2_000 }, (_, at) => [garbage(at, 1)])];
    const block = { number: 101, hash: word32(101n), parentHash: word32(100n), timestamp: 2_000 };
    // Searched for one by one this takes hours, and minutes where each looks back through the writes of all.
    expect(world.books.apply({ ...block, logs: world.encode(transactions) })).to.deep.equal([]);
  });
});
