import type { Hex } from "../../lib/hex.ts";
import { storage as vault } from "../generated/CollateralVault.ts";
import { storage as registry } from "../generated/InstrumentRegistry.ts";
import {
  storage as auction,
  type CollateralAuctionStartedEvent,
  type CollateralAuctionStoppedEvent,
  type CollateralSoldEvent,
  type LiquidationAuctionEvent,
} from "../generated/LiquidationAuction.ts";
import { storage as ledger, type EntryPostedEvent } from "../generated/PositionLedger.ts";
import { collateralQuote, mostCollateralQuote } from "../model/liquidation.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { ownerOf } from "./amounts.ts";
import { checkOpen, discountNow, isOpenAuction } from "./auctions.ts";
import { checkRequirement } from "./checkTrader.ts";
import type { DebtRules } from "./DebtRules.ts";
import { readDebtCaps } from "./instruments.ts";
import type { LegalityContext, Moment, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { valueAccount } from "./portfolio.ts";
import { isBelow, isSecured } from "./positionLot.ts";

/** What the price of an indebted account's collateral depends on. 1e-18 quote, asset units. */
interface Lot {
  readonly price: bigint;
  readonly decimals: number;
  readonly owed: bigint;
}

/**
 * Auctions of collateral: of an account that owes and is below maintenance, or whose debt is above a cap, or any that
 * owes while custody is short; at the auction's price of the moment, at most for what it owes, to a bidder that can
 * secure it.
 */
export class CollateralRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;
  #first: Pending<EntryPostedEvent> | null = null;
  #sale: readonly [Pending<EntryPostedEvent>, Pending<EntryPostedEvent>] | null = null;

  constructor(context: LegalityContext, debts: DebtRules) {
    this.#context = context;
    this.#debts = debts;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "EntryPosted") {
      const entry = { event: event as EntryPostedEvent, logIndex, before };
      if (entry.event.kind === ENTRY_KIND.collateralSale) this.#seeEntry(entry);
    } else if (book === "LiquidationAuction") this.#seeAuction(event as LiquidationAuctionEvent, logIndex, before);
  }

  end(): void {
    const open = this.#first ?? this.#sale?.[0] ?? null;
    if (open !== null) this.#illegalEntry(open, "collateral is sold without an auction");
  }

  #seeEntry(entry: Pending<EntryPostedEvent>): void {
    const sold = this.#first;
    this.#first = sold === null ? entry : null;
    if (sold === null) return;
    if (this.#sale !== null) this.#illegalEntry(this.#sale[0], "collateral is sold without an auction");
    this.#sale = [sold, entry];
    const [from, to] = [sold.event, entry.event];
    const isZeroSum = from.sizeDelta + to.sizeDelta === 0n && from.quoteDelta + to.quoteDelta === 0n;
    if (from.key !== to.key || !isZeroSum || from.sizeDelta >= 0n) {
      this.#illegalEntry(entry, "the two sides of a sale do not sum to zero");
    }
    if (ownerOf(from.account) === ownerOf(to.account)) {
      this.#illegalEntry(entry, `both sides belong to ${ownerOf(from.account)}`);
    }
    checkRequirement(to.account, false, this.#context, (detail) => this.#illegalEntry(entry, `bidder, ${detail}`));
    this.#debts.await(from.account, { pricing: "strict", logIndex: sold.logIndex, isCapped: false });
    this.#debts.await(to.account, { pricing: "strict", logIndex: entry.logIndex, isCapped: true });
  }

  #seeAuction(event: LiquidationAuctionEvent, logIndex: number, before: Moment): void {
    if (event.name === "CollateralAuctionStarted") this.#checkStart(event, logIndex, before);
    else if (event.name === "CollateralAuctionStopped") this.#checkStop(event, logIndex, before);
    else if (event.name === "CollateralSold") {
      const sale = this.#sale;
      this.#sale = null;
      if (sale === null) this.#illegal(logIndex, event.account, "sold without entries in the ledger");
      else this.#judgeSale(event, sale[0].event, sale[1].event, sale[0].before, logIndex);
    }
  }

  #checkStart({ account, asset }: CollateralAuctionStartedEvent, logIndex: number, before: Moment): void {
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `an auction of collateral is started ${detail}`);
    };
    const context = this.#context.asOf(before);
    checkOpen(context, illegal);
    if (isOpenAuction(startedAtOf(account, asset, context), context)) illegal("that runs");
    checkCollateralLot(account, asset, context, illegal);
  }

  #judgeSale(
    { account, bidder, asset, amount, quote }: CollateralSoldEvent,
    sold: EntryPostedEvent,
    taken: EntryPostedEvent,
    start: Moment,
    logIndex: number,
  ): void {
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `collateral is sold ${detail}`);
    };
    const isTheirs = sold.account === account && taken.account === bidder && sold.key === BigInt(asset);
    if (!isTheirs || sold.sizeDelta !== -amount || sold.quoteDelta !== quote) {
      return illegal("that is not what the ledger says");
    }
    const context = this.#context.asOf(start);
    checkOpen(context, illegal);
    const startedAt = startedAtOf(account, asset, context);
    if (!isOpenAuction(startedAt, context)) return illegal("without a running auction");
    const lot = checkCollateralLot(account, asset, context, illegal);
    if (lot === null) return;
    const discount = discountNow(startedAt, context);
    const price = collateralQuote(amount, lot.price, lot.decimals, discount);
    if (quote !== price) illegal(`for ${quote}, the auction's price is ${price}`);
    const most = mostCollateralQuote(lot.owed, lot.price, lot.decimals, discount);
    if (quote > most) illegal(`for ${quote}, more than the ${most} that it may be sold for`);
  }

  /** After a bid for all of it, or when the account owes nothing, or what it owes is secured and not due. */
  #checkStop({ account, asset }: CollateralAuctionStoppedEvent, logIndex: number, before: Moment): void {
    const context = this.#context.asOf(before);
    if (startedAtOf(account, asset, context) === 0n) {
      return this.#illegal(logIndex, account, "an auction is stopped that does not stand");
    }
    if (balanceOf(account, asset, context) === 0n) return;
    const valued = valueAccount(account, "strict", context);
    if (valued.kind !== "valued" || valued.value.cash >= 0n) return;
    if (isSecured(valued.value) && !isDebtDue(-valued.value.cash, context)) return;
    this.#illegal(logIndex, account, `an auction of collateral is stopped while ${-valued.value.cash} is due`);
  }

  #illegalEntry({ event, logIndex }: Pending<EntryPostedEvent>, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${event.account}: ${detail}`);
  }

  #illegal(logIndex: number, account: string, detail: string): void {
    this.#context.illegal("LiquidationAuction", logIndex, `${account}: ${detail}`);
  }
}

