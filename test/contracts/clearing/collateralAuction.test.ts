import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";

import { collateralQuote, discountPpm, mostCollateralQuote } from "../../../keeper/books/model/liquidation.ts";
import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { COLLATERAL, listCollateral } from "../../helpers/assets.ts";
import {
  deployAuctions,
  DOLLAR,
  eventsOf,
  FLAGS,
  now,
  pushHot,
  setEthPrice,
  setNextTime,
  TERMS,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const ANY_QUOTE = 2n ** 128n - 1n;

interface Scene extends AuctionSystem {
  readonly erin: HardhatEthersSigner;
  readonly weth: MockToken;
  readonly asset: string;
}

/** Erin has 10 WETH, as good as 27,000 dollars after the haircut, is long 10 ETH against bob, and no dollar. */
async function fixture(): Promise<Scene> {
  const system = await deployAuctions(connection);
  const erin = system.users[4]!;
  const weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
  const asset = await listCollateral(system, weth);
  await system.instruments.setDebtCaps(10_000n * UNIT, 100_000n * UNIT);
  for (const [user, amount] of [
    [erin, 10n],
    [system.carol, 1n],
  ] as const) {
    await weth.mint(user.address, amount * UNIT);
    await weth.connect(user).approve(system.vault.target, amount * UNIT);
    await system.vault.connect(user).deposit(accountOf(user), asset, amount * UNIT);
  }
  await system.orders.trade(erin, system.bob, { size: 10n * UNIT });
  return { ...system, erin, weth, asset };
}

describe("LiquidationAuction of collateral", () => {
  let system: Scene;
  let account: string;
  let asset: string;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    account = accountOf(system.erin);
    ({ asset } = system);
  });

  const refusal = (sent: Promise<unknown>, name: string) =>
    expect(sent).to.be.revertedWithCustomError(system.auction, name);

  const bid = async (amount: bigint, { bidder = system.carol, limitQuote = ANY_QUOTE } = {}) =>
    await system.auction.connect(bidder).bidCollateral(account, asset, accountOf(bidder), amount, limitQuote);

  const start = async (): Promise<number> => {
    await system.auction.startCollateral(account, asset);
    return await now(system);
  };

  const valuation = async () => await system.ledger.valuationOf(account);

  /** Makes erin long a thousandth of a bitcoin, too. */
  const addBitcoin = async () => {
    const options = { instrument: 2, size: UNIT / 1_000n, price: 60_000n * UNIT };
    await system.orders.trade(system.erin, system.bob, options);
  };

  /** At 1,700 erin owes 13,000, her WETH counts 15,300, and she must keep 850: above maintenance, above the cap. */
  const overCap = async () => await setEthPrice(system, 1_700);
  /** At 1,600 she owes 14,000, her WETH counts 14,400, and she must keep 800. */
  const belowMaintenance = async () => await setEthPrice(system, 1_600);

  describe("startCollateral", () => {
    it("refuses while liquidations are restricted, and in a grace", async () => {
      await belowMaintenance();
      await pushHot(system, { flags: FLAGS.increaseRisk | FLAGS.withdraw | FLAGS.liquidate | FLAGS.halt });
      await refusal(system.auction.startCollateral(account, asset), "AuctionRestricted");
      const graceUntil = (await now(system)) + 1_000;
      await pushHot(system, { graceUntil });
      await refusal(system.auction.startCollateral(account, asset), "AuctionInGrace").withArgs(graceUntil);
    });

    it("refuses one that runs", async () => {
      await belowMaintenance();
      const startedAt = await start();
      await refusal(system.auction.startCollateral(account, asset), "AuctionRunning").withArgs(account, startedAt);
      await setNextTime(system, startedAt + TERMS.duration + 1);
      await start();
    });

    it("refuses what the account does not have, or what is no collateral", async () => {
      for (const other of [system.usd.target as string, system.vault.target as string]) {
        await refusal(system.auction.startCollateral(account, other), "AuctionNoCollateral").withArgs(account, other);
      }
      const bob = accountOf(system.bob);
      await refusal(system.auction.startCollateral(bob, asset), "AuctionNoCollateral").withArgs(bob, asset);
    });

    it("refuses while the asset's price breaks a rule", async () => {
      await belowMaintenance();
      await system.ethFeed.update(1n);
      await refusal(system.auction.startCollateral(account, asset), "AuctionPriceNotValid").withArgs(account);
    });

    it("takes the best of every other price that breaks a rule", async () => {
      await addBitcoin();
      await belowMaintenance();
      await system.instruments.setDebtCaps(100_000n * UNIT, 100_000n * UNIT);
      const snapshot = await networkHelpers.takeSnapshot();
      await start();
      await snapshot.restore();
      await system.btcFeed.update(1n);
      // 400 and what a thousandth of a bitcoin has gained at two million; she must keep 800 and 100.
      await refusal(system.auction.startCollateral(account, asset), "AuctionHealthy").withArgs(
        account,
        2_340n * UNIT,
        900n * UNIT,
      );
      await setEthPrice(system, 1_400);
      await start();
      await bid(UNIT);
    });

    it("refuses an account that owes nothing", async () => {
      const carol = accountOf(system.carol);
      const { cash } = await system.ledger.valuationOf(carol);
      await refusal(system.auction.startCollateral(carol, asset), "AuctionNotIndebted").withArgs(carol, cash);
    });

    it("refuses a healthy debt below both caps, while custody is there", async () => {
      await setEthPrice(system, 2_500);
      const { equity, maintenance, cash } = await valuation();
      expect(cash).to.equal(-5_000n * UNIT);
      await refusal(system.auction.startCollateral(account, asset), "AuctionHealthy").withArgs(
        account,
        equity,
        maintenance,
      );
    });

    it("starts below maintenance", async () => {
      await belowMaintenance();
      const sent = system.auction.connect(system.dave).startCollateral(account, asset);
      await expect(sent)
        .to.emit(system.auction, "CollateralAuctionStarted")
        .withArgs(account, asset, (await now(system)) + 1);
      expect(await system.auction.collateralStartedAtOf(account, asset)).to.equal(await now(system));
    });

    it("starts above the account's cap", async () => {
      await overCap();
      const { equity, maintenance } = await valuation();
      expect(equity).to.be.greaterThan(maintenance);
      await start();
    });

    it("starts above the cap of all debts, recorded as they are now", async () => {
      await setEthPrice(system, 2_500);
      await system.instruments.setDebtCaps(10_000n * UNIT, 5_000n * UNIT);
      await refusal(system.auction.startCollateral(account, asset), "AuctionHealthy");
      await system.instruments.setDebtCaps(10_000n * UNIT, 5_000n * UNIT - 1n);
      expect(await system.ledger.totalDebt()).to.equal(0);
      const sent = await system.auction.startCollateral(account, asset);
      expect((await eventsOf(system, sent)).map(({ name }) => name)).to.deep.equal([
        "DebtRecorded",
        "CollateralAuctionStarted",
      ]);
      expect(await system.ledger.totalDebt()).to.equal(5_000n * UNIT);
    });
  });

  describe("stopCollateral", () => {
    it("refuses what does not run", async () => {
      await refusal(system.auction.stopCollateral(account, asset), "AuctionNotRunning").withArgs(account);
    });

    it("refuses below the initial requirement, and above a cap", async () => {
      await belowMaintenance();
      await start();
      for (const dollars of [1_600, 1_700]) {
        await setEthPrice(system, dollars);
        const { equity, initial } = await valuation();
        await refusal(system.auction.stopCollateral(account, asset), "AuctionStillUnhealthy").withArgs(
          account,
          equity,
          initial,
        );
      }
    });

    it("refuses on a price of the asset that breaks a rule, and for a debt on any other", async () => {
      await addBitcoin();
      await belowMaintenance();
      await start();
      const stop = async () => await system.auction.stopCollateral(account, asset);
      await system.ethFeed.update(1n);
      await refusal(stop(), "AuctionPriceNotValid").withArgs(account);
      await setEthPrice(system, 2_500);
      await system.btcFeed.update(1n);
      await refusal(stop(), "AuctionStillUnhealthy");
      await system.btcFeed.update(60_000n * 10n ** 8n);
      await stop();
    });

    it("stops what nothing demands any more", async () => {
      await belowMaintenance();
      await start();
      await setEthPrice(system, 2_500);
      await expect(system.auction.connect(system.dave).stopCollateral(account, asset))
        .to.emit(system.auction, "CollateralAuctionStopped")
        .withArgs(account, asset);
      expect(await system.auction.collateralStartedAtOf(account, asset)).to.equal(0);
    });

    it("stops it for one that owes nothing", async () => {
      await belowMaintenance();
      await start();
      await depositUsd(system, system.erin, 14_000n * DOLLAR);
      await system.auction.stopCollateral(account, asset);
    });
  });

  describe("bidCollateral", () => {
    it("refuses a zero amount, and accounts of others", async () => {
      await refusal(bid(0n), "AuctionZeroAmount");
      const bidder = accountOf(system.carol);
      await refusal(
        system.auction.connect(system.dave).bidCollateral(account, asset, bidder, UNIT, ANY_QUOTE),
        "AuctionNotOwner",
      ).withArgs(bidder, system.dave.address);
    });

    it("refuses what does not run", async () => {
      await belowMaintenance();
      await refusal(bid(UNIT), "AuctionNotRunning").withArgs(account);
      const startedAt = await start();
      await setNextTime(system, startedAt + TERMS.duration + 1);
      await refusal(bid(UNIT), "AuctionNotRunning").withArgs(account);
    });

    it("refuses one that has recovered", async () => {
      await belowMaintenance();
      await start();
      await setEthPrice(system, 2_500);
      await refusal(bid(UNIT), "AuctionHealthy");
      await setEthPrice(system, 3_100);
      await refusal(bid(UNIT), "AuctionNotIndebted").withArgs(account, 1_000n * UNIT);
    });

    it("refuses more than the balance", async () => {
      await belowMaintenance();
      await start();
      await refusal(bid(10n * UNIT + 1n), "AuctionAmountTooLarge").withArgs(10n * UNIT + 1n, 10n * UNIT);
    });

    it("refuses more than the debt and one unit cost, and takes that", async () => {
      await belowMaintenance();
      const startedAt = await start();
      const time = startedAt + 60;
      const discount = discountPpm(TERMS, 60);
      const most = mostCollateralQuote(14_000n * UNIT, 1_600n * UNIT, 18, discount);
      let amount = (14_000n * UNIT * 10n ** 6n) / (1_600n * (10n ** 6n - discount));
      while (collateralQuote(amount + 1n, 1_600n * UNIT, 18, discount) <= most) amount += 1n;
      await setNextTime(system, time);
      const above = collateralQuote(amount + 1n, 1_600n * UNIT, 18, discount);
      await refusal(bid(amount + 1n), "AuctionAmountTooLarge").withArgs(above, most);
      await bid(amount);
      const { cash } = await valuation();
      expect(cash).to.be.greaterThanOrEqual(0n);
      expect(await system.ledger.debtOf(account)).to.equal(0);
    });

    it("refuses a quote beyond the limit", async () => {
      await belowMaintenance();
      const startedAt = await start();
      const quote = collateralQuote(UNIT, 1_600n * UNIT, 18, discountPpm(TERMS, 90));
      await setNextTime(system, startedAt + 90);
      await refusal(bid(UNIT, { limitQuote: quote - 1n }), "AuctionBeyondLimit").withArgs(quote, quote - 1n);
    });

    it("refuses the owner's own account and a bidder without margin", async () => {
      await belowMaintenance();
      await start();
      const own = accountOf(system.erin, 1);
      await expect(
        system.auction.connect(system.erin).bidCollateral(account, asset, own, UNIT, ANY_QUOTE),
      ).to.be.revertedWithCustomError(system.ledger, "LedgerSameOwner");
      await expect(bid(UNIT, { bidder: system.users[6]! })).to.be.revertedWithCustomError(
        system.ledger,
        "LedgerBelowInitialMargin",
      );
    });

    it("sells at the price of the second, and says so", async () => {
      await belowMaintenance();
      const startedAt = await start();
      const amount = 2n * UNIT + 7n;
      const quote = collateralQuote(amount, 1_600n * UNIT, 18, discountPpm(TERMS, 901));
      const carol = accountOf(system.carol);
      const [before, beforeCarol] = [await system.ledger.quoteOf(account), await system.ledger.quoteOf(carol)];
      await setNextTime(system, startedAt + 901);
      const sent = await bid(amount, { limitQuote: quote });
      await expect(sent).to.emit(system.auction, "CollateralSold").withArgs(account, carol, asset, amount, quote);
      expect((await eventsOf(system, sent)).map(({ name }) => name)).to.deep.equal([
        "EntryPosted",
        "EntryPosted",
        "DebtRecorded",
        "CollateralSold",
      ]);
      expect(await system.ledger.quoteOf(account)).to.equal(before + quote);
      expect(await system.ledger.quoteOf(carol)).to.equal(beforeCarol - quote);
      expect(await system.ledger.collateralOf(carol, asset)).to.equal(3n * UNIT + 7n);
      expect(await system.ledger.debtOf(account)).to.equal(14_000n * UNIT - quote);
    });

    it("is over when all is sold, and settles who pays the rest", async () => {
      await setEthPrice(system, 1_400);
      // Erin owes 16,000 and her WETH is worth 14,000: insolvent. Her position goes first, then all she has.
      await system.auction.start(account, 1);
      await system.auction.connect(system.carol).bid(account, 1, accountOf(system.carol), 10n * UNIT, ANY_QUOTE);
      expect(await system.ledger.openCountOf(account)).to.equal(0);
      await start();
      const sent = await bid(10n * UNIT);
      const names = (await eventsOf(system, sent)).map(({ name }) => name);
      expect(names.slice(names.indexOf("CollateralSold"))).to.deep.equal([
        "CollateralSold",
        "CollateralAuctionStopped",
        "EntryPosted",
        "LossSocialised",
        "HotWordPushed",
        "DebtRecorded",
      ]);
      expect(await system.ledger.quoteOf(account)).to.equal(0);
      expect(await system.auction.collateralStartedAtOf(account, asset)).to.equal(0);
    });
  });

  it("G19: turns lent dollars into dollars that a winner can withdraw", async () => {
    // Bob and the others take their dollars home: what is left in the vault is less than what erin owes bob.
    const { alice, bob, carol, dave, erin, usd, vault, ledger } = system;
    await system.orders.trade(bob, alice, { size: 10n * UNIT });
    await setEthPrice(system, 2_100);
    await system.orders.trade(bob, erin, { size: 10n * UNIT, price: 2_100n * UNIT });
    expect(await ledger.quoteOf(account)).to.equal(-9_000n * UNIT);
    await refusal(system.auction.startCollateral(account, asset), "AuctionHealthy");
    for (const user of [alice, bob, carol, dave]) {
      const own = accountOf(user);
      const rest = user === bob ? 9_000n * UNIT : 0n;
      const amount = ((await ledger.quoteOf(own)) - rest) / 10n ** 12n;
      if (amount > 0n) await vault.connect(user).withdraw(own, usd.target, amount, user.address);
    }
    const { held } = await vault.assetOf(usd.target);
    expect(held).to.equal(0);
    await expect(
      vault.connect(bob).withdraw(accountOf(bob), usd.target, 9_000n * DOLLAR, bob.address),
    ).to.be.revertedWithCustomError(vault, "VaultCustodyShort");

    const startedAt = await start();
    await depositUsd(system, dave, 9_500n * DOLLAR);
    const discount = discountPpm(TERMS, 180);
    const amount = (9_000n * UNIT * 10n ** 6n) / (2_100n * (10n ** 6n - discount)) + 1n;
    await setNextTime(system, startedAt + 180);
    // The dollars are there, and this account still owes some of them: custody is no longer short of its debt.
    await refusal(bid(amount, { bidder: dave }), "AuctionHealthy");
    await vault.connect(bob).withdraw(accountOf(bob), usd.target, 9_000n * DOLLAR, bob.address);
    await setNextTime(system, startedAt + 181);
    const later = (9_000n * UNIT * 10n ** 6n) / (2_100n * (10n ** 6n - discountPpm(TERMS, 181))) + 1n;
    await bid(later, { bidder: dave });
    expect(await ledger.debtOf(account)).to.equal(0);
    expect(await ledger.collateralOf(accountOf(dave), asset)).to.equal(later);
  });

  it("takes the haircut into account, not the price alone", async () => {
    await belowMaintenance();
    const { equity, cash } = await valuation();
    const counted = (10n * 1_600n * UNIT * (1_000_000n - BigInt(COLLATERAL.haircutPpm))) / 1_000_000n;
    expect(equity - cash).to.equal(counted);
  });
});
