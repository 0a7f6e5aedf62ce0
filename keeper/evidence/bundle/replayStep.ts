import { BlockApplication } from "../../books/BlockApplication.ts";
import type { BookBlock } from "../../books/BookBlock.ts";
import { KnownKeys, type KeysImage } from "../../books/KnownKeys.ts";
import { decodeAnswer } from "../../books/naive/decode.ts";
import { derivePieces } from "../../books/naive/derivePieces.ts";
import type { NaiveInput } from "../../books/naive/naiveTypes.ts";
import type { Answer } from "../../books/Prices.ts";
import { REDUCERS } from "../../books/reducers.ts";
import type { Reducer } from "../../books/Reducer.ts";
import { WordNames } from "../../books/WordNames.ts";
import type { WordStore } from "../../books/WordStore.ts";
import { BOOK_NAMES, type BookAddresses, type BookName, type Immutables } from "../../domain/bookSet.ts";
import type { Finding } from "../../domain/Finding.ts";
import { describeError } from "../../lib/describeError.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import { BundleProblem } from "./BundleProblem.ts";

/** Hashes to name words with: more than any protocol has words to repair; and at a time. */
const NAME_HASHES = 4_000_000;
const HASHES_AT_ONCE = 2_000;
/** Logs that are replayed at a time: some milliseconds. */
const LOGS_AT_ONCE = 32;

/** Final values of the words that were written, by book. */
export type StepWrites = ReadonlyMap<BookName, ReadonlyMap<Hash, bigint>>;

/** What a step is replayed on: everything that was there before it, asked for one by one. */
export interface StepGround {
  readonly addresses: BookAddresses;
  readonly immutables: Immutables;
  /** Oldest first, with the logs that concern the books. */
  readonly blocks: readonly BookBlock[];
  /** A word before the step. What it throws as {@link BundleProblem} ends the replay. */
  readonly read: (book: BookName, slot: Hash) => bigint;
  readonly answerOf: (aggregator: Address) => Answer | undefined;
  /** Keys that events before the step have named; empty where nothing is repaired. */
  readonly keys: KeysImage;
  /** For tests: broken twins. */
  readonly reducers?: Readonly<Record<BookName, Reducer<{ readonly name: string }>>>;
}

/** What the reducers and rules make of a step. */
export interface StepReplay {
  readonly findings: readonly Finding[];
  readonly writes: StepWrites;
}

/** What the second, naive derivation makes of a step. */
export interface StepOpinion {
  /** The first thing that is wrong; null when there is none. */
  readonly problem: string | null;
  /** It could not go on. */
  readonly hasFailed: boolean;
  readonly writes: StepWrites;
}

/** Applies the blocks of a step with the reducers and the rules of legality, on nothing but the ground. */
export function replayStep(ground: StepGround): StepReplay {
  return finish(replayPieces(ground));
}

/** The same, some logs at a time. Between two pieces what the ground reads must not change. */
export function* replayPieces(ground: StepGround): Generator<undefined, StepReplay> {
  const { addresses, immutables, blocks, keys, reducers = REDUCERS } = ground;
  const overlay = new Overlay(ground);
  const known = new KnownKeys();
  known.restore(keys);
  const isNaming = keys.accounts.length > 0;
  // Where nothing is repaired no name is asked for, and the asset is no matter.
  const names = new WordNames(known, isNaming ? immutables.settlementAsset : "0x");
  for (let left = isNaming ? NAME_HASHES : 0; left > 0 && !names.isComplete; left -= HASHES_AT_ONCE) {
    names.advance(HASHES_AT_ONCE);
    yield;
  }
  const parts = {
    ...{ addresses, immutables, reducers, known, names },
    tries: overlay.stores,
    bookAt: new Map(BOOK_NAMES.map((name) => [addresses[name], name])),
    answers: new AskedAnswers(ground.answerOf),
  };
  const findings: Finding[] = [];
  for (const block of blocks) {
    const application = new BlockApplication(parts, block);
    yield* application.pieces(LOGS_AT_ONCE);
    // What ended the reading is no fault of the block's, however the application took it.
    overlay.rethrow();
    findings.push(...application.findings);
    yield;
  }
  return { findings, writes: overlay.writes };
}

