import { expect } from "chai";
import { id } from "ethers";

import { firstAccountOf } from "../../../../keeper/books/naive/decode.ts";
import { deriveNaively } from "../../../../keeper/books/naive/deriveNaively.ts";
import {
  accountAt,
  clearingSizeAt,
  hot,
  marketAt,
  openIdAt,
  positionAt,
} from "../../../../keeper/books/naive/ledgerStorage.ts";
import { assetAt, claimAt, claimPaidAt, flowAt, limitsAt } from "../../../../keeper/books/naive/vaultStorage.ts";
import { word32, writePlace, type Place } from "../../../../keeper/books/naive/words.ts";
import type { BookName } from "../../../../keeper/domain/bookSet.ts";
import type { Address, Hash } from "../../../../keeper/lib/hex.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { hardPause, readHead } from "../../../helpers/guard.ts";
import { UNIT } from "../../../helpers/orders.ts";
import { NaiveFollower, readContext } from "./NaiveFollower.ts";
import { stage, type Scene } from "./stage.ts";
import { accept, quoteTo, repair, type RepairOf } from "./tourRepairs.ts";

const USD = 1_000_000n;

/** The first accounts of the scene's users. */
function accountsOf({ users }: Scene): [Hash, Hash, Hash] {
  return users.map(({ address }) => firstAccountOf(address.toLowerCase() as Address)) as [Hash, Hash, Hash];
}

