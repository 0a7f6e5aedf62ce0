import { toBeHex } from "ethers";

import type { MockAggregator, MockSequencerFeed, MockToken } from "../../../../types/ethers-contracts/index.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { listCollateral } from "../../../helpers/assets.ts";
import { OrderBook, UNIT, type MatchInput } from "../../../helpers/orders.ts";
import type { SeededRandom } from "../../../helpers/SeededRandom.ts";
import { GAS, TrafficRisk, type Party } from "./TrafficRisk.ts";
import { TrafficSync } from "./TrafficSync.ts";

const USD = 1_000_000n;

/** Random operations of several users, keepers and governance. Nothing is mined before {@link mine}. */
export class Traffic {
  readonly #system: Lockstep;
  readonly #random: SeededRandom;
  readonly #token: MockToken;
  readonly #secondary: MockAggregator;
  readonly #sequencer: MockSequencerFeed;
  readonly #orders: OrderBook;
  readonly #parties: readonly Party[];
  readonly #risk: TrafficRisk;
  readonly #sync: TrafficSync;
  /** In the feeds' 8 decimals. */
  readonly #marks = [3_000_00000000n, 60_000_00000000n];
  #last: MatchInput | undefined;
  #count = 0;

  private constructor(
    system: Lockstep,
    random: SeededRandom,
    token: MockToken,
    feeds: { readonly secondary: MockAggregator; readonly sequencer: MockSequencerFeed },
  ) {
    this.#system = system;
    this.#random = random;
    this.#token = token;
    this.#secondary = feeds.secondary;
    this.#sequencer = feeds.sequencer;
    this.#orders = new OrderBook(system);
    this.#parties = system.users
      .slice(0, 4)
      .flatMap((owner) => [0, 1].map((index) => ({ owner, account: accountOf(owner, index) })));
    this.#sync = new TrafficSync(system, random);
    this.#risk = new TrafficRisk(system, random, token, this.#parties);
  }

  /** Lists a second asset, an option and a secondary feed, funds four users and stops automatic mining. */
  static async start(system: Lockstep, random: SeededRandom, sequencer: MockSequencerFeed): Promise<Traffic> {
    const token = await system.ethers.deployContract("MockToken", ["Ether", "ETH", 6]);
    await listCollateral(system, token);
    const secondary = await system.ethers.deployContract("MockAggregator", [8, "BTC / USD", 60_000_00000000n]);
    await system.oracle.setSecondary(2, secondary.target, 1_800, 30_000);
    await system.instruments.setDebtCaps(2_000n * UNIT, 8_000n * UNIT);
    for (const user of system.users.slice(0, 4)) {
      for (const asset of [system.usd, token]) {
        await asset.mint(user.address, 10n ** 30n);
        await asset.connect(user).approve(system.vault.target, 10n ** 40n);
      }
      await system.vault.connect(user).deposit(accountOf(user), system.usd.target, 8_000n * USD);
      // Two units of ether, as collateral, and nothing else.
      await system.vault.connect(user).deposit(accountOf(user, 1), token.target, 2n * USD);
    }
    const traffic = new Traffic(system, random, token, { secondary, sequencer });
    await traffic.#risk.listOption();
    await system.ethers.provider.send("evm_setAutomine", [false]);
    return traffic;
  }

  /** The accounts that may hold something. */
  get accounts(): string[] {
    return this.#parties.map(({ account }) => account);
  }

  /** Sends one random operation. */
  async send(): Promise<void> {
    this.#count += 1;
    const dice = this.#random.below(100);
    if (dice < 7) await this.#deposit();
    else if (dice < 16) await this.#withdraw();
    else if (dice < 44) await this.#trade();
    else if (dice < 48) await this.#refill();
    else if (dice < 59) await this.#movePrice();
    else if (dice < 67) await this.#sync.post();
    else if (dice < 68) await this.#sync.pause();
    else if (dice < 69) await this.#system.guard.liftSoft(GAS);
    else if (dice < 70) await this.#sync.moveKeepers();
    else if (dice < 71) await (this.#random.bool() ? this.#sync.reward() : this.#sync.repair());
    else if (dice < 73) await this.#cancel();
    else if (dice < 75) await this.#block();
    else if (dice < 77) await this.#claim();
    else if (dice < 79) await this.#risk.govern();
    else if (dice < 86) await this.#risk.liquidate();
    else if (dice < 89) await this.#risk.liquidateCollateral();
    else if (dice < 95) await this.#risk.tidy();
    else if (dice < 99) await this.#risk.tendOptions();
    else await this.#risk.listOption();
  }

  /** Mines what was sent, after a while that now and then outlives prices, checkpoints and pauses. */
  async mine(): Promise<void> {
    const usual = [2, 2, 12, 12, 30, 60, 60, 200][this.#random.below(8)]!;
    const seconds = this.#random.below(16) === 0 ? [700, 1_300, 2_500][this.#random.below(3)]! : usual;
    await this.#system.ethers.provider.send("evm_increaseTime", [seconds]);
    await this.#system.ethers.provider.send("evm_mine", []);
  }

  #party(): Party {
    return this.#parties[this.#random.below(this.#parties.length)]!;
  }

  #asset(): MockToken {
    return this.#random.below(3) === 0 ? this.#token : this.#system.usd;
  }

