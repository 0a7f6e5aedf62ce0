import type { BookBlock } from "../../books/BookBlock.ts";
import { TOPICS as FEED_TOPICS } from "../../books/generated/AggregatorV3Interface.ts";
import { storage as vault } from "../../books/generated/CollateralVault.ts";
import { TOPICS as LEDGER_TOPICS } from "../../books/generated/PositionLedger.ts";
import { TOPICS as GUARD_TOPICS } from "../../books/generated/SyncGuard.ts";
import type { KeysImage } from "../../books/KnownKeys.ts";
import { PartialTrie } from "../../books/naive/PartialTrie.ts";
import { UnprovenNodeError } from "../../books/naive/UnprovenNodeError.ts";
import type { Answer } from "../../books/Prices.ts";
import { BOOK_NAMES, type BookAddresses, type BookName } from "../../domain/bookSet.ts";
import type { TokenSlot } from "../../domain/TokenSlot.ts";
import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import type { Address, Hash, Hex } from "../../lib/hex.ts";
import type { BeforeWords } from "../../loop/BeforeWords.ts";
import type { EvidenceBlock } from "../../loop/EvidenceBlock.ts";
import { feedAddresses } from "../../loop/feedAddresses.ts";
import type { Transition } from "../../loop/Transition.ts";
import { EMPTY_ROOT } from "../../trie/nodeEncoding.ts";
import { opinionPieces, replayPieces, type StepGround, type StepWrites } from "./replayStep.ts";
import { walkKey } from "./walkKey.ts";
import { writeOrder } from "./writeOrder.ts";

/** Words whose nodes are gathered in one go: about a millisecond. */
const SLICE = 64;

/** Times that the books may go on while their nodes are made ready in pieces; then they are made ready in one go. */
const MAX_ATTEMPTS = 32;

/** No keys: enough where nothing is repaired. */
export const NO_KEYS: KeysImage = { accounts: [], others: [], unnamed: 0 };

/** Everything that a replay of a step asks for. */
export interface CollectedStep {
  /** Encodings of trie nodes before the step, as digits. */
  readonly nodes: ReadonlyMap<BookName, ReadonlySet<string>>;
  /** Answers that prices rest on. */
  readonly answers: readonly (readonly [Address, Answer])[];
  readonly keys: KeysImage;
}

/** A slot that was located, by its hash. */
export interface WantedSlot {
  readonly contract: BookName;
  readonly hashedSlot: Hash;
}

/** The logs of a block that concern the books. */
export function logsFor(addresses: BookAddresses, logs: readonly VerifiedLog[]): VerifiedLog[] {
  const books = new Set<Hex>(Object.values(addresses));
  return logs.filter(({ address, topics }) => books.has(address) || topics[0] === FEED_TOPICS.AnswerUpdated);
}

/** Whether governance repairs or accepts words in these blocks: then known keys matter. */
export function hasRepair(blocks: readonly BookBlock[]): boolean {
  const topics: ReadonlySet<Hash | undefined> = new Set([LEDGER_TOPICS.WordRepaired, GUARD_TOPICS.BooksAccepted]);
  return blocks.some(({ logs }) => logs.some((log) => topics.has(log.topics[0])));
}

/** A block of the step as the books take it. */
export function toStepBlock({ hash, header, logs }: EvidenceBlock, addresses: BookAddresses): BookBlock {
  const { number, parentHash, timestamp } = header;
  return { number, hash, parentHash, timestamp, logs: logsFor(addresses, logs) };
}

/**
 * Gathers what a replay of the step will ask for, by replaying it once over the keeper's own books. A piece at a time: between
 * two of them the books may go on. Returns why there is nothing to gather from as a text.
 */
