import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import {
  deployAuctions,
  DOLLAR,
  eventsOf,
  FLAGS,
  placeBid,
  pushHot,
  setEthPrice,
  startAuction,
  TERMS,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { readTerms, UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;

/** The role of deploy/roles.ts that the checkpoint registry holds. */
const REWARDS = 9n;

async function fixture(): Promise<AuctionSystem> {
  return await deployAuctions(connection);
}

describe("InsuranceFund", () => {
  let system: AuctionSystem;
  let fundAccount: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    fundAccount = await system.fund.ACCOUNT();
  });

  const isMarkedShort = async () => (Number((await system.ledger.hotWord()).flags) & FLAGS.fundShort) !== 0;
  const fundQuote = async () => await system.ledger.quoteOf(fundAccount);

  /** Anyone may give to the fund. */
  async function give(dollars: bigint): Promise<void> {
    const { usd, vault, dave } = system;
    await usd.mint(dave.address, dollars * DOLLAR);
    await usd.connect(dave).approve(vault.target, dollars * DOLLAR);
    await vault.connect(dave).deposit(fundAccount, usd.target, dollars * DOLLAR);
  }

  /** Alice, long with 4,000 dollars, is sold at 2,500 without a discount: what is missing is 1,000 and the discount. */
  async function breakAlice() {
    await system.auction.setTerms({ ...TERMS, maxDiscountPpm: 0n });
    await setEthPrice(system, 2_500);
    await startAuction(system, system.alice);
    return await placeBid(system, system.alice, system.carol, 10n * UNIT);
  }

  describe("setup", () => {
    it("refuses a zero ledger", async () => {
      const factory = await system.ethers.getContractFactory("InsuranceFund");
      await expect(factory.deploy(system.authority.target, ZeroAddress, 1n)).to.be.revertedWithCustomError(
        system.fund,
        "FundZeroAddress",
      );
    });

    it("owns the ledger's fund account, number zero of its address", async () => {
      expect(fundAccount).to.equal(`${(system.fund.target as string).toLowerCase()}${"00".repeat(12)}`);
      expect(await system.ledger.fundAccount()).to.equal(fundAccount);
    });
  });

  describe("target", () => {
    it("is governance's", async () => {
      await expect(system.fund.connect(system.alice).setTarget(1n))
        .to.be.revertedWithCustomError(system.fund, "AccessManagedUnauthorized")
        .withArgs(system.alice.address);
      await expect(system.fund.setTarget(5n)).to.emit(system.fund, "TargetSet").withArgs(5n);
      expect(await system.fund.targetQuote()).to.equal(5n);
    });
  });

  describe("release", () => {
    it("is governance's", async () => {
      await expect(system.fund.connect(system.alice).release(accountOf(system.alice), 1n))
        .to.be.revertedWithCustomError(system.fund, "AccessManagedUnauthorized")
        .withArgs(system.alice.address);
    });

    it("refuses an account that zero owns", async () => {
      await expect(system.fund.release(ZeroHash, 1n)).to.be.revertedWithCustomError(system.fund, "FundZeroAddress");
    });

    it("keeps the target", async () => {
      await give(1_000n);
      await system.fund.setTarget(600n * UNIT);
      const to = accountOf(system.dave);
      await expect(system.fund.release(to, 400n * UNIT + 1n))
        .to.be.revertedWithCustomError(system.fund, "FundBelowTarget")
        .withArgs(600n * UNIT - 1n, 600n * UNIT);
      const before = await system.ledger.quoteOf(to);
      await system.fund.release(to, 400n * UNIT);
      expect(await fundQuote()).to.equal(600n * UNIT);
      expect(await system.ledger.quoteOf(to)).to.equal(before + 400n * UNIT);
    });

    it("is refused while the fund is marked as short, until it was refreshed", async () => {
      await system.fund.setTarget(UNIT);
      await system.fund.refresh();
      await give(1_000n);
      const to = accountOf(system.dave);
      await expect(system.fund.release(to, UNIT)).to.be.revertedWithCustomError(system.fund, "FundShort");
      await system.fund.connect(system.dave).refresh();
      await system.fund.release(to, UNIT);
    });
  });

  describe("payReward", () => {
    /** Dave holds the role of the checkpoint registry. */
    const pay = async (to: string, quote: bigint) => await system.fund.connect(system.dave).payReward(to, quote);

    beforeEach(async () => {
      await system.authority.grantRole(REWARDS, system.dave.address, 0);
    });

    it("is the checkpoint registry's, and not governance's", async () => {
      for (const caller of [system.admin, system.alice]) {
        await expect(system.fund.connect(caller).payReward(accountOf(caller), 1n))
          .to.be.revertedWithCustomError(system.fund, "AccessManagedUnauthorized")
          .withArgs(caller.address);
      }
      const [isMember] = await system.authority.hasRole(REWARDS, system.registry.target);
      expect(isMember).to.equal(true);
    });

    it("refuses an account that zero owns, and to pay nothing", async () => {
      await give(1n);
      await expect(pay(ZeroHash, 1n)).to.be.revertedWithCustomError(system.fund, "FundZeroAddress");
      await expect(pay(accountOf(system.carol), 0n)).to.be.revertedWithCustomError(system.ledger, "LedgerZeroAmount");
    });

    it("is refused while the fund is marked as short", async () => {
      await give(1_000n);
      await system.fund.setTarget(2_000n * UNIT);
      await system.fund.refresh();
      await expect(pay(accountOf(system.carol), 1n)).to.be.revertedWithCustomError(system.fund, "FundShort");
    });

    it("sweeps the fees first, and pays all that there is, whatever the target, and no more", async () => {
      const terms = await readTerms(system, 1);
      await system.instruments.setInstrument(1, { ...terms, makerFeePpm: 200, takerFeePpm: 500 });
      await system.orders.trade(system.carol, system.bob);
      await give(5n);
      await system.fund.setTarget(4n * UNIT);
      const to = accountOf(system.alice);
      // Three dollars of fees.
      await expect(pay(to, 8n * UNIT + 1n))
        .to.be.revertedWithCustomError(system.fund, "FundExhausted")
        .withArgs(8n * UNIT, 8n * UNIT + 1n);
      const before = await system.ledger.quoteOf(to);
      const paid = await eventsOf(system, await pay(to, 8n * UNIT));
      expect(paid.map(({ args }) => [args["kind"], args["account"]])).to.deep.equal([
        [8n, fundAccount],
        [9n, fundAccount],
        [9n, to],
      ]);
      expect(await system.ledger.quoteOf(to)).to.equal(before + 8n * UNIT);
      expect([await fundQuote(), (await system.ledger.hotWord()).fees]).to.deep.equal([0n, 0n]);
    });

    it("pays in every grade: a checkpoint is worth as much while halted", async () => {
      await give(5n);
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      await pay(accountOf(system.carol), UNIT);
      expect(await fundQuote()).to.equal(4n * UNIT);
    });
  });

  describe("refresh", () => {
    it("marks a fund that holds less than the target, and touches the ledger only on a change", async () => {
      const refresh = async () => (await eventsOf(system, await system.fund.connect(system.dave).refresh())).length;
      expect(await refresh()).to.equal(0);
      await system.fund.setTarget(1n);
      expect(await system.fund.refresh.staticCall()).to.equal(true);
      expect(await refresh()).to.equal(1);
      expect(await isMarkedShort()).to.equal(true);
      expect(await refresh()).to.equal(0);

      await give(10n);
      expect(await system.fund.refresh.staticCall()).to.equal(false);
      expect(await refresh()).to.equal(1);
      expect(await isMarkedShort()).to.equal(false);
      expect(await refresh()).to.equal(0);

      await system.fund.setTarget(10n * UNIT);
      expect(await refresh()).to.equal(0);
      await system.fund.setTarget(10n * UNIT + 1n);
      expect(await refresh()).to.equal(1);
      expect(await isMarkedShort()).to.equal(true);
    });

    it("leaves the other flags and the times", async () => {
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw, graceUntil: 77 });
      const before = await system.ledger.hotWord();
      await system.fund.setTarget(1n);
      await system.fund.refresh();
      const after = await system.ledger.hotWord();
      expect(after.flags).to.equal(before.flags | BigInt(FLAGS.fundShort));
      expect([after.checkpointTime, after.graceUntil]).to.deep.equal([before.checkpointTime, 77n]);
    });
  });

  describe("sweepFees", () => {
    it("takes the fees, for anyone", async () => {
      const terms = await readTerms(system, 1);
      await system.instruments.setInstrument(1, { ...terms, makerFeePpm: 200, takerFeePpm: 500 });
      await system.orders.trade(system.carol, system.bob);
      const fees = 3n * UNIT;
      expect((await system.ledger.hotWord()).fees).to.equal(fees);
      expect(await system.fund.connect(system.dave).sweepFees.staticCall()).to.equal(fees);
      await system.fund.connect(system.dave).sweepFees();
      expect(await fundQuote()).to.equal(fees);
      expect((await system.ledger.hotWord()).fees).to.equal(0);
    });
  });

  describe("levelClearing", () => {
    /** Alice is sold in odd parts to carol and dave, the last at `dollars`, while the fund is empty. */
    async function leaveLoss(dollars: number): Promise<void> {
      await give(10_000n);
      const terms = { ...TERMS, maxDiscountPpm: 0n };
      await system.auction.setTerms(terms);
      await setEthPrice(system, 2_700.01);
      await startAuction(system, system.alice);
      // Odd parts of what was one: the loss that is shared out later leaves fractions.
      for (const user of [system.carol, system.dave]) await placeBid(system, system.alice, user, UNIT + 7n);
      await system.fund.release(accountOf(system.dave), 10_000n * UNIT);
      await setEthPrice(system, dollars);
      await placeBid(system, system.alice, system.carol, 8n * UNIT - 14n);
    }

    /** Bob, the only one who was short, closes with those who bought. */
    async function closeAll(cents: bigint): Promise<void> {
      for (const [user, size] of [
        [system.carol, 9n * UNIT - 7n],
        [system.dave, UNIT + 7n],
      ] as const) {
        await system.orders.trade(system.bob, user, { size, price: (cents * UNIT) / 100n });
      }
    }

    it("brings back what rounding and losses left when nothing is open", async () => {
      await expect(system.fund.levelClearing(1)).to.be.revertedWithCustomError(system.ledger, "LedgerNothingToLevel");
      // 600 are missing: 60 of each of the ten ETH, of 125 at most.
      await leaveLoss(2_500.01);
      await closeAll(250_001n);
      const { openInterest, clearing } = await system.ledger.marketOf(1);
      expect(openInterest).to.equal(0);
      expect(clearing).to.be.greaterThan(0n);
      await give(1n);
      const amount = await system.fund.connect(system.dave).levelClearing.staticCall(1);
      expect(amount).to.equal(-clearing);
      await system.fund.connect(system.dave).levelClearing(1);
      expect((await system.ledger.marketOf(1)).clearing).to.equal(0);
      expect(await fundQuote()).to.equal(UNIT - amount);
    });

    it("pays what is uncovered while positions are open, and the rest when they are closed", async () => {
      // 2,200 are missing: 115 of each of the ten ETH are 5 % of the price.
      await leaveLoss(2_300.01);
      const before = await system.ledger.uncoveredOf(1);
      expect(before).to.be.within(1_049n * UNIT, 1_051n * UNIT);
      await give(400n);
      await system.fund.connect(system.dave).levelClearing(1);
      expect(await fundQuote()).to.equal(0);
      expect(await system.ledger.uncoveredOf(1)).to.equal(before - 400n * UNIT);
      await closeAll(230_001n);
      const { openInterest, clearing } = await system.ledger.marketOf(1);
      expect(openInterest).to.equal(0);
      expect(clearing).to.be.within(400n * UNIT - before, 400n * UNIT - before + 10n);
      await give(1_000n);
      await system.fund.connect(system.dave).levelClearing(1);
      expect(await fundQuote()).to.equal(1_000n * UNIT + clearing);
      expect([(await system.ledger.marketOf(1)).clearing, await system.ledger.uncoveredOf(1)]).to.deep.equal([0n, 0n]);
    });
  });

  describe("shortfall", () => {
    it("is paid by the fund, in the transaction of the last bid", async () => {
      await give(1_500n);
      const sent = await breakAlice();
      expect((await eventsOf(system, sent)).map(({ name }) => name)).to.deep.equal([
        "FundingUpdated",
        "EntryPosted",
        "EntryPosted",
        "PositionSold",
        "AuctionStopped",
        "EntryPosted",
        "EntryPosted",
      ]);
      expect(await system.ledger.quoteOf(accountOf(system.alice))).to.equal(0);
      expect(await fundQuote()).to.equal(500n * UNIT);
      expect(await isMarkedShort()).to.equal(false);
    });

    it("is paid by the fund as far as it goes, and then by the shorts when a long lost", async () => {
      await give(400n);
      const bob = accountOf(system.bob);
      const { equity } = await system.ledger.valuationOf(bob);
      const sent = await breakAlice();
      const events = await eventsOf(system, sent);
      const loss = events.find(({ name }) => name === "LossSocialised")!;
      expect(loss.args["fromLongs"]).to.equal(false);
      expect(loss.args["amount"]).to.equal(600n * UNIT);
      expect(await fundQuote()).to.equal(0);
      expect((await system.ledger.valuationOf(bob)).equity).to.equal(equity + 5_000n * UNIT - 600n * UNIT);
      expect(await isMarkedShort()).to.equal(true);
    });

    it("is paid by the longs when a short lost", async () => {
      const erin = system.users[4]!;
      await depositUsd(system, erin, 4_000n * DOLLAR);
      await system.orders.trade(system.dave, erin, { size: 10n * UNIT });
      await system.auction.setTerms({ ...TERMS, maxDiscountPpm: 0n });
      await setEthPrice(system, 3_500);
      await startAuction(system, erin);
      // Alice and dave have gained 5,000 each, and pay 1,000 in proportion to their 20 ETH.
      const dave = accountOf(system.dave);
      const { equity } = await system.ledger.valuationOf(dave);
      const sent = await placeBid(system, erin, system.carol, 10n * UNIT);
      const loss = (await eventsOf(system, sent)).find(({ name }) => name === "LossSocialised")!;
      expect(loss.args["fromLongs"]).to.equal(true);
      expect(loss.args["amount"]).to.equal(1_000n * UNIT);
      expect((await system.ledger.valuationOf(dave)).equity).to.equal(equity - 500n * UNIT);
    });

    it("makes withdrawals weigh four times, until the fund is full again", async () => {
      const { vault, usd, carol } = system;
      const asset = usd.target as string;
      const cost = async () => {
        const { level } = await vault.assetOf(asset);
        await vault.connect(carol).withdraw(accountOf(carol), asset, 1_000n * DOLLAR, carol.address);
        return level - (await vault.assetOf(asset)).level;
      };
      // So slow that next to nothing comes back within a test.
      const limits = { cap: 10n ** 13n, outflowPpm: 100_000, allowancePpm: 100, period: 30 * 86_400 };
      await vault.setLimits(asset, limits);
      await breakAlice();
      expect(await isMarkedShort()).to.equal(true);
      const weighed = await cost();
      expect(weighed).to.be.closeTo(4_000n * DOLLAR, 10n * DOLLAR);
      await system.fund.setTarget(2_000n * UNIT);
      await give(1_999n);
      await system.fund.refresh();
      expect(await isMarkedShort()).to.equal(true);
      await give(1n);
      await system.fund.connect(carol).refresh();
      expect(await isMarkedShort()).to.equal(false);
      expect(await cost()).to.be.closeTo(1_000n * DOLLAR, 10n * DOLLAR);
    });
  });
});
