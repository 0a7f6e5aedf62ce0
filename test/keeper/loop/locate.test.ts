import { expect } from "chai";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { slotOf } from "../../../keeper/books/layout/slots.ts";
import { REDUCERS } from "../../../keeper/books/reducers.ts";
import { BOOK_NAMES } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { allowDeposits, depositAllowed } from "../../helpers/keeper/deposits.ts";
import { lyingRpc, type Lie } from "../../../testing/lies.ts";
import { readBlock, type Rpc } from "../../../testing/Rpc.ts";
import { World } from "../../helpers/keeper/World.ts";

const USD = 1_000_000n;
const UNIT = 10n ** 18n;

interface Answer {
  readonly accountProof: Hex[];
  readonly storageProof: { readonly key: Hex; readonly value: Hex; readonly proof: Hex[] }[];
}

const asksWords = (method: string, params: readonly unknown[]): boolean =>
  method === "eth_getProof" && (params[1] as unknown[]).length > 0;

/** Does something to the answers that prove words, and to no others. */
const inProofs =
  (change: (answer: Answer, params: readonly unknown[]) => unknown): Lie =>
  async (method, params, ask) => {
    const answer = await ask(method, params);
    return asksWords(method, params) ? change(answer as Answer, params) : answer;
  };

async function locate(
  driver: InProcessKeeper,
  ticks = 200,
): Promise<ReturnType<InProcessKeeper["all"]>[number] & { type: "located" }> {
  for (let tick = 0; tick < ticks; tick += 1) {
    await driver.tick(1_000);
    const last = driver.all("located").at(-1);
    if (last?.isFinal === true) return last;
  }
  throw new Error("the search does not end");
}

