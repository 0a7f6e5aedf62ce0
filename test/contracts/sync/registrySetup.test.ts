import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function fixture(): Promise<Lockstep> {
  return await deployLockstep(connection, { keeperCount: 4 });
}

describe("CheckpointRegistry > setup", () => {
  let system: Lockstep;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  it("refuses zero modules and a window that `blockhash` cannot see", async () => {
    const { ethers, registry, authority, keeperRegistry, guard } = system;
    const factory = await ethers.getContractFactory("CheckpointRegistry");
    const deploy = (keepers: string, window: number) => factory.deploy(authority.target, keepers, guard.target, window);
    await expect(deploy(ZeroAddress, 64)).to.be.revertedWithCustomError(registry, "RegistryZeroAddress");
    for (const window of [0, 257]) {
      await expect(deploy(keeperRegistry.target as string, window))
        .to.be.revertedWithCustomError(registry, "RegistryOldBlock")
        .withArgs(window, 256);
    }
  });

  it("guards the book set", async () => {
    const { registry, users, books } = system;
    const refusal = (contracts: string[], activeFrom = 0) => expect(registry.setBooks(contracts, activeFrom)).to.be;
    await expect(registry.connect(users[0]).setBooks([...books], 0))
      .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
      .withArgs(users[0]!.address);
    await refusal([]).revertedWithCustomError(registry, "RegistryEmptyBookSet");
    await refusal([ZeroAddress]).revertedWithCustomError(registry, "RegistryZeroAddress");
    await refusal([books[0]!, books[1]!, books[0]!])
      .revertedWithCustomError(registry, "RegistryDuplicateBook")
      .withArgs(books[0]);
    const head = await system.ethers.provider.getBlockNumber();
    await refusal([...books], head)
      .revertedWithCustomError(registry, "RegistryPastActivation")
      .withArgs(head, head + 1);
    await registry.setBooks([...books], head + 100);
    await refusal([...books], head + 100)
      .revertedWithCustomError(registry, "RegistryPastActivation")
      .withArgs(head + 100, head + 100);
    expect(await registry.bookSetVersionAt(head + 99)).to.equal(1);
    expect(await registry.bookSetVersionAt(head + 100)).to.equal(2);
    expect(await registry.bookSetVersionAt(0)).to.equal(0);
  });
});
