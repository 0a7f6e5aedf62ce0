import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id, toBeHex } from "ethers";
import { network } from "hardhat";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, depositUsd, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { impersonate, listCollateral } from "../../helpers/assets.ts";
import { postCheckpoint, type Attested } from "../../helpers/attestations.ts";
import { hardPause, pause, readHead } from "../../helpers/guard.ts";
import { chooseSeed } from "../../helpers/keeper/seed.ts";
import { OrderBook, UNIT } from "../../helpers/orders.ts";
import { EMPTY_WITNESS, readWitness, slotOf, type WitnessInput } from "../../helpers/witness.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SEED = chooseSeed(20_261_122);
const DOLLAR = 10n ** 6n;
const SCALE = 10n ** 12n;
const FEED_UNIT = 10n ** 8n;
const WIND_DOWN_SECONDS = 7_200;
const PERIOD_SECONDS = 3_600;

interface Scene {
  readonly system: Lockstep;
  readonly gold: MockToken;
}

/** Three users with 1,000, 500 and 250 dollars, and one with gold. The first one has taken 200 out before. */
async function scene(): Promise<Scene> {
  const parameters = { windDownSeconds: WIND_DOWN_SECONDS, claimPeriodSeconds: PERIOD_SECONDS };
  const system = await deployLockstep(connection, { keeperCount: 4, parameters });
  const { ethers, users, vault, usd } = system;
  const gold = await ethers.deployContract("MockToken", ["Gold", "GOLD", 18]);
  const asset = await listCollateral(system, gold);
  for (const [index, dollars] of [1_200n, 500n, 250n].entries()) {
    await depositUsd(system, users[index]!, dollars * DOLLAR);
  }
  await vault.connect(users[0]!).withdraw(accountOf(users[0]!), usd.target, 200n * DOLLAR, users[9]!.address);
  await gold.mint(users[3]!.address, 100n);
  await gold.connect(users[3]!).approve(vault.target, 100n);
  await vault.connect(users[3]!).deposit(accountOf(users[3]!), asset, 100n);
  return { system, gold };
}

