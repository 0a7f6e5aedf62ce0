import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { network } from "hardhat";

import type { MockAggregator, MockToken } from "../../../types/ethers-contracts/index.ts";
import { depositUsd } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral, WIDE } from "../../helpers/assets.ts";
import {
  deployAuctions,
  DOLLAR,
  placeBid,
  setEthPrice,
  startAuction,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { changeTerms, ETH_PRICE, UNIT } from "../../helpers/orders.ts";
import { BooksFollower } from "./BooksFollower.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { time } = networkHelpers;
const HOUR = 3_600;
const ANY_QUOTE = 2n ** 128n - 1n;
const TEN_OLD = 10n * UNIT;

interface Scene extends AuctionSystem {
  readonly erin: HardhatEthersSigner;
  readonly weth: MockToken;
  /** A token worth a dollar, with a feed of its own that is stale after an hour. */
  readonly old: MockToken;
  readonly oldFeed: MockAggregator;
}

/** Takers pay 500 ppm. Erin has 10 WETH and no dollar; she and alice have 10 OLD. */
async function fixture(): Promise<Scene> {
  const parameters = { staleLimitSeconds: 864_000, viewTimeSeconds: 864_000, softTimeSeconds: 1_728_000 };
  const system = await deployAuctions(connection, { parameters });
  const { vault, instruments, oracle, ethers, alice } = system;
  const erin = system.users[4]!;
  const weth = await ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
  await listCollateral(system, weth);
  const oldFeed = await ethers.deployContract("MockAggregator", [8, "OLD / USD", 10n ** 8n]);
  await oracle.setFeed(7, oldFeed.target, HOUR, UNIT / 100n, 2n * UNIT);
  const old = await ethers.deployContract("MockToken", ["Old", "OLD", 18]);
  await vault.listAsset(old.target, WIDE);
  await instruments.setCollateral(old.target, 7, 100_000);
  await instruments.setDebtCaps(20_000n * UNIT, 100_000n * UNIT);
  for (const [token, user] of [
    [weth, erin],
    [old, erin],
    [old, alice],
  ] as const) {
    await token.mint(user.address, TEN_OLD);
    await token.connect(user).approve(vault.target, TEN_OLD);
    await vault.connect(user).deposit(accountOf(user), token.target, TEN_OLD);
  }
  await changeTerms(system, 1, { takerFeePpm: 500 });
  return { ...system, erin, weth, old, oldFeed };
}

describe("Books of losses and of feeds that died", function () {
  this.timeout(60_000);
  let system: Scene;
  let follower: BooksFollower;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    follower = await BooksFollower.open(system);
  });

  /** The chain's roots after every block, and nothing to find. */
  afterEach(async () => {
    await follower.follow();
    expect(follower.findings.map(({ contract, cause, detail }) => [contract, cause, detail])).to.deep.equal([]);
    expect(follower.mismatches).to.deep.equal([]);
  });

  after(async () => {
    await connection.close();
  });

  const payFund = async (dollars: bigint): Promise<void> => {
    const { usd, vault, carol, fund } = system;
    await usd.mint(carol.address, dollars * DOLLAR);
    await usd.connect(carol).approve(vault.target, dollars * DOLLAR);
    await vault.connect(carol).deposit(await fund.ACCOUNT(), usd.target, dollars * DOLLAR);
  };
  const sellOld = async (share: bigint): Promise<void> => {
    const { auction, alice, carol, old } = system;
    const [account, bidder] = [accountOf(alice), accountOf(carol)];
    await auction.connect(carol).bidCollateral(account, old.target, bidder, TEN_OLD / share, ANY_QUOTE);
  };

  it("follow auctions beside a feed that died, and a debt that stays as it was recorded", async () => {
    const { alice, bob, carol, erin, auction, orders, ledger, weth } = system;
    await orders.trade(erin, bob, { size: 5n * UNIT });
    await setEthPrice(system, 2_710);
    await ledger.recordDebt(accountOf(erin));
    const recorded = await ledger.totalDebt();
    await time.increase(2 * HOUR);
    await setEthPrice(system, 2_700);
    await ledger.recordDebt(accountOf(erin));
    await orders.trade(bob, erin, { size: UNIT, price: 2_700n * UNIT });
    expect(await ledger.totalDebt()).to.equal(recorded);
    await auction.start(accountOf(alice), 1);
    await placeBid(system, alice, carol, UNIT);
    await setEthPrice(system, 2_950);
    await auction.stop(accountOf(alice), 1);
    await setEthPrice(system, 900);
    await auction.startCollateral(accountOf(erin), weth.target);
    await auction.connect(carol).bidCollateral(accountOf(erin), weth.target, accountOf(carol), UNIT, ANY_QUOTE);
    expect(await ledger.totalDebt()).to.equal(recorded);
  });

  it("follow a loss that few can bear, its cover with the fees, and what the fund pays of it later", async () => {
    const { alice, bob, carol, erin, fund, ledger, orders, vault, old } = system;
    await vault.connect(alice).withdraw(accountOf(alice), old.target, TEN_OLD, alice.address);
    await orders.trade(carol, erin, { size: UNIT });
    await setEthPrice(system, 2_300);
    await startAuction(system, alice);
    // Bob is short what alice is long: then only erin's one ETH is left to pay.
    await placeBid(system, alice, bob, 10n * UNIT);
    expect(await ledger.uncoveredOf(1)).to.be.greaterThan(2_000n * UNIT);
    expect((await ledger.hotWord()).fees).to.equal(0);
    for (const dollars of [700n, 3_300n]) {
      await payFund(dollars);
      await fund.levelClearing(1);
    }
    expect(await ledger.uncoveredOf(1)).to.equal(0);
    await orders.trade(erin, carol, { size: UNIT, price: 2_300n * UNIT });
    if ((await ledger.marketOf(1)).clearing !== 0n) await fund.levelClearing(1);
  });

  it("follow a loss without a price, of which nothing is charged, paid in parts when nothing is open", async () => {
    const { alice, bob, carol, fund, ledger, orders, ethFeed, auction, old } = system;
    await setEthPrice(system, 2_300);
    await startAuction(system, alice);
    await placeBid(system, alice, carol, 10n * UNIT);
    await ethFeed.update(1n);
    await auction.startCollateral(accountOf(alice), old.target);
    await sellOld(2n);
    await sellOld(2n);
    const uncovered = await ledger.uncoveredOf(1);
    expect(uncovered).to.be.within(2_900n * UNIT, 3_000n * UNIT);
    await setEthPrice(system, 2_300);
    await orders.trade(bob, carol, { size: 10n * UNIT, price: 2_300n * UNIT });
    for (const dollars of [900n, 9_000n]) {
      await payFund(dollars);
      await fund.levelClearing(1);
    }
    expect(await ledger.uncoveredOf(1)).to.equal(0);
  });

  it("follow reductions while there is no price, of who meets the requirement or leaves", async () => {
    const { bob, carol, dave, orders, ethFeed } = system;
    await orders.trade(carol, dave, { size: 4n * UNIT });
    await depositUsd(system, dave, 9_000_000n * DOLLAR);
    await depositUsd(system, bob, 9_000_000n * DOLLAR);
    await ethFeed.update(1n);
    await orders.trade(dave, carol, { size: 3n * UNIT, price: 2n * ETH_PRICE });
    await orders.trade(dave, carol, { size: UNIT, price: ETH_PRICE / 2n });
  });
});