describe("Keeper and the slots that differ", function () {
  this.timeout(120_000);
  let world: World;
  let account: Hex;
  let slot: Hash;
  let replace: () => Promise<unknown>;

  before(async () => {
    world = await World.open();
    const [user] = world.system.users;
    await depositUsd(world.system, user!, 100n * USD);
    await allowDeposits(world.system, user!);
    account = accountOf(user!).toLowerCase() as Hex;
    slot = ledger.accounts.slot(account);
  });

  after(() => world.close());

  beforeEach(async () => {
    replace = await world.fork();
  });

  afterEach(async () => {
    // Some take nothing forward that could be taken back.
    await world.mine();
    await replace();
  });

  /** A keeper that only watches, so that nothing else happens on the chain. */
  async function watch(
    lies: Readonly<Record<string, Lie | null>> = { a: null },
    replacements = {},
    options = {},
  ): Promise<InProcessKeeper> {
    const rpcs = Object.fromEntries(
      Object.entries(lies).map(([id, lie]): [string, Rpc] => [id, lie === null ? world.rpc : lyingRpc(world.rpc, lie)]),
    );
    const driver = world.keeper({ keys: {}, rpcs, replacements, options });
    await driver.follow();
    await driver.tick(1_000);
    return driver;
  }

  const deposit = () => depositAllowed(world.system, world.system.users[0]!, 5n * USD);
  const quote = async (change: bigint): Promise<void> => {
    const word = ledger.accounts.decode(await world.wordAt("PositionLedger", slot));
    await world.tamper("PositionLedger", slot, ledger.accounts.encode({ ...word, quote: word.quote + change }));
  };

  describe("says why each differs", () => {
    it("an unexplained write: no event touches it", async () => {
      const driver = await watch();
      await quote(UNIT);
      await world.mine();
      await driver.follow();
      const { slots, note, isComplete, isTruncated, blocks } = await locate(driver);
      expect(slots).to.have.length(1);
      expect(slots[0]).to.include({ variable: `_accounts[${account}]`, account, slot, cause: "unexplained-write" });
      expect(slots[0]!.before).to.contain(`quote ${100n * UNIT}`);
      expect(slots[0]!.after).to.contain(`quote ${101n * UNIT}`);
      expect([note, isComplete, isTruncated]).to.deep.equal(["", true, false]);
      const { books } = driver.keeper;
      const { number, hash } = books.tip!;
      const chainRoot = (await world.roots(hash))[BOOK_NAMES.indexOf("PositionLedger")];
      const booksRoot = books.root("PositionLedger");
      expect(blocks).to.deep.equal([{ contract: "PositionLedger", number, hash, booksRoot, chainRoot }]);
    });

    it("a miscomputed effect: an event changes it, and the chain has another value", async () => {
      const driver = await watch();
      await quote(UNIT);
      await deposit();
      await driver.follow();
      const { slots } = await locate(driver);
      expect(slots.map(({ variable, cause }) => [variable, cause])).to.deep.equal([
        [`_accounts[${account}]`, "miscomputed-effect"],
      ]);
    });

    it("a missing effect: an event changes it, and the chain has what was there before", async () => {
      const driver = await watch();
      await quote(-5n * UNIT);
      await deposit();
      await driver.follow();
      const { slots } = await locate(driver);
      // All but the quote is as the event leaves it: the word is another than before.
      expect(slots.map(({ cause }) => cause)).to.deep.equal(["missing-effect"]);
    });

    it("own books: the events imply what the chain has", async () => {
      const sound = REDUCERS.PositionLedger;
      const broken: typeof sound = {
        ...sound,
        apply: (event, context) => {
          const write: typeof context.write = (written, value) => {
            context.write(written, written === slot && value !== 0n && isBroken ? value ^ 1n : value);
          };
          sound.apply(event, { ...context, write });
        },
      };
      let isBroken = false;
      const driver = await watch({ a: null }, { reducers: { ...REDUCERS, PositionLedger: broken } });
      isBroken = true;
      await deposit();
      await driver.follow();
      expect(driver.verdict.kind).to.equal("OwnFault");
      const { slots } = await locate(driver);
      expect(slots.map(({ variable, cause }) => [variable, cause])).to.deep.equal([
        [`_accounts[${account}]`, "own-books"],
      ]);
    });

    it("undetermined: the roots were never proven to be equal", async () => {
      await quote(UNIT);
      await world.mine(20);
      const driver = await watch({ a: null }, {}, { proofDepth: 4 });
      const { slots } = await locate(driver);
      expect(slots.map(({ cause }) => cause)).to.deep.equal(["undetermined"]);
    });
  });

  describe("and its sources", () => {
    const lies: [string, Lie][] = [
      [
        "another value's proof",
        inProofs((answer) => ({
          ...answer,
          storageProof: answer.storageProof.map((entry) => ({
            ...entry,
            proof: entry.proof.map((node, at) =>
              at === entry.proof.length - 1 ? (`${node.slice(0, -2)}00` as Hex) : node,
            ),
          })),
        })),
      ],
      ["no proof at all", inProofs((answer) => ({ ...answer, storageProof: [] }))],
      [
        "another account's proof",
        inProofs((answer) => ({ ...answer, accountProof: answer.accountProof.slice(0, -1) })),
      ],
      ["a text", inProofs(() => "0x")],
    ];
    for (const [name, lie] of lies) {
      it(`refuses ${name}, and asks another one`, async () => {
        const driver = await watch({ a: lie, b: null });
        await quote(UNIT);
        await world.mine();
        await driver.follow();
        const { slots, isTruncated } = await locate(driver);
        expect(slots.map((found) => found.slot)).to.deep.equal([slot]);
        expect(isTruncated).to.equal(false);
        const refused = driver.all("alert").filter(({ event }) => event === "locate-refused");
        expect(refused).to.have.length(1);
        expect(refused[0]!.detail).to.match(/^a proves words of PositionLedger falsely: /);
        // Its votes are not taken away: a pause may be under way.
        expect(driver.all("quarantine")).to.deep.equal([]);
      });
    }

    it("asks the next one when one does not answer, and fewer keys when nobody does", async () => {
      const widths: number[] = [];
      const silent = inProofs(() => {
        throw new Error("timeout");
      });
      const narrow: Lie = (method, params, ask) => {
        if (asksWords(method, params)) {
          widths.push((params[1] as unknown[]).length);
          if ((params[1] as unknown[]).length > 1) throw new Error("too many keys");
        }
        return ask(method, params);
      };
      const driver = await watch({
        a: silent,
        b: narrow,
        c: null,
      });
      for (let at = 0; at < 12; at += 1) await world.tamper("PositionLedger", slotOf(BigInt(0xdead00 + at)), 1n);
      await world.mine();
      await driver.follow();
      expect((await locate(driver)).slots).to.have.length(12);
      expect(widths.length).to.be.at.least(1);
    });

    it("G16: searches the newest block when nobody proves words of the finding's any more, and says so", async () => {
      let head = 0;
      const pruned: Lie = async (method, params, ask) => {
        if (asksWords(method, params)) {
          const { blockHash } = params[2] as { blockHash: Hash };
          const block = (await ask("eth_getBlockByHash", [blockHash, false])) as { number: string };
          if (Number(block.number) < head) throw new Error("distance to target block exceeds maximum proof window");
        }
        return ask(method, params);
      };
      const driver = await watch({ a: pruned });
      await quote(UNIT);
      await world.mine(3);
      head = Number(await world.send("eth_blockNumber"));
      await driver.follow();
      const { slots, note, blocks } = await locate(driver);
      expect(slots.map((found) => [found.slot, found.cause])).to.deep.equal([[slot, "unexplained-write"]]);
      expect(note).to.match(
        /searched at block \d+ in place of \d+: nobody proves words of that block .*maximum proof window/,
      );
      expect(blocks.map(({ number }) => number)).to.deep.equal([head]);
      // Who needs the word of that very block to be sure never is.
      const { hash } = (await readBlock(world.rpc, driver.incident!.blockNumber))!;
      const question = [world.addresses.PositionLedger, [slot], { blockHash: hash }];
      const ask: Rpc["request"] = (method, params) => world.rpc.request(method, params);
      const answer = await Promise.resolve(pruned("eth_getProof", question, ask)).then(() => "proved", String);
      expect(answer).to.contain("exceeds maximum proof window");
      expect(driver.verdict.kind).to.equal("Diverged");
    });

    it("ends when nobody ever proves a word, with a bounded number of requests", async () => {
      let asked = 0;
      const none: Lie = (method, params, ask) => {
        if (!asksWords(method, params)) return ask(method, params);
        asked += 1;
        throw new Error("method not found");
      };
      const driver = await watch({ a: none, b: none });
      await quote(UNIT);
      await world.mine();
      await driver.follow();
      const { slots, note, isComplete, isTruncated } = await locate(driver);
      expect([slots.length, isComplete, isTruncated]).to.deep.equal([0, false, false]);
      expect(note).to.contain("no source proves words of the newest block: b: method not found");
      expect(asked).to.be.at.most(200);
    });
  });

  describe("while the books move", () => {
    it("names the words of the finding's block though the books went on", async () => {
      let driver: InProcessKeeper | null = null;
      let moves = 0;
      const moving: Lie = async (method, params, ask) => {
        const answer = await ask(method, params);
        if (!asksWords(method, params) || moves >= 3) return answer;
        moves += 1;
        await deposit();
        await driver!.follow();
        return answer;
      };
      driver = await watch({ a: moving });
      await world.tamper("PositionLedger", slotOf(0xdeadn), 7n);
      await world.mine();
      await driver.follow();
      const found = driver.keeper.books.tip!;
      const { slots, note, blocks } = await locate(driver);
      expect(moves).to.equal(3);
      expect(driver.keeper.books.tip!.number).to.be.greaterThan(found.number);
      expect(slots.map(({ before, after, cause }) => [before, after, cause])).to.deep.equal([
        ["0x0", "0x7", "unexplained-write"],
      ]);
      expect([note, blocks[0]?.hash]).to.deep.equal(["", found.hash]);
    });

    it("stops when the divergent block is taken back, and reports nothing of it", async () => {
      let driver: InProcessKeeper | null = null;
      let isGone = false;
      const taking: Lie = async (method, params, ask) => {
        const answer = await ask(method, params);
        if (!asksWords(method, params) || isGone) return answer;
        isGone = true;
        await replace();
        replace = await world.fork();
        await driver!.follow();
        return answer;
      };
      driver = await watch({ a: taking });
      await quote(UNIT);
      await world.mine();
      await driver.follow();
      for (let tick = 0; tick < 5; tick += 1) await driver.tick(1_000);
      expect(isGone).to.equal(true);
      expect(driver.verdict.kind).to.equal("InSync");
      expect(driver.all("located")).to.deep.equal([]);
    });
  });

  it("stops at a hundred slots and says that the books as a whole are suspect", async () => {
    const driver = await watch();
    for (let at = 0; at < 130; at += 1) await world.tamper("PositionLedger", slotOf(BigInt(0xbad00 + at)), 1n);
    await world.mine();
    await driver.follow();
    const { slots, note, isTruncated } = await locate(driver);
    expect([slots.length, isTruncated]).to.deep.equal([100, true]);
    expect(note).to.contain("more than 100 slots differ: the books as a whole are suspect: rebuild");
  });
});
