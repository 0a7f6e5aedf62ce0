import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id } from "ethers";

import { accountOf } from "../accounts.ts";
import { postCheckpoint } from "../attestations.ts";
import { pause, readHead } from "../guard.ts";
import { OrderBook } from "../orders.ts";
import type { SeededRandom } from "../SeededRandom.ts";
import { OPTIONS, type AwkwardMarket } from "./awkwardMarket.ts";

const GAS = { gasLimit: 10_000_000n };
const PPM = 1_000_000n;
const UNIT = 10n ** 18n;
/** Answers that prices are drawn back to, so that they stay within the feeds' bounds. */
const BASE_ANSWERS = [3_000n * 10n ** 8n, 60_000n * 10n ** 8n] as const;

/** What people do, and how often of a hundred. */
const WEIGHTS = {
  deposit: 4,
  withdraw: 6,
  trade: 28,
  reduce: 7,
  movePrice: 16,
  checkpoint: 8,
  wait: 7,
  startAuction: 5,
  bid: 8,
  startCollateralAuction: 3,
  bidCollateral: 4,
  stopAuction: 2,
  settleOption: 1,
  settleExpiry: 2,
  coverShortfall: 1,
  sweepFees: 1,
  levelClearing: 2,
  pause: 1,
  moveVolatility: 1,
  cancel: 1,
  recordDebt: 1,
} as const;

/** A kind of action. */
export type ActionKind = keyof typeof WEIGHTS;
/** All kinds of actions. */
export const ACTION_KINDS = Object.keys(WEIGHTS) as ActionKind[];

/** How often a kind of action was tried and done, and why it was refused. */
export interface Tally {
  tried: number;
  done: number;
  readonly refusals: Map<string, number>;
}

/**
 * What people do to the protocol, at random and often nonsense: six of them, with hostile tokens, prices that jump,
 * pauses, auctions and options that expire. A refusal by one of the protocol's own errors is fine; anything else is not.
 */
export class ClearingActions {
  readonly system: AwkwardMarket;
  readonly people: readonly HardhatEthersSigner[];
  readonly tallies = new Map<ActionKind, Tally>(
    ACTION_KINDS.map((kind) => [kind, { tried: 0, done: 0, refusals: new Map<string, number>() }]),
  );
  /** Whoever withdrew last. */
  last: HardhatEthersSigner | null = null;
  readonly #random: SeededRandom;
  readonly #orders: OrderBook;
  #incidents = 0;

  constructor(system: AwkwardMarket, random: SeededRandom) {
    this.system = system;
    this.people = system.users.slice(0, 6);
    this.#random = random;
    this.#orders = new OrderBook(system);
  }

  /** One action of a random kind; returns what it was, and the error that refused it. */
  async step(): Promise<{ readonly kind: ActionKind; readonly refusal: string | null }> {
    let drawn = this.#random.below(Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0));
    const kind = ACTION_KINDS.find((name) => (drawn -= WEIGHTS[name]) < 0)!;
    return { kind, refusal: await this.perform(kind) };
  }

  /** One action of this kind; returns the name of the error that refused it, or null. */
  async perform(kind: ActionKind): Promise<string | null> {
    const tally = this.tallies.get(kind)!;
    tally.tried += 1;
    try {
      await this.#act[kind]();
      tally.done += 1;
      return null;
    } catch (error: unknown) {
      const name = refusalOf(error);
      if (name === null) throw new Error(`${kind}: ${String(error)}`, { cause: error });
      tally.refusals.set(name, (tally.refusals.get(name) ?? 0) + 1);
      return name;
    }
  }

  /** One line for each kind: how often it was done, tried, and refused with which errors. */
  summary(): string {
    return [...this.tallies]
      .map(([kind, { tried, done, refusals }]) => {
        const why = [...refusals].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
        return `  ${kind}: ${done} of ${tried}${why.length === 0 ? "" : ` (${why.slice(0, 4).join(", ")})`}`;
      })
      .join("\n");
  }

  /** The assets, and about a dollar's worth of each. */
  get tokens() {
    const { usd, quiet, fee, hook } = this.system;
    return [
      { token: usd, dollar: 10n ** 6n },
      { token: quiet, dollar: 10n ** 8n / 3_000n },
      { token: fee, dollar: UNIT / 3_000n },
      { token: hook, dollar: UNIT / 60_000n },
    ] as const;
  }

