import { accrue, fitsIndex, floorDiv, observe, settled, type FundingMarket } from "../../keeper/books/model/funding.ts";

const ONE = 10n ** 18n;
const MILLION = 10n ** 6n;
const MAX_OPEN = 30;

/** Bits of the hot word. */
export const FLAG = { increaseRisk: 1n, withdraw: 2n, liquidate: 4n, halt: 8n, fundShort: 16n } as const;

/** The ledger's error that an operation is refused with. */
export class Refusal extends Error {
  readonly code: string;

  /** @param code the error's name */
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export interface ModelPosition {
  size: bigint;
  index: bigint;
  increasedAt: bigint;
}

export interface ModelAccount {
  quote: bigint;
  epoch: bigint;
  debt: bigint;
  lastInstrument: number;
  lastWasLong: boolean;
  /** By instrument; none of size zero is open. */
  readonly positions: Map<number, ModelPosition>;
  /** By the collateral's number. */
  readonly collateral: Map<number, bigint>;
}

export interface ModelMarket extends FundingMarket {
  readonly clearing: bigint;
  readonly openInterest: bigint;
}

/** What stands outside the ledger: prices, terms and the time. */
export interface ModelWorld {
  now: bigint;
  readonly settlement: string;
  /** 1e-18 quote per unit of the settlement asset. */
  readonly scale: bigint;
  /** Collateral numbers by asset. */
  readonly collateralIds: ReadonlyMap<string, number>;
  /** 1e-18 quote per unit of any collateral. */
  readonly collateralPrice: bigint;
  readonly prices: Map<number, bigint>;
  /** Instruments whose price breaks a rule: it still values them, and it is no mark. */
  readonly badPrices: Set<number>;
  /** Options by instrument; every other instrument is a perpetual. */
  readonly options: ReadonlyMap<number, { readonly isCall: boolean; readonly strike: bigint }>;
  readonly settlements: Map<number, bigint>;
  readonly initialPpm: bigint;
  readonly maintenancePpm: bigint;
  readonly maxFundingPpm: bigint;
  /** 1e-6 underlying. */
  readonly maxOpenInterest: bigint;
  lagPpm: bigint;
  caps: { account: bigint; total: bigint };
}

export interface ModelTrade {
  readonly buyer: string;
  readonly seller: string;
  readonly instrument: number;
  readonly size: bigint;
  readonly price: bigint;
  readonly mark: bigint;
  readonly priceTime: number;
  readonly isPriceUsable: boolean;
  readonly quote: bigint;
  readonly buyerFee: bigint;
  readonly sellerFee: bigint;
  readonly buyerEpoch: number;
  readonly sellerEpoch: number;
  readonly isBuyerReduceOnly: boolean;
  readonly isSellerReduceOnly: boolean;
}

interface Value {
  readonly equity: bigint;
  readonly cash: bigint;
  readonly initial: bigint;
  readonly maintenance: bigint;
  readonly lagPremium: bigint;
  readonly isValid: boolean;
}

interface Change {
  readonly sizeBefore: bigint;
  readonly isReducing: boolean;
}

interface State {
  readonly accounts: Map<string, ModelAccount>;
  readonly markets: Map<number, ModelMarket>;
  readonly clearingSizes: Map<number, bigint>;
  /** Losses that no position was charged with, by instrument. */
  readonly uncovered: Map<number, bigint>;
  sequence: bigint;
  fees: bigint;
  totalDebt: bigint;
  flags: bigint;
  graceUntil: bigint;
}

const max = (a: bigint, b: bigint) => (a > b ? a : b);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
const magnitude = (x: bigint) => (x < 0n ? -x : x);
const ceilDiv = (a: bigint, b: bigint) => (a + b - 1n) / b;
const ownerOf = (account: string) => account.slice(0, 42).toLowerCase();

function refuseIf(isRefused: boolean, code: string): void {
  if (isRefused) throw new Refusal(code);
}

/** What the ledger is meant to do, with plain maps: the second opinion of the randomised test. */
export class LedgerModel {
  readonly world: ModelWorld;
  readonly fund: string;
  state: State = {
    accounts: new Map(),
    markets: new Map(),
    clearingSizes: new Map(),
    uncovered: new Map(),
    sequence: 0n,
    fees: 0n,
    totalDebt: 0n,
    flags: 0n,
    graceUntil: 0n,
  };

