import { expect } from "chai";

import { Books, type BookBlock, type Overwritten } from "../../../keeper/books/Books.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import type { ProvenBooks } from "../../../keeper/loop/requestBlock.ts";
import { askSecondOpinion } from "../../../keeper/loop/secondOpinion.ts";
import type { NodeRef } from "../../../keeper/trie/nodeEncoding.ts";
import type { StorageTrie } from "../../../keeper/trie/StorageTrie.ts";
import {
  DEPOSITED,
  DEPOSITED_IMMUTABLES,
  depositLogs,
  listingLogs,
  quoteSlotOf,
  verified,
} from "./secondOpinionDeposits.ts";

const START = 1_700_000_000;
const ACCOUNTS = 300;

/** Books that count how often all words of one are copied, and can be made to go wrong. */
class WatchedBooks extends Books {
  copies = 0;
  isForgetful = false;
  isLying = false;
  isFailing = false;
  isUnreadable = false;

  constructor() {
    super({ addresses: DEPOSITED, immutables: DEPOSITED_IMMUTABLES });
  }

  override get accounts(): Iterable<Hex> {
    if (this.isFailing) throw new RangeError("Division by zero");
    return super.accounts;
  }

  override wordsBefore(book: BookName, depth: number): Map<Hash, bigint> {
    this.copies += 1;
    return super.wordsBefore(book, depth);
  }

  /** A broken twin forgets what there was, so that the words after the blocks are read for those before. */
  override overwritten(depth: number): Overwritten {
    const sound = super.overwritten(depth);
    return this.isForgetful ? { ...sound, words: new Map() } : sound;
  }

  /** A trie with a fault remembers a wrong hash. */
  override trie(book: BookName): StorageTrie {
    const trie = super.trie(book);
    if (this.isUnreadable) throw new RangeError("memory access out of bounds");
    if (!this.isLying) return trie;
    return new Proxy(trie, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          const spoil = (ref: NodeRef | null): NodeRef | null =>
            ref?.map((byte, at) => (at === 5 ? byte ^ 1 : byte)) ?? null;
          if (name === "nodeRefAt") return spoil(result as NodeRef | null);
          return name === "childRefsAt" ? (result as (NodeRef | null)[]).map(spoil) : result;
        };
      },
    });
  }
}

/** Books of some deposits, with one more block of deposits on top. */
function stage() {
  const books = new WatchedBooks();
  const nameOf = (number: number): Hash => `0x${number.toString(16).padStart(64, "0")}`;
  const apply = (number: number, logs: ReturnType<typeof depositLogs>): BookBlock => {
    const [hash, parentHash, timestamp] = [nameOf(number + 1), nameOf(number), START + 12 * number];
    const block = { number, hash, parentHash, timestamp, logs: verified(logs, 2) };
    expect(books.apply(block)).to.deep.equal([]);
    return block;
  };
  const numbers = Array.from({ length: ACCOUNTS }, (_, index) => index);
  const first = apply(1, listingLogs(START + 12));
  const second = apply(2, depositLogs(books, numbers, START + 24));
  const before = books.roots();
  // Known accounts, a new one, and one twice.
  const third = apply(3, depositLogs(books, [3, 200, ACCOUNTS, 3], START + 36));
  return { books, before, after: books.roots(), blocks: [first, second, third], third };
}

function provenOf(roots: readonly Hash[]): ProvenBooks {
  const pairs = BOOK_NAMES.map((name, index) => [name, { storageRoot: roots[index] }] as const);
  return Object.fromEntries(pairs) as unknown as ProvenBooks;
}

const OTHER: Hash = `0x${"77".repeat(32)}`;