describe("deriveNaively of repairs", () => {
  let scene: Scene;
  let snapshot: string;

  before(async () => {
    scene = await stage({ module: "FlawedLockstep", keeperCount: 2 });
    const [first, second] = scene.users;
    await scene.orders.trade(first, second, { size: UNIT });
    await postCheckpoint(scene.system);
  });

  beforeEach(async () => {
    snapshot = (await scene.system.ethers.provider.send("evm_snapshot", [])) as string;
  });

  afterEach(async () => {
    await scene.system.ethers.provider.send("evm_revert", [snapshot]);
  });

  after(async () => {
    await scene.system.connection.close();
  });

  /** A scene of its own, because what was followed cannot be taken back. */
  async function fresh(): Promise<Scene> {
    const own = await stage({ module: "FlawedLockstep", keeperCount: 2 });
    await own.orders.trade(own.users[0], own.users[1], { size: UNIT });
    await postCheckpoint(own.system);
    await own.follower.follow();
    return own;
  }

  /** The words of the newest block, as the books have it after {@link fresh} and `act`. */
  async function outcome({ follower, system }: Scene) {
    await follower.follow();
    const head = await system.ethers.provider.getBlockNumber();
    const wrong = follower.mismatches.filter(({ number }) => number === head).map(({ book }) => book);
    return { wrong, problems: follower.followed.at(-1)!.result.problems.map(({ detail }) => detail) };
  }

  it("takes a tampered word back to what the books have, and agrees with the chain again", async () => {
    const own = await fresh();
    const [account] = accountsOf(own);
    const quote = await own.system.ledger.quoteOf(account);
    await own.system.ledger.migrateQuote(account, quote + 77n * UNIT);
    expect((await outcome(own)).wrong).to.deep.equal(["PositionLedger"]);
    await hardPause(own.system, id("tampered"), await readHead(own.system));
    await repair(own.system, [quoteTo(account, -77n * UNIT)]);
    const after = await outcome(own);
    await own.system.connection.close();
    expect(after).to.deep.equal({ wrong: [], problems: [] });
  });

  it("accepts tampered words that conserve, and reports those that do not", async () => {
    const own = await fresh();
    const [first, second] = accountsOf(own);
    const { ledger } = own.system;
    await ledger.migrateQuote(first, (await ledger.quoteOf(first)) - 3n * UNIT);
    await ledger.migrateQuote(second, (await ledger.quoteOf(second)) + 3n * UNIT);
    await hardPause(own.system, id("tampered"), await readHead(own.system));
    const words = [first, second].map((account) => ({ place: accountAt(account).quote, add: 0n }));
    await accept(own.system, words);
    const both = await outcome(own);
    const { input } = own.follower.followed.at(-1)!;
    const read: typeof input.read = (book, slot) => {
      // As if only one of both had been moved.
      const word = input.read(book, slot);
      return slot === words[1]!.place.slot ? word + UNIT : word;
    };
    const one = deriveNaively({ ...input, read }).problems.map(({ detail }) => detail);
    await own.system.connection.close();
    expect(both).to.deep.equal({ wrong: [], problems: [] });
    expect(one).to.deep.equal([`repairs change the quote by ${-UNIT}`]);
  });

  /** What is said of repairs that governance makes in an honest protocol. */
  async function problemsOf(items: (own: Scene) => readonly RepairOf[]): Promise<string[]> {
    await hardPause(scene.system, id("incident"), await readHead(scene.system));
    const number = await scene.system.ethers.provider.getBlockNumber();
    await repair(scene.system, items(scene));
    const { follower } = await restage();
    const found = follower.followed.filter(({ input }) => input.block.number > number);
    expect(follower.mismatches).to.deep.equal([]);
    return found.flatMap(({ result }) => result.problems.map(({ detail }) => detail));
  }

  /** A follower from the beginning: what a test before has seen was taken back. */
  async function restage(): Promise<Pick<Scene, "follower">> {
    const follower = new NaiveFollower(scene.system, await readContext(scene.system));
    await follower.follow();
    return { follower };
  }

  const usdOf = ({ system }: Scene): Address => (system.usd.target as string).toLowerCase() as Address;
  const cases: readonly (readonly [string, (own: Scene) => readonly RepairOf[], RegExp | undefined])[] = [
    ["quote out of nothing", (own) => [quoteTo(accountsOf(own)[0], 1n)], /^repairs change the quote by 1$/],
    [
      "quote that comes from fees",
      (own) => [quoteTo(accountsOf(own)[0], -5n), { variable: 0, keys: [], place: hot.fees, add: 5n }],
      undefined,
    ],
    [
      "quote that comes from a clearing account",
      (own) => [quoteTo(accountsOf(own)[0], 5n), { ...market(1n), add: -5n }],
      undefined,
    ],
    [
      "a position that nobody is against",
      (own) => [
        { variable: 2, keys: [accountsOf(own)[0], 1n], place: positionAt(accountsOf(own)[0], 1n).size, add: 9n },
      ],
      /^repairs change the (size|longs) of 1 by 9$/,
    ],
    [
      "a position against the clearing account, with its open interest",
      (own) => [
        { variable: 2, keys: [accountsOf(own)[0], 1n], place: positionAt(accountsOf(own)[0], 1n).size, add: 9n },
        { variable: 6, keys: [1n], place: clearingSizeAt(1n).size, add: -9n },
        { ...market(1n), place: marketAt(1n).openInterest, add: 9n },
      ],
      undefined,
    ],
    [
      "custody that is owed to nobody",
      (own) => [{ variable: 1, keys: [usdOf(own)], place: assetAt(usdOf(own)).held, add: -USD }],
      /^repairs change the quote by/,
    ],
    [
      "a claim instead of a balance",
      (own) => [
        {
          variable: 3,
          keys: [accountsOf(own)[2], usdOf(own)],
          place: claimAt(accountsOf(own)[2], usdOf(own)).owed,
          add: USD,
        },
        quoteTo(accountsOf(own)[2], -UNIT),
      ],
      undefined,
    ],
    [
      "words that carry no value",
      (own) => [
        { variable: 4, keys: [usdOf(own)], place: limitsAt(usdOf(own)).cap, add: 1n },
        { variable: 3, keys: [accountsOf(own)[0], 1n], place: openIdAt(accountsOf(own)[0], 15n).id, add: 2n },
        {
          variable: 2,
          keys: [accountsOf(own)[0], usdOf(own)],
          place: flowAt(accountsOf(own)[0], usdOf(own)).withdrawn,
          add: 1n,
        },
      ],
      undefined,
    ],
    [
      "an account that nobody has heard of",
      () => [quoteTo(`0x${"77".repeat(32)}`, 1n), quoteTo(`0x${"78".repeat(32)}`, -1n)],
      /nobody knows what it is/,
    ],
  ];

  function market(instrument: bigint): Omit<RepairOf, "add"> {
    return { variable: 5, keys: [instrument], place: marketAt(instrument).clearing, offset: 1 };
  }

  for (const [name, items, detail] of cases) {
    it(`${detail === undefined ? "permits" : "reports"} ${name}`, async () => {
      const problems = await problemsOf(items);
      if (detail === undefined) expect(problems).to.deep.equal([]);
      else
        expect(
          problems.some((said) => detail.test(said)),
          problems.join("; ") || "nothing",
        ).to.equal(true);
    });
  }

  /** What is said of another word in the place of the first one that the newest block repairs in a contract. */
  async function retelling(book: BookName) {
    const { follower } = await restage();
    const { input } = follower.followed.at(-1)!;
    const [log] = input.block.logs.filter(({ address }) => address === input.addresses[book]);
    return (slot: Hash, expected: bigint, value: bigint): string[] => {
      const data = `${word32(expected)}${word32(value).slice(2)}` as const;
      const changed = { ...log!, topics: [log!.topics[0]!, slot], data };
      const logs = input.block.logs.map((each) => (each === log ? changed : each));
      return deriveNaively({ ...input, block: { ...input.block, logs } }).problems.map((problem) => problem.detail);
    };
  }

  it("reports a repair of a flow to where more is payable to two witnesses", async () => {
    await hardPause(scene.system, id("incident"), await readHead(scene.system));
    const [account] = accountsOf(scene);
    const { deposited, withdrawn, openedAt } = flowAt(account, usdOf(scene));
    await repair(scene.system, [{ variable: 2, keys: [account, usdOf(scene)], place: withdrawn, add: 1n }]);
    const said = await retelling("CollateralVault");
    const flow = writePlace(writePlace(writePlace(0n, deposited, 9n), withdrawn, 5n), openedAt, 3n);
    const found = (place: Place, value: bigint) => said(place.slot, flow, writePlace(flow, place, value));
    const detail = "repairs a counter to where more is payable";
    for (const [place, safe, unsafe] of [
      [deposited, 8n, 10n],
      [withdrawn, 6n, 4n],
      [openedAt, 3n, 4n],
    ] as const) {
      expect(found(place, safe)).to.not.include(detail);
      expect(found(place, unsafe)).to.include(detail);
    }
    expect(found(openedAt, 2n)).to.include(detail);
    // What was paid of kept claims is none of what can be repaired.
    const { claimed } = claimPaidAt(account, usdOf(scene));
    expect(said(claimed.slot, 1n, 2n)).to.include(`repairs word ${claimed.slot}, and nobody knows what it is`);
  });

  it("reports a repair of what only the guard restricts, of a word that is no mapping, and to zero", async () => {
    await hardPause(scene.system, id("incident"), await readHead(scene.system));
    await repair(scene.system, [quoteTo(accountsOf(scene)[0], 1n), quoteTo(accountsOf(scene)[1], -1n)]);
    const said = await retelling("PositionLedger");
    expect(said(hot.flags.slot, 1n << 64n, 0n)).to.include.members([
      "repairs what only the guard restricts",
      "clears a word",
    ]);
    expect(said(word32(9n), 1n, 2n)).to.include(`repairs word ${word32(9n)}, and nobody knows what it is`);
  });
});
