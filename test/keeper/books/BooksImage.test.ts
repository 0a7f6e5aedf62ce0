import { expect } from "chai";
import { network } from "hardhat";

import type { BookBlock } from "../../../keeper/books/BookBlock.ts";
import { Books, type BooksOptions } from "../../../keeper/books/Books.ts";
import type { BooksImage } from "../../../keeper/books/BooksImage.ts";
import { readImage, SECTION, type ImageSection } from "../../../keeper/books/imageSections.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import { KeeperError } from "../../../keeper/errors/KeeperError.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { BooksFollower } from "./BooksFollower.ts";
import { RandomClearing } from "./RandomClearing.ts";
import { accept, RepairWorld, word32 } from "./repairWorld.ts";

const BLOCKS = 60;
const ROUNDS = 40;

/** A file's worth of bytes between writing and reading: nothing is shared. */
function pass(sections: Iterable<ImageSection>): BooksImage {
  return readImage([...sections].map(({ kind, bytes }) => ({ kind, bytes: Uint8Array.from(bytes) })));
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error: unknown) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
  return "none";
}

/** Applies the next blocks of a history, and now and then others that are taken back again. */
class Wanderer {
  readonly #history: readonly BookBlock[];
  readonly #random: SeededRandom;
  #invented = 0;

  constructor(history: readonly BookBlock[], random: SeededRandom) {
    this.#history = history;
    this.#random = random;
  }

  indexOf(books: Books): number {
    return this.#history.findIndex(({ hash }) => hash === books.tip?.hash);
  }

