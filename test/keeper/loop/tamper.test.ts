import { expect } from "chai";
import { network } from "hardhat";

import { storage as ledger } from "../../../keeper/books/generated/PositionLedger.ts";
import { slotOf } from "../../../keeper/books/layout/slots.ts";
import type { NamedSlot } from "../../../keeper/books/layout/NamedSlot.ts";
import { BOOK_NAMES, type BookName } from "../../../keeper/domain/bookSet.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { accountOf } from "../../helpers/accounts.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import { endProtocol } from "../../helpers/keeper/endProtocol.ts";
import { LAYOUTS, wordsOfEveryShape, type Word } from "../../helpers/keeper/usedWords.ts";
import { liveTour } from "../books/naive/tour.ts";
import { World } from "../../helpers/keeper/World.ts";
import { addKeeper } from "../../helpers/keepers.ts";
import { deployToured } from "../books/naive/tourSync.ts";

/** Without them nobody can pause: the transaction is sent, and refused. */
const DISARMING = new Set(["_modules.guard", "_guard", "slot 3"]);
const KEEPER = "0x00000000000000000000000000000000000a11ce";
/** Used from a wind-down on, which leaves no pause. */
const LAST_VARIABLES = new Set(["_registrations", "_windDowns"]);

/** Every address and account that the tour has used. */
async function keysOf(world: World): Promise<Hex[]> {
  const signers = await world.system.ethers.getSigners();
  const users = world.system.users.flatMap((user) => [0, 1].map((index) => accountOf(user, index)));
  users.push(await world.system.fund.ACCOUNT(), accountOf(world.system.users[0]!, 3));
  const keys = [...users, ...signers.map(({ address }) => address), ...world.system.books, KEEPER];
  const listed = await world.system.vault.queryFilter(world.system.vault.filters.AssetListed());
  const { keeperRegistry } = world.system;
  const approved = await keeperRegistry.queryFilter(keeperRegistry.filters.KeeperApproved());
  keys.push(...approved.flatMap(({ args }) => [args.attester, args.pauser]));
  keys.push(...listed.map(({ args }) => args.asset));
  keys.push(world.system.usd.target as string, ...world.system.keepers.map(({ attester }) => attester.address));
  return keys.map((key) => key.toLowerCase() as Hex);
}

/** Lets time pass until the search has ended: it works in slices. */
async function locate(driver: InProcessKeeper): Promise<void> {
  const before = driver.all("located").length;
  for (let tick = 0; tick < 50; tick += 1) {
    await driver.tick(1_000);
    const said = driver.all("located");
    if (said.length > before && said.at(-1)?.isFinal === true) return;
  }
  throw new Error("the search does not end");
}

/** A world with all that the tour leaves in it, from which the protocol can be ended. */
async function openToured() {
  const system = await deployToured(await network.create());
  const world = await World.of(system);
  const grown = await liveTour(system);
  // The tour has used up the pauses of the others; this one is new.
  const pauser = world.pauser(5);
  await addKeeper(system, KEEPER, pauser);
  return { world, grown, pauser };
}

/** The wind-down comes first, and is taken back: the other half is told where the tour ended, as well. */
let opened: ReturnType<typeof openToured> | null = null;

after(async () => {
  await (await opened)?.world.close();
});

