import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { attest, postAttested, postCheckpoint } from "../../helpers/attestations.ts";
import { attestLike, CAUSES, deadline, GRADES, inOneBlock, pause, readHead } from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INCIDENT = id("incident");
const EVIDENCE = id("evidence");
/** Of a soft pause once the protocol runs. */
const SOFT_PAUSE_GAS = 75_000n;
const RING = 64;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("SyncGuard > softPause", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await postCheckpoint(system);
    await networkHelpers.mine(2);
  });

  const keyOf = async (index: number) => await system.keeperRegistry.keyOf(system.keepers[index]!.pauser.address);

  describe("refusals", () => {
    it("is for the pause keys of active keepers", async () => {
      const { guard, keepers, keeperRegistry, users } = system;
      const head = await readHead(system);
      const { attester, pauser } = keepers[0]!;
      const refused = async (sender: typeof pauser) =>
        await expect(guard.connect(sender).softPause(INCIDENT, CAUSES.books, head.number, head.hash, EVIDENCE))
          .to.be.revertedWithCustomError(keeperRegistry, "KeeperRegistryNotPauser")
          .withArgs(sender.address);
      await refused(users[0]!);
      await keeperRegistry.remove(attester.address);
      await refused(pauser);
    });

    it("refuses a zero incident and a zero hash", async () => {
      const head = await readHead(system);
      const guard = system.guard.connect(system.keepers[0]!.pauser);
      await expect(guard.softPause(ZeroHash, 0, head.number, head.hash, EVIDENCE)).to.be.revertedWithCustomError(
        guard,
        "GuardZeroIncident",
      );
      await expect(guard.softPause(INCIDENT, 0, head.number, ZeroHash, EVIDENCE)).to.be.revertedWithCustomError(
        guard,
        "GuardZeroHash",
      );
    });

    it("INV-5: refuses future blocks, blocks too old to know, and hashes of other blocks", async () => {
      const head = await readHead(system);
      const guard = system.guard.connect(system.keepers[0]!.pauser);
      const next = head.number + 1;
      await expect(guard.softPause(INCIDENT, 0, next, head.hash, EVIDENCE))
        .to.be.revertedWithCustomError(guard, "GuardFutureBlock")
        .withArgs(next, next);
      await expect(guard.softPause(INCIDENT, 0, head.number, head.parentHash, EVIDENCE))
        .to.be.revertedWithCustomError(guard, "GuardWrongBlock")
        .withArgs(head.number, head.parentHash, head.hash);
      await networkHelpers.mine(256);
      await expect(guard.softPause(INCIDENT, 0, head.number, head.hash, EVIDENCE))
        .to.be.revertedWithCustomError(guard, "GuardOldBlock")
        .withArgs(head.number, head.number + 257);
      const oldest = (await system.ethers.provider.getBlock(head.number + 1))!;
      await guard.softPause(INCIDENT, 0, oldest.number, oldest.hash!, EVIDENCE);
    });

    it("refuses the pause for a block of another fork", async () => {
      const snapshot = await networkHelpers.takeSnapshot();
      await system.usd.mint(system.users[0]!.address, 1n);
      const orphan = await readHead(system);
      await snapshot.restore();
      await networkHelpers.mine(2);
      const actual = (await system.ethers.provider.getBlock(orphan.number))!.hash;
      await expect(pause(system, 0, INCIDENT, orphan))
        .to.be.revertedWithCustomError(system.guard, "GuardWrongBlock")
        .withArgs(orphan.number, orphan.hash, actual);
      expect(await system.ledger.flags()).to.equal(GRADES.synced);
      expect((await keyOf(0)).booksUntil).to.equal(0);
    });
  });

  it("restricts new risk and withdrawals, and names the witness", async () => {
    const { guard, ledger, registry, keepers } = system;
    const head = await readHead(system);
    const pausing = pause(system, 1, INCIDENT, head);
    const softUntil = await deadline(system, pausing, TIMES.softTimeSeconds);
    const startedAt = softUntil - TIMES.softTimeSeconds;
    const witness = await registry.newestNumber();
    const attester = keepers[1]!.attester.address;
    await expect(pausing)
      .to.emit(guard, "SoftPaused")
      .withArgs(
        ...([INCIDENT, attester, CAUSES.books, head.number, head.hash, EVIDENCE] as const),
        ...([softUntil, head.number, witness, 0, 1, startedAt] as const),
      );
    expect(await ledger.flags()).to.equal(GRADES.degraded);
    expect(await guard.witnessNumber()).to.equal(witness);
    expect(await guard.isJudged(head.number)).to.equal(true);
    expect(await guard.isJudged(head.number + 1)).to.equal(false);
    const words = [softUntil, head.number, witness, 0, 1, 0, startedAt].map(BigInt);
    expect(await guard.incident()).to.deep.equal(words);
    await postCheckpoint(system);
    expect(await guard.witnessNumber()).to.equal(witness);
  });

  it("takes the newest checkpoint before the judged block as the witness, not a later one", async () => {
    const before = await system.registry.newestNumber();
    const head = await readHead(system);
    await networkHelpers.mine();
    await postCheckpoint(system);
    await pause(system, 0, INCIDENT, head);
    expect(await system.guard.witnessNumber()).to.equal(before);
  });

  it("does nothing for a block that was judged or one before it, whoever repeats it under whatever name", async () => {
    const { guard, ledger, users } = system;
    const early = await readHead(system);
    await networkHelpers.mine();
    const head = await readHead(system);
    await pause(system, 0, INCIDENT, head);
    const words = async () =>
      JSON.stringify([await guard.incident(), await ledger.hotWord()].flat(), (_, v) => String(v));
    const before = await words();
    const repeats = [
      await pause(system, 0, INCIDENT, head),
      await pause(system, 1, id("another"), early),
      await guard.connect(users[0]).softPause(INCIDENT, 0, head.number, head.hash, EVIDENCE),
    ];
    for (const repeat of repeats) expect((await repeat.wait())!.logs).to.deep.equal([]);
    expect(await words()).to.equal(before);
    expect((await keyOf(1)).booksUntil).to.equal(0);
  });

  it("takes two keepers in one block: the first pauses, the second does nothing and keeps its budget", async () => {
    const head = await readHead(system);
    const [first, second] = await inOneBlock(
      system,
      async () => await pause(system, 0, INCIDENT, head),
      async () => await pause(system, 1, INCIDENT, head),
    );
    expect(first!.blockNumber).to.equal(second!.blockNumber);
    expect([first!.status, second!.status]).to.deep.equal([1, 1]);
    expect([first!.logs.length, second!.logs.length]).to.deep.equal([3, 0]);
    expect([(await keyOf(0)).booksUntil !== 0n, (await keyOf(1)).booksUntil]).to.deep.equal([true, 0n]);
    await pause(system, 1, id("another"), await readHead(system));
    expect((await system.guard.incident()).nonce).to.equal(2);
  });

  it("is extended by another keeper for a later block, with the first witness and begin", async () => {
    await pause(system, 0, id("early"), await readHead(system));
    const before = await system.guard.incident();
    await networkHelpers.time.increase(100);
    await postCheckpoint(system);
    await networkHelpers.mine();
    const late = await readHead(system);
    await pause(system, 1, id("late"), late);
    const after = await system.guard.incident();
    expect(after.softBlock).to.equal(late.number);
    expect([after.witnessNumber, after.startedAt]).to.deep.equal([before.witnessNumber, before.startedAt]);
    expect(after.softUntil).to.be.greaterThan(before.softUntil);
    expect(after.nonce).to.equal(2);
  });

  it("is not shortened by a view's pause that ends earlier", async () => {
    await pause(system, 0, INCIDENT, await readHead(system));
    const { softUntil } = await system.guard.incident();
    await pause(system, 1, id("view"), await readHead(system), CAUSES.view);
    expect((await system.guard.incident()).softUntil).to.equal(softUntil);
  });

  it("counts a second incident anew: its own end, witness and begin", async () => {
    await pause(system, 0, INCIDENT, await readHead(system));
    await networkHelpers.time.increase(TIMES.softTimeSeconds);
    const { attestation } = await postCheckpoint(system);
    const sent = pause(system, 1, id("view"), await readHead(system), CAUSES.view);
    const softUntil = await deadline(system, sent, TIMES.viewTimeSeconds);
    const incident = await system.guard.incident();
    expect([incident.softUntil, incident.witnessNumber, incident.startedAt, incident.generation]).to.deep.equal(
      [softUntil, attestation.blockNumber, softUntil - TIMES.viewTimeSeconds, 1].map(BigInt),
    );
  });

  it(`costs at most ${SOFT_PAUSE_GAS} gas once the ring is full and the key was used before`, async () => {
    const template = await attest(system);
    await pause(system, 0, INCIDENT, await readHead(system));
    await networkHelpers.time.increase(TIMES.softTimeSeconds);
    for (let count = 0; count < RING; count += 1) await postAttested(system, await attestLike(system, template));
    await networkHelpers.time.increase(TIMES.coolDownSeconds);
    await postAttested(system, await attestLike(system, template));
    const receipt = (await (await pause(system, 0, id("two"), await readHead(system))).wait())!;
    expect(receipt.logs.length).to.equal(3);
    expect(receipt.gasUsed).to.be.at.most(SOFT_PAUSE_GAS);
  });
});
