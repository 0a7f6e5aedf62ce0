import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral } from "../../helpers/assets.ts";
import {
  deployAuctions,
  DOLLAR,
  now,
  placeBid,
  setEthPrice,
  setNextTime,
  startAuction,
  TERMS,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { pause, readHead } from "../../helpers/guard.ts";
import { changeTerms, ETH_PRICE, readTerms, UNIT } from "../../helpers/orders.ts";
import { BooksFollower } from "./BooksFollower.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const CALL = 11;
const PUT = 12;
const ANY_QUOTE = 2n ** 128n - 1n;

interface Scene extends AuctionSystem {
  readonly erin: HardhatEthersSigner;
  readonly weth: MockToken;
}

/** Erin trades on 10 WETH and no dollar; fees are charged. */
async function fixture(): Promise<Scene> {
  const parameters = { staleLimitSeconds: 40 * DAY, viewTimeSeconds: 40 * DAY, softTimeSeconds: 80 * DAY };
  const system = await deployAuctions(connection, { parameters });
  const erin = system.users[4]!;
  const weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
  const asset = await listCollateral(system, weth);
  await system.instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  for (const [user, amount] of [
    [erin, 10n],
    [system.carol, 1n],
  ] as const) {
    await weth.mint(user.address, amount * UNIT);
    await weth.connect(user).approve(system.vault.target, amount * UNIT);
    await system.vault.connect(user).deposit(accountOf(user), asset, amount * UNIT);
  }
  await changeTerms(system, 1, { makerFeePpm: 100, takerFeePpm: 500 });
  return { ...system, erin, weth };
}

describe("Books of the clearing contracts", function () {
  this.timeout(120_000);
  let system: Scene;
  let follower: BooksFollower;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    follower = await BooksFollower.open(system);
  });

  /** The chain's roots after every block, and nothing to find. */
  afterEach(async function () {
    await follower.follow();
    expect(
      follower.findings.map(({ blockNumber, contract, cause, detail }) => [blockNumber, contract, cause, detail]),
    ).to.deep.equal([]);
    expect(follower.mismatches).to.deep.equal([]);
  });

  /** A price so many thousandths off the mark. */
  const off = (thousandths: bigint): bigint => ETH_PRICE + (ETH_PRICE * thousandths) / 1_000n;

  /** A call and a put on ether that expire in a week. */
  async function listOptions(): Promise<number> {
    const expiry = (await now(system)) + 7 * DAY;
    const terms = { ...(await readTerms(system, 1)), maxFundingPpm: 0 };
    await system.instruments.listOption(CALL, { ...terms, kind: 2 }, ETH_PRICE, expiry, 600_000, 250_000);
    await system.instruments.listOption(PUT, { ...terms, kind: 3 }, ETH_PRICE, expiry, 600_000, 250_000);
    return expiry;
  }

  it("follow trades that open, grow, shrink, flip and close, with fees and funding", async () => {
    const { orders, alice, bob, carol, dave } = system;
    await orders.trade(carol, dave, { size: 5n * UNIT, price: off(10n), buy: { isPostOnly: true } });
    await time.increase(600);
    await orders.trade(dave, carol, { size: 2n * UNIT, price: off(15n) });
    await time.increase(HOUR);
    await orders.trade(dave, carol, { size: 8n * UNIT, price: off(-12n), sell: { isPostOnly: true } });
    await system.ledger.accrueFunding(1);
    await time.increase(HOUR);
    await orders.trade(bob, alice, { size: 4n * UNIT, price: off(-5n), sell: { isReduceOnly: true } });
    await orders.trade(dave, carol, { instrument: 2, size: UNIT / 3n, price: 60_001n * UNIT });
    await orders.trade(carol, dave, { size: 5n * UNIT });
    await orders.trade(carol, dave, { instrument: 2, size: UNIT / 3n, price: 60_000n * UNIT });
  });

  it("follow batches, cancellations and epochs", async () => {
    const { orders, carol, dave, settlement } = system;
    const matches = [
      await orders.tradeMatch(carol, dave, { size: UNIT, price: off(3n) }),
      await orders.tradeMatch(dave, carol, { size: 3n * UNIT, price: off(4n) }),
      await orders.tradeMatch(dave, carol, { instrument: 2, size: UNIT, price: 60_000n * UNIT }),
      await orders.tradeMatch(dave, carol, { size: UNIT, price: off(5n) }),
    ];
    await settlement.settleBatch(matches);
    await settlement.connect(carol).cancel(accountOf(carol), 7, 9);
    await settlement.connect(carol).cancel(accountOf(carol), 7, 9);
    await settlement.connect(carol).cancelAll(accountOf(carol));
    await orders.trade(carol, dave, { buy: { epoch: 1 } });
  });

  it("follow trades and reductions while a price breaks a rule", async () => {
    const { orders, alice, bob, ethFeed, btcFeed, oracle } = system;
    await oracle.setSecondary(1, btcFeed.target, 10 * DAY, 900_000);
    await orders.trade(bob, alice, { size: UNIT });
    await ethFeed.update(1n);
    await orders.trade(bob, alice, { size: UNIT, price: 9n * ETH_PRICE });
    await oracle.setSecondary(1, "0x0000000000000000000000000000000000000000", 0, 0);
    await setEthPrice(system, 2_990);
    await oracle.setFeed(1, ethFeed.target, 60, 10n ** 20n, 10n ** 24n);
    await time.increase(120);
    await orders.trade(bob, alice, { size: UNIT, price: 2_995n * UNIT });
    await setEthPrice(system, 3_010);
    await orders.trade(alice, bob, { size: UNIT, price: 3_010n * UNIT });
  });

  it("follow withdrawals through the shared limit and the account's own", async () => {
    const { vault, carol, bob, usd } = system;
    const limits = { cap: 10n ** 13n, outflowPpm: 10_000, allowancePpm: 5_000, period: HOUR };
    await vault.setLimits(usd.target, limits);
    await time.increase(3 * HOUR);
    await vault.setLimits(usd.target, { ...limits, outflowPpm: 20_000 });
    for (const amount of [150_000n, 60_000n, 10n, 20_000n]) {
      await vault.connect(carol).withdraw(accountOf(carol), usd.target, amount * DOLLAR, carol.address);
      await time.increase(60);
    }
    await depositUsd(system, bob, 300_000n * DOLLAR);
    await vault.connect(bob).withdraw(accountOf(bob), usd.target, 1_000n * DOLLAR, carol.address);
    await time.increase(10);
    await depositUsd(system, carol, 5n * DOLLAR);
  });

  it("follow debts on collateral up and down, and its withdrawal", async () => {
    const { orders, erin, bob, vault, weth, ledger } = system;
    await orders.trade(erin, bob, { size: 10n * UNIT });
    await setEthPrice(system, 2_700);
    await ledger.recordDebt(accountOf(erin));
    await orders.trade(erin, bob, { size: UNIT, price: 2_700n * UNIT });
    await orders.trade(bob, erin, { size: 4n * UNIT, price: 2_701n * UNIT });
    await vault.connect(erin).withdraw(accountOf(erin), weth.target, UNIT / 2n, erin.address);
    await setEthPrice(system, 3_400);
    await ledger.recordDebt(accountOf(erin));
    await vault.connect(erin).withdraw(accountOf(erin), weth.target, 3n * UNIT, erin.address);
  });

  it("follow a liquidation in parts, its stop, and a whole one with a socialised loss", async () => {
    const { alice, carol, dave, auction, fund, ledger, orders } = system;
    await setEthPrice(system, 2_720);
    const startedAt = await startAuction(system, alice);
    await setNextTime(system, startedAt + 100);
    await placeBid(system, alice, carol, UNIT);
    await setEthPrice(system, 2_900);
    await auction.stop(accountOf(alice), 1);
    await setEthPrice(system, 2_400);
    const again = await startAuction(system, alice);
    await setNextTime(system, again + 300);
    await placeBid(system, alice, dave, 9n * UNIT);
    await fund.refresh();
    await depositUsd(system, dave, DOLLAR);
    await orders.trade(dave, carol, { size: UNIT, price: 2_400n * UNIT });
    await fund.sweepFees();
    await ledger.accrueFunding(1);
    await orders.trade(system.bob, carol, { size: 10n * UNIT, price: 2_400n * UNIT });
  });

  it("follow a shortfall that the fund pays, its release and the levelling of a clearing account", async () => {
    const { alice, bob, carol, dave, fund, usd, vault, auction, orders, instruments } = system;
    await usd.mint(dave.address, 1_500n * DOLLAR);
    await usd.connect(dave).approve(vault.target, 1_500n * DOLLAR);
    await vault.connect(dave).deposit(await fund.ACCOUNT(), usd.target, 1_500n * DOLLAR);
    await auction.setTerms({ ...TERMS, maxDiscountPpm: 0n });
    await setEthPrice(system, 2_500);
    await startAuction(system, alice);
    await placeBid(system, alice, carol, 10n * UNIT);
    await fund.setTarget(600n * UNIT);
    await fund.refresh();
    await fund.setTarget(100n * UNIT);
    await fund.refresh();
    await fund.sweepFees();
    await fund.release(accountOf(dave), 50n * UNIT);
    await orders.trade(bob, carol, { size: 10n * UNIT, price: 2_510n * UNIT });
    const { clearing } = await system.ledger.marketOf(1);
    if (clearing !== 0n) await fund.levelClearing(1);
    await instruments.setDebtCaps(1n, 1n);
  });

  it("follow an auction of collateral that ends before all is sold", async () => {
    const { orders, erin, bob, carol, dave, weth, auction } = system;
    await orders.trade(erin, bob, { size: 10n * UNIT });
    await setEthPrice(system, 1_590);
    await auction.startCollateral(accountOf(erin), weth.target);
    await auction.connect(carol).bidCollateral(accountOf(erin), weth.target, accountOf(carol), 2n * UNIT, ANY_QUOTE);
    await time.increase(200);
    await auction.connect(dave).bidCollateral(accountOf(erin), weth.target, accountOf(dave), UNIT, ANY_QUOTE);
    await orders.trade(bob, erin, { size: 10n * UNIT, price: 1_590n * UNIT });
    await auction.stopCollateral(accountOf(erin), weth.target);
  });

  it("follow auctions that take all of an account, and the loss that is left", async () => {
    const { orders, erin, bob, carol, dave, weth, auction } = system;
    await orders.trade(erin, bob, { size: 10n * UNIT });
    await setEthPrice(system, 1_300);
    await auction.startCollateral(accountOf(erin), weth.target);
    await auction.connect(dave).bidCollateral(accountOf(erin), weth.target, accountOf(dave), 10n * UNIT, ANY_QUOTE);
    await auction.start(accountOf(erin), 1);
    await time.increase(100);
    await placeBid(system, erin, carol, 10n * UNIT);
    await orders.trade(carol, bob, { size: 2n * UNIT, price: 1_300n * UNIT });
  });

  it("follow an auction of collateral that is due although the account is healthy", async () => {
    const { orders, erin, bob, carol, weth, auction, instruments } = system;
    await orders.trade(erin, bob, { size: 5n * UNIT });
    await setEthPrice(system, 2_500);
    await instruments.setDebtCaps(20_000n * UNIT, UNIT);
    await auction.startCollateral(accountOf(erin), weth.target);
    await auction.connect(carol).bidCollateral(accountOf(erin), weth.target, accountOf(carol), UNIT / 2n, ANY_QUOTE);
  });

  it("follow options from their listing to their settlement", async () => {
    const { orders, instruments, ledger, ethFeed, alice, bob, carol, dave, erin } = system;
    const expiry = await listOptions();
    await orders.trade(carol, dave, { instrument: CALL, size: 3n * UNIT, price: 95n * UNIT });
    await orders.trade(dave, carol, {
      instrument: PUT,
      size: 2n * UNIT,
      price: 95n * UNIT,
      sell: { isPostOnly: true },
    });
    await orders.trade(bob, erin, { instrument: CALL, size: UNIT / 2n, price: 100n * UNIT });
    await orders.trade(carol, alice, { instrument: PUT, size: UNIT / 3n, price: 90n * UNIT });
    await time.increase(HOUR);
    await instruments.setVolatility(CALL, 690_000);
    await orders.trade(dave, carol, { instrument: CALL, size: UNIT, price: 110n * UNIT });
    await setEthPrice(system, 3_200);
    await ledger.recordDebt(accountOf(erin));
    const round = await ethFeed.latestRound();
    await time.increaseTo(expiry + 60);
    await setEthPrice(system, 3_100);
    await instruments.settle(CALL, round);
    await instruments.settle(PUT, round);
    await orders.trade(carol, dave, { size: UNIT, price: 3_100n * UNIT });
    for (const user of [carol, dave, bob, erin]) await ledger.settleExpiry(accountOf(user), CALL);
    for (const user of [dave, carol, alice]) await ledger.settleExpiry(accountOf(user), PUT);
  });

  it("follow the auction of a short option", async () => {
    const { orders, alice, carol, auction } = system;
    await listOptions();
    await orders.trade(carol, alice, { instrument: PUT, size: UNIT, price: 100n * UNIT });
    await setEthPrice(system, 2_680);
    await auction.start(accountOf(alice), PUT);
    await auction.start(accountOf(alice), 1);
    await time.increase(60);
    await placeBid(system, alice, carol, UNIT / 2n, { instrument: PUT });
    await placeBid(system, alice, carol, 2n * UNIT);
  });

  it("follow reductions, a liquidation and withdrawals under a soft pause while the fund is short", async () => {
    const { fund, orders, alice, bob, carol, vault, usd, ledger } = system;
    await orders.trade(carol, bob, { size: UNIT, price: off(10n) });
    await fund.setTarget(UNIT);
    await fund.refresh();
    await vault.connect(carol).withdraw(accountOf(carol), usd.target, 100n * DOLLAR, carol.address);
    await pause(system, 0, id("incident"), await readHead(system));
    await time.increase(HOUR);
    await ledger.accrueFunding(1);
    await setEthPrice(system, 2_720);
    await orders.trade(bob, carol, { size: UNIT / 2n, price: 2_720n * UNIT });
    await startAuction(system, alice);
    await placeBid(system, alice, carol, UNIT);
    await depositUsd(system, carol, DOLLAR);
    await fund.setTarget(0n);
    await fund.refresh();
  });

  it("follow a withdrawal that the token refuses, and its claim", async () => {
    const { vault, carol } = system;
    const token = await system.ethers.deployContract("FalseToken");
    await listCollateral(system, token);
    await token.mint(carol.address, 50n * DOLLAR);
    await token.connect(carol).approve(vault.target, 50n * DOLLAR);
    await vault.connect(carol).deposit(accountOf(carol), token.target, 50n * DOLLAR);
    await token.setFalse(true, false);
    await vault.connect(carol).withdraw(accountOf(carol), token.target, 20n * DOLLAR, carol.address);
    await token.setFalse(false, false);
    await vault.connect(carol).withdraw(accountOf(carol), token.target, 5n * DOLLAR, carol.address);
    await vault.connect(carol).claim(accountOf(carol), token.target, carol.address);
    expect((await vault.claimOf(accountOf(carol), token.target)).paid).to.equal(20n * DOLLAR);
  });

  it("find nothing wrong with what the chain takes while an aggregator is out of reach", async () => {
    const { orders, erin, bob, ledger, ethFeed, oracle } = system;
    await oracle.setFeed(1, ethFeed.target, 10 * DAY, 1_000n * UNIT, 10_000n * UNIT);
    await orders.trade(erin, bob, { size: 4n * UNIT });
    await connection.provider.request({ method: "hardhat_setCode", params: [ethFeed.target, "0xfe"] });
    await orders.trade(bob, erin, { size: UNIT, price: 2n * ETH_PRICE });
    await ledger.recordDebt(accountOf(erin));
    await orders.trade(bob, erin, { size: UNIT, price: ETH_PRICE });
  });
});
