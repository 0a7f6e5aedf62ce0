import { expect } from "chai";
import { network } from "hardhat";

import { accountOf } from "../../helpers/accounts.ts";
import { postCheckpoint } from "../../helpers/attestations.ts";
import { deployAwkwardMarket, OPTIONS, type AwkwardMarket } from "../../helpers/clearing/awkwardMarket.ts";
import { ACTION_KINDS, ClearingActions } from "../../helpers/clearing/ClearingActions.ts";
import { SeededRandom } from "../../helpers/SeededRandom.ts";

const SEEDS = (process.env["LOCKSTEP_SEEDS"] ?? "1,3").split(",").map(Number);
const STEPS = Number(process.env["LOCKSTEP_STEPS"] ?? 800);
const HALF_AN_HOUR = 30 * 60;
const SCALE = 10n ** 12n;
const INSTRUMENTS = [1, 2, 3, 4];
/** What a bid does by itself, and what takes a market that everybody has left; staged in shortfall.test.ts. */
const RARE: ReadonlySet<string> = new Set(["coverShortfall", "levelClearing"]);

/** Everything that the ledger says of everybody. */
async function readBooks({ ledger, fund }: AwkwardMarket, actions: ClearingActions) {
  const accounts = [...actions.people.map((person) => accountOf(person)), await fund.ACCOUNT()];
  const quotes = await Promise.all(accounts.map((account) => ledger.quoteOf(account)));
  const markets = await Promise.all(INSTRUMENTS.map((instrument) => ledger.marketOf(instrument)));
  const { fees } = await ledger.hotWord();
  return { accounts, quotes, markets, fees };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

/** Σ quote + Σ clearing + fees + claims = held ≤ custody; of every other asset Σ balances + claims = held ≤ custody. */
async function checkMoney(system: AwkwardMarket, actions: ClearingActions): Promise<void> {
  const { accounts, quotes, markets, fees } = await readBooks(system, actions);
  const booked = sum(quotes) + sum(markets.map(({ clearing }) => clearing)) + fees;
  for (const { token } of actions.tokens) {
    const claims = await Promise.all(accounts.map((account) => system.vault.claimOf(account, token.target)));
    const owed = sum(claims.map((claim) => claim.owed - claim.paid));
    const balances = await Promise.all(accounts.map((account) => system.ledger.collateralOf(account, token.target)));
    const { held } = await system.vault.assetOf(token.target);
    const isSettlement = token === system.usd;
    if (isSettlement) expect(booked + owed * SCALE, "quote and custody").to.equal(held * SCALE);
    else expect(sum(balances) + owed, "collateral and custody").to.equal(held);
    expect(await token.balanceOf(system.vault.target), "custody").to.be.greaterThanOrEqual(held);
  }
}

/** Σ size + what the clearing account took = 0, and the open interest is the sum of the longs, in every instrument. */
async function checkSizes({ ledger }: AwkwardMarket, actions: ClearingActions): Promise<void> {
  for (const instrument of INSTRUMENTS) {
    const sizes = await Promise.all(actions.people.map((person) => ledger.sizeOf(accountOf(person), instrument)));
    expect(sum(sizes) + (await ledger.clearingSizeOf(instrument)), `sizes of ${instrument}`).to.equal(0n);
    const longs = sum(sizes.filter((size) => size > 0n));
    expect((await ledger.marketOf(instrument)).openInterest, `open interest of ${instrument}`).to.equal(longs);
  }
}

/** Nobody owes more than all that is there, unless that account is about to be auctioned or covered. */
async function checkDebts({ ledger }: AwkwardMarket, actions: ClearingActions): Promise<void> {
  const debts = await Promise.all(actions.people.map((person) => ledger.debtOf(accountOf(person))));
  expect(await ledger.totalDebt(), "total debt").to.equal(sum(debts));
}

/** Right after it took risk or money out, an account meets the initial requirement, lag included. */
async function checkInitial({ ledger }: AwkwardMarket, account: string): Promise<void> {
  const { equity, initial, lagPremium } = await ledger.valuationOf(account);
  expect(equity >= initial + lagPremium, `equity ${equity} for ${initial} and ${lagPremium}`).to.equal(true);
}

async function runRandomly(actions: ClearingActions): Promise<void> {
  for (let count = 0; count < 24; count += 1) await actions.perform("deposit");
  for (let step = 0; step < STEPS; step += 1) {
    const { kind, refusal } = await actions.step();
    if (kind === "withdraw" && refusal === null) await checkInitial(actions.system, accountOf(actions.last!));
    if (step % 5 !== 0) continue;
    await checkMoney(actions.system, actions);
    await checkSizes(actions.system, actions);
    await checkDebts(actions.system, actions);
  }
}

/** No pause, no grace, fresh prices, and money enough in every account to close what it has. */
async function becomeCalm(system: AwkwardMarket, actions: ClearingActions): Promise<void> {
  for (let count = 0; count < 6; count += 1) {
    for (const feed of [system.ethFeed, system.btcFeed]) await feed.update((await feed.latestRoundData())[1]);
    await actions.wait(HALF_AN_HOUR);
    await postCheckpoint(system);
  }
  for (const feed of [system.ethFeed, system.btcFeed]) await feed.update((await feed.latestRoundData())[1]);
  for (const person of actions.people) {
    await system.usd.mint(person.address, 10n ** 14n);
    await system.usd.connect(person).approve(system.vault.target, 10n ** 14n);
    await system.vault.connect(person).deposit(accountOf(person), system.usd.target, 10n ** 14n);
  }
}

async function closeEverything(system: AwkwardMarket, actions: ClearingActions): Promise<void> {
  const { ledger, instruments, fund } = system;
  for (const option of OPTIONS) {
    if ((await instruments.settlementOf(option)).settledAt === 0n) await actions.settleOption(option);
    for (const person of actions.people) {
      if ((await ledger.sizeOf(accountOf(person), option)) !== 0n) await ledger.settleExpiry(accountOf(person), option);
    }
  }
  for (const instrument of [1, 2]) {
    for (const long of actions.people) {
      for (const short of actions.people) {
        const sizes = [
          await ledger.sizeOf(accountOf(long), instrument),
          await ledger.sizeOf(accountOf(short), instrument),
        ] as const;
        if (sizes[0] > 0n && sizes[1] < 0n) await actions.close(long, short, instrument);
      }
    }
    expect((await ledger.marketOf(instrument)).openInterest, `open in ${instrument}`).to.equal(0n);
  }
  if ((await ledger.hotWord()).fees !== 0n) await fund.sweepFees();
  for (const instrument of INSTRUMENTS) {
    if ((await ledger.marketOf(instrument)).clearing !== 0n) await fund.levelClearing(instrument);
  }
  await fund.refresh();
}

/** Everybody takes everything out; nobody is refused, and nothing but fractions of a unit stays. */
async function payEverybody(system: AwkwardMarket, actions: ClearingActions): Promise<void> {
  const { ledger, vault, usd } = system;
  for (const person of actions.people) {
    const account = accountOf(person);
    await actions.wait(3_600);
    await postCheckpoint(system);
    for (const { token } of actions.tokens) {
      const amount =
        token === usd ? (await ledger.quoteOf(account)) / SCALE : await ledger.collateralOf(account, token.target);
      if (amount > 0n) await vault.connect(person).withdraw(account, token.target, amount, person.address);
    }
    const left = await ledger.quoteOf(account);
    expect(left >= 0n && left < SCALE, `${left} left behind`).to.equal(true);
  }
}

describe("clearing, at random", () => {
  for (const seed of SEEDS) {
    it(`INV-19: keeps its laws for ${STEPS} actions of six people, and pays everybody who leaves (seed ${seed})`, async function () {
      this.timeout(600_000);
      const connection = await network.create();
      const system = await deployAwkwardMarket(connection);
      const actions = new ClearingActions(system, new SeededRandom(seed));
      await usdForFund(system);
      await runRandomly(actions);
      process.stdout.write(`    seed ${seed}:\n${actions.summary()}\n`);
      await becomeCalm(system, actions);
      await closeEverything(system, actions);
      await payEverybody(system, actions);
      await checkMoney(system, actions);
      await checkSizes(system, actions);
      const missing = ACTION_KINDS.filter((kind) => !RARE.has(kind) && actions.tallies.get(kind)!.done === 0);
      expect(missing, "kinds that never succeeded").to.deep.equal([]);
      await connection.close();
    });
  }
});

/** The fund begins with something to lose, and less than what a bad day costs. */
async function usdForFund({ usd, vault, fund, admin }: AwkwardMarket): Promise<void> {
  await usd.mint(admin.address, 5_000n * 10n ** 6n);
  await usd.approve(vault.target, 5_000n * 10n ** 6n);
  await vault.deposit(await fund.ACCOUNT(), usd.target, 5_000n * 10n ** 6n);
}