export function* collectStep(
  transition: Transition,
  wanted: readonly WantedSlot[],
): Generator<undefined, CollectedStep | string> {
  const { facts, options } = transition;
  const { addresses, immutables } = options;
  const before = transition.before();
  if (before === null) return GONE;
  const source = new Source(transition, before);
  const blocks = facts.blocks.map((block) => toStepBlock(block, addresses));
  const keys = hasRepair(blocks) ? { ...transition.keys, unnamed: 0 } : NO_KEYS;
  const reads = new Map(BOOK_NAMES.map((name) => [name, new Map<Hash, bigint>()]));
  const asked = new Map<Address, Answer>();
  const ground: StepGround = {
    ...{ addresses, immutables, blocks, keys },
    read: (book, slot) => {
      const word = source.before.read(book, slot);
      reads.get(book)?.set(slot, word);
      return word;
    },
    answerOf: (aggregator) => {
      const answer = source.before.answerOf(aggregator);
      if (answer !== undefined) asked.set(aggregator, answer);
      return answer;
    },
  };
  try {
    const replay = yield* onCurrent(source, replayPieces(ground));
    const opinion = yield* onCurrent(source, opinionPieces(ground));
    yield* onCurrent(source, owedPieces(ground, options.tokenSlots ?? []));
    const writes = [replay.writes, opinion.writes];
    const nodes = new Map<BookName, ReadonlySet<string>>();
    for (const book of BOOK_NAMES) {
      const slots = wanted.filter(({ contract }) => contract === book).map(({ hashedSlot }) => hashedSlot);
      const touched = new Set(reads.get(book)?.keys());
      nodes.set(book, yield* gatherNodes(source, book, { reads: touched, writes, slots }));
    }
    const oracle = [...writes, reads].flatMap((words) => [...(words.get("PriceOracle")?.values() ?? [])]);
    const feeds = feedAddresses(oracle, immutables);
    const answers = [...asked]
      .filter(([aggregator]) => feeds.has(aggregator))
      .sort(([one], [other]) => (one < other ? -1 : 1));
    return { nodes, answers, keys };
  } catch (error: unknown) {
    if (error instanceof BooksGone) return GONE;
    if (!(error instanceof UnprovenNodeError)) throw error;
    return `the keeper's own words are not those that were proven before it: ${error.message}`;
  }
}

/** What the vault owes of declared tokens: it is compared with their own words. */
function* owedPieces(ground: StepGround, tokens: readonly TokenSlot[]): Generator<undefined, void> {
  for (const { token } of tokens) {
    ground.read("CollateralVault", vault.assets.slot(token));
    yield;
  }
}

/** Why there is nothing to gather from. */
const GONE = "the books do not reach back to the block before it any more";

/** The books took the block before the step back between two pieces. */
class BooksGone extends Error {}

/** Runs pieces of work, each on the books as they then are. */
function* onCurrent<Value>(source: Source, pieces: Generator<undefined, Value>): Generator<undefined, Value> {
  for (;;) {
    source.refresh();
    const piece = pieces.next();
    if (piece.done === true) return piece.value;
    yield;
  }
}

/** The nodes before the step, wherever the books are. */
class Source {
  readonly #transition: Transition;
  #before: BeforeWords;
  #isReady = false;

  constructor(transition: Transition, before: BeforeWords) {
    this.#transition = transition;
    this.#before = before;
  }

  get before(): BeforeWords {
    return this.#before;
  }

  rootOf(book: BookName): Hash {
    return this.#transition.facts.base?.proven?.[book]?.storageRoot ?? EMPTY_ROOT;
  }

  nodeAt(book: BookName, path: string): string {
    return this.#before.nodeAt(book, path);
  }

  /** Catches up with the books: words can be read. */
  refresh(): void {
    if (this.#before.isCurrent) return;
    const before = this.#transition.before();
    if (before === null) throw new BooksGone(GONE);
    this.#before = before;
    this.#isReady = false;
  }

  /** The same for nodes, without a long look at the first of them. */
  *ready(): Generator<undefined, void> {
    for (let attempt = 1; ; attempt += 1) {
      this.refresh();
      if (this.#isReady) return;
      const pieces = this.#before.prepare();
      while (this.#before.isCurrent) {
        this.#isReady = pieces.next().done === true;
        if (this.#isReady) return;
        // Books that go on all the time would never let it end.
        if (attempt < MAX_ATTEMPTS) yield;
      }
    }
  }
}

interface Gathered {
  readonly reads: ReadonlySet<Hash>;
  readonly writes: readonly StepWrites[];
  /** Hashes of located slots. */
  readonly slots: readonly Hash[];
}

function* gatherNodes(
  source: Source,
  book: BookName,
  { reads, writes, slots }: Gathered,
): Generator<undefined, ReadonlySet<string>> {
  const nodes = new Set<string>();
  const root = source.rootOf(book);
  const serve = (path: string): string => {
    const text = source.nodeAt(book, path);
    if (text !== "") nodes.add(text);
    return text;
  };
  const ofBook = writes.map((all) => all.get(book) ?? new Map<Hash, bigint>());
  const touched = new Set([...reads, ...ofBook.flatMap((map) => [...map.keys()])]);
  const trie = new PartialTrie(root, serve);
  let count = 0;
  for (const slot of touched) {
    if (count % SLICE === 0) {
      if (count > 0) yield;
      yield* source.ready();
    }
    count += 1;
    trie.get(slot);
  }
  yield* source.ready();
  for (const hashedSlot of slots) walkKey(root, hashedSlot, serve);
  for (const map of ofBook) {
    // Only what is removed looks beside its path.
    if (![...map.values()].includes(0n)) continue;
    const other = new PartialTrie(root, serve);
    for (const [at, [slot, word]] of writeOrder(map).entries()) {
      if (at % SLICE === SLICE - 1) {
        yield;
        yield* source.ready();
      }
      other.set(slot, word);
    }
  }
  return nodes;
}
