import { expect } from "chai";
import { id, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";

const connection = await network.create();
const { networkHelpers } = connection;
/** Later book sets are announced so many blocks ahead. */
const BOOK_SET_LEAD = 64;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("CheckpointRegistry > setup", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  it("refuses zero modules and a window that `blockhash` cannot see", async () => {
    const { ethers, registry, authority, keeperRegistry, guard, fund, ledger } = system;
    const factory = await ethers.getContractFactory("CheckpointRegistry");
    const modules = [keeperRegistry, guard, fund, ledger].map(({ target }) => target);
    const deploy = async ([keepers, guardAt, fundAt, ledgerAt]: typeof modules, window: number) =>
      await factory.deploy(authority.target, keepers!, guardAt!, fundAt!, ledgerAt!, window);
    for (const index of modules.keys()) {
      await expect(deploy(modules.with(index, ZeroAddress), 64)).to.be.revertedWithCustomError(
        registry,
        "RegistryZeroAddress",
      );
    }
    for (const window of [0, 257]) {
      await expect(deploy(modules, window))
        .to.be.revertedWithCustomError(registry, "RegistryOldBlock")
        .withArgs(window, 256);
    }
    await deploy(modules, 256);
  });

  it("hears of keepers from their registry only", async () => {
    const { registry, admin } = system;
    await expect(registry.onKeeperSet(7, id("set")))
      .to.be.revertedWithCustomError(registry, "RegistryNotKeeperRegistry")
      .withArgs(admin.address);
  });

  it("keeps the newest keeper set", async () => {
    const { registry, keeperRegistry } = system;
    for (let turn = 0; turn < 2; turn += 1) {
      const { setId, keeperSet } = await registry.summary();
      expect([setId, keeperSet]).to.deep.equal([await keeperRegistry.setId(), await keeperRegistry.commitment()]);
      const removing = keeperRegistry.remove(system.keepers[turn]!.attester.address);
      await expect(removing)
        .to.emit(registry, "KeeperSetAdopted")
        .withArgs(setId + 1n, () => true);
    }
  });

  it("lets governance say what carriers are paid", async () => {
    const { registry, users } = system;
    expect(await registry.rewardTerms()).to.deep.equal([0n, 0n, false]);
    await expect(registry.connect(users[0]).setReward(1, 1))
      .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
      .withArgs(users[0]!.address);
    const [perBlock, maxBlocks] = [2n ** 96n - 1n, 2n ** 32n - 1n];
    await expect(registry.setReward(perBlock, maxBlocks)).to.emit(registry, "RewardSet").withArgs(perBlock, maxBlocks);
    expect(await registry.rewardTerms()).to.deep.equal([perBlock, maxBlocks, true]);
    await registry.setReward(0, 0);
    expect(await registry.rewardTerms()).to.deep.equal([0n, 0n, true]);
  });

  it("guards the book set", async () => {
    const { registry, users, books } = system;
    const refusal = (contracts: string[], activeFrom: number | bigint = 0) =>
      expect(registry.setBooks(contracts, activeFrom)).to.be;
    await expect(registry.connect(users[0]).setBooks([...books], 0))
      .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
      .withArgs(users[0]!.address);
    const many = Array.from({ length: 33 }, (_, index) => toBeHex(index + 1, 20));
    for (const contracts of [[], many]) {
      await refusal(contracts).revertedWithCustomError(registry, "RegistryBadBookCount").withArgs(contracts.length);
    }
    const later = (await system.ethers.provider.getBlockNumber()) + 100;
    await refusal([ZeroAddress], later).revertedWithCustomError(registry, "RegistryZeroAddress");
    await refusal([books[0]!, books[1]!, books[0]!], later)
      .revertedWithCustomError(registry, "RegistryDuplicateBook")
      .withArgs(books[0]);
    const head = await system.ethers.provider.getBlockNumber();
    for (const early of [0, head, head + BOOK_SET_LEAD]) {
      await refusal([...books], early)
        .revertedWithCustomError(registry, "RegistryPastActivation")
        .withArgs(early === 0 ? head + 1 : early, head + 1 + BOOK_SET_LEAD);
    }
    await refusal([...books], 2n ** 40n).revertedWithCustomError(registry, "SafeCastOverflowedUintDowncast");
    await registry.setBooks([...books], head + 100);
    await refusal([...books], head + 100)
      .revertedWithCustomError(registry, "RegistryPastActivation")
      .withArgs(head + 100, head + 100);
    await refusal([...books], head + 99)
      .revertedWithCustomError(registry, "RegistryPastActivation")
      .withArgs(head + 99, head + 100);
  });

  it("takes the first book set from any block on, and none of the past", async () => {
    const { ethers, authority, keeperRegistry, guard, fund, ledger, books } = system;
    const modules = [keeperRegistry.target, guard.target, fund.target, ledger.target] as const;
    const fresh = await (
      await ethers.getContractFactory("CheckpointRegistry")
    ).deploy(authority.target, ...modules, 64);
    const next = (await ethers.provider.getBlockNumber()) + 1;
    await expect(fresh.setBooks([...books], next - 1))
      .to.be.revertedWithCustomError(fresh, "RegistryPastActivation")
      .withArgs(next - 1, next);
    expect(await fresh.bookSetVersionAt(next)).to.equal(0);
    await expect(fresh.setBooks([...books], 0))
      .to.emit(fresh, "BookSetChanged")
      .withArgs(1, next, books);
    expect(await fresh.bookSetVersionAt(next)).to.equal(1);
  });

  it("names the book set that is valid at a block", async () => {
    const { registry, books } = system;
    const { activeFrom } = await registry.booksOf(1);
    const head = await system.ethers.provider.getBlockNumber();
    const starts = [Number(activeFrom), head + 70, head + 80, head + 81];
    for (const start of starts.slice(1)) await registry.setBooks(books.slice(0, 2), start);
    for (const number of [
      0,
      starts[0]! - 1,
      head + 69,
      head + 70,
      head + 71,
      head + 79,
      head + 80,
      head + 81,
      head + 99,
    ]) {
      const version = starts.filter((start) => start <= number).length;
      expect(await registry.bookSetVersionAt(number), `block ${number}`).to.equal(version);
    }
    expect((await registry.summary()).bookSetVersion).to.equal(1);
    await networkHelpers.mineUpTo(head + 80);
    expect((await registry.summary()).bookSetVersion).to.equal(3);
    expect(await registry.booksOf(2)).to.deep.equal([books.slice(0, 2), BigInt(head + 70)]);
    expect(await registry.booksOf(9)).to.deep.equal([[], 0n]);
  });
});