for (const isEnd of [true, false]) {
  describe(`Keeper and one changed word${isEnd ? " in a wind-down" : ""}`, function () {
    this.timeout(400_000);
    let world: World;
    let driver: InProcessKeeper;
    let words: Word[];
    let restore: () => Promise<unknown>;

    before(async () => {
      opened ??= openToured();
      const { grown, pauser, ...rest } = await opened;
      world = rest.world;
      restore = await world.fork();
      await world.mine();
      if (isEnd) await endProtocol(grown);
      driver = world.keeper({ keys: { pause: pauser } });
      await driver.follow();
      const own = [KEEPER, pauser.address.toLowerCase()];
      const all = wordsOfEveryShape(driver.keeper.books, await keysOf(world), own);
      words = all.filter(({ name }) => !isEnd || LAST_VARIABLES.has(name?.variable ?? ""));
    });

    after(() => restore());

    /** Tampers, expects the finding, puts the word right, expects it to stand, and takes everything back by a reorg. */
    async function expectFound(
      word: Pick<Word, "book" | "slot"> & { readonly name?: NamedSlot | null },
      value: bigint,
    ) {
      const replace = await world.fork();
      try {
        await stageTampering(word, value);
      } finally {
        await replace();
        await driver.follow();
      }
      expect(driver.verdict.kind).to.equal("InSync");
      expect(driver.incident?.state).to.equal("orphaned");
    }

    async function stageTampering({ book, slot, name = null }: Parameters<typeof expectFound>[0], value: bigint) {
      expect(value).to.not.equal(await world.wordAt(book, slot));
      await world.tamper(book, slot, value);
      await world.mine();
      const blockNumber = Number(await world.send("eth_blockNumber"));
      await driver.follow();

      const { verdict } = driver;
      if (verdict.kind !== "Diverged") throw new Error(`${verdict.kind}: ${JSON.stringify(verdict)}`);
      expect(verdict.findings[0]).to.include({ cause: "unexplained-write", contract: book, blockNumber });
      expect(driver.incident).to.include({ cause: "unexplained-write", contract: book, blockNumber });
      const isPaused = ((await world.flags()) & 1n) === 1n && driver.incident?.state === "contained";
      if (!DISARMING.has(name?.path ?? "")) expect(isPaused, `${book}.${name?.path}`).to.equal(true);

      await locate(driver);
      const isHealed = (await world.wordAt(book, slot)) === driver.keeper.books.read(book, slot);
      if (name !== null && !isHealed) {
        const located = driver.located.find((candidate) => candidate.slot === slot);
        expect(located, `${book}.${name.path}`).to.include({ contract: book, variable: name.path });
        expect(driver.all("located").at(-1)).to.include({ isComplete: true, note: "" });
        const account = name.keys.find(({ type }) => type === "AccountId");
        if (account !== undefined) expect(located?.account).to.equal(account.value);
      }

      await world.tamper(book, slot, driver.keeper.books.read(book, slot));
      await world.mine(3);
      await driver.follow();
      // The guard derives more words from its own, so that one put right is not all.
      if (isPaused && book !== "SyncGuard") expect(driver.keeper.books.root(book)).to.equal(await rootOf(book));
      expect(driver.verdict).to.include({ kind: "Diverged", isLatched: true });
    }

    async function rootOf(book: BookName): Promise<Hash> {
      const roots = await world.roots(driver.keeper.books.tip!.hash);
      return roots[BOOK_NAMES.indexOf(book)]!;
    }

    it("has a word of every variable to change", () => {
      for (const book of BOOK_NAMES) {
        const fields = words.filter((word) => word.book === book).flatMap(({ name }) => name?.fields ?? []);
        const covered = new Set(fields.map(({ path }) => path.replace(/[[.].*$/, "")));
        const wanted = LAYOUTS[book].variables
          .map(({ label }) => label)
          .filter((label) => LAST_VARIABLES.has(label) === isEnd);
        expect([...covered], book).to.include.members(wanted);
      }
      console.log(`      ${words.length} words: ${words.map(({ book, shape }) => `${book}.${shape}`).join(" ")}`);
    });

    for (const bit of [0n, 255n]) {
      it(`finds and contains a flip of bit ${bit} of a word of every shape, names it, and stays (B4)`, async () => {
        for (const word of words) await expectFound(word, (await world.wordAt(word.book, word.slot)) ^ (1n << bit));
      });
    }

    it("finds a word that was set to zero, of every shape", async () => {
      for (const word of words) if ((await world.wordAt(word.book, word.slot)) !== 0n) await expectFound(word, 0n);
    });

    it("finds a write to an unused slot of every contract", async () => {
      for (const book of BOOK_NAMES) await expectFound({ book, slot: slotOf(0xdeadn) }, 1n);
    });

    it("finds a write to a mapping key that nobody has seen, and says what it can (G17)", async () => {
      const slot = ledger.accounts.slot(`0x${"5e".repeat(32)}`);
      const value = ledger.accounts.encode({ ...ledger.accounts.decode(0n), quote: 7n, isUsed: true });
      await expectFound({ book: "PositionLedger", slot }, value);
      const located = driver.located[0]!;
      expect(located).to.include({ contract: "PositionLedger", account: null });
      expect(located.variable).to.equal(`unknown slot ${located.hashedSlot}`);
      expect([BigInt(located.before), BigInt(located.after)]).to.deep.equal([0n, value]);
    });
  });
}
