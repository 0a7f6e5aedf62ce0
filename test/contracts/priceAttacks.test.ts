import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import type { MockAggregator } from "../../types/ethers-contracts/index.ts";
import { depositUsd } from "../fixtures/deployLockstep.ts";
import { accountOf } from "../helpers/accounts.ts";
import { deployAuctions, DOLLAR, placeBid, setEthPrice, type AuctionSystem } from "../helpers/liquidate.ts";
import { changeTerms, UNIT } from "../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;

const ETH = 1;
const HOUR = 3_600;
const YEAR = 365 * 24 * HOUR;
const DEVIATION_PPM = 20_000;
/** Wide enough for an answer that is wrong by a thousand. */
const WIDE = [1n, 10n ** 9n * UNIT] as const;

/** Alice is long 10 ETH at 3,000 with 4,000 dollars. */
interface PriceScene extends AuctionSystem {
  /** A second venue, which says 3,000 and is not asked yet. */
  readonly second: MockAggregator;
}

async function fixture(): Promise<PriceScene> {
  // Hours pass here without a checkpoint.
  const parameters = { staleLimitSeconds: 10 * HOUR, viewTimeSeconds: 10 * HOUR, softTimeSeconds: 20 * HOUR };
  const system = await deployAuctions(connection, { parameters });
  const second = await system.ethers.deployContract("MockAggregator", [8, "ETH / USD elsewhere", 3_000n * 10n ** 8n]);
  return { ...system, second };
}