/** As `LiquidationAuction._readLot`; null when the prices are not known. */
function checkCollateralLot(
  account: Hex,
  asset: Hex,
  context: LegalityContext,
  illegal: (detail: string) => void,
): Lot | null {
  if (balanceOf(account, asset, context) === 0n) illegal("that the account does not have");
  const { collateral, collateralIds } = registry;
  const id = collateralIds.decode(context.readOf("InstrumentRegistry", collateralIds.slot(asset)));
  const { feed, decimals } = collateral.decode(context.readOf("InstrumentRegistry", collateral.slot(id)));
  const reading = context.priceOf(feed);
  const valued = valueAccount(account, "strict", context);
  if (!reading.isKnown || valued.kind === "unknown") return null;
  if (valued.kind === "refused") {
    illegal(valued.detail);
    return null;
  }
  const { value } = valued;
  if (!value.isValid || reading.status !== "valid") {
    illegal("at prices that break a rule");
    return null;
  }
  if (value.cash >= 0n) illegal("of an account that owes nothing");
  else if (!isBelow(value) && !isDebtDue(-value.cash, context)) illegal("of an account whose debt is not due");
  return { price: reading.value, decimals: Number(decimals), owed: -value.cash };
}

/** As `LiquidationAuction._isDebtDue`, which has recorded the account's debt by the time of its event. */
function isDebtDue(owed: bigint, context: LegalityContext): boolean {
  const caps = readDebtCaps(context);
  if (owed > caps.account) return true;
  const { settlementAsset, settlementScale } = context.immutables;
  const total = ledger.totalDebt.decode(context.readOf("PositionLedger", ledger.totalDebt.slot)).amount;
  const { held } = vault.assets.decode(context.readOf("CollateralVault", vault.assets.slot(settlementAsset)));
  return total > caps.total || held * settlementScale < total;
}

function balanceOf(account: Hex, asset: Hex, context: LegalityContext): bigint {
  const { collateral } = ledger;
  return collateral.decode(context.readOf("PositionLedger", collateral.slot(account, asset))).balance;
}

function startedAtOf(account: Hex, asset: Hex, context: LegalityContext): bigint {
  const { collateralAuctions } = auction;
  const slot = collateralAuctions.slot(account, asset);
  return collateralAuctions.decode(context.readOf("LiquidationAuction", slot)).startedAt;
}
