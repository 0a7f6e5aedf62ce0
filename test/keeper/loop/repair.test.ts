import { expect } from "chai";
import { id } from "ethers";

import { storage as ledger, type AccountsWord } from "../../../keeper/books/generated/PositionLedger.ts";
import { ROUND_BLOCKS } from "../../../keeper/domain/rounds.ts";
import type { Hash, Hex } from "../../../keeper/lib/hex.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { hardPause, readHead, resume } from "../../helpers/guard.ts";
import type { InProcessKeeper } from "../../../testing/InProcessKeeper.ts";
import type { KeeperChoice } from "../../../testing/createKeeper.ts";
import { describeVerdict } from "../../../testing/describeVerdict.ts";
import { acceptWords, repairWord } from "../../helpers/keeper/repairs.ts";
import type { Rpc } from "../../../testing/Rpc.ts";
import { World, wordsOf } from "../../helpers/keeper/World.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";

const USD = 1_000_000n;
/** Number of the ledger's variable `_accounts`. */
const ACCOUNTS = 1;

describe("Keeper and what governance repairs or accepts (P5)", function () {
  this.timeout(120_000);
  let world: World;
  let driver: InProcessKeeper;

  beforeEach(async () => {
    world = await World.open();
    for (const user of world.system.users.slice(0, 3)) await depositUsd(world.system, user, 10_000n * USD);
    await new OrderBook(world.system).trade(world.system.users[0]!, world.system.users[1]!, { size: UNIT });
    await postCheckpoint(world.system);
    driver = world.keeper();
    await driver.follow();
  });

  afterEach(() => world.close());

  function account(index: number): Hash {
    return accountOf(world.system.users[index]!).toLowerCase() as Hash;
  }

  function slotOf(index: number): Hash {
    return ledger.accounts.slot(account(index));
  }

  /** Adds to the quote of a user's account, behind the contract's back. */
  async function tamper(index: number, quote: bigint): Promise<void> {
    const word = ledger.accounts.decode(await world.wordAt("PositionLedger", slotOf(index)));
    const tampered: AccountsWord = { ...word, quote: word.quote + quote };
    await world.tamper("PositionLedger", slotOf(index), ledger.accounts.encode(tampered));
  }

  /** Puts the books' own value of a user's account word back. */
  async function repair(index: number): Promise<void> {
    const value = driver.keeper.books.read("PositionLedger", slotOf(index));
    const keys: Hex[] = [account(index)];
    await repairWord(world, { book: "PositionLedger", variable: ACCOUNTS, keys, slot: slotOf(index), value });
  }

  async function halt(): Promise<void> {
    await hardPause(world.system, id("incident"), await readHead(world.system));
  }

  async function expectInSync(keeper: InProcessKeeper): Promise<void> {
    expect(describeVerdict(keeper.verdict)).to.equal("InSync");
    expect(keeper.keeper.books.roots()).to.deep.equal(await world.roots(keeper.keeper.books.tip!.hash));
  }

  async function expectDiverged(): Promise<void> {
    await driver.follow();
    expect(driver.verdict.kind).to.equal("Diverged");
  }

  /** A keeper that comes now and has every block to replay, few of them to prove. */
  async function newcomer(choice: Partial<KeeperChoice> = {}): Promise<InProcessKeeper> {
    const late = world.keeper({ options: { proofDepth: 2 }, ...choice });
    await late.follow();
    return late;
  }

  /** In sync, and with the same words as who comes later, for ever after. */
  async function expectSameAsNewcomer(): Promise<void> {
    for (let time = 0; time < 2; time += 1) {
      await driver.follow();
      await expectInSync(driver);
      const late = await newcomer();
      await expectInSync(late);
      expect(wordsOf(late.keeper.books)).to.deep.equal(wordsOf(driver.keeper.books));
      expect(late.all("latch")).to.deep.equal([]);
      await depositUsd(world.system, world.system.users[2]!, USD);
    }
  }

  /** Ends the halt, as a quorum may with a checkpoint of a block after everything. */
  async function resumeAll(): Promise<void> {
    await resume(world.system);
    expect(await world.flags()).to.equal(0n);
  }

  it("is in sync again once the word is repaired, and a newcomer with it", async () => {
    await tamper(0, 777n * UNIT);
    await world.mine();
    await expectDiverged();
    expect(driver.incident?.state).to.equal("contained");
    await halt();
    await expectDiverged();
    await repair(0);
    await driver.follow();
    await expectInSync(driver);
    expect(driver.incident?.state).to.equal("resuming");
    await resumeAll();
    await driver.follow();
    const states = new Set(driver.all("incident").map(({ report }) => report.state));
    expect([...states]).to.deep.equal(["opened", "acting", "contained", "repairing", "resuming", "closed"]);
    await expectSameAsNewcomer();
  });

  it("does not act on what was mended before it came, however slowly it catches up (P3)", async () => {
    await tamper(0, 777n * UNIT);
    await world.mine();
    await expectDiverged();
    await halt();
    await repair(0);
    await driver.follow();
    await resumeAll();
    await world.mine(3);
    // The node takes longer for each answer than a block at the head may be waited for.
    let slow: InProcessKeeper | null = null;
    const rpc: Rpc = {
      request: (method, params) => {
        if (slow !== null) slow.nowMs += 150;
        return world.rpc.request(method, params);
      },
    };
    slow = world.keeper({ rpcs: { hardhat: rpc }, keys: world.keysOf(0) });
    await slow.follow();
    for (let time = 0; time < 5; time += 1) {
      await slow.tick();
      await slow.follow();
    }
    await expectInSync(slow);
    expect(slow.all("alert").filter(({ event }) => event === "diverged")).to.deep.equal([]);
    expect(slow.all("broadcast").filter(({ purpose }) => purpose === "soft-pause")).to.deep.equal([]);
    expect(await world.flags()).to.equal(0n);
  });

  it("is in sync again after a tampered word was used, evented and repaired, and a newcomer with it (G1)", async () => {
    await tamper(0, 777n * UNIT);
    await depositUsd(world.system, world.system.users[0]!, 5n * USD);
    await expectDiverged();
    await depositUsd(world.system, world.system.users[0]!, 5n * USD);
    await halt();
    await expectDiverged();
    await repair(0);
    await resumeAll();
    await expectSameAsNewcomer();
    const late = await newcomer();
    // It met the false events on its way, judged only where it arrived.
    expect(late.reports.map(({ verdict }) => verdict.kind)).to.deep.equal(["InSync"]);
  });

  it("takes over what is accepted, and a newcomer with it: nobody has books of his own (G6)", async () => {
    await tamper(0, 100n * UNIT);
    await tamper(1, -100n * UNIT);
    await world.mine();
    await expectDiverged();
    await halt();
    await expectDiverged();
    const held = await world.wordAt("PositionLedger", slotOf(0));
    expect(driver.keeper.books.read("PositionLedger", slotOf(0))).to.not.equal(held);
    await acceptWords(
      world,
      [0, 1].map((index) => ({ book: "PositionLedger" as const, slot: slotOf(index) })),
    );
    await driver.follow();
    await expectInSync(driver);
    expect(driver.keeper.books.read("PositionLedger", slotOf(0))).to.equal(held);
    await resumeAll();
    await expectSameAsNewcomer();
  });

  it("takes over that a word is none of the books'", async () => {
    const slot = ledger.accounts.slot(`0x${"07".repeat(32)}`);
    await world.tamper("PositionLedger", slot, 1n << 255n);
    await world.mine();
    await expectDiverged();
    await halt();
    await acceptWords(world, [{ book: "PositionLedger", slot }]);
    await driver.follow();
    await expectInSync(driver);
    await world.tamper("PositionLedger", slot, 0n);
    await world.mine();
    await expectDiverged();
    await acceptWords(world, [{ book: "PositionLedger", slot, value: 0n }]);
    await expectSameAsNewcomer();
  });

  it("stays diverged while one of two words is wrong still", async () => {
    for (const index of [0, 2]) await tamper(index, 9n * UNIT);
    await world.mine();
    await driver.follow();
    await halt();
    await repair(0);
    await expectDiverged();
    await repair(2);
    await expectSameAsNewcomer();
  });

  it("stays diverged when the chain looks equal by itself, before a repair and after one that was not enough", async () => {
    for (const index of [0, 2]) await tamper(index, 9n * UNIT);
    await world.mine();
    await driver.follow();
    await halt();
    await repair(0);
    await driver.follow();
    await tamper(2, -9n * UNIT);
    await world.mine(2);
    await driver.follow();
    expect(driver.keeper.books.roots()).to.deep.equal(await world.roots(driver.keeper.books.tip!.hash));
    expect(driver.verdict).to.include({ kind: "Diverged", isLatched: true });
    // What changes nothing says that it is all right now.
    await acceptWords(world, [{ book: "PositionLedger", slot: slotOf(2) }]);
    await expectSameAsNewcomer();
  });

  it("is diverged again when the repair is orphaned, and in sync again with the next one", async () => {
    await tamper(0, 9n * UNIT);
    await world.mine();
    await halt();
    await expectDiverged();
    const { id: incident } = driver.incident!;
    const replace = await world.fork();
    await repair(0);
    await driver.follow();
    await expectInSync(driver);
    await replace();
    await expectDiverged();
    expect(driver.incident).to.include({ id: incident, state: "contained" });
    await repair(0);
    await expectSameAsNewcomer();
  });

  it("finds that something is created by what is accepted, and does not take it for good", async () => {
    await tamper(0, 50n * UNIT);
    await world.mine();
    await halt();
    await expectDiverged();
    await acceptWords(world, [{ book: "PositionLedger", slot: slotOf(0) }]);
    await driver.follow();
    expect(driver.keeper.books.roots()).to.deep.equal(await world.roots(driver.keeper.books.tip!.hash));
    expect(driver.verdict).to.include({ kind: "Diverged" });
    await world.mine(3);
    await expectDiverged();
    const late = await newcomer();
    expect(describeVerdict(late.verdict)).to.match(/^Diverged\n {2}SyncGuard illegal: .*does not conserve/);
    expect(late.all("latch")).to.deep.equal([]);
  });

  it("finds that a repair creates something", async () => {
    await halt();
    const word = ledger.accounts.decode(await world.wordAt("PositionLedger", slotOf(0)));
    const value = ledger.accounts.encode({ ...word, quote: word.quote + 1n });
    const keys: Hex[] = [account(0)];
    await repairWord(world, { book: "PositionLedger", variable: ACCOUNTS, keys, slot: slotOf(0), value });
    await driver.follow();
    expect(describeVerdict(driver.verdict)).to.match(/^Diverged\n {2}SyncGuard illegal: .*does not conserve/);
    expect(driver.keeper.judge.hasOwnFault).to.equal(false);
  });

  it("signs nothing from the divergence to the repair, so that nobody can resume before (G5)", async () => {
    const attester = world.keeper({ keys: world.keysOf(0), policy: { checkpointIntervalSeconds: 60 } });
    await attester.follow();
    await attester.tick(100);
    await tamper(0, 9n * UNIT);
    await world.mine();
    await attester.follow();
    await halt();
    const signed = attester.attestations.length;
    for (let hour = 0; hour < 3; hour += 1) {
      await world.send("evm_increaseTime", 3_600);
      await world.mine();
      await attester.follow();
      await attester.tick(100);
    }
    expect(attester.attestations).to.have.length(signed);
    await driver.follow();
    await repair(0);
    for (let mined = 0; mined < ROUND_BLOCKS; mined += 1) {
      await world.mine();
      await attester.follow();
      await attester.tick(100);
    }
    await attester.follow();
    expect(attester.attestations.length).to.be.greaterThan(signed);
    expect(attester.refusals).to.deep.equal([]);
    const { repairBlock } = await world.system.guard.halt();
    expect((await world.system.registry.newest()).blockNumber).to.be.greaterThan(repairBlock);
  });
});