  #amount(asset: MockToken): bigint {
    return BigInt(1 + this.#random.below(asset === this.#token ? 1_000 : 1_500_000)) * 1_000n;
  }

  async #deposit(): Promise<void> {
    const { owner, account } = this.#party();
    const asset = this.#asset();
    await this.#system.vault.connect(owner).deposit(account, asset.target, this.#amount(asset), GAS);
  }

  async #withdraw(): Promise<void> {
    const { owner, account } = this.#party();
    const isOfUsd = (await this.#system.ledger.quoteOf(account)) > 0n;
    const asset = isOfUsd && this.#random.below(5) !== 0 ? this.#system.usd : this.#token;
    await this.#system.vault.connect(owner).withdraw(account, asset.target, this.#amount(asset), owner.address, GAS);
  }

  /** Half of the time the buyer closes what it can, or the seller. */
  async #trade(): Promise<void> {
    const [buyer, seller] = [this.#party(), this.#party()];
    const { instruments } = this.#risk;
    const instrument = instruments[this.#random.below(3) === 0 ? instruments.length - 1 : this.#random.below(2)]!;
    const feed = instrument === 2 ? 2 : 1;
    const spot = this.#marks[feed - 1]! * 10n ** 10n;
    const mark = instrument > 2 ? await this.#system.margin.markOf(instrument).catch(() => 0n) : spot;
    // Up to 2.2 % from the mark, of which the band allows 2.
    const limitPrice = mark + (spot * BigInt(this.#random.below(441) - 220)) / 10_000n;
    if (limitPrice < 0n) return;
    const open = await this.#system.ledger.sizeOf(buyer.account, instrument);
    const drawn = (BigInt(1 + this.#random.below(800)) * UNIT) / (feed === 1 ? 97n : 1_940n);
    const size = open < 0n && this.#random.bool() ? -open : drawn;
    const isBuyerMaker = this.#random.bool();
    const terms = { instrument, size: size * 2n, limitPrice };
    const buy = this.#orders.order(buyer.owner, true, { ...terms, account: buyer.account, isPostOnly: isBuyerMaker });
    const sell = this.#orders.order(seller.owner, false, {
      ...terms,
      account: seller.account,
      isPostOnly: !isBuyerMaker && this.#random.bool(),
    });
    this.#last = await this.#orders.match(buyer.owner, buy, seller.owner, sell, size);
    await this.#system.settlement.settle(this.#last, GAS);
  }

  /** The same two orders again: a second partial fill. */
  async #refill(): Promise<void> {
    if (this.#last === undefined) return;
    await this.#system.settlement.settle({ ...this.#last, size: this.#last.buy.size / 2n - 1n }, GAS);
  }

  async #movePrice(): Promise<void> {
    const index = this.#random.below(2);
    const [feed, mark] = [[this.#system.ethFeed, this.#system.btcFeed][index]!, this.#marks[index]!];
    // Back towards where it began, so that long traffic stays within the feeds' bounds.
    const drift = mark > [3_000_00000000n, 60_000_00000000n][index]! ? 910 : 925;
    this.#marks[index] = (mark * BigInt(drift + this.#random.below(166))) / 1_000n;
    // Now and then an answer that every rule refuses, a secondary that lags behind, a sequencer that is down.
    if (this.#random.below(40) === 0) await feed.update(0n, GAS);
    else await feed.update(this.#marks[index]!, GAS);
    if (index === 1 && this.#random.below(5) !== 0) await this.#secondary.update(this.#marks[1]!, GAS);
    if (this.#random.below(12) !== 0) return;
    const { timestamp } = (await this.#system.ethers.provider.getBlock("latest"))!;
    await this.#sequencer.set(this.#random.below(3) === 0 ? 1 : 0, timestamp, GAS);
  }

  async #cancel(): Promise<void> {
    const { owner, account } = this.#party();
    const { settlement } = this.#system;
    const last = this.#last?.sell;
    if (last?.account === account) await settlement.connect(owner).cancel(account, last.lane, last.sequence, GAS);
    else await settlement.connect(owner).cancel(account, 10n ** 9n, BigInt(this.#count), GAS);
  }

  async #block(): Promise<void> {
    const { owner } = this.#party();
    await this.#asset().setBlocked(owner.address, this.#random.below(3) !== 0, GAS);
  }

  async #claim(): Promise<void> {
    const { owner, account } = this.#party();
    const to = this.#random.bool() ? owner.address : toBeHex(this.#count + 1_000, 20);
    await this.#system.vault.connect(owner).claim(account, this.#asset().target, to, GAS);
  }
}