  constructor(world: ModelWorld, fund: string) {
    this.world = world;
    this.fund = fund;
  }

  /** Runs one operation; a refused one leaves no trace. @returns the error's name, or null */
  attempt(operation: (model: this) => void): string | null {
    const before = structuredClone(this.state);
    try {
      operation(this);
      return null;
    } catch (error: unknown) {
      if (!(error instanceof Refusal)) throw error;
      this.state = before;
      return error.code;
    }
  }

  account(id: string): ModelAccount {
    const known = this.state.accounts.get(id);
    if (known !== undefined) return known;
    const fresh = {
      quote: 0n,
      epoch: 0n,
      debt: 0n,
      lastInstrument: 0,
      lastWasLong: false,
      positions: new Map<number, ModelPosition>(),
      collateral: new Map<number, bigint>(),
    };
    this.state.accounts.set(id, fresh);
    return fresh;
  }

  market(instrument: number): ModelMarket {
    const { now } = this.world;
    const fresh = { longIndex: 0n, shortIndex: 0n, accruedAt: now, observedAt: now, premiumPpb: 0n };
    return this.state.markets.get(instrument) ?? { ...fresh, clearing: 0n, openInterest: 0n };
  }

  clearingSize(instrument: number): bigint {
    return this.state.clearingSizes.get(instrument) ?? 0n;
  }

  uncovered(instrument: number): bigint {
    return this.state.uncovered.get(instrument) ?? 0n;
  }

  /** Size that is still to be closed, the clearing account's too. */
  openSizeOf(instrument: number): bigint {
    return this.market(instrument).openInterest + magnitude(this.clearingSize(instrument));
  }

  /** Instruments with a position. */
  openOf(id: string): number[] {
    return [...this.account(id).positions].filter(([, { size }]) => size !== 0n).map(([instrument]) => instrument);
  }