  readonly #act: Readonly<Record<ActionKind, () => Promise<unknown>>> = {
    deposit: () => this.#deposit(),
    withdraw: () => this.#withdraw(),
    trade: () => this.#trade(),
    reduce: () => this.#reduce(),
    movePrice: () => this.#movePrice(),
    checkpoint: () => postCheckpoint(this.system),
    wait: () => this.wait(1 + this.#random.below(600)),
    startAuction: async () => {
      const weak = await this.#weakest();
      return this.system.auction.start(accountOf(weak), await this.#heldBy(weak), GAS);
    },
    bid: () => this.#bid(),
    startCollateralAuction: async () => {
      const debtor = await this.#personWho(
        async (account) => (await this.system.ledger.valuationOf(account)).cash < 0n,
      );
      return this.system.auction.startCollateral(accountOf(debtor), await this.#assetOf(debtor), GAS);
    },
    bidCollateral: () => this.#bidCollateral(),
    stopAuction: () => this.#stopAuction(),
    settleOption: () => this.settleOption(this.#pick(OPTIONS)),
    settleExpiry: () => this.system.ledger.settleExpiry(accountOf(this.#person()), this.#pick(OPTIONS), GAS),
    coverShortfall: async () => {
      const { ledger } = this.system;
      const broke = await this.#personWho(async (account) => {
        return (await ledger.openCountOf(account)) === 0n && (await ledger.quoteOf(account)) < 0n;
      });
      return ledger.coverShortfall(accountOf(broke), GAS);
    },
    sweepFees: () => this.#sweepFees(),
    levelClearing: () => this.system.fund.levelClearing(this.#instrument(), GAS),
    pause: async () => {
      this.#incidents += 1;
      return pause(this.system, 0, id(`incident ${this.#incidents}`), await readHead(this.system));
    },
    moveVolatility: () => this.#moveVolatility(),
    cancel: () => this.#cancel(),
    recordDebt: () => this.system.ledger.recordDebt(accountOf(this.#person()), GAS),
  };

  async wait(seconds: number): Promise<void> {
    await this.system.ethers.provider.send("evm_increaseTime", [seconds]);
    await this.system.ethers.provider.send("evm_mine", []);
  }

  /** Settles an expired option at the last round before its expiry. */
  async settleOption(instrument: number): Promise<unknown> {
    const { instruments, ethFeed, btcFeed } = this.system;
    const feed = instrument === OPTIONS[0] ? ethFeed : btcFeed;
    const { expiry } = await instruments.optionOf(instrument);
    let round = await feed.latestRound();
    while ((await feed.getRoundData(round))[3] > expiry) round -= 1n;
    return instruments.settle(instrument, round, GAS);
  }

  /** Lets `long` sell to `short` what both can close, at the mark. */
  async close(long: HardhatEthersSigner, short: HardhatEthersSigner, instrument: number): Promise<unknown> {
    const { ledger, margin } = this.system;
    const size = least(await this.#sizeOf(long, instrument), -(await this.#sizeOf(short, instrument)));
    const price = await margin.markOf(instrument);
    const changes = { epoch: Number(await ledger.epochOf(accountOf(short))) };
    const sell = { epoch: Number(await ledger.epochOf(accountOf(long))) };
    return this.#orders.trade(short, long, { instrument, size, price, buy: changes, sell });
  }

  // ---- What they do ----

  async #deposit(): Promise<unknown> {
    const person = this.#person();
    const { token, dollar } = this.#pick(this.tokens);
    const amount = this.#share(12_000n * dollar);
    await token.mint(person.address, amount + 1n);
    if ("approve" in token) await token.connect(person).approve(this.system.vault.target, amount + 1n);
    return this.system.vault.connect(person).deposit(accountOf(person), token.target, amount + 1n, GAS);
  }

  async #withdraw(): Promise<unknown> {
    const person = this.#person();
    this.last = person;
    const { token } = this.#pick(this.tokens);
    const { ledger, vault, usd } = this.system;
    const quote = await ledger.quoteOf(accountOf(person));
    const balance = token === usd ? quote / 10n ** 12n : await ledger.collateralOf(accountOf(person), token.target);
    const amount = this.#share(balance > 0n ? balance : 1_000n) + 1n;
    return vault.connect(person).withdraw(accountOf(person), token.target, amount, person.address, GAS);
  }

  async #trade(): Promise<unknown> {
    const [buyer, seller] = [this.#person(), this.#person()];
    const instrument = this.#instrument();
    const mark = await this.system.margin.markOf(instrument);
    const spot = instrument % 2 === 1 ? 3_000n * UNIT : 60_000n * UNIT;
    const price = mark + (spot * BigInt(this.#random.below(30_000) - 15_000)) / PPM;
    const size = this.#share(instrument % 2 === 1 ? 60n * UNIT : 3n * UNIT) + 1n;
    return this.#settle(buyer, seller, instrument, size, price > 0n ? price : 1n);
  }

  async #reduce(): Promise<unknown> {
    const instrument = this.#instrument();
    const [one, other] = [this.#person(), this.#person()];
    const sizes = [await this.#sizeOf(one, instrument), await this.#sizeOf(other, instrument)] as const;
    const [long, short] = sizes[0] > 0n ? [one, other] : [other, one];
    const most = least(abs(sizes[0]), abs(sizes[1]));
    const size = this.#random.bool() ? most : this.#share(most) + 1n;
    return this.#settle(short, long, instrument, size, await this.system.margin.markOf(instrument));
  }

  async #settle(
    buyer: HardhatEthersSigner,
    seller: HardhatEthersSigner,
    instrument: number,
    size: bigint,
    price: bigint,
  ) {
    const { ledger, settlement } = this.system;
    const postOnly = this.#random.below(3);
    const lane = BigInt(this.#random.below(3));
    const match = await this.#orders.tradeMatch(buyer, seller, {
      ...{ instrument, size, price },
      buy: { isPostOnly: postOnly === 0, lane, epoch: Number(await ledger.epochOf(accountOf(buyer))) },
      sell: { isPostOnly: postOnly === 1, lane, epoch: Number(await ledger.epochOf(accountOf(seller))) },
    });
    return settlement.settle(match, GAS);
  }

  async #movePrice(): Promise<unknown> {
    const index = this.#random.below(2) as 0 | 1;
    const feed = index === 0 ? this.system.ethFeed : this.system.btcFeed;
    const [, answer] = await feed.latestRoundData();
    // Mostly small; now and then a jump that breaks accounts.
    const range = this.#random.below(5) === 0 ? 180_000 : 6_000;
    const moved = answer + (answer * BigInt(this.#random.below(2 * range) - range)) / PPM;
    return feed.update(moved + (BASE_ANSWERS[index] - moved) / 30n);
  }

  async #bid(): Promise<unknown> {
    const { auction } = this.system;
    const weak = await this.#weakest();
    const instrument = await this.#heldBy(weak);
    const most = await auction.liquidatableOf(accountOf(weak), instrument);
    const size = this.#random.below(3) === 0 ? most : this.#share(most) + 1n;
    const limit = (await this.#sizeOf(weak, instrument)) > 0n ? 2n ** 128n - 1n : 0n;
    const bidder = this.#person();
    return auction.connect(bidder).bid(accountOf(weak), instrument, accountOf(bidder), size, limit, GAS);
  }

  async #bidCollateral(): Promise<unknown> {
    const bidder = this.#person();
    const { person, asset } = (await this.#collateralOnSale()) ?? (await this.#collateralOfDebtor());
    const amount = this.#share((await this.system.ledger.collateralOf(accountOf(person), asset)) / 4n) + 1n;
    const auction = this.system.auction.connect(bidder);
    return auction.bidCollateral(accountOf(person), asset, accountOf(bidder), amount, 2n ** 128n - 1n, GAS);
  }

  /** Collateral whose auction was started last and not stopped. */
  async #collateralOnSale() {
    const onSale: { person: HardhatEthersSigner; asset: string; startedAt: bigint }[] = [];
    for (const person of this.people) {
      for (const { token } of this.tokens) {
        const asset = token.target as string;
        const startedAt = await this.system.auction.collateralStartedAtOf(accountOf(person), asset);
        if (startedAt !== 0n) onSale.push({ person, asset, startedAt });
      }
    }
    return onSale.toSorted((a, b) => Number(b.startedAt - a.startedAt))[0] ?? null;
  }

  async #collateralOfDebtor() {
    const person = await this.#personWho(async (account) => (await this.system.ledger.valuationOf(account)).cash < 0n);
    return { person, asset: await this.#assetOf(person) };
  }

  async #stopAuction(): Promise<unknown> {
    const { auction } = this.system;
    for (const person of this.people) {
      for (const instrument of [1, 2, 3, 4]) {
        const isRunning = (await auction.startedAtOf(accountOf(person), instrument)) !== 0n;
        if (isRunning) return auction.stop(accountOf(person), instrument, GAS);
      }
    }
    return auction.stop(accountOf(this.#person()), this.#instrument(), GAS);
  }

  async #sweepFees(): Promise<unknown> {
    await this.system.fund.refresh(GAS);
    return this.system.fund.sweepFees(GAS);
  }

  async #moveVolatility(): Promise<unknown> {
    const instrument = this.#pick(OPTIONS);
    const { volatilityPpm } = await this.system.instruments.optionOf(instrument);
    const moved = volatilityPpm + BigInt(this.#random.below(2_000) - 1_000);
    return this.system.instruments.setVolatility(instrument, moved, GAS);
  }

  async #cancel(): Promise<unknown> {
    const person = this.#person();
    const settlement = this.system.settlement.connect(person);
    if (this.#random.bool()) return settlement.cancelAll(accountOf(person), GAS);
    const lane = BigInt(this.#random.below(4));
    const { sequence } = await settlement.laneOf(accountOf(person), lane);
    return settlement.cancel(accountOf(person), lane, sequence + 1n, GAS);
  }

  // ---- Chance ----

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.below(list.length)]!;
  }

  #person(): HardhatEthersSigner {
    return this.#pick(this.people);
  }

  #instrument(): number {
    return 1 + this.#random.below(this.#random.bool() ? 2 : 4);
  }

  /** The first of whom it is so, so that rare things do happen; else anybody. */
  async #personWho(isSo: (account: string) => Promise<boolean>): Promise<HardhatEthersSigner> {
    for (const person of this.people) if (await isSo(accountOf(person))) return person;
    return this.#person();
  }

  /** A collateral that `person` has, if there is one. */
  async #assetOf(person: HardhatEthersSigner) {
    const { ledger } = this.system;
    const assets = this.tokens.slice(1).map(({ token }) => token.target);
    for (const asset of assets) if ((await ledger.collateralOf(accountOf(person), asset)) > 0n) return asset;
    return this.#pick(assets);
  }

