import type { NetworkHelpers } from "@nomicfoundation/hardhat-network-helpers/types";
import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import {
  CALL,
  MAX_OPEN_INTEREST,
  OTHER_PRICE,
  SCALE,
  STRIKE,
  termsOf,
  type BareLedger,
} from "../fixtures/deployBareLedger.ts";
import { SeededRandom } from "./SeededRandom.ts";
import { accountOf } from "./accounts.ts";
import { FLAG, LedgerModel } from "./LedgerModel.ts";

const ONE = 10n ** 18n;
const LAST_OPTION = CALL + 9;
const OPTIONS = Array.from({ length: LAST_OPTION - CALL + 1 }, (_, index) => CALL + index);
const INSTRUMENTS = [0, 1, 2, ...OPTIONS];
/** Enough for any operation, so that nothing is estimated. */
const OVERRIDES = { gasLimit: 8_000_000 };

type Operation = [name: string, run: (model: LedgerModel) => void, send: () => Promise<ContractTransactionResponse>];

/** Random operations on a ledger and on its model, compared word for word after each. */
export class LedgerFuzz {
  readonly #bare: BareLedger;
  readonly #helpers: NetworkHelpers;
  readonly #random: SeededRandom;
  readonly #model: LedgerModel;
  readonly #accounts: readonly string[];
  readonly #assets: readonly string[];
  readonly #custody = new Map<string, bigint>();
  /** How often each operation ended how. */
  readonly outcomes = new Map<string, number>();

  private constructor(bare: BareLedger, helpers: NetworkHelpers, seed: number, now: bigint) {
    this.#bare = bare;
    this.#helpers = helpers;
    this.#random = new SeededRandom(seed);
    const fund = accountOf(bare.fund);
    this.#accounts = [...[0, 1, 2, 3].flatMap((i) => [0, 1].map((n) => accountOf(bare.users[i]!, n))), fund];
    this.#assets = [bare.other, bare.third];
    const world = {
      now,
      settlement: bare.usd,
      scale: SCALE,
      collateralIds: new Map([
        [bare.other, 3],
        [bare.third, 7],
      ]),
      collateralPrice: OTHER_PRICE,
      prices: new Map<number, bigint>(),
      badPrices: new Set<number>(),
      options: new Map(OPTIONS.map((id) => [id, { isCall: (id - CALL) % 2 === 0, strike: STRIKE }])),
      settlements: new Map<number, bigint>(),
      initialPpm: 100_000n,
      maintenancePpm: 50_000n,
      maxFundingPpm: 10_000n,
      maxOpenInterest: MAX_OPEN_INTEREST,
      lagPpm: 1_000n,
      caps: { account: 3_000n * ONE, total: 6_000n * ONE },
    };
    this.#model = new LedgerModel(world, fund);
  }