  move(id: string, asset: string, amount: bigint): void {
    refuseIf(amount < 0n && this.#has(FLAG.withdraw), "LedgerWithdrawalRestricted");
    refuseIf(amount === 0n, "LedgerZeroAmount");
    if (asset === this.world.settlement) this.#post(id, amount * this.world.scale);
    else this.#moveCollateral(id, asset, amount, 0n);
    if (amount > 0n) return;
    const value = this.#value(id);
    refuseIf(value.equity < value.initial + value.lagPremium, "LedgerBelowInitialMargin");
    refuseIf(asset === this.world.settlement && value.cash < 0n, "LedgerDebtCap");
    this.#recordDebt(id, value, true);
  }

  trade(input: ModelTrade): void {
    const { buyer, seller, instrument, size, quote, mark } = input;
    refuseIf(size === 0n, "LedgerZeroAmount");
    refuseIf(ownerOf(buyer) === ownerOf(seller), "LedgerSameOwner");
    refuseIf(this.account(buyer).epoch !== BigInt(input.buyerEpoch), "LedgerOldEpoch");
    refuseIf(this.account(seller).epoch !== BigInt(input.sellerEpoch), "LedgerOldEpoch");
    const isRestricted = this.#has(FLAG.increaseRisk);
    this.#setMarket(instrument, {});
    if (!this.world.options.has(instrument) && mark !== 0n) {
      this.#accrue(instrument, mark);
      const { now, maxOpenInterest } = this.world;
      const market = this.market(instrument);
      if (!isRestricted) this.#setMarket(instrument, observe(market, input.price, mark, size, now, maxOpenInterest));
    }
    const before = this.market(instrument).openInterest;
    const bought = this.#movePosition(buyer, instrument, size, -quote, input.buyerFee);
    const sold = this.#movePosition(seller, instrument, -size, quote, input.sellerFee);
    for (const [side, isReduceOnly] of [
      [bought, input.isBuyerReduceOnly],
      [sold, input.isSellerReduceOnly],
    ] as const) {
      if (side.isReducing) continue;
      refuseIf(isRestricted, "LedgerIncreaseRestricted");
      if (!isReduceOnly && mark === 0n) this.#refuseBadPrice(instrument);
      refuseIf(isReduceOnly || mark === 0n, "LedgerNotReducing");
    }
    const after = this.market(instrument).openInterest;
    refuseIf(after > before && after > this.world.maxOpenInterest * 10n ** 12n, "LedgerOpenInterestCap");
    this.#checkTrader(buyer, input, bought, -quote - input.buyerFee);
    this.#checkTrader(seller, input, sold, quote - input.sellerFee);
  }

  advanceEpoch(id: string): void {
    this.account(id).epoch += 1n;
  }

  liquidate(id: string, bidder: string, instrument: number, size: bigint, quote: bigint, mark: bigint): void {
    refuseIf(size === 0n, "LedgerZeroAmount");
    refuseIf(this.#has(FLAG.liquidate), "LedgerLiquidationRestricted");
    refuseIf(ownerOf(id) === ownerOf(bidder), "LedgerSameOwner");
    this.#setMarket(instrument, {});
    if (!this.world.options.has(instrument)) this.#accrue(instrument, mark);
    const change = this.#movePosition(id, instrument, -size, quote, 0n);
    refuseIf(change.sizeBefore === 0n, "LedgerNoPosition");
    refuseIf(!change.isReducing, "LedgerNotReducing");
    this.#remember(id, instrument, size > 0n);
    this.#movePosition(bidder, instrument, size, -quote, 0n);
    this.#completeSale(id, bidder);
  }

  sellCollateral(id: string, bidder: string, asset: string, amount: bigint, quote: bigint): void {
    refuseIf(amount === 0n, "LedgerZeroAmount");
    refuseIf(this.#has(FLAG.liquidate), "LedgerLiquidationRestricted");
    refuseIf(ownerOf(id) === ownerOf(bidder), "LedgerSameOwner");
    this.#moveCollateral(id, asset, -amount, quote);
    this.#moveCollateral(bidder, asset, amount, -quote);
    this.#completeSale(id, bidder);
  }

  settleExpiry(id: string, instrument: number): void {
    const price = this.world.settlements.get(instrument);
    const option = this.world.options.get(instrument);
    if (price === undefined || option === undefined) throw new Refusal("LedgerNotSettled");
    const size = this.account(id).positions.get(instrument)?.size ?? 0n;
    refuseIf(size === 0n, "LedgerNoPosition");
    const payoff = max(0n, option.isCall ? price - option.strike : option.strike - price);
    const quote = size > 0n ? (size * payoff) / ONE : -ceilDiv(-size * payoff, ONE);
    this.#movePosition(id, instrument, -size, quote, 0n);
    if (quote < 0n) this.#remember(id, instrument, size > 0n);
    this.#setMarket(instrument, { clearing: this.market(instrument).clearing - quote });
    this.state.clearingSizes.set(instrument, this.clearingSize(instrument) + size);
    if (this.#hasDebt(id)) this.#recordDebt(id, this.#value(id), false);
  }

  coverShortfall(id: string): void {
    refuseIf(this.#has(FLAG.halt), "LedgerHalted");
    const account = this.account(id);
    const isFlat = this.openOf(id).length === 0 && [...account.collateral.values()].every((balance) => balance === 0n);
    refuseIf(!isFlat || account.quote >= 0n, "LedgerNoShortfall");
    this.sweepFees();
    const missing = -account.quote;
    const covered = min(missing, max(0n, this.account(this.fund).quote));
    if (covered > 0n) {
      this.#post(id, covered);
      this.#post(this.fund, -covered);
    }
    if (covered < missing) this.#socialise(id, missing - covered);
    this.#recordDebt(id, { cash: 0n, isValid: true }, false);
  }

  #socialise(id: string, amount: bigint): void {
    this.#post(id, amount);
    const { lastInstrument: instrument, lastWasLong } = this.account(id);
    const market = this.market(instrument);
    this.#setMarket(instrument, { clearing: market.clearing - amount });
    this.state.flags |= FLAG.fundShort;
    const open = market.openInterest + (lastWasLong ? this.clearingSize(instrument) : 0n);
    const perUnit = open === 0n ? 0n : min(ceilDiv(amount * ONE, open), this.#mostPerUnit(instrument));
    const index = lastWasLong ? market.shortIndex - perUnit : market.longIndex + perUnit;
    const charged = fitsIndex(index) ? (perUnit * open) / ONE : 0n;
    if (fitsIndex(index)) this.#setMarket(instrument, lastWasLong ? { shortIndex: index } : { longIndex: index });
    this.state.uncovered.set(instrument, this.uncovered(instrument) + max(0n, amount - charged));
  }

  /** The maintenance share of a unit; nothing without a price. */
  #mostPerUnit(instrument: number): bigint {
    const { prices, badPrices, maintenancePpm } = this.world;
    return badPrices.has(instrument) ? 0n : ((prices.get(instrument) ?? 0n) * maintenancePpm) / MILLION;
  }

  #refuseBadPrice(instrument: number): void {
    refuseIf(this.world.badPrices.has(instrument), "HarnessBadPrice");
  }

  recordDebt(id: string): void {
    refuseIf(!this.#hasDebt(id), "LedgerNoShortfall");
    this.#recordDebt(id, this.#value(id), false);
  }

  accrueFunding(instrument: number): void {
    const isUnused = this.world.options.has(instrument) || !this.state.markets.has(instrument);
    refuseIf(isUnused, "LedgerNothingToAccrue");
    this.#refuseBadPrice(instrument);
    this.#accrue(instrument, this.world.prices.get(instrument) ?? 0n);
  }

  sweepFees(): void {
    if (this.state.fees === 0n) return;
    this.#post(this.fund, this.state.fees);
    this.state.fees = 0n;
  }

  release(to: string, quote: bigint): void {
    refuseIf(quote === 0n, "LedgerZeroAmount");
    refuseIf(to === this.fund, "LedgerSameAccount");
    refuseIf(this.account(this.fund).quote < quote, "LedgerInsufficientQuote");
    this.#post(this.fund, -quote);
    this.#post(to, quote);
  }

  levelClearing(instrument: number): void {
    const { clearing } = this.market(instrument);
    const isOpen = this.openSizeOf(instrument) !== 0n;
    const uncovered = this.uncovered(instrument);
    const due = isOpen ? uncovered : -clearing;
    refuseIf(due === 0n, "LedgerNothingToLevel");
    const available = this.account(this.fund).quote;
    refuseIf(due > 0n && available <= 0n, "LedgerInsufficientQuote");
    const paid = min(due, available);
    this.#post(this.fund, -paid);
    this.#setMarket(instrument, { clearing: clearing + paid });
    const missing = max(0n, -clearing - paid);
    this.state.uncovered.set(instrument, isOpen ? uncovered - paid : min(uncovered, missing));
  }

  #has(flag: bigint): boolean {
    return (this.state.flags & flag) !== 0n;
  }

  #setMarket(instrument: number, change: Partial<ModelMarket>): void {
    this.state.markets.set(instrument, { ...this.market(instrument), ...change });
  }

  #accrue(instrument: number, mark: bigint): void {
    const { now, maxFundingPpm } = this.world;
    const { graceUntil } = this.state;
    const isRestricted = this.#has(FLAG.increaseRisk);
    this.#setMarket(instrument, accrue(this.market(instrument), mark, now, graceUntil, isRestricted, maxFundingPpm));
  }

  #post(id: string, quote: bigint): void {
    this.account(id).quote += quote;
    this.state.sequence += 1n;
  }

