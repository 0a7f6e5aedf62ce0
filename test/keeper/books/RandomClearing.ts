import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";

import type { MockToken } from "../../../types/ethers-contracts/index.ts";
import { deployLockstep, type Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../../helpers/accounts.ts";
import { listCollateral } from "../../helpers/assets.ts";
import { DOLLAR } from "../../helpers/liquidate.ts";
import { changeTerms, OrderBook, readTerms, UNIT } from "../../helpers/orders.ts";
import type { SeededRandom } from "../../helpers/SeededRandom.ts";
import type { NetworkConnection } from "hardhat/types/network";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const PEOPLE = 6;
const GAS = { gasLimit: 4_000_000 };
const CALL = 11;
const PUT = 12;
const PERPETUALS = [1, 2] as const;
const ANY = 2n ** 128n - 1n;

type Operation = (random: SeededRandom) => Promise<unknown>;

/**
 * Random operations of everybody on a deployment, with prices that swing so that accounts fail: many are refused, which
 * is part of it.
 */
export class RandomClearing {
  readonly system: Lockstep;
  readonly #weth: MockToken;
  readonly #orders: OrderBook;
  readonly #people: readonly HardhatEthersSigner[];
  readonly #operations: readonly (readonly [weight: number, operation: Operation])[];
  readonly #prices = new Map([
    [1, 3_000],
    [2, 60_000],
  ]);
  #expiry = 0;

  private constructor(system: Lockstep, weth: MockToken) {
    this.system = system;
    this.#weth = weth;
    this.#orders = new OrderBook(system);
    this.#people = system.users.slice(0, PEOPLE);
    this.#operations = this.#list();
  }

  /** Deploys, lists collateral and two options, and gives everybody some of everything. */
  static async open(connection: NetworkConnection): Promise<RandomClearing> {
    const parameters = {
      staleLimitSeconds: 2 * DAY,
      viewTimeSeconds: 2 * DAY,
      softTimeSeconds: 4 * DAY,
      coolDownSeconds: 1,
      feedMaxAgeSeconds: 4 * HOUR,
      makerFeePpm: 100,
      takerFeePpm: 500,
      outflowPpm: 20,
      allowancePpm: 1,
      liquidationCapacity: 400_000n * UNIT,
      auctionSeconds: 600,
    };
    const system = await deployLockstep(connection, { parameters });
    const weth = await system.ethers.deployContract("MockToken", ["Wrapped Ether", "WETH", 18]);
    await listCollateral(system, weth);
    await system.instruments.setDebtCaps(20_000n * UNIT, 60_000n * UNIT);
    await system.fund.setTarget(500n * UNIT);
    for (const instrument of PERPETUALS) await changeTerms(system, instrument, { lagVolatilityPpm: 1 });
    const clearing = new RandomClearing(system, weth);
    await clearing.#listOptions();
    for (const [index, user] of clearing.#people.entries()) {
      await system.usd.mint(user.address, 10n ** 15n);
      await system.usd.connect(user).approve(system.vault.target, 10n ** 15n);
      await weth.mint(user.address, 10n ** 24n);
      await weth.connect(user).approve(system.vault.target, 10n ** 24n);
      await system.vault
        .connect(user)
        .deposit(accountOf(user), system.usd.target, (index < 2 ? 500_000n : 5_000n) * DOLLAR);
    }
    return clearing;
  }

  /** Some operations in one block, a random while after the last one. */
  async step(random: SeededRandom): Promise<void> {
    const { provider } = this.system.ethers;
    await provider.send("evm_setAutomine", [false]);
    for (let left = 1 + random.below(4); left > 0; left -= 1) await this.#send(random);
    await provider.send("evm_increaseTime", [1 + random.below(random.below(8) === 0 ? 2 * HOUR : 300)]);
    await provider.send("evm_mine", []);
    await provider.send("evm_setAutomine", [true]);
  }

  async #send(random: SeededRandom): Promise<void> {
    const total = this.#operations.reduce((sum, [weight]) => sum + weight, 0);
    let left = random.below(total);
    for (const [weight, operation] of this.#operations) {
      left -= weight;
      if (left >= 0) continue;
      await operation(random);
      return;
    }
  }

  #list(): (readonly [number, Operation])[] {
    const { vault, ledger, auction, fund, instruments, settlement, usd, oracle, ethFeed, btcFeed } = this.system;
    const who = (random: SeededRandom): HardhatEthersSigner => this.#people[random.below(PEOPLE)]!;
    const id = (random: SeededRandom): string => accountOf(who(random));
    const instrument = (random: SeededRandom): number => [1, 1, 2, CALL, PUT][random.below(5)]!;
    return [
      [40, (random) => this.#trade(random)],
      [9, (random) => this.#movePrice(random)],
      [
        2,
        async (random) =>
          this.#asOwner(who(random), (user) =>
            vault.connect(user).deposit(accountOf(user), usd.target, BigInt(1 + random.below(3_000)) * DOLLAR, GAS),
          ),
      ],
      [
        2,
        async (random) =>
          this.#asOwner(who(random), (user) =>
            vault
              .connect(user)
              .deposit(accountOf(user), this.#weth.target, (BigInt(1 + random.below(30)) * UNIT) / 10n, GAS),
          ),
      ],
      [
        3,
        async (random) =>
          this.#asOwner(who(random), (user) =>
            vault
              .connect(user)
              .withdraw(accountOf(user), usd.target, BigInt(1 + random.below(12_000)) * DOLLAR, user.address, GAS),
          ),
      ],
      [
        2,
        async (random) =>
          this.#asOwner(who(random), (user) =>
            vault
              .connect(user)
              .withdraw(
                accountOf(user),
                this.#weth.target,
                (BigInt(1 + random.below(20)) * UNIT) / 10n,
                user.address,
                GAS,
              ),
          ),
      ],
      [1, (random) => auction.start(id(random), instrument(random), GAS)],
      [8, (random) => this.#hunt(random)],
      [8, (random) => this.#bid(random)],
      [2, (random) => auction.stop(id(random), instrument(random), GAS)],
      [1, (random) => auction.startCollateral(id(random), this.#weth.target, GAS)],
      [5, async (random) => this.#bidCollateral(random)],
      [1, (random) => auction.stopCollateral(id(random), this.#weth.target, GAS)],
      [2, (random) => ledger.accrueFunding(PERPETUALS[random.below(2)]!, GAS)],
      [2, (random) => ledger.recordDebt(id(random), GAS)],
      [2, (random) => ledger.coverShortfall(id(random), GAS)],
      [2, (random) => ledger.settleExpiry(id(random), [CALL, PUT][random.below(2)]!, GAS)],
      [1, () => fund.refresh(GAS)],
      [1, () => fund.sweepFees(GAS)],
      [1, (random) => fund.levelClearing(instrument(random), GAS)],
      [1, (random) => fund.release(id(random), UNIT, GAS)],
      [1, (random) => fund.setTarget(BigInt(1 + random.below(900)) * UNIT, GAS)],
      [1, (random) => instruments.setVolatility([CALL, PUT][random.below(2)]!, 500_000 + random.below(200_000), GAS)],
      [
        1,
        async (random) =>
          this.#asOwner(who(random), (user) =>
            settlement.connect(user).cancel(accountOf(user), 1, random.below(40), GAS),
          ),
      ],
      [1, (random) => oracle.setFeed(1, ethFeed.target, HOUR + random.below(8 * HOUR), 10n ** 20n, 10n ** 24n, GAS)],
      [1, (random) => oracle.setSecondary(2, random.bool() ? ethFeed.target : btcFeed.target, DAY, 980_000, GAS)],
      [1, () => oracle.setSecondary(2, `0x${"00".repeat(20)}`, 0, 0, GAS)],
      [
        1,
        (random) =>
          changeTerms(this.system, 1, { takerFeePpm: random.below(900), priceBandPpm: 10_000 + random.below(30_000) }),
      ],
      [
        1,
        (random) =>
          vault.setLimits(
            usd.target,
            { cap: 10n ** 15n, outflowPpm: 5 + random.below(20), allowancePpm: 1 + random.below(3), period: HOUR },
            GAS,
          ),
      ],
      [1, async (random) => this.#settle(random)],
    ];
  }

  async #asOwner(user: HardhatEthersSigner, act: (user: HardhatEthersSigner) => Promise<unknown>): Promise<void> {
    await act(user);
  }

  async #movePrice(random: SeededRandom): Promise<void> {
    const { ethFeed, btcFeed } = this.system;
    const feed = 1 + random.below(2);
    const drift = random.below(3) === 0 ? 0.8 + random.below(46) / 100 : 0.98 + random.below(41) / 1_000;
    const price = Math.max(this.#prices.get(feed)! * drift, 300);
    this.#prices.set(feed, price);
    const aggregator = feed === 1 ? ethFeed : btcFeed;
    const answer = random.below(25) === 0 ? 1n : BigInt(Math.round(price * 1e8));
    await aggregator.update(answer, GAS);
  }

  async #trade(random: SeededRandom): Promise<void> {
    const buyer = this.#people[random.below(PEOPLE)]!;
    const seller = this.#people[random.below(PEOPLE)]!;
    if (buyer === seller) return;
    const instrument = [1, 1, 1, 2, CALL, PUT][random.below(6)]!;
    const mark = await this.system.margin.markOf(instrument).catch(() => 3_000n * UNIT);
    const price = (mark * BigInt(982 + random.below(37))) / 1_000n + 1n;
    const size = (UNIT * BigInt(1 + random.below(instrument === 2 ? 300 : 4_000))) / 1_000n;
    const isPosted = random.below(3);
    const options = {
      instrument,
      price,
      size,
      buy: { isPostOnly: isPosted === 1, isReduceOnly: random.below(6) === 0 },
      sell: { isPostOnly: isPosted === 2, isReduceOnly: random.below(6) === 0 },
    };
    const match = await this.#orders.tradeMatch(buyer, seller, options);
    if (random.below(5) !== 0) {
      await this.system.settlement.settle(match, GAS);
      return;
    }
    const second = await this.#orders.tradeMatch(seller, buyer, { ...options, size: size / 2n + 1n });
    await this.system.settlement.settleBatch([match, second], GAS);
  }

  /** Starts what can be started of accounts that fail. */
  async #hunt(random: SeededRandom): Promise<void> {
    const { ledger, auction } = this.system;
    for (const user of this.#people) {
      const account = accountOf(user);
      const { equity, maintenance, cash } = await ledger.valuationOf(account);
      const positions = await ledger.positionsOf(account);
      if (cash < 0n && random.bool()) await auction.startCollateral(account, this.#weth.target, GAS);
      if (equity >= maintenance || positions.length === 0) continue;
      await auction.start(account, positions[random.below(positions.length)]!.instrument, GAS);
    }
  }

  async #bid(random: SeededRandom): Promise<void> {
    const { ledger, auction } = this.system;
    for (const user of this.#people) {
      const account = accountOf(user);
      for (const instrument of [1, 2, CALL, PUT]) {
        if ((await auction.startedAtOf(account, instrument)) === 0n) continue;
        const held = await ledger.sizeOf(account, instrument);
        const most = await auction.liquidatableOf(account, instrument).catch(() => 1n);
        const size = random.bool() ? most : (most * BigInt(1 + random.below(100))) / 100n;
        const bidder = this.#people[random.below(random.bool() ? 2 : PEOPLE)]!;
        const limit = held > 0n ? ANY : 0n;
        await auction.connect(bidder).bid(account, instrument, accountOf(bidder), size, limit, GAS);
      }
    }
  }

  async #bidCollateral(random: SeededRandom): Promise<void> {
    const { ledger, auction } = this.system;
    const asset = this.#weth.target;
    for (const user of this.#people) {
      const account = accountOf(user);
      if ((await auction.collateralStartedAtOf(account, asset)) === 0n) continue;
      const balance = await ledger.collateralOf(account, asset);
      const amount = random.bool() ? balance : (balance * BigInt(1 + random.below(100))) / 100n;
      const bidder = this.#people[random.below(2)]!;
      await auction.connect(bidder).bidCollateral(account, asset, accountOf(bidder), amount, ANY, GAS);
      return;
    }
  }

  async #listOptions(): Promise<void> {
    const block = (await this.system.ethers.provider.getBlock("latest"))!;
    this.#expiry = block.timestamp + DAY;
    const terms = { ...(await readTerms(this.system, 1)), maxFundingPpm: 0 };
    const strike = 3_000n * UNIT;
    const { instruments } = this.system;
    await instruments.listOption(CALL, { ...terms, kind: 2 }, strike, this.#expiry, 600_000, 250_000);
    await instruments.listOption(PUT, { ...terms, kind: 3 }, strike, this.#expiry, 600_000, 250_000);
  }

  /** Tries the last rounds. */
  async #settle(random: SeededRandom): Promise<void> {
    const { ethFeed, instruments, ethers } = this.system;
    const instrument = [CALL, PUT][random.below(2)]!;
    const block = (await ethers.provider.getBlock("latest"))!;
    if (block.timestamp <= this.#expiry) return;
    let round = await ethFeed.latestRound();
    while (round > 0n && (await ethFeed.getRoundData(round))[3] > BigInt(this.#expiry)) round -= 1n;
    await instruments.settle(instrument, round, GAS);
  }
}