  /** Lists the options, sets caps and first prices. */
  static async start(bare: BareLedger, helpers: NetworkHelpers, seed: number): Promise<LedgerFuzz> {
    for (const id of OPTIONS)
      await bare.harness.setInstrument(id, termsOf(id % 2 === CALL % 2 ? "call" : "put"), STRIKE);
    const fuzz = new LedgerFuzz(bare, helpers, seed, BigInt(await helpers.time.latest()));
    const { caps, lagPpm } = fuzz.#model.world;
    await bare.harness.setDebtCaps(caps.account, caps.total);
    await bare.harness.setLagPpm(lagPpm);
    await bare.harness.setStrict();
    for (const id of INSTRUMENTS.slice(1)) await fuzz.#setPrice(id, id < CALL ? STRIKE : STRIKE / 10n);
    for (const id of fuzz.#accounts.slice(0, 8)) {
      await fuzz.#run(
        [
          "credit",
          (model) => {
            fuzz.#custodyOf(model, id, bare.usd, 5_000n * 10n ** 6n);
          },
          () => bare.ledger.connect(bare.vault).credit(id, bare.usd, 5_000n * 10n ** 6n, OVERRIDES),
        ],
        "start",
      );
    }
    return fuzz;
  }

  /** One operation, or a move of the world. */
  async step(step: number): Promise<void> {
    if (this.#random.below(8) === 0) await this.#moveWorld();
    else await this.#run(this.#draw(), `step ${step}`);
  }

  #custodyOf(model: LedgerModel, account: string, asset: string, units: bigint): void {
    model.move(account, asset, units);
    this.#custody.set(asset, (this.#custody.get(asset) ?? 0n) + units);
  }

  async #run([name, run, send]: Operation, when: string): Promise<void> {
    await this.#tick();
    const expected = this.#model.attempt(run);
    const actual = await send().then(
      () => null,
      (error: unknown) => /custom error '(\w+)/.exec(String(error))?.[1] ?? String(error),
    );
    expect(actual, `${when}: ${name}`).to.equal(expected);
    const outcome = actual === null ? name : `${name} ${actual}`;
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (actual !== null) return;
    if ([...this.#model.state.uncovered.values()].some((amount) => amount !== 0n)) this.outcomes.set("uncovered", 1);
    await this.#compare(`${when}: ${name}`);
  }

  /** Whether every kind of entry was posted, a loss was socialised, and operations were refused in many ways. */
  isVaried(): boolean {
    const names = ["credit", "debit", "trade", "liquidate", "sell", "settle", "cover", "sweep", "release", "level"];
    const rare = ["uncovered", "level while open", "accrue HarnessBadPrice", "trade LedgerReductionWorsensHealth"];
    const isDone = [...names, ...rare, "record", "accrue", "epoch"].every((name) => this.outcomes.has(name));
    return isDone && this.outcomes.size > 30 && (this.#model.state.flags & FLAG.fundShort) !== 0n;
  }

  async #tick(): Promise<void> {
    this.#model.world.now +=
      1n + BigInt(this.#random.below(4) === 0 ? this.#random.below(6_000) : this.#random.below(60));
    await this.#helpers.time.setNextBlockTimestamp(Number(this.#model.world.now));
  }

  async #setPrice(instrument: number, price: bigint, isBad = false): Promise<void> {
    const { prices, badPrices } = this.#model.world;
    await this.#tick();
    await this.#bare.harness.setPrice(instrument, price, isBad);
    prices.set(instrument, price);
    if (isBad) badPrices.add(instrument);
    else badPrices.delete(instrument);
  }

  async #moveWorld(): Promise<void> {
    const { world, state } = this.#model;
    const { harness, ledger, guard } = this.#bare;
    const kind = this.#random.below(6);
    if (kind < 4) {
      const instrument = this.#instrument();
      if (world.settlements.has(instrument)) return;
      const price = ((world.prices.get(instrument) ?? ONE) * BigInt(700 + this.#random.below(700))) / 1000n;
      const isBad = this.#random.below(5) === 0;
      await this.#setPrice(instrument, price > 100n * ONE ? price : 1_000n * ONE, isBad);
      return;
    }
    await this.#tick();
    if (kind === 4) {
      const instrument = this.#option();
      const option = world.options.get(instrument)!;
      const price = (STRIKE * BigInt(400 + this.#random.below(1_200))) / 1000n + BigInt(this.#random.below(1_000));
      await harness.settle(instrument, price);
      world.settlements.set(instrument, price);
      const payoff = option.isCall ? price - STRIKE : STRIKE - price;
      await this.#setPrice(instrument, payoff > 0n ? payoff : 0n);
      return;
    }
    const all = [FLAG.increaseRisk, FLAG.withdraw, FLAG.liquidate, FLAG.halt];
    const flags = this.#random.below(3) > 0 ? 0n : this.#pick(all);
    const graceUntil = world.now + BigInt(this.#random.below(2_000));
    await ledger.connect(guard).push(flags, world.now, graceUntil);
    state.flags = flags | (state.flags & FLAG.fundShort);
    state.graceUntil = graceUntil;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)]!;
  }

  #account(): string {
    return this.#accounts[this.#random.below(this.#accounts.length - 1)]!;
  }

  /** The account, and mostly one of another owner. */
  #pair(account: string): [string, string] {
    const others = this.#accounts.slice(0, 8).filter((id) => id.slice(0, 42) !== account.slice(0, 42));
    return [account, this.#random.below(30) === 0 ? this.#account() : this.#pick(others)];
  }

  #option(): number {
    const open = OPTIONS.filter((id) => !this.#model.world.settlements.has(id));
    return this.#pick(open.length === 0 ? OPTIONS : open.slice(0, 3));
  }

  #instrument(): number {
    return this.#random.below(3) === 0 ? this.#option() : 1 + this.#random.below(2);
  }

  /** A whole or odd number of units. */
  #size(): bigint {
    return (
      BigInt(1 + this.#random.below(4)) * (this.#random.bool() ? ONE : ONE / 3n + BigInt(this.#random.below(1_000)))
    );
  }

  #near(price: bigint, percent: number): bigint {
    return (price * BigInt(10_000 - 100 * percent + this.#random.below(200 * percent + 1))) / 10_000n;
  }

  #draw(): Operation {
    const kind = this.#random.below(100);
    if (kind < 12) return this.#drawMove();
    if (kind < 45) return this.#drawTrade();
    if (kind < 60) return this.#drawLiquidation();
    if (kind < 66) return this.#drawSale();
    if (kind < 76) return this.#drawExpiry();
    if (kind < 84) return this.#drawCover();
    return this.#drawOther(kind);
  }

  #drawMove(): Operation {
    const { ledger, vault, usd, stranger } = this.#bare;
    const account = this.#random.below(10) === 0 ? this.#accounts.at(-1)! : this.#account();
    // Half of the accounts live without collateral, so that losses leave shortfalls.
    const assets = this.#accounts.indexOf(account) < 4 ? [usd, usd, ...this.#assets] : [usd];
    const asset = this.#random.below(25) === 0 ? stranger.address : this.#pick(assets);
    const dollars = BigInt(this.#random.below(this.#random.below(4) === 0 ? 30_000 : 3_000)) * 10n ** 6n;
    const units = dollars === 0n ? 0n : dollars + BigInt(this.#random.below(1_000));
    const isIn = this.#random.below(3) > 0;
    const asVault = ledger.connect(vault);
    const run = (model: LedgerModel) => {
      this.#custodyOf(model, account, asset, isIn ? units : -units);
    };
    if (isIn) return ["credit", run, () => asVault.credit(account, asset, units, OVERRIDES)];
    return ["debit", run, () => asVault.debit(account, asset, units, OVERRIDES)];
  }

  #drawTrade(): Operation {
    const { ledger, settlement } = this.#bare;
    const [buyer, seller] = this.#pair(this.#account());
    const isFrail = this.#accounts.slice(4, 8).includes(buyer);
    const instrument = isFrail && this.#random.below(3) > 0 ? 1 : this.#instrument();
    const mark = this.#model.world.prices.get(instrument)!;
    const size = this.#size();
    const price = this.#near(mark, 8);
    const epochOf = (id: string) => Number(this.#model.account(id).epoch) - (this.#random.below(40) === 0 ? 1 : 0);
    const input = {
      ...{ buyer, seller, instrument, size, price },
      mark: this.#random.below(12) === 0 ? 0n : mark,
      // With the time of the price the ledger values an account that holds nothing else by the short way.
      priceTime: this.#random.below(2),
      isPriceUsable: this.#random.below(4) !== 0,
      quote: (size * price) / ONE,
      buyerFee: BigInt(this.#random.below(1_000)) * 10n ** 15n,
      sellerFee: BigInt(this.#random.below(1_000)),
      buyerEpoch: Math.max(0, epochOf(buyer)),
      sellerEpoch: Math.max(0, epochOf(seller)),
      isBuyerReduceOnly: this.#random.below(12) === 0,
      isSellerReduceOnly: this.#random.below(12) === 0,
    };
    const send = () => ledger.connect(settlement).trade(input, OVERRIDES);
    return ["trade", (model) => model.trade(input), send];
  }

  #drawLiquidation(): Operation {
    const { ledger, auction } = this.#bare;
    const exposed = this.#accounts.slice(4, 8).filter((id) => this.#model.openOf(id).length === 1);
    const anyone = this.#accounts.filter((id) => this.#model.openOf(id).length > 0);
    const candidates = exposed.length === 0 || this.#random.bool() ? anyone : exposed;
    const account = candidates.length === 0 || this.#random.below(20) === 0 ? this.#account() : this.#pick(candidates);
    const open = this.#model.openOf(account);
    const instrument = open.length === 0 || this.#random.below(20) === 0 ? 1 : this.#pick(open);
    const held = this.#model.account(account).positions.get(instrument)?.size ?? 0n;
    const isWhole = this.#random.below(3) > 0;
    const size = isWhole ? held : this.#random.below(10) === 0 ? -held : held / BigInt(1 + this.#random.below(4));
    const mark = this.#model.world.prices.get(instrument)!;
    // Every other bidder asks for all that there is, so that shortfalls are left.
    const isHarsh = this.#random.bool();
    const quote = isHarsh ? (size > 0n ? 0n : (2n * size * mark) / ONE) : (size * this.#near(mark, 10)) / ONE;
    const bidder = this.#pair(account)[1];
    const send = () => ledger.connect(auction).liquidate(account, bidder, instrument, size, quote, mark, OVERRIDES);
    return ["liquidate", (model) => model.liquidate(account, bidder, instrument, size, quote, mark), send];
  }

  #drawSale(): Operation {
    const { ledger, auction } = this.#bare;
    const [account, bidder] = this.#pair(this.#accounts[this.#random.below(4)]!);
    const asset = this.#pick(this.#assets);
    const held = this.#model.account(account).collateral.get(this.#model.world.collateralIds.get(asset)!) ?? 0n;
    const amount = this.#random.bool() ? held : held / 2n + BigInt(this.#random.below(3));
    const quote = this.#near(amount * OTHER_PRICE, 20);
    const send = () => ledger.connect(auction).sellCollateral(account, bidder, asset, amount, quote, OVERRIDES);
    return ["sell", (model) => model.sellCollateral(account, bidder, asset, amount, quote), send];
  }

  #drawExpiry(): Operation {
    const { ledger } = this.#bare;
    const isDue = (id: number) => this.#model.world.settlements.has(id);
    const due = this.#accounts.flatMap((id) =>
      this.#model.openOf(id).flatMap((open) => (isDue(open) ? [[id, open] as const] : [])),
    );
    const [account, instrument] =
      due.length === 0 || this.#random.below(20) === 0 ? [this.#account(), this.#pick(INSTRUMENTS)] : this.#pick(due);
    const send = () => ledger.settleExpiry(account, instrument, OVERRIDES);
    return ["settle", (model) => model.settleExpiry(account, instrument), send];
  }

  #drawCover(): Operation {
    const { ledger } = this.#bare;
    const short = this.#accounts.filter(
      (id) => this.#model.account(id).quote < 0n && this.#model.openOf(id).length === 0,
    );
    const account = short.length === 0 || this.#random.below(5) === 0 ? this.#account() : this.#pick(short);
    return ["cover", (model) => model.coverShortfall(account), () => ledger.coverShortfall(account, OVERRIDES)];
  }

  #drawOther(kind: number): Operation {
    const { ledger, fund, settlement } = this.#bare;
    const asFund = ledger.connect(fund);
    const account = this.#account();
    if (kind < 87) return ["record", (model) => model.recordDebt(account), () => ledger.recordDebt(account, OVERRIDES)];
    if (kind < 90) {
      const instrument = this.#pick([1, 2, OPTIONS[0]!, 0]);
      const send = () => ledger.accrueFunding(instrument, OVERRIDES);
      return ["accrue", (model) => model.accrueFunding(instrument), send];
    }
    if (kind < 92) return ["sweep", (model) => model.sweepFees(), () => asFund.sweepFees(OVERRIDES)];
    if (kind < 94) {
      const to = this.#pick(this.#accounts);
      const quote = this.#size();
      return ["release", (model) => model.release(to, quote), () => asFund.release(to, quote, OVERRIDES)];
    }
    if (kind < 98) {
      const uncovered = INSTRUMENTS.filter((id) => this.#model.uncovered(id) !== 0n);
      const loaded = INSTRUMENTS.filter((id) => this.#model.market(id).clearing !== 0n && id !== 1);
      const candidates = uncovered.length === 0 || this.#random.bool() ? loaded : uncovered;
      const instrument = this.#pick(candidates.length === 0 ? INSTRUMENTS : candidates);
      const name = this.#model.openSizeOf(instrument) === 0n ? "level" : "level while open";
      return [name, (model) => model.levelClearing(instrument), () => asFund.levelClearing(instrument, OVERRIDES)];
    }
    const send = () => ledger.connect(settlement).advanceEpoch(account, OVERRIDES);
    return ["epoch", (model) => model.advanceEpoch(account), send];
  }

  /** Compares every word, and checks on the ledger's own numbers what must hold whatever happened. */
  async #compare(what: string): Promise<void> {
    const { harness, ledger } = this.#bare;
    const row = await harness.books(ledger.target, [...this.#accounts], INSTRUMENTS, [...this.#assets]);
    const rest = [...row];
    const model = this.#model;
    const uncovered = await Promise.all(INSTRUMENTS.map(async (id) => await ledger.uncoveredOf(id)));
    expect(uncovered, `${what}: uncovered`).to.deep.equal(INSTRUMENTS.map((id) => model.uncovered(id)));
    const take = (count: number): bigint[] => rest.splice(0, count);
    let quotes = 0n;
    const sizes = new Map(INSTRUMENTS.map((id) => [id, { sum: 0n, longs: 0n }]));
    for (const id of this.#accounts) {
      const [quote = 0n, openCount, epoch, debt, mask] = take(5);
      const account = model.account(id);
      const open = model.openOf(id);
      expect([quote, epoch, debt], `${what}: ${id}`).to.deep.equal([account.quote, account.epoch, account.debt]);
      expect([openCount, mask], `${what}: open ids of ${id}`).to.deep.equal([
        BigInt(open.length),
        open.reduce((bits, instrument) => bits | (1n << BigInt(instrument)), 0n),
      ]);
      quotes += quote;
      expect(take(2), `${what}: collateral of ${id}`).to.deep.equal(
        [3, 7].map((number) => account.collateral.get(number) ?? 0n),
      );
      for (const instrument of INSTRUMENTS) {
        const [size = 0n, increasedAt] = take(2);
        const position = account.positions.get(instrument) ?? { size: 0n, increasedAt: 0n };
        expect([size, increasedAt], `${what}: ${instrument} of ${id}`).to.deep.equal([
          position.size,
          position.increasedAt,
        ]);
        const total = sizes.get(instrument)!;
        total.sum += size;
        if (size > 0n) total.longs += size;
      }
    }
    for (const instrument of INSTRUMENTS) {
      const actual = take(8);
      if (model.state.markets.has(instrument)) {
        const { longIndex, shortIndex, accruedAt, observedAt, premiumPpb, clearing, openInterest } =
          model.market(instrument);
        const expected = [longIndex, shortIndex, accruedAt, observedAt, premiumPpb, clearing, openInterest];
        expect(actual, `${what}: market ${instrument}`).to.deep.equal([...expected, model.clearingSize(instrument)]);
      } else expect(actual, `${what}: market ${instrument}`).to.deep.equal(actual.map(() => 0n));
      const { sum, longs } = sizes.get(instrument)!;
      expect(sum + actual[7]!, `${what}: sizes of ${instrument} and its clearing account`).to.equal(0n);
      expect(longs, `${what}: open interest of ${instrument}`).to.equal(actual[6]);
      quotes += actual[5]!;
    }
    const { fees, sequence, totalDebt, flags } = model.state;
    expect(rest, `${what}: fees, sequence, debt, flags`).to.deep.equal([fees, sequence, totalDebt, flags]);
    expect(quotes + rest[0]!, `${what}: custody`).to.equal((this.#custody.get(this.#bare.usd) ?? 0n) * SCALE);
  }
}
