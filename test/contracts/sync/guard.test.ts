import { expect } from "chai";
import { id, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { deployLockstep, TIMES, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { deadline, pause, readHead } from "../../helpers/guard.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const INCIDENT = id("incident");
const EVIDENCE = id("evidence");
const DEGRADED = 3;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("SyncGuard > setup", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  it("INV-4: refuses a soft time shorter than the stale limit", async () => {
    const { ethers, guard, ledger, keeperRegistry } = system;
    const factory = await ethers.getContractFactory("SyncGuard");
    const deploy = async (softTime: number) =>
      await factory.deploy(ledger.target, keeperRegistry.target, softTime, 0, 0);
    await expect(deploy(TIMES.staleLimitSeconds - 1))
      .to.be.revertedWithCustomError(guard, "GuardSoftShorterThanStale")
      .withArgs(TIMES.staleLimitSeconds - 1, TIMES.staleLimitSeconds);
    expect(await (await deploy(TIMES.staleLimitSeconds)).SOFT_TIME()).to.equal(TIMES.staleLimitSeconds);
  });

  it("refuses zero modules", async () => {
    const factory = await system.ethers.getContractFactory("SyncGuard");
    const { ledger, keeperRegistry, guard } = system;
    for (const pair of [
      [ZeroAddress, keeperRegistry.target],
      [ledger.target, ZeroAddress],
    ]) {
      await expect(factory.deploy(pair[0]!, pair[1]!, 3_600, 0, 0)).to.be.revertedWithCustomError(
        guard,
        "GuardZeroAddress",
      );
    }
  });

  it("binds its registry once, by the deployer", async () => {
    const { ethers, users, ledger, keeperRegistry, registry } = system;
    const guard = await ethers.deployContract("SyncGuard", [ledger.target, keeperRegistry.target, 3_600, 0, 0]);
    await expect(guard.connect(users[0]).bind(registry.target))
      .to.be.revertedWithCustomError(guard, "GuardNotDeployer")
      .withArgs(users[0]!.address);
    await expect(guard.bind(ZeroAddress)).to.be.revertedWithCustomError(guard, "GuardZeroAddress");
    await expect(guard.bind(registry.target)).to.emit(guard, "GuardBound").withArgs(registry.target);
    await expect(guard.bind(registry.target)).to.be.revertedWithCustomError(guard, "GuardAlreadyBound");
  });

  it("hears of checkpoints and convictions from the registry only", async () => {
    const { guard, admin } = system;
    await expect(guard.onCheckpoint(1))
      .to.be.revertedWithCustomError(guard, "GuardNotRegistry")
      .withArgs(admin.address);
    await expect(guard.onConviction(ZeroHash, 1))
      .to.be.revertedWithCustomError(guard, "GuardNotRegistry")
      .withArgs(admin.address);
  });
});

describe("SyncGuard > softPause", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await postCheckpoint(system);
    await networkHelpers.mine(2);
  });

  it("is for the pause keys of active keepers", async () => {
    const { guard, keepers, keeperRegistry, users } = system;
    const head = await readHead(system);
    const { attester, pauser } = keepers[0]!;
    await expect(guard.connect(users[0]).softPause(INCIDENT, head.number, head.hash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardNotKeeper")
      .withArgs(users[0]!.address);
    await keeperRegistry.remove(attester.address);
    await expect(guard.connect(pauser).softPause(INCIDENT, head.number, head.hash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardNotKeeper")
      .withArgs(pauser.address);
  });

  it("refuses a zero incident and a zero hash", async () => {
    const head = await readHead(system);
    const guard = system.guard.connect(system.keepers[0]!.pauser);
    await expect(guard.softPause(ZeroHash, head.number, head.hash, EVIDENCE)).to.be.revertedWithCustomError(
      guard,
      "GuardZeroIncident",
    );
    await expect(guard.softPause(INCIDENT, head.number, ZeroHash, EVIDENCE)).to.be.revertedWithCustomError(
      guard,
      "GuardZeroHash",
    );
  });

  it("INV-5: refuses future blocks, blocks too old to know, and hashes of other blocks", async () => {
    const head = await readHead(system);
    const guard = system.guard.connect(system.keepers[0]!.pauser);
    const next = head.number + 1;
    await expect(guard.softPause(INCIDENT, next, head.hash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardFutureBlock")
      .withArgs(next, next);
    await expect(guard.softPause(INCIDENT, head.number, head.parentHash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardWrongBlock")
      .withArgs(head.number, head.parentHash, head.hash);
    await networkHelpers.mine(256);
    await expect(guard.softPause(INCIDENT, head.number, head.hash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardOldBlock")
      .withArgs(head.number, head.number + 257);
    const oldest = (await system.ethers.provider.getBlock(head.number + 1))!;
    await guard.softPause(INCIDENT, oldest.number, oldest.hash!, EVIDENCE);
  });

  it("refuses the pause for a block that was reorganised away", async () => {
    const snapshot = await networkHelpers.takeSnapshot();
    await system.usd.mint(system.users[0]!.address, 1n);
    const orphan = await readHead(system);
    await snapshot.restore();
    await networkHelpers.mine(2);
    const actual = (await system.ethers.provider.getBlock(orphan.number))!.hash;
    const guard = system.guard.connect(system.keepers[0]!.pauser);
    await expect(guard.softPause(INCIDENT, orphan.number, orphan.hash, EVIDENCE))
      .to.be.revertedWithCustomError(guard, "GuardWrongBlock")
      .withArgs(orphan.number, orphan.hash, actual);
    expect(await system.ledger.flags()).to.equal(0);
  });

  it("restricts new risk and withdrawals, and names the witness", async () => {
    const { guard, ledger, registry, keepers } = system;
    const head = await readHead(system);
    const pausing = guard.connect(keepers[1]!.pauser).softPause(INCIDENT, head.number, head.hash, EVIDENCE);
    const softUntil = await deadline(system, pausing, TIMES.softTimeSeconds);
    const witness = await registry.newestNumber();
    await expect(pausing)
      .to.emit(guard, "SoftPaused")
      .withArgs(
        INCIDENT,
        keepers[1]!.attester.address,
        head.number,
        head.hash,
        EVIDENCE,
        softUntil,
        head.number,
        witness,
        0,
      );
    expect(await ledger.flags()).to.equal(DEGRADED);
    expect(await guard.witnessNumber()).to.equal(witness);
    expect(await guard.pausedBlockOf(INCIDENT)).to.equal(head.number);
    expect(await guard.incident()).to.deep.equal([softUntil, BigInt(head.number), witness, 0n]);
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

  it("does nothing the second time, whichever keeper repeats it", async () => {
    const { guard, ledger, keepers } = system;
    const head = await readHead(system);
    await pause(system, 0, INCIDENT, head);
    const words = async () =>
      JSON.stringify([await guard.incident(), await ledger.hotWord()].flat(), (_, v) => String(v));
    const before = await words();
    for (const index of [0, 1]) {
      const receipt = (await (await pause(system, index, INCIDENT, head)).wait())!;
      expect(receipt.logs).to.deep.equal([]);
    }
    expect(await words()).to.equal(before);
    expect((await guard.useOf(keepers[1]!.attester.address)).isUsed).to.equal(false);
  });

  it("takes two keepers in one block: the first pauses, the second does nothing", async () => {
    const head = await readHead(system);
    await system.ethers.provider.send("evm_setAutomine", [false]);
    const sent = [await pause(system, 0, INCIDENT, head), await pause(system, 1, INCIDENT, head)];
    await networkHelpers.mine();
    await system.ethers.provider.send("evm_setAutomine", [true]);
    const receipts = await Promise.all(sent.map(async (tx) => (await tx.wait())!));
    expect(receipts[0]!.blockNumber).to.equal(receipts[1]!.blockNumber);
    expect(receipts.map(({ logs }) => logs.length)).to.deep.equal([2, 0]);
  });

  it("INV-6: each keeper pauses once until the pause is lifted and it has cooled down", async () => {
    const { guard, keepers } = system;
    const [first, second] = keepers.map(({ attester }) => attester.address);
    await pause(system, 0, id("one"), await readHead(system));
    const other = pause(system, 0, id("two"), await readHead(system));
    await expect(other).to.be.revertedWithCustomError(guard, "GuardNotRearmed").withArgs(first, MaxUint256);
    await pause(system, 1, id("two"), await readHead(system));
    expect((await guard.useOf(second!)).isUsed).to.equal(true);

    await networkHelpers.time.increase(TIMES.softTimeSeconds);
    const lifting = postCheckpoint(system).then(async () => await readHead(system));
    const rearmedAt = (await lifting).timestamp + TIMES.coolDownSeconds;
    expect(await system.ledger.flags()).to.equal(0);
    for (const index of [0, 1]) {
      await expect(pause(system, index, id("three"), await readHead(system)))
        .to.be.revertedWithCustomError(guard, "GuardNotRearmed")
        .withArgs(keepers[index]!.attester.address, rearmedAt);
    }
    const head = await readHead(system);
    await networkHelpers.time.setNextBlockTimestamp(rearmedAt);
    await pause(system, 0, id("three"), head);
    expect((await guard.useOf(first!)).generation).to.equal(1);
    expect(await system.ledger.flags()).to.equal(DEGRADED);
  });

  it("is extended by another keeper, to the higher of the two blocks, with the first witness", async () => {
    const early = await readHead(system);
    await networkHelpers.mine(2);
    const late = await readHead(system);
    await pause(system, 0, id("late"), late);
    const { softUntil, witnessNumber } = await system.guard.incident();
    await networkHelpers.time.increase(100);
    await pause(system, 1, id("early"), early);
    const after = await system.guard.incident();
    expect(after.softBlock).to.equal(late.number);
    expect(after.witnessNumber).to.equal(witnessNumber);
    expect(after.softUntil).to.be.greaterThan(softUntil);
  });
});
