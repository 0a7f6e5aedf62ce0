import { expect } from "chai";
import { id, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { storage as ledgerStorage } from "../../../keeper/books/generated/PositionLedger.ts";
import type { Hex } from "../../../keeper/lib/hex.ts";
import { deployLockstep, depositUsd, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { attest, postCheckpoint } from "../../helpers/attestations.ts";
import { GRADES, hardPause, pause, readHead, sendResume } from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const INCIDENT = id("incident");
/** In the ledger's layout. */
const ACCOUNTS = 1;

async function fixture(): Promise<Lockstep> {
  const system = await deployLockstep(connection, { keeperCount: 4 });
  await depositUsd(system, system.users[0]!, 1_000_000n);
  await postCheckpoint(system);
  await networkHelpers.mine();
  return system;
}

describe("SyncGuard > repair", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const halt = async () => await hardPause(system, INCIDENT, await readHead(system));
  const slotOf = () => ledgerStorage.accounts.slot(accountOf(system.users[0]!) as Hex);
  const wordAt = async () => await system.ethers.provider.getStorage(system.ledger.target, slotOf());

  /** What makes the first user's quote 1e-18 larger, or smaller. */
  async function itemOf() {
    const expected = await wordAt();
    const value = toBeHex(BigInt(expected) ^ 1n, 32);
    return { variable: ACCOUNTS, keys: [accountOf(system.users[0]!)], offset: 0, expected, value };
  }

  async function correctionOf(book: unknown = system.ledger.target) {
    return { book: book as string, slot: slotOf(), value: toBeHex(7n, 32) };
  }

  type Guard = Lockstep["guard"];
  /** Both ways to repair, in the name of whom `guard` is connected to. */
  const WAYS: readonly (readonly [string, (guard: Guard, book?: unknown) => Promise<unknown>])[] = [
    ["repair", async (guard, book = system.ledger.target) => await guard.repair(book as string, await itemOf())],
    [
      "acceptBooks",
      async (guard, book) => {
        const { number, hash } = await readHead(system);
        return await guard.acceptBooks(number, hash, [await correctionOf(), await correctionOf(book)]);
      },
    ],
  ];

  for (const [name, send] of WAYS) {
    describe(name, () => {
      it("is for governance only", async () => {
        await halt();
        const [stranger] = system.users;
        for (const sender of [stranger!, system.keepers[0]!.pauser]) {
          await expect(send(system.guard.connect(sender)))
            .to.be.revertedWithCustomError(system.guard, "AccessManagedUnauthorized")
            .withArgs(sender.address);
        }
      });

      it("needs a halt: a soft pause is none, and a wind-down is too late", async () => {
        const refused = async (error: string) =>
          await expect(send(system.guard)).to.be.revertedWithCustomError(system.guard, error);
        await refused("GuardNotHalted");
        await pause(system, 0, INCIDENT, await readHead(system));
        await refused("GuardNotHalted");
        await time.increase(await system.guard.WIND_DOWN_TIME());
        await system.guard.startWindDown();
        await refused("GuardWindDown");
      });

      it("is for contracts of the book set of now", async () => {
        await halt();
        for (const book of [system.usd.target, system.margin.target]) {
          await expect(send(system.guard, book))
            .to.be.revertedWithCustomError(system.guard, "GuardNotBook")
            .withArgs(book);
        }
        // A new list is announced ahead; until then the old one counts.
        const activeFrom = (await readHead(system)).number + 100;
        await system.registry.setBooks(
          system.books.filter((book) => book !== system.ledger.target),
          activeFrom,
        );
        await send(system.guard);
        await networkHelpers.mineUpTo(activeFrom);
        await expect(send(system.guard))
          .to.be.revertedWithCustomError(system.guard, "GuardNotBook")
          .withArgs(system.ledger.target);
      });

      it("moves the gate: a resume needs a checkpoint of a block after it", async () => {
        await halt();
        await time.increase(TIMES.coolDownSeconds);
        await postCheckpoint(system);
        const before = await system.registry.newestNumber();
        await send(system.guard);
        const { repairBlock } = await system.guard.halt();
        expect(repairBlock).to.equal((await readHead(system)).number);
        const refused = async (number: bigint) =>
          await expect(sendResume(system))
            .to.be.revertedWithCustomError(system.guard, "GuardCheckpointTooOld")
            .withArgs(number, repairBlock + 1n);
        await refused(before);
        await postCheckpoint(system, Number(repairBlock));
        await refused(repairBlock);
        await postCheckpoint(system, Number(repairBlock) + 1);
        await sendResume(system);
        expect(await system.ledger.flags()).to.equal(GRADES.synced);
      });

      it("stays possible while halted, however often", async () => {
        await halt();
        await send(system.guard);
        const first = (await system.guard.halt()).repairBlock;
        await send(system.guard);
        expect((await system.guard.halt()).repairBlock).to.be.greaterThan(first);
      });
    });
  }

  it("writes the word through the book and names both", async () => {
    await halt();
    const item = await itemOf();
    const sent = system.guard.repair(system.ledger.target, item);
    const { number } = await sent.then(async () => await readHead(system));
    await expect(sent).to.emit(system.guard, "RepairMade").withArgs(system.ledger.target, number);
    await expect(sent).to.emit(system.ledger, "WordRepaired").withArgs(slotOf(), item.expected, item.value);
    expect(await wordAt()).to.equal(item.value);
  });

  it("passes on what the book refuses, and moves no gate then", async () => {
    await halt();
    const item = { ...(await itemOf()), value: ZeroHash };
    await expect(system.guard.repair(system.ledger.target, item)).to.be.revertedWithCustomError(
      system.ledger,
      "RepairZeroValue",
    );
    expect((await system.guard.halt()).repairBlock).to.equal(0);
  });

  it("cannot repair the guard, the registries or the oracle", async () => {
    const { guard, registry, keeperRegistry, oracle } = system;
    await halt();
    for (const book of [guard, registry, keeperRegistry, oracle]) {
      await expect(guard.repair(book.target, await itemOf())).to.be.revertedWithoutReason(system.ethers);
    }
  });

  it("accepts words of a block of this chain only, and at least one", async () => {
    const { guard } = system;
    await halt();
    const { number, hash } = await readHead(system);
    const corrections = [await correctionOf()];
    await expect(guard.acceptBooks(number, hash, [])).to.be.revertedWithCustomError(guard, "GuardNoCorrections");
    await expect(guard.acceptBooks(number, id("fork"), corrections))
      .to.be.revertedWithCustomError(guard, "GuardWrongBlock")
      .withArgs(number, id("fork"), hash);
    await expect(guard.acceptBooks(number, ZeroHash, corrections)).to.be.revertedWithCustomError(
      guard,
      "GuardZeroHash",
    );
  });

  it("says what it accepts, and writes nothing but the gate", async () => {
    await halt();
    const { number, hash } = await readHead(system);
    const corrections = [await correctionOf(), { ...(await correctionOf(system.vault.target)), value: ZeroHash }];
    const before = await attest(system);
    const sent = system.guard.acceptBooks(number, hash, corrections);
    await expect(sent)
      .to.emit(system.guard, "BooksAccepted")
      .withArgs(
        number,
        hash,
        corrections.map(({ book, slot, value }) => [book, slot, value]),
      );
    const after = await attest(system);
    const changed = system.books.filter((_, index) => before.roots[index] !== after.roots[index]);
    expect(changed).to.deep.equal([system.guard.target]);
  });
});
