import { expect } from "chai";
import { network } from "hardhat";

import type { BookBlock } from "../../../keeper/books/BookBlock.ts";
import { Books, type BooksOptions } from "../../../keeper/books/Books.ts";
import type { Reducer, ReducerContext } from "../../../keeper/books/Reducer.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { LayoutRangeError } from "../../../keeper/books/layout/LayoutRangeError.ts";
import { addSlot } from "../../../keeper/books/layout/slots.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash } from "../../../keeper/lib/hex.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { emitEveryEvent } from "../../helpers/keeper/everyEvent.ts";
import { samples } from "../../helpers/samples.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { readBlock, type Head, type Rpc } from "../../../testing/Rpc.ts";
import { TOPICS } from "../../helpers/keeper/usedWords.ts";
import { World } from "../../helpers/keeper/World.ts";
import { deployToured } from "../books/naive/tourSync.ts";

type Event = { readonly name: string };
type Reducers = NonNullable<BooksOptions["reducers"]>;

/** How a reducer goes wrong: what it is given instead. */
interface Mutation {
  readonly name: string;
  readonly change: (event: Event, context: ReducerContext) => readonly [Event, ReducerContext];
}

/** More blocks above the broken one than are proven. */
const DEPTH = 4;

/** Their reducers write nothing, or the history gives no cause for them. */
const UNCHANGING = new Set(["EIP712DomainChanged", "CheckpointReplaced", "CollateralSold"]);

const INPUTS = ["amount", "sizeDelta", "quoteDelta", "size"];

const MUTATIONS: readonly Mutation[] = [
  {
    name: "skips its writes",
    change: (event, context) => [event, { ...context, write: () => undefined, writeOf: () => undefined }],
  },
  {
    name: "is off by one",
    change: (event, context) => {
      const writeOf: ReducerContext["writeOf"] = (book, slot, value) => {
        context.writeOf(book, slot, value ^ 1n);
      };
      const write: ReducerContext["write"] = (slot, value) => {
        context.write(slot, value ^ 1n);
      };
      return [event, { ...context, write, writeOf }];
    },
  },
  {
    name: "writes the next slot",
    change: (event, context) => {
      const writeOf: ReducerContext["writeOf"] = (book, slot, value) => {
        context.writeOf(book, addSlot(slot, 1n), value);
      };
      const write: ReducerContext["write"] = (slot, value) => {
        context.write(addSlot(slot, 1n), value);
      };
      return [event, { ...context, write, writeOf }];
    },
  },
  {
    name: "takes its inputs with the wrong sign",
    change: (event, context) => {
      const fields = event as unknown as Record<string, unknown>;
      const entries = INPUTS.filter((name) => typeof fields[name] === "bigint" && fields[name] !== 0n);
      return [{ ...event, ...Object.fromEntries(entries.map((name) => [name, -(fields[name] as bigint)])) }, context];
    },
  },
  {
    name: "fails at its writes",
    change: (event, context) => {
      const write = (): never => {
        throw new RangeError("Division by zero");
      };
      return [event, { ...context, write, writeOf: write }];
    },
  },
  {
    name: "expects another result",
    change: (event, context) => {
      const expectResult: ReducerContext["expect"] = (field, said, implied) => {
        context.expect(field, said, typeof implied === "bigint" ? implied + 1n : !implied);
      };
      return [event, { ...context, expect: expectResult }];
    },
  },
];

/** What applying an event would change and refute: mutations that come to the same are none. */
function effectOf(book: BookName, apply: (context: ReducerContext) => void, context: ReducerContext): string {
  const words = new Map<string, bigint>();
  const refuted: string[] = [];
  try {
    apply({
      ...context,
      memory: { ...context.memory },
      read: (slot) => words.get(`${book} ${slot}`) ?? context.read(slot),
      readOf: (other, slot) => words.get(`${other} ${slot}`) ?? context.readOf(other, slot),
      write: (slot, value) => void words.set(`${book} ${slot}`, value),
      writeOf: (other, slot, value) => void words.set(`${other} ${slot}`, value),
      expect: (field, said, implied) => {
        if (said !== implied) refuted.push(field);
      },
    });
  } catch (error: unknown) {
    if (!(error instanceof LayoutRangeError || error instanceof RangeError)) throw error;
    refuted.push(error.message);
  }
  const changed = [...words].filter(([word, value]) => {
    const [other, slot] = word.split(" ") as [BookName, Hash];
    return value !== context.readOf(other, slot);
  });
  return [...changed.map(([word, value]) => `${word} ${value}`).sort(), ...refuted].join();
}