describe("askSecondOpinion", function () {
  this.timeout(60_000);
  let world: ReturnType<typeof stage>;

  beforeEach(() => {
    world = stage();
  });

  /** Asks; whatever the answer, the books stand where they stood. */
  function ask(before: readonly Hash[] | null, chain: readonly Hash[] = world.after, blocks = [world.third]) {
    const opinion = askSecondOpinion(world.books, blocks, provenOf(chain), before);
    world.books.isLying = false;
    expect(world.books.roots()).to.deep.equal(world.after);
    return { ...opinion, copies: world.books.copies };
  }

  const differing = (book: BookName): Hash[] => world.after.map((root, at) => (BOOK_NAMES[at] === book ? OTHER : root));

  it("agrees with the chain from the proven nodes alone", () => {
    const { agreesWithChain, detail, copies } = ask(world.before);
    expect([agreesWithChain, copies], detail).to.deep.equal([true, 0]);
  });

  it("says from the proven nodes alone that the chain has another root, in any book", () => {
    for (const book of BOOK_NAMES) {
      const { agreesWithChain, detail, copies } = ask(world.before, differing(book));
      expect([agreesWithChain, copies]).to.deep.equal([false, 0]);
      expect(detail).to.match(new RegExp(`^${book}: it arrives at`));
    }
  });

  it("asks the words where the trie cannot serve its nodes: that proves nothing against the chain", () => {
    world.books.isUnreadable = true;
    const opinion = askSecondOpinion(world.books, [world.third], provenOf(world.after), world.before);
    expect([opinion.agreesWithChain, opinion.hasFailed]).to.deep.equal([true, undefined]);
    expect(opinion.detail).to.contain("all words were hashed");
  });

  it("agrees with nobody where it cannot go on", () => {
    world.books.isFailing = true;
    const { agreesWithChain, hasFailed, detail } = ask(world.before);
    expect([agreesWithChain, hasFailed]).to.deep.equal([false, true]);
    expect(detail).to.equal("a second derivation could not go on: RangeError: Division by zero");
  });

  it("starts from nothing where the blocks are all there are", () => {
    const { agreesWithChain, detail, copies } = ask(null, world.after, world.blocks);
    expect([agreesWithChain, copies], detail).to.deep.equal([true, 0]);
    expect(ask(null, differing("CollateralVault"), world.blocks).agreesWithChain).to.equal(false);
  });

  it("copies all words where no root before is known, and says so", () => {
    const { agreesWithChain, detail, copies } = ask(null);
    expect([agreesWithChain, copies]).to.deep.equal([true, BOOK_NAMES.length]);
    expect(detail).to.include("all words were hashed: no root before is known");
    expect(ask(null, differing("PositionLedger")).agreesWithChain).to.equal(false);
  });

  for (const [twin, spoil] of [
    ["reads the words after the blocks for those before", () => (world.books.isForgetful = true)],
    ["serves nodes with a wrong hash", () => (world.books.isLying = true)],
  ] as const) {
    it(`believes nothing of a twin that ${twin}, and asks the words instead`, () => {
      spoil();
      const { agreesWithChain, detail, copies } = ask(world.before);
      expect([agreesWithChain, copies]).to.deep.equal([true, BOOK_NAMES.length]);
      expect(detail).to.include("is not the proven one");
    });

    it(`still says that the chain differs, with a twin that ${twin}`, () => {
      spoil();
      expect(ask(world.before, differing("PositionLedger")).agreesWithChain).to.equal(false);
    });
  }

  it("blames the books for a word that changed without a block, whatever the chain has", () => {
    const { books } = world;
    books.trie("PositionLedger").set(quoteSlotOf(7), 1n);
    world = { ...world, after: books.roots() };
    const { agreesWithChain, detail } = ask(world.before, differing("PositionLedger"));
    expect(agreesWithChain).to.equal(true);
    expect(detail).to.match(/^PositionLedger: .* its words had the root 0x/);
  });

  it("goes no further than the first problem", () => {
    const { third, books } = world;
    const [deposit, entry, ...rest] = third.logs;
    const spoilt = { ...entry!, data: entry!.data.replace(/.{2}$/, "ff") as Hash };
    const logs = [deposit!, spoilt, ...rest.map((log) => ({ ...log, data: "0x" as const }))];
    const opinion = askSecondOpinion(books, [{ ...third, logs }], provenOf(world.after), world.before);
    expect(opinion.agreesWithChain).to.equal(false);
    expect(opinion.detail).to.match(/^PositionLedger: quoteAfter is/);
  });
});