  #share(most: bigint): bigint {
    return (most * BigInt(this.#random.below(1_000_000))) / 1_000_000n;
  }

  #sizeOf(person: HardhatEthersSigner, instrument: number): Promise<bigint> {
    return this.system.ledger.sizeOf(accountOf(person), instrument);
  }

  /** Whoever is below the maintenance requirement, so that auctions do happen; else anybody. */
  #weakest(): Promise<HardhatEthersSigner> {
    return this.#personWho(async (account) => {
      const { equity, maintenance } = await this.system.ledger.valuationOf(account);
      return equity < maintenance;
    });
  }

  /** An instrument in which `person` has a position, if there is one. */
  async #heldBy(person: HardhatEthersSigner): Promise<number> {
    const all = await this.system.ledger.positionsOf(accountOf(person));
    // Half of the time a perpetual if there is one: options may have expired.
    const perpetuals = all.filter(({ instrument }) => instrument < 3n);
    const positions = perpetuals.length > 0 && this.#random.bool() ? perpetuals : all;
    return positions.length === 0 ? this.#instrument() : Number(this.#pick(positions).instrument);
  }
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The custom error of a refusal; null for anything that is none: a panic, a lack of gas, a bug of the test. */
function refusalOf(error: unknown): string | null {
  const { message } = error as Error;
  return /custom error '(\w+)\(/.exec(message)?.[1] ?? null;
}
