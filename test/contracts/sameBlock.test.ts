import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { postCheckpoint, type Attested } from "../helpers/attestations.ts";
import { GRADES, inOneBlock, pause, readHead, type JudgedBlock } from "../helpers/guard.ts";
import { SeededRandom } from "../helpers/SeededRandom.ts";
import { readWitness } from "../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const GAS = { gasLimit: 1_000_000 } as const;
const DOLLAR = 10n ** 6n;
const SCALE = 10n ** 12n;
const HONEST = 100_000n * DOLLAR;
const THIEF = 1_000n * DOLLAR;
const STOLEN = 150_000n * DOLLAR;
/** In so many parts, as one withdrawal of all is above the limit and refused whole. */
const PARTS = 30n;
const SEEDS = [1, 2, 3, 4];

/** What may leave in a block: a tenth of the cap, and a thousandth of it to each account beyond that. */
const CAP = 250_000n * DOLLAR;
const TIGHT = { settlementCap: CAP, outflowPpm: 100_000, allowancePpm: 1_000 } as const;
/** All of it may leave at once. */
const NONE = { settlementCap: CAP, outflowPpm: 1_000_000, allowancePpm: 1_000 } as const;
const BOUND = CAP / 10n + CAP / 1_000n;

interface Scene {
  readonly system: Lockstep;
  readonly attested: Attested;
}

async function deployScene(parameters: Readonly<Record<string, number | bigint>>): Promise<Scene> {
  const system = await deployLockstep(connection, { module: "FlawedLockstep", keeperCount: 4, parameters });
  await depositUsd(system, system.users[0]!, THIEF);
  for (const user of system.users.slice(1, 3)) await depositUsd(system, user, HONEST);
  // What the deposits added to the shared limit has decayed.
  await networkHelpers.time.increase(100_000);
  const attested = await postCheckpoint(system);
  return { system, attested };
}

async function tight(): Promise<Scene> {
  return await deployScene(TIGHT);
}

async function unlimited(): Promise<Scene> {
  return await deployScene(NONE);
}

describe("E6: a thief who orders transactions around the pause", () => {
  let system: Lockstep;
  let attested: Attested;

  const use = async (scene: () => Promise<Scene>): Promise<void> => {
    ({ system, attested } = await networkHelpers.loadFixture(scene));
  };
  const thief = () => system.users[0]!;
  const forge = async () =>
    await system.ledger.connect(thief()).migrateQuote(accountOf(thief()), (THIEF + STOLEN) * SCALE, GAS);
  const withdraw = async (amount: bigint) => {
    const { vault, usd } = system;
    return await vault.connect(thief()).withdraw(accountOf(thief()), usd.target, amount, thief().address, GAS);
  };
  const drain = () => Array.from({ length: Number(PARTS) }, () => async () => await withdraw(STOLEN / PARTS));
  const pausing = (index: number, block: JudgedBlock) => async () => await pause(system, index, id("theft"), block);
  /** What left to the thief beyond what was his. */
  const loss = async (): Promise<bigint> => (await system.usd.balanceOf(thief().address)) - THIEF;
  const forgeInBlock = async (): Promise<JudgedBlock> => {
    await forge();
    return await readHead(system);
  };

  it("gets the shared limit at most when all of it comes before the pause, and then nothing", async () => {
    await use(tight);
    const divergent = await forgeInBlock();
    const receipts = await inOneBlock(system, ...drain(), pausing(0, divergent));
    expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).to.equal(1);
    expect(receipts.at(-1)!.status).to.equal(1);
    // Part of it did leave: that is what no keeper can prevent.
    expect(await loss()).to.be.within(1n, BOUND);
    expect((await system.ledger.hotWord()).flags).to.equal(GRADES.degraded);
    const before = await loss();
    await expect(withdraw(1n)).to.be.revertedWithCustomError(system.ledger, "LedgerWithdrawalRestricted");
    const witness = await readWitness(system, attested, accountOf(thief()), system.usd);
    const { vault, usd } = system;
    await expect(
      vault.connect(thief()).withdrawWitnessed(accountOf(thief()), usd.target, 1n, thief().address, witness),
    ).to.be.revertedWithCustomError(vault, "VaultAboveWitnessed");
    expect(await loss()).to.equal(before);
  });

  it("gets nothing when the pause comes first", async () => {
    await use(tight);
    const divergent = await forgeInBlock();
    const [paused, ...withdrawn] = await inOneBlock(system, pausing(0, divergent), ...drain());
    expect(paused!.status).to.equal(1);
    expect(withdrawn.map(({ status }) => status)).to.deep.equal(withdrawn.map(() => 0));
    expect(await system.usd.balanceOf(thief().address)).to.equal(0);
  });

  it("gets the shared limit at most in the block of the theft itself, which no pause can be in", async () => {
    await use(tight);
    await inOneBlock(system, forge, ...drain());
    const divergent = await readHead(system);
    await inOneBlock(system, ...drain(), pausing(0, divergent), ...drain());
    expect(await loss()).to.be.within(1n, BOUND);
  });

  for (const seed of SEEDS) {
    it(`gets no more in any order with the pauses of three keepers (seed ${seed})`, async () => {
      await use(tight);
      const divergent = await forgeInBlock();
      const random = new SeededRandom(seed);
      const sends = drain();
      for (const index of [0, 1, 2]) sends.splice(random.below(sends.length + 1), 0, pausing(index, divergent));
      await inOneBlock(system, ...sends);
      await inOneBlock(system, ...drain());
      expect(await loss()).to.be.at.most(BOUND);
      expect((await system.ledger.hotWord()).flags).to.equal(GRADES.degraded);
    });
  }

  it("gets everything before the pause where no limit holds: the pause alone is a block too late", async () => {
    await use(unlimited);
    const divergent = await forgeInBlock();
    const receipts = await inOneBlock(system, ...drain(), pausing(0, divergent));
    expect(receipts.map(({ status }) => status)).to.deep.equal(receipts.map(() => 1));
    expect(await loss()).to.equal(STOLEN - THIEF);
    expect(await system.usd.balanceOf(system.vault.target)).to.be.lessThan(2n * HONEST);
  });
});
