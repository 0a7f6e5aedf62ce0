import { expect } from "chai";

import { Books } from "../../../keeper/books/Books.ts";
import type { Reducer, ReducerContext } from "../../../keeper/books/Reducer.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import type { Finding } from "../../../keeper/domain/Finding.ts";
import { checkLayoutCoverage } from "../../../scripts/generate/checkLayoutCoverage.ts";
import { findHiddenStorage } from "../../../scripts/generate/findHiddenStorage.ts";
import { compileSampleBook } from "../../fixtures/layout/compileSource.ts";
import { storage, TOPICS, VARIABLES, type SampleBookEvent } from "../../fixtures/sampleBook/SampleBook.ts";
import { SampleBookChain, type SampleBlock } from "../../fixtures/sampleBook/SampleBookChain.ts";
import { MAPPED_VARIABLES, sampleBook } from "../../fixtures/sampleBook/sampleBookReducer.ts";
import { randomCall, SAMPLE_SETTERS } from "../../fixtures/sampleBook/sampleTraffic.ts";
import { ADDRESSES } from "../../helpers/keeper/inventedBlocks.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { IMMUTABLES } from "./repairWorld.ts";

const BLOCKS = Number(process.env["LOCKSTEP_TEST_BLOCKS"] ?? 160);
const SEED = 77;
/** The sample has no name in the book set: it takes the place of the book whose rules ask for the least. */
const SEAT = "InsuranceFund";

type Apply = (event: SampleBookEvent, context: ReducerContext) => void;

/** Books in which the sample's reducer, or a broken twin of it, sits in {@link SEAT}. */
function openBooks(chain: SampleBookChain, apply: Apply = (event, context) => sampleBook.apply(event, context)): Books {
  const addresses = { ...ADDRESSES, [SEAT]: chain.address };
  const reducer: Reducer<SampleBookEvent> = { book: SEAT, decode: sampleBook.decode, apply };
  return new Books({ addresses, immutables: IMMUTABLES, reducers: { ...REDUCERS, [SEAT]: reducer } });
}

