import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { deployLockstep, depositUsd, type Lockstep } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { postCheckpoint, type Attested } from "../helpers/attestations.ts";
import { pause, readHead, type JudgedBlock } from "../helpers/guard.ts";
import { ETH_PRICE, OrderBook, UNIT } from "../helpers/orders.ts";
import { readWitness } from "../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const DOLLAR = 10n ** 6n;
const SCALE = 10n ** 12n;
const HONEST = 100_000n * DOLLAR;
const THIEF = 1_000n * DOLLAR;
const STOLEN = 150_000n * DOLLAR;

/** The protocol whose ledger has a bug, on the eve: money in it, a true checkpoint, the theft in the next block. */
interface Scene {
  readonly system: Lockstep;
  readonly attested: Attested;
  /** The first block in which the books and the chain differ. */
  readonly divergent: JudgedBlock;
}

async function scene(): Promise<Scene> {
  const system = await deployLockstep(connection, { module: "FlawedLockstep", keeperCount: 4 });
  const [thief, alice, bob] = system.users;
  await depositUsd(system, thief!, THIEF);
  for (const user of [alice!, bob!]) await depositUsd(system, user, HONEST);
  const attested = await postCheckpoint(system);
  await networkHelpers.mine();
  await system.ledger.connect(thief!).migrateQuote(accountOf(thief!), (THIEF + STOLEN) * SCALE);
  return { system, attested, divergent: await readHead(system) };
}

describe("an illegal trade", () => {
  let system: Lockstep;
  let attested: Attested;
  let divergent: JudgedBlock;

  beforeEach(async () => {
    ({ system, attested, divergent } = await networkHelpers.loadFixture(scene));
  });

  const thief = () => system.users[0]!;
  const alice = () => system.users[1]!;
  const bob = () => system.users[2]!;
  const custody = async (): Promise<bigint> => await system.usd.balanceOf(system.vault.target);
  const withdraw = async (user: typeof thief, amount: bigint) =>
    await system.vault.connect(user()).withdraw(accountOf(user()), system.usd.target, amount, user().address);
  const withdrawWitnessed = async (user: typeof thief, amount: bigint) => {
    const witness = await readWitness(system, attested, accountOf(user()), system.usd);
    const vault = system.vault.connect(user());
    return await vault.withdrawWitnessed(accountOf(user()), system.usd.target, amount, user().address, witness);
  };
  /** 30 ETH: a margin of 9,000 dollars, of which the thief owns one. */
  const illegalTrade = async () => await new OrderBook(system).trade(thief(), alice(), { size: 30n * UNIT });

  it("goes through when nobody watches, and the money of others leaves", async () => {
    const hot = await system.ledger.hotWord();
    await illegalTrade();
    expect(await system.ledger.sizeOf(accountOf(thief()), 1)).to.equal(30n * UNIT);
    expect((await system.ledger.hotWord()).sequence).to.equal(hot.sequence + 2n);

    await withdraw(thief, STOLEN - 20_000n * DOLLAR);
    expect(await custody()).to.equal(2n * HONEST + THIEF - (STOLEN - 20_000n * DOLLAR));
    // What is left does not pay the two honest users: the second of them is short.
    await withdraw(bob, 71_000n * DOLLAR);
    expect(await custody()).to.equal(0);
    await expect(withdraw(bob, 29_000n * DOLLAR)).to.revert(system.ethers);
    expect(await system.ledger.quoteOf(accountOf(bob()))).to.equal(29_000n * UNIT);
    const { owed } = await system.vault.claimOf(accountOf(bob()), system.usd.target);
    expect(owed).to.equal(0);
  });

  it("leaves no entry that explains the books: the ledger's sum exceeds what the vault holds", async () => {
    const quotes = await Promise.all([thief, alice, bob].map((user) => system.ledger.quoteOf(accountOf(user()))));
    const sum = quotes.reduce((total, quote) => total + quote, 0n);
    const { held } = await system.vault.assetOf(system.usd.target);
    expect(sum - held * SCALE).to.equal(STOLEN * SCALE);
    const logs = await system.ethers.provider.getLogs({ blockHash: divergent.hash });
    expect(logs).to.deep.equal([]);
  });

  describe("with the soft pause of the divergent block", () => {
    beforeEach(async () => {
      await pause(system, 0, id("divergence"), divergent);
    });

    it("is refused in the next block", async () => {
      expect(await system.ethers.provider.getBlockNumber()).to.equal(divergent.number + 1);
      await expect(illegalTrade())
        .to.be.revertedWithCustomError(system.ledger, "LedgerIncreaseRestricted")
        .withArgs(accountOf(thief()), 1);
      expect(await system.ledger.openCountOf(accountOf(thief()))).to.equal(0);
    });

    it("pays the thief what it owned, and not a cent of what it took", async () => {
      await expect(withdraw(thief, 1n))
        .to.be.revertedWithCustomError(system.ledger, "LedgerWithdrawalRestricted")
        .withArgs(accountOf(thief()));
      await expect(withdrawWitnessed(thief, THIEF + 1n))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
        .withArgs(accountOf(thief()), system.usd.target, THIEF + 1n, THIEF);
      await withdrawWitnessed(thief, THIEF);
      await expect(withdrawWitnessed(thief, 1n))
        .to.be.revertedWithCustomError(system.vault, "VaultAboveWitnessed")
        .withArgs(accountOf(thief()), system.usd.target, 1, 0);
      expect(await custody()).to.equal(2n * HONEST);
    });

    it("pays the honest users everything", async () => {
      await withdrawWitnessed(thief, THIEF);
      for (const user of [alice, bob]) await withdrawWitnessed(user, HONEST);
      expect(await custody()).to.equal(0);
      expect(await system.usd.balanceOf(alice().address)).to.equal(HONEST);
    });

    it("holds on: no keeper signs, so that stale takes over and the pause cannot be lifted", async () => {
      await networkHelpers.time.increase(7_200);
      await expect(system.guard.liftSoft()).to.be.revertedWithCustomError(system.guard, "GuardNotLiftable");
      await expect(illegalTrade()).to.be.revertedWithCustomError(system.ledger, "LedgerIncreaseRestricted");
      await withdrawWitnessed(bob, HONEST);
    });
  });

  it("does not let a forged position pass as a reduction: the other side has none", async () => {
    await system.ledger.connect(thief()).migrateSize(accountOf(bob()), 1, -(10n * UNIT));
    await pause(system, 0, id("divergence"), divergent);
    await expect(new OrderBook(system).trade(bob(), alice(), { price: ETH_PRICE })).to.be.revertedWithCustomError(
      system.ledger,
      "LedgerIncreaseRestricted",
    );
  });
});
