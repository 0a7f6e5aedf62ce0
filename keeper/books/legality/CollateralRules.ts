import type { Hex } from "../../lib/hex.ts";
import { storage as vault } from "../generated/CollateralVault.ts";
import { storage as registry, type CollateralWord } from "../generated/InstrumentRegistry.ts";
import {
  storage as auction,
  type CollateralAuctionStartedEvent,
  type CollateralAuctionStoppedEvent,
  type CollateralSoldEvent,
  type LiquidationAuctionEvent,
} from "../generated/LiquidationAuction.ts";
import { storage as ledger, type EntryPostedEvent } from "../generated/PositionLedger.ts";
import { collateralQuote, mostCollateralQuote } from "../model/liquidation.ts";
import type { Valuation } from "../model/margin.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { assetOf, ownerOf } from "./amounts.ts";
import { checkOpen, discountNow, isOpenAuction } from "./auctions.ts";
import { whyUnsecured } from "./checkTrader.ts";
import type { DebtRules } from "./DebtRules.ts";
import { readDebtCaps } from "./instruments.ts";
import type { LegalityContext, Moment, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { checkPrice, isBelow, isSecured, judgeFavourably } from "./positionLot.ts";

/** What the price of collateral depends on. 1e-18 quote. */
interface Lot {
  readonly feed: bigint;
  readonly price: bigint;
  readonly decimals: number;
}

/**
 * Auctions of collateral: of an account that owes and is below maintenance, or whose debt is above a cap, or any that
 * owes while custody is short, even if every other price that breaks a rule were the best that it can be; at the
 * auction's price of the moment, at most for what it owes, to a bidder that can secure it.
 */
export class CollateralRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;
  #first: Pending<EntryPostedEvent> | null = null;
  #sale: readonly [Pending<EntryPostedEvent>, Pending<EntryPostedEvent>] | null = null;
  /** What a bid right before has sold all of: its auction ends with it. */
  #soldOut: CollateralSoldEvent | null = null;

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
    const whyRefused = (context: LegalityContext, unusable: ReadonlySet<bigint>): string | null =>
      whyUnsecured(to.account, false, context, { unusable });
    const wrong = whyUnsecured(to.account, false, this.#context);
    if (wrong !== null) this.#illegalEntry(entry, `bidder, ${wrong}`);
    const reached = readCollateralTerms(assetOf(from.key), this.#context).feed;
    this.#debts.await(from.account, { pricing: "strict", logIndex: sold.logIndex, isCapped: false, reached });
    this.#debts.await(to.account, { pricing: "strict", logIndex: entry.logIndex, isCapped: true, reached, whyRefused });
  }

  #seeAuction(event: LiquidationAuctionEvent, logIndex: number, before: Moment): void {
    const soldOut = this.#soldOut;
    this.#soldOut = null;
    if (event.name === "CollateralAuctionStarted") this.#checkStart(event, logIndex, before);
    else if (event.name === "CollateralAuctionStopped") this.#checkStop(event, soldOut, logIndex, before);
    else if (event.name === "CollateralSold") {
      const sale = this.#sale;
      this.#sale = null;
      if (balanceOf(event.account, event.asset, this.#context) === 0n) this.#soldOut = event;
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
    const lot = checkCollateralLot(account, asset, context, illegal);
    if (lot === null) return;
    const detail = judgeFavourably(account, lot.feed, context, (value) => whyNotDue(value, context));
    if (detail !== null) illegal(detail);
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
    const detail = judgeFavourably(account, lot.feed, context, (value) => {
      const most = mostCollateralQuote(-value.cash, lot.price, lot.decimals, discount);
      const isTooMuch = quote > most;
      return (
        whyNotDue(value, context) ?? (isTooMuch ? `for ${quote}, more than the ${most} that it may be sold for` : null)
      );
    });
    if (detail !== null) illegal(detail);
  }

  /** After a bid for all of it, or when the account owes nothing, or what it owes is secured and not due. */
  #checkStop(
    { account, asset }: CollateralAuctionStoppedEvent,
    soldOut: CollateralSoldEvent | null,
    logIndex: number,
    before: Moment,
  ): void {
    const context = this.#context.asOf(before);
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `an auction of collateral is stopped ${detail}`);
    };
    if (startedAtOf(account, asset, context) === 0n) return illegal("that does not stand");
    if (soldOut?.account === account && soldOut.asset === asset) return;
    const { feed } = readCollateralTerms(asset, context);
    if (checkPrice(feed, context, illegal) === null) return;
    const detail = judgeFavourably(account, feed, context, (value) => {
      if (value.cash >= 0n || (value.isValid && isSecured(value) && !isDebtDue(-value.cash, context))) return null;
      return `while ${-value.cash} is due`;
    });
    if (detail !== null) illegal(detail);
  }

  #illegalEntry({ event, logIndex }: Pending<EntryPostedEvent>, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${event.account}: ${detail}`);
  }

  #illegal(logIndex: number, account: string, detail: string): void {
    this.#context.illegal("LiquidationAuction", logIndex, `${account}: ${detail}`);
  }
}

/**
 * What `LiquidationAuction._readCollateral` asks of the collateral alone: there is some, and its price satisfies every
 * rule. Null when the price is not known, or not valid.
 */
function checkCollateralLot(
  account: Hex,
  asset: Hex,
  context: LegalityContext,
  illegal: (detail: string) => void,
): Lot | null {
  if (balanceOf(account, asset, context) === 0n) illegal("that the account does not have");
  const { feed, decimals } = readCollateralTerms(asset, context);
  const price = checkPrice(feed, context, illegal);
  return price === null ? null : { feed, price: price.value, decimals: Number(decimals) };
}

/** Why an account of this value need not sell its collateral. */
function whyNotDue(value: Valuation, context: LegalityContext): string | null {
  if (value.cash >= 0n) return "of an account that owes nothing";
  return isBelow(value) || isDebtDue(-value.cash, context) ? null : "of an account whose debt is not due";
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

function readCollateralTerms(asset: Hex, context: LegalityContext): CollateralWord {
  const { collateral, collateralIds } = registry;
  const id = collateralIds.decode(context.readOf("InstrumentRegistry", collateralIds.slot(asset)));
  return collateral.decode(context.readOf("InstrumentRegistry", collateral.slot(id)));
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