// Each attack twice: what it does with the protection taken away, and what becomes of it with the protection. An account
// whose price is not to be believed is worth the worst that the price may be.
describe("attacks by prices", () => {
  let system: PriceScene;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
  });

  const withdraw = async (amount: bigint) => {
    const { vault, usd, alice } = system;
    return await vault.connect(alice).withdraw(accountOf(alice), usd.target, amount, alice.address);
  };
  const setMaxAge = (seconds: number) =>
    system.oracle.setFeed(ETH, system.ethFeed.target, seconds, 100n * UNIT, 100_000n * UNIT);
  const askSecond = () => system.oracle.setSecondary(ETH, system.second.target, HOUR, DEVIATION_PPM);
  const refused = async (sent: Promise<unknown>, error: string): Promise<void> => {
    const outcome = await sent.then(
      () => "accepted",
      (reason: unknown) => String(reason),
    );
    expect(/custom error '(\w+)/.exec(outcome)?.[1] ?? outcome).to.equal(error);
  };

  describe("C1: a feed that is alive and says nothing new, while the market has fallen to 2,000", () => {
    it("pays out a bankrupt account's collateral when a price may be of any age", async () => {
      await setMaxAge(YEAR);
      await time.increase(2 * HOUR);
      await withdraw(400n * DOLLAR);
      await setEthPrice(system, 2_000);
      expect(await system.ledger.quoteOf(accountOf(system.alice))).to.be.lessThan(4_000n * UNIT);
      await system.auction.start(accountOf(system.alice), ETH);
    });

    it("pays out nothing and liquidates nobody by a price that is older than it may be", async () => {
      await setMaxAge(HOUR);
      const updatedAt = await time.latest();
      await system.ethFeed.update(3_000n * 10n ** 8n);
      await time.increase(HOUR + 1);
      await refused(withdraw(400n * DOLLAR), "LedgerBelowInitialMargin");
      await refused(system.auction.start(accountOf(system.alice), ETH), "AuctionPriceNotValid");
      await refused(system.orders.trade(system.alice, system.bob), "OracleStalePrice");
      expect((await system.oracle.read(ETH)).updatedAt).to.be.greaterThanOrEqual(updatedAt);
      await setEthPrice(system, 2_000);
      await system.auction.start(accountOf(system.alice), ETH);
    });
  });

  describe("C3: an answer that is wrong by a thousand, of one of two sources that are left", () => {
    beforeEach(() => system.oracle.setFeed(ETH, system.ethFeed.target, YEAR, ...WIDE));

    it("lets its profit out of other people's money when one source is enough", async () => {
      await setEthPrice(system, 3_000_000);
      await withdraw(4_000n * DOLLAR);
      await setEthPrice(system, 3_000);
      expect((await system.ledger.valuationOf(accountOf(system.alice))).equity).to.equal(0n);
    });

    it("makes no price while the other one disagrees", async () => {
      await askSecond();
      await setEthPrice(system, 3_000_000);
      await refused(withdraw(100n * DOLLAR), "LedgerBelowInitialMargin");
      const price = 3_000_000n * UNIT;
      await refused(system.orders.trade(system.alice, system.bob, { price }), "OracleDeviation");
    });

    it("makes no price alone, once the other one is lost: one source is no two", async () => {
      await askSecond();
      await time.increase(HOUR + 1);
      await setEthPrice(system, 3_000_000);
      await refused(withdraw(100n * DOLLAR), "LedgerBelowInitialMargin");
      await setEthPrice(system, 3_000);
      await refused(withdraw(100n * DOLLAR), "LedgerBelowInitialMargin");
      await system.second.update(3_000n * 10n ** 8n);
      await withdraw(100n * DOLLAR);
    });

    it("is out of bounds besides, as they are deployed", async () => {
      await setMaxAge(YEAR);
      await setEthPrice(system, 3_000_000);
      await refused(system.orders.trade(system.alice, system.bob), "OracleOutOfBounds");
      await refused(withdraw(100n * DOLLAR), "LedgerBelowInitialMargin");
    });
  });

  describe("C5: a thin market, moved by whoever holds both sides of it", () => {
    /** One owner's long and short, each with a million, of so many ETH; the market is moved up by a quarter. */
    async function squeeze(size: bigint): Promise<{ readonly long: bigint; readonly short: bigint }> {
      const [long, short] = system.users.slice(5, 7) as [AuctionSystem["alice"], AuctionSystem["alice"]];
      for (const user of [long, short]) await depositUsd(system, user, 1_000_000n * DOLLAR);
      await system.orders.trade(long, short, { size: size * UNIT });
      await setEthPrice(system, 3_750);
      const equityOf = async (user: AuctionSystem["alice"]): Promise<bigint> =>
        (await system.ledger.valuationOf(accountOf(user))).equity;
      return { long: await equityOf(long), short: await equityOf(short) };
    }

    it("leaves the loss of one side to everybody else, and the other side its gain, when any size is let in", async () => {
      await changeTerms(system, 1, { maxOpenInterest: 3_000_000_000n });
      const { long, short } = await squeeze(2_000n);
      expect(short).to.be.lessThan(0n);
      expect(long).to.be.greaterThan(2_000_000n * UNIT);
      expect(long + short).to.equal(2_000_000n * UNIT);
    });

    it("costs him who moves it, and nobody else, when it may not outgrow its cap", async () => {
      await changeTerms(system, 1, { maxOpenInterest: 500_000_000n });
      await refused(squeeze(2_000n), "LedgerOpenInterestCap");
      const { long, short } = await squeeze(490n);
      expect(short).to.be.greaterThan(0n);
      expect(long + short).to.equal(4_000_000n * UNIT);
    });
  });

  describe("C4: a spike of one venue, for a block", () => {
    const spike = () => setEthPrice(system, 2_600);

    it("takes a healthy account's position at a loss when that venue is all there is", async () => {
      await spike();
      await system.auction.start(accountOf(system.alice), ETH);
      await placeBid(system, system.alice, system.carol, UNIT);
      await setEthPrice(system, 3_000);
      const { equity } = await system.ledger.valuationOf(accountOf(system.alice));
      expect(equity).to.be.lessThan(3_700n * UNIT);
    });

    it("takes nothing while another venue says otherwise", async () => {
      await askSecond();
      await spike();
      await refused(system.auction.start(accountOf(system.alice), ETH), "AuctionPriceNotValid");
      await setEthPrice(system, 3_000);
      const { equity } = await system.ledger.valuationOf(accountOf(system.alice));
      expect(equity).to.equal(4_000n * UNIT);
    });

    it("cannot be bid on after it, when an auction was started in it", async () => {
      await spike();
      await system.auction.start(accountOf(system.alice), ETH);
      await setEthPrice(system, 3_000);
      await expect(placeBid(system, system.alice, system.carol, UNIT)).to.be.revertedWithCustomError(
        system.auction,
        "AuctionHealthy",
      );
      await system.oracle.setSecondary(ETH, ZeroAddress, 0, 0);
    });
  });
});