/** The reducers with one of them broken for one event; `spoilt` is told when that made a difference. */
function breakReducer(book: BookName, name: string, { change }: Mutation, spoilt: () => void): Reducers {
  const sound = REDUCERS[book];
  const broken: Reducer<Event> = {
    ...sound,
    apply(event, context) {
      if (event.name !== name) {
        sound.apply(event, context);
        return;
      }
      const right = effectOf(
        book,
        (probe) => {
          sound.apply(event, probe);
        },
        context,
      );
      const wrong = effectOf(
        book,
        (probe) => {
          sound.apply(...change(event, probe));
        },
        context,
      );
      if (wrong !== right) spoilt();
      sound.apply(...change(event, context));
    },
  };
  return { ...REDUCERS, [book]: broken };
}

/** Remembers what a node answered: its past does not change while it is only read. */
function remembering(rpc: Rpc): Rpc {
  const answers = new Map<string, Promise<unknown>>();
  return {
    request: (method, params) => {
      const key = JSON.stringify([method, params]);
      const answer = answers.get(key) ?? rpc.request(method, params);
      answer.catch(() => undefined);
      answers.set(key, answer);
      return answer;
    },
  };
}

describe("Keeper with a fault of its own (G11, F19)", function () {
  this.timeout(400_000);
  let world: World;
  let rpc: Rpc;
  let blocks: Head[];
  const kinds = new Map<string, BookName>();
  const spoilt = new Map<string, number | null>();
  let history: readonly BookBlock[];

  before(async () => {
    world = await World.of(await deployToured(await network.create()));
    await emitEveryEvent(world.system);
    rpc = remembering(world.rpc);
    const head = Number(await world.send("eth_blockNumber"));
    blocks = [];
    for (let number = 1; number <= head; number += 1) blocks.push((await readBlock(rpc, number))!);
    const driver = start();
    for (const block of blocks) {
      await driver.hear("hardhat", block);
      expect(driver.verdict.kind).to.equal("InSync");
      for (const log of driver.keeper.books.tip?.logs ?? []) {
        const book = BOOK_NAMES.find((name) => world.addresses[name] === log.address);
        if (book !== undefined) kinds.set(`${book}.${REDUCERS[book].decode(log)!.name}`, book);
      }
    }
    history = driver.keeper.books.blocksSince(null)!;
  });

  it("has every event that changes a word in its history", () => {
    const all = BOOK_NAMES.flatMap((book) => Object.keys(TOPICS[book]).map((name) => `${book}.${name}`));
    expect(all.filter((kind) => !kinds.has(kind) && !UNCHANGING.has(kind.replace(/^.*\./, "")))).to.deep.equal([]);
  });

  after(() => world.close());

  const start = (reducers?: Reducers, proofDepth = 64): InProcessKeeper =>
    world.keeper({
      rpcs: { hardhat: rpc },
      keys: world.keysOf(0),
      // The history is only read.
      broadcast: () => Promise.resolve(),
      options: { proofDepth },
      ...(reducers === undefined ? {} : { replacements: { reducers } }),
    });

  function expectOwnFault(driver: InProcessKeeper, what: string): void {
    expect(driver.verdict.kind, what).to.equal("OwnFault");
    expect(driver.keeper.judge.hasOwnFault, what).to.equal(true);
    expect(driver.all("latch"), what).to.have.length(1);
    expect(driver.all("incident"), what).to.deep.equal([]);
    expect(
      driver.all("broadcast").filter(({ purpose }) => purpose !== "checkpoint"),
      what,
    ).to.deep.equal([]);
    const verdict = driver.effects.findIndex(
      (effect) => effect.type === "block" && effect.report.verdict.kind === "OwnFault",
    );
    expect(
      driver.effects.slice(verdict).filter(({ type }) => /sign|broadcast/.test(type)),
      what,
    ).to.deep.equal([]);
  }

  /** Number of the first block that a broken reducer gets wrong; null when nothing in the history shows that it is broken. */
  function spoiltAt(book: BookName, name: string, mutation: Mutation): number | null {
    const key = `${book}.${name} ${mutation.name}`;
    const known = spoilt.get(key);
    const at = known === undefined ? searchSpoilt(book, name, mutation) : known;
    spoilt.set(key, at);
    return at;
  }

  function searchSpoilt(book: BookName, name: string, mutation: Mutation): number | null {
    const seen = { isSpoilt: false };
    const reducers = breakReducer(book, name, mutation, () => (seen.isSpoilt = true));
    const { addresses, immutables } = world;
    const books = new Books({ addresses, immutables, reducers });
    for (const block of history) {
      books.apply(block);
      if (seen.isSpoilt) return block.number;
    }
    return null;
  }

  describe("where the second opinion fails as well", () => {
    const secondOpinion = () => ({ agreesWithChain: false, hasFailed: true, detail: "could not go on" }) as const;
    const judged = async (kind: string, mutation: Mutation): Promise<InProcessKeeper> => {
      const [book = "", name = ""] = kind.split(".");
      const at = spoiltAt(book as BookName, name, mutation)!;
      const reducers = breakReducer(book as BookName, name, mutation, () => undefined);
      const driver = world.keeper({
        ...{ rpcs: { hardhat: rpc }, keys: world.keysOf(0), broadcast: () => Promise.resolve() },
        options: { proofDepth: 2 },
        replacements: { reducers, secondOpinion },
      });
      for (const block of blocks.slice(0, at)) await driver.hear("hardhat", block);
      return driver;
    };
    const mutationOf = (name: string): Mutation => MUTATIONS.find((mutation) => mutation.name === name)!;

    it("says OwnFault of a block that it could only not compute: nothing is proved against it", async () => {
      const { verdict } = await judged("CollateralVault.Deposited", mutationOf("fails at its writes"));
      expect(verdict.kind).to.equal("OwnFault");
    });

    it("says Diverged of a root that it did compute: what is proved stands", async () => {
      const { verdict } = await judged("CollateralVault.Deposited", mutationOf("is off by one"));
      expect(verdict.kind).to.equal("Diverged");
    });
  });

  for (const [round, mutation] of MUTATIONS.entries()) {
    it(`says OwnFault and signs nothing when the reducer of an event ${mutation.name}`, async () => {
      const caught: string[] = [];
      const drawn = [...kinds].filter((_, turn) => (turn + round) % Math.ceil(kinds.size / samples(kinds.size)) === 0);
      for (const [kind, book] of drawn) {
        const name = kind.slice(book.length + 1);
        const at = spoiltAt(book, name, mutation);
        if (at === null) continue;
        // Until then it is a keeper like any other.
        const driver = start(
          breakReducer(book, name, mutation, () => undefined),
          2,
        );
        for (const block of blocks.slice(at > 1 ? at - 2 : 0)) {
          await driver.hear("hardhat", block);
          if (driver.verdict.kind !== "InSync") break;
        }
        expectOwnFault(driver, kind);
        caught.push(kind);
      }
      console.log(`      ${caught.length} of ${kinds.size} kinds of events`);
      expect(caught).to.have.length.greaterThan(2);
    });
  }

  it("says so as well when that happened before the first proven block, each kind with one of the mutations", async () => {
    const rounds = chooseSeed(1);
    const names = new Map<string, number>();
    for (const [turn, [kind, book]] of [...kinds].entries()) {
      const name = kind.slice(book.length + 1);
      // The next that makes a difference to this kind.
      const mutation = MUTATIONS.map((_, index) => MUTATIONS[(turn + rounds + index) % MUTATIONS.length]!).find(
        (candidate) => spoiltAt(book, name, candidate) !== null,
      );
      if (mutation === undefined) continue;
      const driver = start(
        breakReducer(book, name, mutation, () => undefined),
        2,
      );
      // The block itself is deeper than proofs are asked for.
      await driver.hear("hardhat", blocks[Math.min(spoiltAt(book, name, mutation)! + DEPTH, blocks.length) - 1]!);
      const isFound = driver.verdict.kind !== "InSync";
      if (isFound) expectOwnFault(driver, `${kind}, ${mutation.name}`);
      if (isFound) names.set(mutation.name, (names.get(mutation.name) ?? 0) + 1);
    }
    console.log(`      ${[...names].map(([name, count]) => `${name}: ${count}`).join(", ")}`);
    expect([...names.keys()].sort()).to.deep.equal(MUTATIONS.map(({ name }) => name).sort());
  });
});