describe("CollateralVault > wind-down", () => {
  let system: Lockstep;
  let gold: MockToken;
  let attested: Attested;
  let usd: string;

  beforeEach(async () => {
    ({ system, gold } = await networkHelpers.loadFixture(scene));
    usd = system.usd.target as string;
    attested = await postCheckpoint(system);
  });

  const user = (index: number): HardhatEthersSigner => system.users[index]!;
  const witnessOf = async (index: number, token: MockToken = system.usd) =>
    await readWitness(system, attested, accountOf(user(index)), token);
  const startWindDown = async () => {
    await networkHelpers.time.increase(WIND_DOWN_SECONDS);
    await system.guard.startWindDown();
  };
  const endRegistration = async () => {
    await networkHelpers.time.increaseTo((await system.guard.claimsUntil()) + 1n);
  };
  /** By a stranger. */
  const register = async (index: number, token: MockToken = system.usd, witness?: WitnessInput) =>
    await system.vault
      .connect(user(8))
      .registerClaim(accountOf(user(index)), token.target, witness ?? (await witnessOf(index, token)));
  const pay = async (index: number, token: MockToken = system.usd) =>
    await system.vault.connect(user(8)).payRegistration(accountOf(user(index)), token.target);
  const heldOf = async () => (await system.vault.assetOf(usd)).held;
  const registrationOf = async (index: number, asset = usd) =>
    await system.vault.registrationOf(accountOf(user(index)), asset);

  /** Takes tokens away from the vault, as no operation of the system can. */
  async function steal(amount: bigint): Promise<void> {
    const thief = await impersonate(system, system.vault.target as string);
    await system.usd.connect(thief).transfer(system.users[7]!.address, amount);
  }

  async function tamperQuote(index: number, quote: bigint): Promise<void> {
    const [ledger, slot] = [system.ledger.target as string, slotOf.account(accountOf(user(index)))];
    const word = BigInt(await system.ethers.provider.getStorage(ledger, slot));
    const next = ((word >> 128n) << 128n) | BigInt.asUintN(128, quote);
    await networkHelpers.setStorageAt(ledger, slot, toBeHex(next, 32));
    await networkHelpers.mine();
  }

  describe("registering", () => {
    it("comes with the wind-down, and ends with the period", async () => {
      const { vault, guard } = system;
      await expect(register(0)).to.be.revertedWithCustomError(vault, "VaultNotWindDown");
      await startWindDown();
      const until = await guard.claimsUntil();
      await networkHelpers.time.setNextBlockTimestamp(until);
      await register(0);
      await networkHelpers.time.setNextBlockTimestamp(until + 1n);
      await expect(register(1)).to.be.revertedWithCustomError(vault, "VaultRegistrationClosed").withArgs(until);
    });

    it("is the only way out then", async () => {
      const { vault, ledger } = system;
      await startWindDown();
      const [account, owner] = [accountOf(user(0)), user(0)];
      await expect(
        vault.connect(owner).withdrawWitnessed(account, usd, 1n, owner.address, await witnessOf(0)),
      ).to.be.revertedWithCustomError(vault, "VaultWindDown");
      await expect(vault.connect(owner).withdraw(account, usd, 1n, owner.address)).to.be.revertedWithCustomError(
        ledger,
        "LedgerWithdrawalRestricted",
      );
    });

    it("takes everything out of the balance, whoever does it, and counts it as left", async () => {
      const { vault, ledger } = system;
      await startWindDown();
      const account = accountOf(user(0));
      await expect(register(0))
        .to.emit(vault, "ClaimRegistered")
        .withArgs(account, usd, 1_000n * DOLLAR, 1_000n * DOLLAR)
        .and.to.emit(ledger, "EntryPosted");
      await expect(register(1))
        .to.emit(vault, "ClaimRegistered")
        .withArgs(accountOf(user(1)), usd, 500n * DOLLAR, 1_500n * DOLLAR);
      expect(await ledger.quoteOf(account)).to.equal(0);
      const { deposited, withdrawn } = await vault.flowOf(account, usd);
      expect([deposited, withdrawn]).to.deep.equal([1_200n * DOLLAR, 1_200n * DOLLAR]);
      expect(await registrationOf(0)).to.deep.equal([1_000n * DOLLAR, 0n, false, true]);
      expect(await vault.windDownOf(usd)).to.deep.equal([1_500n * DOLLAR, 0n, false, true]);
      // Nothing has moved yet.
      expect(await heldOf()).to.equal(1_750n * DOLLAR);
    });

    it("does nothing twice", async () => {
      const { vault } = system;
      await startWindDown();
      await register(0);
      await expect(register(0))
        .to.be.revertedWithCustomError(vault, "VaultNothingToClaim")
        .withArgs(accountOf(user(0)), usd);
    });

    it("adds up to what one registration would be, when a stranger begins without a proof of the balance", async () => {
      const { vault, verifier } = system;
      await depositUsd(system, user(0), 70n * DOLLAR);
      await startWindDown();
      const witness = await witnessOf(0);
      await expect(register(0, system.usd, { ...witness, flowProof: [] })).to.be.revertedWithCustomError(
        verifier,
        "TrieProofTraversalError",
      );
      await register(0, system.usd, { ...witness, balanceProof: [] });
      expect((await registrationOf(0)).amount).to.equal(70n * DOLLAR);
      await expect(register(0, system.usd, { ...witness, balanceProof: [] })).to.be.revertedWithCustomError(
        vault,
        "VaultNothingToClaim",
      );
      await expect(register(0))
        .to.emit(vault, "ClaimRegistered")
        .withArgs(accountOf(user(0)), usd, 1_000n * DOLLAR, 1_070n * DOLLAR);
      expect((await registrationOf(0)).amount).to.equal(1_070n * DOLLAR);
      await expect(register(0)).to.be.revertedWithCustomError(vault, "VaultNothingToClaim");
    });

    it("takes other assets as well, and from an account in debt when it is repaid", async () => {
      const { vault, ledger } = system;
      const debtor = accountOf(user(3));
      await tamperQuote(3, -100n * SCALE);
      attested = await postCheckpoint(system);
      await startWindDown();
      await expect(register(3, gold)).to.be.revertedWithCustomError(ledger, "LedgerBelowInitialMargin");
      await system.usd.mint(user(8).address, 100n);
      await system.usd.connect(user(8)).approve(vault.target, 100n);
      await vault.connect(user(8)).deposit(debtor, usd, 100n);
      await expect(register(3, gold)).to.emit(vault, "ClaimRegistered").withArgs(debtor, gold.target, 100, 100);
      await endRegistration();
      await pay(3, gold);
      expect(await gold.balanceOf(user(3).address)).to.equal(100);
    });

    it("is not for the insurance fund, which pays others", async () => {
      const { vault, ledger } = system;
      await startWindDown();
      const fund = await ledger.fundAccount();
      await expect(vault.registerClaim(fund, usd, await witnessOf(0))).to.be.revertedWithCustomError(
        vault,
        "VaultFundAccount",
      );
    });

    it("takes no more than what is proven of a balance that was tampered with, as often as it is", async () => {
      const { vault } = system;
      await tamperQuote(0, 10n ** 9n * UNIT);
      await startWindDown();
      await register(0);
      for (let round = 0; round < 3; round += 1) {
        await tamperQuote(0, 10n ** 9n * UNIT);
        await expect(register(0)).to.be.revertedWithCustomError(vault, "VaultNothingToClaim");
      }
      expect((await registrationOf(0)).amount).to.equal(1_000n * DOLLAR);
    });

    it("takes what was deposited after the witness, until registration ends, and each unit once", async () => {
      const { vault } = system;
      await depositUsd(system, user(1), 70n * DOLLAR);
      // Younger than the witness: nothing of it is proven.
      await depositUsd(system, user(5), 40n * DOLLAR);
      await startWindDown();
      for (const index of [1, 5]) await register(index);
      await depositUsd(system, user(5), 3n * DOLLAR);
      await tamperQuote(5, 10n ** 9n * UNIT);
      await register(5);
      for (const index of [1, 5]) {
        await tamperQuote(index, 10n ** 9n * UNIT);
        await expect(register(index)).to.be.revertedWithCustomError(vault, "VaultNothingToClaim");
      }
      expect((await registrationOf(1)).amount).to.equal(570n * DOLLAR);
      expect((await registrationOf(5)).amount).to.equal(43n * DOLLAR);
      await endRegistration();
      for (const index of [1, 5]) await pay(index);
      expect(await system.usd.balanceOf(user(1).address)).to.equal(570n * DOLLAR);
      expect(await system.usd.balanceOf(user(5).address)).to.equal(43n * DOLLAR);
    });

    it("takes without any checkpoint what everybody has brought and not taken, and no more", async () => {
      ({ system, gold } = await networkHelpers.loadFixture(scene));
      const { vault, guard } = system;
      usd = system.usd.target as string;
      await startWindDown();
      expect(await guard.witnessNumber()).to.equal(0);
      for (const index of [0, 1, 2]) {
        await tamperQuote(index, 10n ** 9n * UNIT);
        await register(index, system.usd, EMPTY_WITNESS);
        await expect(register(index, system.usd, EMPTY_WITNESS)).to.be.revertedWithCustomError(
          vault,
          "VaultNothingToClaim",
        );
      }
      await register(3, gold, EMPTY_WITNESS);
      await endRegistration();
      for (const index of [0, 1, 2]) await pay(index);
      await pay(3, gold);
      for (const [index, dollars] of [1_000n, 500n, 250n].entries()) {
        expect(await system.usd.balanceOf(user(index).address)).to.equal(dollars * DOLLAR);
      }
      expect(await gold.balanceOf(user(3).address)).to.equal(100);
    });
  });

  describe("positions", () => {
    /** The first user is long one ETH and the second short, as of the witness. */
    beforeEach(async () => {
      await new OrderBook(system).trade(user(0), user(1), { size: UNIT });
      await networkHelpers.mine();
      attested = await postCheckpoint(system);
    });

    it("are closed at the price before the incident, and then registered by anybody", async () => {
      const { ledger, guard, vault, ethFeed } = system;
      const round = await ethFeed.latestRound();
      await startWindDown();
      await expect(register(0))
        .to.be.revertedWithCustomError(ledger, "LedgerNotFlat")
        .withArgs(accountOf(user(0)), 1);
      // What the price does from then on is nothing to them.
      await ethFeed.update(3_300n * FEED_UNIT);
      await guard.fixPrice(1, round);
      for (const index of [0, 1]) {
        await ledger.connect(user(8)).settleExpiry(accountOf(user(index)), 1);
        await register(index);
      }
      expect((await registrationOf(0)).amount).to.equal(1_000n * DOLLAR);
      expect((await registrationOf(1)).amount).to.equal(500n * DOLLAR);
      await endRegistration();
      for (const index of [0, 1]) await pay(index);
      expect(await vault.windDownOf(usd)).to.deep.equal([1_500n * DOLLAR, 1_750n * DOLLAR, true, true]);
      expect(await system.usd.balanceOf(user(0).address)).to.equal(1_000n * DOLLAR);
      expect(await system.usd.balanceOf(user(1).address)).to.equal(500n * DOLLAR);
    });

    it("lose nothing to who registers their account while the price is bad", async () => {
      const { guard, ethFeed, ledger } = system;
      const round = await ethFeed.latestRound();
      // Closed since, at the price of the witness; then the wind-down comes and the feed falls.
      await new OrderBook(system).trade(user(1), user(0), { size: UNIT });
      await startWindDown();
      await ethFeed.update(2_900n * FEED_UNIT);
      await register(0);
      expect((await registrationOf(0)).amount).to.equal(900n * DOLLAR);
      // In whose favour it falls: no more than is there.
      await register(1);
      expect((await registrationOf(1)).amount).to.equal(500n * DOLLAR);
      await guard.fixPrice(1, round);
      await register(0);
      expect((await registrationOf(0)).amount).to.equal(1_000n * DOLLAR);
      expect(await ledger.quoteOf(accountOf(user(0)))).to.equal(0);
    });

    it("leave a winner whose winnings are others' collateral what is held, and no underflow", async () => {
      const { instruments, ledger, ethFeed, vault } = system;
      const [winner, loser] = [user(2), user(3)];
      await instruments.setDebtCaps(10_000n * UNIT, 10_000n * UNIT);
      await gold.mint(loser.address, 100n * UNIT);
      await gold.connect(loser).approve(vault.target, 100n * UNIT);
      await vault.connect(loser).deposit(accountOf(loser), gold.target, 100n * UNIT);
      await depositUsd(system, winner, 750n * DOLLAR);
      const orders = new OrderBook(system);
      await orders.trade(loser, winner, { size: 2n * UNIT });
      await ethFeed.update(1_750n * FEED_UNIT);
      await orders.trade(winner, loser, { size: 2n * UNIT, price: 1_750n * UNIT });
      expect(await ledger.quoteOf(accountOf(winner))).to.equal(3_500n * UNIT);
      // The others leave, so that less is held than the winner is owed.
      await ethFeed.update(3_000n * FEED_UNIT);
      await orders.trade(user(1), user(0), { size: UNIT });
      for (const [index, dollars] of [1_000n, 500n].entries()) {
        await vault.connect(user(index)).withdraw(accountOf(user(index)), usd, dollars * DOLLAR, user(9).address);
      }
      attested = await postCheckpoint(system);
      expect(await heldOf()).to.equal(1_000n * DOLLAR);
      await startWindDown();
      await register(2);
      await endRegistration();
      await expect(pay(2))
        .to.emit(vault, "RegistrationPaid")
        .withArgs(accountOf(winner), usd, winner.address, 1_000n * DOLLAR, 1_000n * DOLLAR, 0);
      expect(await heldOf()).to.equal(0);
    });
  });

  describe("paying", () => {
    const registerAll = async () => {
      await startWindDown();
      for (const index of [0, 1, 2]) await register(index);
    };

    it("comes with a wind-down, after its registration, for what was registered, once", async () => {
      const { vault, guard } = system;
      await expect(pay(0)).to.be.revertedWithCustomError(vault, "VaultNotWindDown");
      await registerAll();
      const until = await guard.claimsUntil();
      await networkHelpers.time.setNextBlockTimestamp(until);
      await expect(pay(0)).to.be.revertedWithCustomError(vault, "VaultRegistrationOpen").withArgs(until);
      await networkHelpers.time.setNextBlockTimestamp(until + 1n);
      await expect(pay(0))
        .to.emit(vault, "RegistrationPaid")
        .withArgs(accountOf(user(0)), usd, user(0).address, 1_000n * DOLLAR, 1_750n * DOLLAR, 750n * DOLLAR);
      expect(await registrationOf(0)).to.deep.equal([1_000n * DOLLAR, 1_000n * DOLLAR, true, true]);
      for (const index of [0, 3]) {
        await expect(pay(index))
          .to.be.revertedWithCustomError(vault, "VaultNothingRegistered")
          .withArgs(accountOf(user(index)), usd);
      }
      expect(await system.usd.balanceOf(user(0).address)).to.equal(1_000n * DOLLAR);
    });

    it("INV-31: gives each the same share when there is not enough, whenever it comes", async () => {
      const { vault } = system;
      await registerAll();
      await steal(1_000n * DOLLAR + 1n);
      await endRegistration();
      await pay(1);
      // What comes or goes afterwards changes nobody's share.
      await system.usd.mint(vault.target, 400n * DOLLAR);
      await networkHelpers.time.increase(365 * 86_400);
      await pay(0);
      await pay(2);
      const custody = 750n * DOLLAR - 1n;
      for (const [index, dollars] of [1_000n, 500n, 250n].entries()) {
        const share = (dollars * DOLLAR * custody) / (1_750n * DOLLAR);
        expect(await system.usd.balanceOf(user(index).address)).to.equal(share);
        expect((await registrationOf(index)).paid).to.equal(share);
      }
      // What custody did not suffice for is owed no longer.
      expect(await heldOf()).to.equal(0);
    });

    it("shares no more than the vault knows that it holds", async () => {
      await registerAll();
      await system.usd.mint(system.vault.target, 500n * DOLLAR);
      await endRegistration();
      await pay(0);
      expect((await system.vault.windDownOf(usd)).custody).to.equal(1_750n * DOLLAR);
    });

    it("fixes no share of nothing: a token that is gone may come back", async () => {
      const { vault } = system;
      await registerAll();
      await steal(1_750n * DOLLAR);
      await endRegistration();
      await expect(pay(0))
        .to.be.revertedWithCustomError(vault, "VaultCustodyShort")
        .withArgs(usd, 0, 1_000n * DOLLAR);
      await system.usd.mint(vault.target, 875n * DOLLAR);
      await pay(0);
      expect(await system.usd.balanceOf(user(0).address)).to.equal(500n * DOLLAR);
    });

    it("waits for an owner whom the token refuses, and keeps nobody else waiting", async () => {
      const { vault } = system;
      await registerAll();
      await steal(875n * DOLLAR);
      await endRegistration();
      await system.usd.setBlocked(user(0).address, true);
      await expect(pay(0)).to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation").withArgs(usd);
      expect((await registrationOf(0)).isPaid).to.equal(false);
      await pay(1);
      await pay(2);
      await expect(pay(0)).to.be.revertedWithCustomError(vault, "SafeERC20FailedOperation");
      await system.usd.setBlocked(user(0).address, false);
      await pay(0);
      for (const [index, dollars] of [500n, 250n, 125n].entries()) {
        expect(await system.usd.balanceOf(user(index).address)).to.equal(dollars * DOLLAR);
      }
    });

    it("leaves a claim that was kept before to its own proof, as long as claims are registered", async () => {
      const { vault } = system;
      const [account, owner, safe] = [accountOf(user(1)), user(1), user(6).address];
      await system.usd.setBlocked(owner.address, true);
      await vault.connect(owner).withdraw(account, usd, 40n * DOLLAR, owner.address);
      attested = await postCheckpoint(system);
      // Kept after the witness: it is in neither.
      await vault.connect(owner).withdraw(account, usd, 10n * DOLLAR, owner.address);
      await registerAll();
      const witness = await readWitness(system, attested, account, system.usd, "claim");
      const claim = async () => await vault.connect(owner).claimWitnessed(account, usd, safe, witness);
      await claim();
      expect(await system.usd.balanceOf(safe)).to.equal(40n * DOLLAR);
      await expect(claim()).to.be.revertedWithCustomError(vault, "VaultNothingToClaim");
      expect((await registrationOf(1)).amount).to.equal(450n * DOLLAR);
      const until = await system.guard.claimsUntil();
      await endRegistration();
      await expect(claim()).to.be.revertedWithCustomError(vault, "VaultRegistrationClosed").withArgs(until);
    });

    it("follows a halt as well, from the witness of the halt", async () => {
      await pause(system, 0, id("incident"), await readHead(system));
      await hardPause(system, id("worse"), await readHead(system));
      await tamperQuote(2, 10n ** 6n * UNIT);
      await networkHelpers.time.increase(1_000);
      await postCheckpoint(system);
      await startWindDown();
      await register(2);
      await endRegistration();
      await pay(2);
      expect(await system.usd.balanceOf(user(2).address)).to.equal(250n * DOLLAR);
    });

    it(`never pays more than there is, and each the same share, for random claims (seed ${SEED})`, async () => {
      const random = new SeededRandom(SEED);
      for (let round = 0; round < 4; round += 1) {
        ({ system } = await networkHelpers.loadFixture(scene));
        const amounts = new Map<number, bigint>();
        for (let index = 0; index < 7; index += 1) {
          const amount = 1n + (random.uint(40) % (10_000n * DOLLAR));
          await depositUsd(system, user(index), amount);
          amounts.set(index, amount + ([1_000n, 500n, 250n][index] ?? 0n) * DOLLAR);
        }
        attested = await postCheckpoint(system);
        await startWindDown();
        let registered = 0n;
        for (const [index, amount] of amounts) {
          if (random.below(4) === 0) amounts.delete(index);
          else {
            await register(index);
            registered += amount;
          }
        }
        const custodyBefore = await system.usd.balanceOf(system.vault.target);
        await steal(random.bool() ? 0n : random.uint(64) % custodyBefore);
        const left = await system.usd.balanceOf(system.vault.target);
        await endRegistration();
        let paid = 0n;
        for (const [index, amount] of [...amounts].sort(() => (random.bool() ? 1 : -1))) {
          const before = await system.usd.balanceOf(user(index).address);
          await pay(index);
          const share = left < registered ? (amount * left) / registered : amount;
          expect((await system.usd.balanceOf(user(index).address)) - before).to.equal(share);
          paid += share;
        }
        expect(paid <= left).to.equal(true);
      }
    });
  });
});
