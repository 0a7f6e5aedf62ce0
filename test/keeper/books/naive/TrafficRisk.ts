import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { MockToken } from "../../../../types/ethers-contracts/index.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { now } from "../../../helpers/liquidate.ts";
import { readTerms, UNIT } from "../../../helpers/orders.ts";

/** No estimate: an operation that reverts belongs to the traffic. */
export const GAS = { gasLimit: 6_000_000 };
const HOUR = 3_600;

/** An account and who signs for it. */
export interface Party {
  readonly owner: HardhatEthersSigner;
  readonly account: string;
}

/** Random operations of liquidators, option makers, governance and anyone who keeps the clearing tidy. */
export class TrafficRisk {
  readonly #system: Lockstep;
  readonly #random: SeededRandom;
  readonly #token: MockToken;
  readonly #parties: readonly Party[];
  /** Numbers of the perpetuals and of all options that were ever listed. */
  readonly instruments = [1, 2];
  #settling: { instrument: number; expiry: number } | undefined;

  constructor(system: Lockstep, random: SeededRandom, token: MockToken, parties: readonly Party[]) {
    this.#system = system;
    this.#random = random;
    this.#token = token;
    this.#parties = parties;
  }

  #party(): Party {
    return this.#parties[this.#random.below(this.#parties.length)]!;
  }

  #instrument(): number {
    return this.instruments[this.#random.below(this.instruments.length)]!;
  }

  /** Lists an option on feed 1 that expires within hours. */
  async listOption(): Promise<void> {
    const instrument = 300 + this.instruments.length;
    const expiry = (await now(this.#system)) + HOUR + this.#random.below(3 * HOUR);
    const perpetual = await readTerms(this.#system, 1);
    const terms = { ...perpetual, maxFundingPpm: 0, kind: 2 + this.#random.below(2) };
    const strike = (BigInt(2_600 + this.#random.below(800)) * UNIT) / 1n;
    const volatility = 400_000 + this.#random.below(800_000);
    await this.#system.instruments.listOption(instrument, terms, strike, expiry, volatility, 200_000, GAS);
    this.instruments.push(instrument);
    this.#settling ??= { instrument, expiry };
  }

  /** Moves a volatility, or settles the oldest option at the round before its expiry, and then pays somebody out. */
  async tendOptions(): Promise<void> {
    const { instruments, ethFeed, ledger } = this.#system;
    const instrument = this.#instrument();
    const dice = this.#random.below(10);
    if (dice < 3) {
      await instruments.setVolatility(instrument, 400_000 + this.#random.below(800_000), GAS);
    } else if (dice < 6 && this.#settling !== undefined && (await now(this.#system)) > this.#settling.expiry) {
      const { expiry } = this.#settling;
      let round = await ethFeed.latestRound();
      while (round > 1n && (await ethFeed.getRoundData(round))[3] > expiry) round -= 1n;
      await instruments.settle(this.#settling.instrument, round, GAS);
    }
    for (const { account } of this.#parties) {
      const isPaid = this.#random.bool() || (await ledger.sizeOf(account, instrument)) === 0n;
      if (!isPaid) await ledger.settleExpiry(account, instrument, GAS);
    }
    const settlement = this.#settling && (await instruments.settlementOf(this.#settling.instrument));
    if (settlement !== undefined && settlement.settledAt !== 0n) this.#settling = undefined;
  }

  /** Looks for an account that must be liquidated, and starts, bids in, or stops one of its auctions. */
  async liquidate(): Promise<void> {
    const { ledger, auction } = this.#system;
    for (const { account } of this.#parties) {
      const { equity, maintenance } = await ledger.valuationOf(account);
      const positions = await ledger.positionsOf(account);
      if (positions.length === 0) continue;
      const { instrument, size } = positions[this.#random.below(positions.length)]!;
      const startedAt = await auction.startedAtOf(account, instrument);
      if (equity >= maintenance && startedAt === 0n) continue;
      if (startedAt === 0n || this.#random.below(6) === 0) await auction.start(account, instrument, GAS);
      if (this.#random.below(4) === 0) await auction.stop(account, instrument, GAS);
      const magnitude = size < 0n ? -size : size;
      const wanted = this.#random.bool() ? magnitude : (magnitude * BigInt(1 + this.#random.below(9))) / 10n;
      const bidder = this.#party();
      const limit = size > 0n ? 2n ** 128n - 1n : 0n;
      await auction.connect(bidder.owner).bid(account, instrument, bidder.account, wanted, limit, GAS);
    }
  }

  /** The same for collateral of accounts that owe. */
  async liquidateCollateral(): Promise<void> {
    const { ledger, auction } = this.#system;
    const asset = this.#token.target as string;
    for (const { account } of this.#parties) {
      const { cash } = await ledger.valuationOf(account);
      const balance = await ledger.collateralOf(account, asset);
      if (cash >= 0n || balance === 0n) continue;
      if (this.#random.bool()) await ledger.recordDebt(account, GAS);
      if ((await auction.collateralStartedAtOf(account, asset)) === 0n || this.#random.below(5) === 0) {
        await auction.startCollateral(account, asset, GAS);
      }
      if (this.#random.below(5) === 0) await auction.stopCollateral(account, asset, GAS);
      const bidder = this.#party();
      const amount = this.#random.bool() ? balance : balance / BigInt(2 + this.#random.below(8));
      await auction.connect(bidder.owner).bidCollateral(account, asset, bidder.account, amount, 2n ** 127n, GAS);
    }
  }

  /** Funding, fees, shortfalls, the fund. */
  async tidy(): Promise<void> {
    const { ledger, fund } = this.#system;
    const dice = this.#random.below(8);
    const { account } = this.#party();
    if (dice < 2) await ledger.accrueFunding(this.#instrument(), GAS);
    else if (dice === 2) await fund.sweepFees(GAS);
    else if (dice === 3) await fund.refresh(GAS);
    else if (dice === 4) await fund.levelClearing(this.#instrument(), GAS);
    else if (dice === 5) await ledger.coverShortfall(account, GAS);
    else if (dice === 6) await fund.release(account, BigInt(1 + this.#random.below(10)) * 10n ** 17n, GAS);
    else await ledger.recordDebt(account, GAS);
  }

  /** New terms, limits, caps and targets. */
  async govern(): Promise<void> {
    const { instruments, vault, auction, fund, usd } = this.#system;
    const dice = this.#random.below(7);
    if (dice < 2) {
      const instrument = this.#instrument();
      const terms = await readTerms(this.#system, instrument);
      const initialPpm = 80_000 + this.#random.below(60_000);
      const maxOpenInterest = 10n ** 6n * BigInt(10 + this.#random.below(400));
      await instruments.setInstrument(instrument, { ...terms, initialPpm, maxOpenInterest }, GAS);
    } else if (dice === 2) {
      const outflowPpm = 1_000 + this.#random.below(9_000);
      const limits = { cap: 10n ** 12n, outflowPpm, allowancePpm: 1_000, period: 600 + this.#random.below(3_000) };
      await vault.setLimits(usd.target, limits, GAS);
    } else if (dice === 3) {
      const account = BigInt(500 + this.#random.below(4_000)) * UNIT;
      await instruments.setDebtCaps(account, 2n * account, GAS);
    } else if (dice === 4) {
      const capacity = BigInt(20_000 + this.#random.below(90_000)) * UNIT;
      await auction.setTerms({ duration: 900, maxDiscountPpm: 150_000, window: 1_200, capacity }, GAS);
    } else if (dice === 5) {
      await fund.setTarget(BigInt(this.#random.below(20)) * UNIT, GAS);
    } else {
      await instruments.setCollateral(this.#token.target, 1, 50_000 + this.#random.below(200_000), GAS);
    }
  }
}
