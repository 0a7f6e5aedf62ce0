import { expect } from "chai";
import { network } from "hardhat";

import { accountOf } from "../../helpers/accounts.ts";
import {
  deployAuctions,
  DOLLAR,
  FLAGS,
  placeBid,
  setEthPrice,
  setNextTime,
  startAuction,
  type AuctionSystem,
} from "../../helpers/liquidate.ts";
import { UNIT } from "../../helpers/orders.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const SCALE = 10n ** 12n;
const ALL = 10n * UNIT;
/** Alice lacks 2,000 dollars at this price; the market falls through her margin within a block. */
const CRASH = 2_400;
/** Seconds after which the bid is 5 % below the price: 1,200 dollars more are missing. */
const DISCOUNTED = 900;
/** What is missing beyond what the fund has, in dollars. */
const MISSING = 2_700n;

async function fixture(): Promise<AuctionSystem> {
  return await deployAuctions(connection);
}

describe("F16: the whole open interest of a market, liquidated in one trade", () => {
  let system: AuctionSystem;

  beforeEach(async () => {
    system = await networkHelpers.loadFixture(fixture);
    await fill(500n);
    expect((await system.ledger.marketOf(1)).openInterest).to.equal(ALL);
  });

  const everybody = async () => [
    ...system.users.slice(0, 4).map((user) => accountOf(user)),
    await system.fund.ACCOUNT(),
  ];

  /** Σ quote + clearing + fees = held = custody, Σ size = 0, and nobody owes anything; what accounts have beyond custody. */
  async function expectConserved(): Promise<bigint> {
    const { ledger, vault, usd } = system;
    const accounts = await everybody();
    const quotes = await Promise.all(accounts.map((account) => ledger.quoteOf(account)));
    const sizes = await Promise.all(accounts.map((account) => ledger.sizeOf(account, 1)));
    const { clearing } = await ledger.marketOf(1);
    const { fees } = await ledger.hotWord();
    const { held } = await vault.assetOf(usd.target);
    const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
    expect(sum(quotes) + clearing + fees).to.equal(held * SCALE);
    expect(await usd.balanceOf(vault.target)).to.equal(held);
    expect(sum(sizes) + (await ledger.clearingSizeOf(1))).to.equal(0);
    return sum(quotes) - held * SCALE;
  }

  const quoteOf = async (user: AuctionSystem["alice"]) => await system.ledger.quoteOf(accountOf(user));
  const isShort = async () => ((await system.ledger.hotWord()).flags & BigInt(FLAGS.fundShort)) !== 0n;
  const fill = async (dollars: bigint) => {
    const { usd, vault, admin, fund } = system;
    await usd.mint(admin.address, dollars * DOLLAR);
    await usd.approve(vault.target, dollars * DOLLAR);
    await vault.deposit(await fund.ACCOUNT(), usd.target, dollars * DOLLAR);
  };

  for (const [bidder, name, uncovered] of [
    // The shorts pay 5 % of 2,400 for each of ten units.
    ["carol", "a newcomer, after whom the shorts pay a part", 1_500n],
    ["bob", "the other side, after whom nobody is left to charge", 2_700n],
  ] as const) {
    it(`leaves no negative balance when it goes to ${name}`, async () => {
      const { ledger, fund, orders, alice, bob, carol } = system;
      await setEthPrice(system, CRASH);
      const startedAt = await startAuction(system, alice);
      await setNextTime(system, startedAt + DISCOUNTED);
      await placeBid(system, alice, system[bidder], ALL);

      // Of 3,200 that were missing the fund had 500; nothing of it was lost sight of in the same transaction.
      for (const account of await everybody()) expect(await ledger.quoteOf(account)).to.be.at.least(0);
      expect(await quoteOf(alice)).to.equal(0);
      const beyond = await expectConserved();
      expect(beyond).to.equal(MISSING * UNIT);
      expect((await ledger.marketOf(1)).clearing).to.equal(-beyond);
      expect(await ledger.uncoveredOf(1)).to.equal(uncovered * UNIT);
      expect(await isShort()).to.equal(true);

      // Whoever is left closes; what he was charged is paid then, and only what is uncovered stays.
      if (bidder === "carol") await orders.trade(bob, carol, { size: ALL, price: 2_400n * UNIT });
      expect((await ledger.marketOf(1)).openInterest).to.equal(0);
      expect(await expectConserved()).to.equal(uncovered * UNIT);
      await fill(uncovered);
      await fund.levelClearing(1);
      expect(await expectConserved()).to.equal(0);
      expect([(await ledger.marketOf(1)).clearing, await ledger.uncoveredOf(1)]).to.deep.equal([0n, 0n]);
    });
  }
});