/** Derives the blocks of a step with the code that shares nothing with the reducers, up to the first problem. */
export function opinionOnStep(ground: StepGround): StepOpinion {
  return finish(opinionPieces(ground));
}

/** The same, some logs at a time. Between two pieces what the ground reads must not change. */
export function* opinionPieces(ground: StepGround): Generator<undefined, StepOpinion> {
  const { addresses, immutables, blocks, keys } = ground;
  const overlay = new Overlay(ground);
  const answers = new Map<Address, Answer>();
  try {
    for (const { number, hash, timestamp, logs } of blocks) {
      const input: NaiveInput = {
        ...{ addresses, immutables, block: { number, hash, timestamp, logs }, accounts: keys.accounts },
        read: (book, slot) => overlay.get(book, slot),
        priceBefore: (aggregator) => answers.get(aggregator) ?? ground.answerOf(aggregator),
        isUntilProblem: true,
      };
      const { writes, problems } = yield* derivePieces(input, LOGS_AT_ONCE);
      overlay.rethrow();
      const [problem] = problems;
      if (problem !== undefined) {
        return { problem: `${problem.book}: ${problem.detail}`, hasFailed: false, writes: overlay.writes };
      }
      for (const [book, written] of writes) overlay.stores[book].setMany([...written]);
      for (const log of logs) {
        const answer = decodeAnswer(log);
        if (answer !== undefined) answers.set(answer.aggregator, answer);
      }
      yield;
    }
    return { problem: null, hasFailed: false, writes: overlay.writes };
  } catch (error: unknown) {
    overlay.rethrow();
    const problem = `a second derivation could not go on: ${describeError(error)}`;
    return { problem, hasFailed: true, writes: overlay.writes };
  }
}

function finish<Value>(pieces: Generator<undefined, Value>): Value {
  for (let piece = pieces.next(); ; piece = pieces.next()) if (piece.done === true) return piece.value;
}

/** Words over those of the ground. */
class Overlay {
  readonly stores: Readonly<Record<BookName, WordStore>>;
  readonly writes = new Map(BOOK_NAMES.map((name) => [name, new Map<Hash, bigint>()]));
  readonly #ground: StepGround;
  /** Why a word could not be read: whoever asked for it may have taken that for a fault of its own. */
  #problem: BundleProblem | null = null;

  constructor(ground: StepGround) {
    this.#ground = ground;
    const pairs = BOOK_NAMES.map((name) => [name, this.#storeOf(name)] as const);
    this.stores = Object.fromEntries(pairs) as Record<BookName, WordStore>;
  }

  get(book: BookName, slot: Hash): bigint {
    const written = this.writes.get(book)?.get(slot);
    if (written !== undefined) return written;
    try {
      return this.#ground.read(book, slot);
    } catch (error: unknown) {
      if (error instanceof BundleProblem) this.#problem ??= error;
      throw error;
    }
  }

  rethrow(): void {
    if (this.#problem !== null) throw this.#problem;
  }

  #storeOf(book: BookName): WordStore {
    return {
      get: (slot) => this.get(book, slot),
      setMany: (writes) => {
        for (const [slot, word] of writes) this.writes.get(book)?.set(slot, word);
      },
    };
  }
}

/** Answers as the blocks leave them; what was there before is asked for. */
class AskedAnswers extends Map<Address, Answer> {
  readonly #before: StepGround["answerOf"];

  constructor(before: StepGround["answerOf"]) {
    super();
    this.#before = before;
  }

  override get(aggregator: Address): Answer | undefined {
    return super.get(aggregator) ?? this.#before(aggregator);
  }
}