  #remember(id: string, instrument: number, wasLong: boolean): void {
    Object.assign(this.account(id), { lastInstrument: instrument, lastWasLong: wasLong });
  }

  #movePosition(id: string, instrument: number, delta: bigint, quote: bigint, fee: bigint): Change {
    const { positions } = this.account(id);
    const before = positions.get(instrument) ?? { size: 0n, index: 0n, increasedAt: 0n };
    const market = this.market(instrument);
    const indexAt = (size: bigint) => (size < 0n ? market.shortIndex : market.longIndex);
    const funding = settled(before.size, indexAt(before.size), before.index);
    const size = before.size + delta;
    const isReducing = before.size > 0n !== delta > 0n && magnitude(delta) <= magnitude(before.size);
    const increasedAt = isReducing ? before.increasedAt : this.world.now;
    positions.set(instrument, { size, index: indexAt(size), increasedAt });
    refuseIf(this.openOf(id).length > MAX_OPEN, "LedgerTooManyPositions");
    this.#setMarket(instrument, {
      clearing: market.clearing - funding,
      openInterest: market.openInterest + max(size, 0n) - max(before.size, 0n),
    });
    this.state.fees += fee;
    this.#post(id, quote - fee + funding);
    return { sizeBefore: before.size, isReducing };
  }

  #moveCollateral(id: string, asset: string, delta: bigint, quote: bigint): void {
    const number = this.world.collateralIds.get(asset);
    if (number === undefined) throw new Refusal("LedgerUnknownCollateral");
    const { collateral } = this.account(id);
    const balance = (collateral.get(number) ?? 0n) + delta;
    refuseIf(balance < 0n, "LedgerInsufficientCollateral");
    collateral.set(number, balance);
    this.#post(id, quote);
  }

  #value(id: string, sizes: ReadonlyMap<number, bigint> = new Map(), extra = 0n): Value {
    const account = this.account(id);
    const value = { cash: account.quote + extra, initial: 0n, maintenance: 0n, lagPremium: 0n, isValid: true };
    for (const [instrument, position] of account.positions) {
      const market = this.market(instrument);
      const size = sizes.get(instrument) ?? position.size;
      value.cash += settled(position.size, position.size < 0n ? market.shortIndex : market.longIndex, position.index);
      const notional = size * (this.world.prices.get(instrument) ?? 0n);
      value.cash += floorDiv(notional, ONE);
      value.initial += ceilDiv(magnitude(notional) * this.world.initialPpm, ONE * MILLION);
      value.maintenance += ceilDiv(magnitude(notional) * this.world.maintenancePpm, ONE * MILLION);
      value.lagPremium += ceilDiv(magnitude(notional) * this.world.lagPpm, ONE * MILLION);
      if (size !== 0n && this.world.badPrices.has(instrument)) value.isValid = false;
    }
    const backing = [...account.collateral.values()].reduce((sum, balance) => sum + balance, 0n);
    return { ...value, equity: value.cash + backing * this.world.collateralPrice };
  }

  #checkTrader(id: string, { instrument, isPriceUsable }: ModelTrade, change: Change, quote: bigint): void {
    const value = this.#value(id);
    if (!change.isReducing) refuseIf(value.equity < value.initial + value.lagPremium, "LedgerBelowInitialMargin");
    else if (value.equity < value.initial) {
      const before = this.#value(id, new Map([[instrument, change.sizeBefore]]), -quote);
      const isWorse = value.equity - value.maintenance < before.equity - before.maintenance;
      const isUnpriced = !isPriceUsable && this.openOf(id).length !== 0;
      refuseIf(value.equity < 0n || isUnpriced || isWorse, "LedgerReductionWorsensHealth");
    }
    this.#recordDebt(id, value, !change.isReducing);
  }

  #completeSale(id: string, bidder: string): void {
    const value = this.#value(bidder);
    refuseIf(value.equity < value.initial, "LedgerBelowInitialMargin");
    if (this.#hasDebt(id)) this.#recordDebt(id, this.#value(id), false);
    this.#recordDebt(bidder, value, true);
  }

  #hasDebt(id: string): boolean {
    const { debt, collateral } = this.account(id);
    return debt !== 0n || [...collateral.values()].some((balance) => balance !== 0n);
  }

  /** A debt that rests on a bad price is checked, and not recorded. */
  #recordDebt(id: string, { cash, isValid }: Pick<Value, "cash" | "isValid">, isCapped: boolean): void {
    if (!this.#hasDebt(id)) return;
    const account = this.account(id);
    const debt = max(0n, -cash);
    const grew = debt > account.debt;
    const total = this.state.totalDebt + debt - account.debt;
    if (isValid) [this.state.totalDebt, account.debt] = [total, debt];
    if (!isCapped || debt === 0n) return;
    refuseIf(debt > this.world.caps.account, "LedgerDebtCap");
    refuseIf(grew && total > this.world.caps.total, "LedgerTotalDebtCap");
  }
}