describe("a new kind of book", function () {
  this.timeout(60_000 + BLOCKS * 500);
  const compiled = compileSampleBook();
  const history: SampleBlock[] = [];
  const findings: Finding[] = [];
  const mismatches: number[] = [];
  const seed = chooseSeed(SEED);
  /** Another seed may take another way, and fewer blocks do not go it to its end. */
  const isUsual = seed === SEED && BLOCKS >= 160;
  let chain: SampleBookChain;
  let books: Books;

  /** The first block after which a twin's root is not the chain's, or null; a twin may also refuse what it reads. */
  const firstMismatch = (apply: Apply): number | null => {
    const twin = openBooks(chain, apply);
    for (const { block, root } of history) {
      if (twin.apply(block).length > 0 || twin.root(SEAT) !== root) return block.number;
    }
    return null;
  };

  before(async () => {
    chain = await SampleBookChain.open(compiled);
    books = openBooks(chain);
    const random = new SeededRandom(seed);
    for (let count = 0; count < BLOCKS; count += 1) {
      const mined = await chain.mine(Array.from({ length: random.below(8) }, () => randomCall(random)));
      history.push(mined);
      findings.push(...books.apply(mined.block));
      if (books.root(SEAT) !== mined.root) mismatches.push(mined.block.number);
    }
  });
  after(async () => await chain.close());

  it(`has the chain's root after each of ${BLOCKS} blocks, and finds nothing`, () => {
    expect(findings.map(({ cause, detail }) => `${cause}: ${detail}`)).to.deep.equal([]);
    expect(mismatches).to.deep.equal([]);
  });

  it("is taken back and applied again block by block, and comes whole from an image", () => {
    const image = books.toImage();
    const { addresses, immutables } = books;
    expect(Books.fromImage({ addresses, immutables }, image).root(SEAT)).to.equal(history.at(-1)?.root);
    for (const { root } of history.toReversed()) {
      expect(books.root(SEAT)).to.equal(root);
      books.undo();
    }
    expect(books.trie(SEAT).size).to.equal(0);
    for (const { block, root } of history) {
      books.apply(block);
      expect(books.root(SEAT)).to.equal(root);
    }
  });

  it("finds a log that it cannot read, by its topic", () => {
    const again = openBooks(chain);
    const at = history.findIndex(({ block }) => block.logs.length > 0);
    for (const { block } of history.slice(0, at)) again.apply(block);
    const { block } = history[at]!;
    const strange = { ...block.logs[0]!, topics: [`0x${"5a".repeat(32)}` as const] };
    const found = again.apply({ ...block, logs: [strange] });
    expect(found.map(({ cause, contract, logIndex }) => [cause, contract, logIndex])).to.deep.equal([
      ["unreadable", SEAT, strange.logIndex],
    ]);
    expect(found[0]?.detail).to.include(strange.topics[0]);
  });

  it("leaves no variable out, and no storage beside the layout", () => {
    const coverage = { contract: "SampleBook", variables: VARIABLES, mapped: MAPPED_VARIABLES };
    expect(checkLayoutCoverage([coverage])).to.deep.equal([]);
    expect(findHiddenStorage("SampleBook", compiled.facts.source, compiled.facts.asts)).to.deep.equal([]);
    const setters = chain.abi.fragments.flatMap((fragment) => (fragment.type === "function" ? [fragment] : []));
    expect(setters.map((setter) => chain.abi.getFunctionName(setter.format())).sort()).to.deep.equal(
      [...SAMPLE_SETTERS].sort(),
    );
  });

  it("met every event, and contents that grow past a word and shrink back", function () {
    if (!isUsual) return this.skip();
    const topics = new Set(history.flatMap(({ block }) => block.logs.map((log) => log.topics[0])));
    expect(Object.entries(TOPICS).flatMap(([name, topic]) => (topics.has(topic) ? [] : [name]))).to.deep.equal([]);
    for (const slot of [storage.title.slot, storage.blob.slot, storage.notes.slot(0n)]) {
      const again = openBooks(chain);
      const forms = history.map(({ block }) => {
        again.apply(block);
        return again.read(SEAT, slot) & 1n;
      });
      const changes = forms.filter((form, index) => index > 0 && form !== forms[index - 1]);
      expect(changes).to.include.members([0n, 1n]);
    }
  });

  it("differs from the chain without any one of its events", function () {
    if (!isUsual) return this.skip();
    for (const name of Object.keys(TOPICS)) {
      const twin: Apply = (event, context) => {
        if (event.name !== name) sampleBook.apply(event, context);
      };
      expect(firstMismatch(twin), name).to.not.equal(null);
    }
  });

  it("differs from the chain when it leaves words that the contract deletes, or bits next to those it writes", function () {
    if (!isUsual) return this.skip();
    const keeping: Apply = (event, context) =>
      sampleBook.apply(event, {
        ...context,
        write: (slot, value) => {
          if (value !== 0n) context.write(slot, value);
        },
      });
    const dropping: Apply = (event, context) => {
      const word: ReducerContext["read"] = (slot) => (event.name === "HoldingMarked" ? 0n : context.read(slot));
      sampleBook.apply(event, { ...context, read: word });
    };
    expect(firstMismatch(keeping)).to.not.equal(null);
    expect(firstMismatch(dropping)).to.not.equal(null);
    expect(firstMismatch((event, context) => sampleBook.apply(event, context))).to.equal(null);
  });

  it("names a result that its inputs do not imply", () => {
    const at = history.findLast(({ block }) => block.logs.some(({ topics }) => topics[0] === TOPICS.Moved));
    while (books.tip?.hash !== at?.block.parentHash) books.undo();
    const { slot, decode, update } = storage.word0;
    const word = books.read(SEAT, slot);
    books.trie(SEAT).set(slot, update(word, { moves: decode(word).moves + 1n }));
    const details = books.apply(at!.block).map(({ cause, contract, detail }) => `${cause} ${contract} ${detail}`);
    expect(details[0]).to.match(/^miscomputed InsuranceFund Moved\.moves says \d+, its inputs imply \d+$/);
  });
});