  /** One step towards block `end`, never below block `floor`, after which the books stand at a block of the history. */
  step(books: Books, floor: number, end: number): void {
    const at = this.indexOf(books);
    const depth = this.#random.below(4) === 0 ? Math.min(this.#random.below(6), at - floor) : 0;
    for (let undone = 0; undone < depth; undone += 1) books.undo();
    const others = this.#random.below(3);
    for (let other = 0; other < others; other += 1) books.apply(this.#other(books, at - depth + 1 + other));
    for (let other = 0; other < others; other += 1) books.undo();
    for (let index = at - depth + 1; index <= Math.min(end, at + 1); index += 1) books.apply(this.#history[index]!);
  }

  /** A block of another branch: with some of the logs that the history has about there. */
  #other(books: Books, near: number): BookBlock {
    const { number, hash, timestamp } = books.tip!;
    const { logs } = this.#history[near % this.#history.length]!;
    this.#invented += 1;
    return {
      number: number + 1,
      hash: word32((1n << 255n) + BigInt(this.#invented)),
      parentHash: hash,
      timestamp: timestamp + 1,
      logs: logs.filter(() => this.#random.below(3) > 0),
    };
  }
}

describe("BooksImage", function () {
  this.timeout(180_000);

  describe("of random clearing", () => {
    const history: BookBlock[] = [];
    let options: BooksOptions;
    let seed = 0;

    before(async () => {
      seed = chooseSeed(41);
      const random = new SeededRandom(seed);
      const connection = await network.create();
      const clearing = await RandomClearing.open(connection);
      const follower = await BooksFollower.open(clearing.system);
      const { provider } = clearing.system.ethers;
      for (let step = 0; step < BLOCKS; step += 1) await clearing.step(random);
      for (let number = 0; number <= (await provider.getBlockNumber()); number += 1) {
        history.push(await follower.read(number));
      }
      options = { addresses: follower.books.addresses, immutables: follower.books.immutables };
      await connection.close();
    });

    /** Books that were rebuilt from the first block to block `index`. */
    function rebuilt(index: number): Books {
      const books = new Books(options);
      for (const block of history.slice(0, index + 1)) books.apply(block);
      return books;
    }

    it("is the same for books that wandered as for books that were rebuilt", () => {
      const random = new SeededRandom(seed);
      const books = new Books(options);
      const wanderer = new Wanderer(history, random);
      books.apply(history[0]!);
      while (wanderer.indexOf(books) < history.length - 1) wanderer.step(books, 0, history.length - 1);
      expect(books.toImage()).to.deep.equal(rebuilt(history.length - 1).toImage());
    });

    it(`gives books that go on as those that never stopped, taken at any of their blocks (${ROUNDS} rounds)`, () => {
      const random = new SeededRandom(seed + 1);
      const end = history.length - 1;
      const expected = rebuilt(end).toImage();
      for (let round = 0; round < ROUNDS; round += 1) {
        const at = 1 + random.below(end - 1);
        const image = rebuilt(at).toImage();
        const books = rebuilt(Math.min(end, at + random.below(30)));
        const roots = BOOK_NAMES.map((name) => image.books[name].root);
        // The books go on, back and aside while the pieces are taken.
        const wanderer = new Wanderer(history, random);
        const pieces: ImageSection[] = [];
        for (const piece of books.exportAt(history[at]!.hash, roots)) {
          pieces.push(piece);
          if (random.below(3) === 0) wanderer.step(books, at, end);
        }
        const read = pass(pieces);
        expect(read, `round ${round}, block ${at}`).to.deep.equal(image);
        const restored = Books.fromImage(options, read);
        expect(restored.tip?.hash).to.equal(history[at]!.hash);
        while (wanderer.indexOf(restored) < end) wanderer.step(restored, at, end);
        expect(restored.toImage(), `round ${round}, from block ${at}`).to.deep.equal(expected);
      }
    });

    it("keeps its own block: what lies below cannot be taken back", () => {
      const at = history.length - 3;
      const restored = Books.fromImage(options, rebuilt(at).toImage());
      restored.apply(history[at + 1]!);
      restored.undo();
      expect(codeOf(() => restored.undo())).to.equal("ReorgTooDeep");
      expect(restored.tip?.hash).to.equal(history[at]!.hash);
      expect(restored.blocksSince(history[at - 1]!.hash)).to.equal(null);
      expect(restored.blocksSince(null)).to.equal(null);
      expect(restored.blocksSince(history[at]!.hash)).to.deep.equal([]);
      restored.apply(history[at + 1]!);
      expect(restored.roots()).to.deep.equal(rebuilt(at + 1).roots());
    });

    it("is not finished when its block is taken back", () => {
      const end = history.length - 1;
      const books = rebuilt(end);
      const pieces = books.exportAt(history[end]!.hash, books.roots())[Symbol.iterator]();
      pieces.next();
      books.undo();
      expect(codeOf(() => [...{ [Symbol.iterator]: () => pieces }])).to.equal("SnapshotOvertaken");
    });

    it("is refused when a word, its order or its root is another", () => {
      const image = rebuilt(history.length - 1).toImage();
      const ledger = image.books.PositionLedger;
      const restore = (part: Partial<typeof ledger>): string =>
        codeOf(() =>
          Books.fromImage(options, { ...image, books: { ...image.books, PositionLedger: { ...ledger, ...part } } }),
        );
      expect(restore({})).to.equal("none");
      const words = Uint8Array.from(ledger.words);
      words[words.length - 1]! ^= 1;
      expect(restore({ words })).to.match(/^TrieImage/);
      const slots = Uint8Array.from(ledger.slots);
      slots[7]! ^= 1;
      expect(restore({ slots })).to.match(/^TrieImage/);
      expect(restore({ root: word32(1n) })).to.equal("TrieImageRootMismatch");
    });

    it("is refused without its head, and when a piece is cut", () => {
      const books = rebuilt(history.length - 1);
      const pieces = [...books.exportAt(books.tip!.hash, books.roots())];
      expect(codeOf(() => readImage(pieces.slice(1)))).to.equal("ImageMalformed");
      for (const kind of [SECTION.words, SECTION.accounts, SECTION.others]) {
        const cut = pieces.map((one) => (one.kind === kind ? { kind, bytes: one.bytes.subarray(0, 3) } : one));
        expect(
          codeOf(() => readImage(cut)),
          String(kind),
        ).to.equal("ImageMalformed");
      }
    });
  });

  describe("of a halt, in which words are named", () => {
    const options = ({ addresses, immutables }: Books): BooksOptions => ({ addresses, immutables });

    /** A block in which something is accepted, so that words are named. */
    function repairBlock(world: RepairWorld, index: number): BookBlock {
      const { number, hash, timestamp } = world.books.tip!;
      const logs = world.encode([[accept([["OrderSettlement", word32((1n << 200n) + BigInt(index)), 1n]])]]);
      return { number: number + 1, hash: word32(BigInt(number + 1)), parentHash: hash, timestamp: timestamp + 1, logs };
    }

    it("holds the keys and the names as they were at its block", () => {
      const seed = chooseSeed(42);
      const random = new SeededRandom(seed);
      for (let round = 0; round < 6; round += 1) {
        const world = new RepairWorld();
        const first = 1 + random.below(1_200);
        world.know(0, first);
        for (let block = random.below(3); block > 0; block -= 1) world.books.apply(repairBlock(world, block));
        const image = world.books.toImage();
        expect(image.names.words.length).to.be.greaterThan(0);
        const hash: Hash = image.block.hash;
        const roots = world.books.roots();
        world.know(first, first + 1 + random.below(50));
        const next = repairBlock(world, 9);
        world.books.apply(next);
        const read = pass(world.books.exportAt(hash, roots));
        expect(read, `round ${round}`).to.deep.equal(image);
        const restored = Books.fromImage(options(world.books), read);
        for (const block of world.books.blocksSince(hash)!) restored.apply(block);
        expect(restored.toImage()).to.deep.equal(world.books.toImage());
      }
    });
  });
});
