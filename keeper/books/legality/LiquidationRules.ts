import type { Hex } from "../../lib/hex.ts";
import {
  storage as auction,
  type AuctionStartedEvent,
  type AuctionStoppedEvent,
  type LiquidationAuctionEvent,
  type PositionSoldEvent,
} from "../generated/LiquidationAuction.ts";
import type { EntryPostedEvent, FundingUpdatedEvent } from "../generated/PositionLedger.ts";
import { auctionPrice, liquidatableSize, needOf, positionQuote, soldNotional, windowAt } from "../model/liquidation.ts";
import type { Valuation } from "../model/margin.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { isReducing } from "../reducers/ledger/applyEntry.ts";
import { magnitude, ownerOf } from "./amounts.ts";
import { checkOpen, discountNow, isOpenAuction, readTerms } from "./auctions.ts";
import { whyUnsecured } from "./checkTrader.ts";
import type { DebtRules } from "./DebtRules.ts";
import { KIND, readInstrument } from "./instruments.ts";
import type { LegalityContext, Moment, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { readPosition, valueAccount } from "./portfolio.ts";
import { checkLot, checkPrice, excessOf, isSecured, judgeFavourably, whyHealthy, type Lot } from "./positionLot.ts";

/** Two entries that an auction has still to explain. */
interface Sale {
  readonly sold: Pending<EntryPostedEvent>;
  readonly taken: Pending<EntryPostedEvent>;
  /** Before anything of the bid. */
  readonly start: Moment;
}

/**
 * Auctions of positions: started and bid for only of accounts that are below maintenance even if every other price that
 * breaks a rule were the best that it can be, at a valid price that is newer than the position's last increase, outside
 * of grace and restrictions; sold at the auction's price of the moment, no more than brings the account back and nothing
 * that leaves a solvent one worse, within the window's capacity, to a bidder that can secure it.
 */
export class LiquidationRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;
  #funding: Pending<FundingUpdatedEvent> | null = null;
  #first: (Pending<EntryPostedEvent> & { readonly start: Moment }) | null = null;
  #sale: Sale | null = null;

  constructor(context: LegalityContext, debts: DebtRules) {
    this.#context = context;
    this.#debts = debts;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    const funding = this.#funding;
    this.#funding = null;
    if (event.name === "FundingUpdated") this.#funding = { event: event as FundingUpdatedEvent, logIndex, before };
    else if (event.name === "EntryPosted") {
      const entry = { event: event as EntryPostedEvent, logIndex, before };
      if (entry.event.kind === ENTRY_KIND.liquidation) this.#seeEntry(entry, funding);
    } else if (book === "LiquidationAuction") this.#seeAuction(event as LiquidationAuctionEvent, logIndex, before);
  }

  end(): void {
    const open = this.#first ?? this.#sale?.sold ?? null;
    if (open !== null) this.#context.illegal("PositionLedger", open.logIndex, "a liquidation without an auction");
  }

  #seeEntry(entry: Pending<EntryPostedEvent>, funding: Pending<FundingUpdatedEvent> | null): void {
    const first = this.#first;
    if (first === null) {
      const accrued = funding?.event.instrument === entry.event.key ? funding : null;
      this.#first = { ...entry, start: accrued?.before ?? entry.before };
      const isPerpetual = readInstrument(entry.event.key, this.#context).kind === KIND.perpetual;
      if (isPerpetual && accrued === null) this.#illegalEntry(entry, "liquidated without its funding");
      return;
    }
    this.#first = null;
    if (this.#sale !== null) this.#illegalEntry(this.#sale.sold, "a liquidation without an auction");
    this.#sale = { sold: first, taken: entry, start: first.start };
    this.#judgeEntries(first, entry);
  }

  #judgeEntries(sold: Pending<EntryPostedEvent>, taken: Pending<EntryPostedEvent>): void {
    const [from, to] = [sold.event, taken.event];
    const isZeroSum = from.sizeDelta + to.sizeDelta === 0n && from.quoteDelta + to.quoteDelta === 0n;
    if (from.key !== to.key || !isZeroSum) {
      this.#illegalEntry(taken, "the two sides of a liquidation do not sum to zero");
    }
    if (ownerOf(from.account) === ownerOf(to.account)) {
      this.#illegalEntry(taken, `both sides belong to ${ownerOf(from.account)}`);
    }
    const { size } = readPosition(from.account, from.key, this.#context.asOf(sold.before));
    if (!isReducing(size, from.sizeDelta)) this.#illegalEntry(sold, "a liquidation that sells more than there is");
    const whyRefused = (context: LegalityContext, unusable: ReadonlySet<bigint>): string | null =>
      whyUnsecured(to.account, false, context, { unusable });
    const wrong = whyUnsecured(to.account, false, this.#context);
    if (wrong !== null) this.#illegalEntry(taken, `bidder, ${wrong}`);
    const reached = readInstrument(from.key, this.#context).feed;
    this.#debts.await(from.account, { pricing: "strict", logIndex: sold.logIndex, isCapped: false, reached });
    this.#debts.await(to.account, { pricing: "strict", logIndex: taken.logIndex, isCapped: true, reached, whyRefused });
  }

  #seeAuction(event: LiquidationAuctionEvent, logIndex: number, before: Moment): void {
    if (event.name === "AuctionStarted") this.#checkStart(event, logIndex, before);
    else if (event.name === "AuctionStopped") this.#checkStop(event, logIndex, before);
    else if (event.name === "PositionSold") {
      const sale = this.#sale;
      this.#sale = null;
      if (sale === null) this.#illegal(logIndex, event.account, "sold without entries in the ledger");
      else this.#judgeSale(event, sale, logIndex, before);
    }
  }

  #checkStart({ account, instrument }: AuctionStartedEvent, logIndex: number, before: Moment): void {
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `an auction is started ${detail}`);
    };
    const context = this.#context.asOf(before);
    checkOpen(context, illegal);
    if (isOpenAuction(startedAtOf(account, instrument, context), context)) illegal("that runs");
    const lot = checkLot(account, instrument, context, illegal);
    const detail = lot === null ? null : judgeFavourably(account, lot.feed, context, whyHealthy);
    if (detail !== null) illegal(detail);
  }

  #checkStop({ account, instrument }: AuctionStoppedEvent, logIndex: number, before: Moment): void {
    const context = this.#context.asOf(before);
    if (startedAtOf(account, instrument, context) === 0n) {
      return this.#illegal(logIndex, account, "an auction is stopped that does not stand");
    }
    if (readPosition(account, instrument, context).size === 0n) return;
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `an auction is stopped ${detail}`);
    };
    const { feed } = readInstrument(instrument, context);
    if (checkPrice(feed, context, illegal) === null) return;
    const detail = judgeFavourably(account, feed, context, (value) =>
      isSecured(value) ? null : `at an equity of ${value.equity}, below ${value.initial}`,
    );
    if (detail !== null) illegal(detail);
  }

  #judgeSale(event: PositionSoldEvent, { sold, taken, start }: Sale, logIndex: number, before: Moment): void {
    const { account, instrument } = event;
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, account, `a position is sold ${detail}`);
    };
    const isTheirs = sold.event.account === account && taken.event.account === event.bidder;
    if (!isTheirs || sold.event.key !== instrument || sold.event.sizeDelta !== -event.size) {
      return illegal("that is not the one of the ledger");
    }
    const context = this.#context.asOf(start);
    checkOpen(context, illegal);
    const startedAt = startedAtOf(account, instrument, context);
    if (!isOpenAuction(startedAt, context)) return illegal("without a running auction");
    const isLong = event.size > 0n;
    const size = magnitude(event.size);
    const quote = positionQuote(size, event.price, isLong);
    if (sold.event.quoteDelta !== quote) illegal(`for ${sold.event.quoteDelta}, not ${quote}`);
    const lot = checkLot(account, instrument, context, illegal);
    if (lot === null) return;
    const discount = discountNow(startedAt, context);
    const price = auctionPrice(isLong, lot.mark, lot.spot, discount);
    if (event.price !== price) illegal(`at ${event.price}, the auction's price is ${price}`);
    const detail = judgeFavourably(
      account,
      lot.feed,
      context,
      (value, unusable) =>
        whyHealthy(value) ?? whyTooMuch(size, lot, value, discount) ?? this.#whyWorse(account, lot, value, unusable),
    );
    if (detail !== null) illegal(detail);
    this.#checkWindow(event, soldNotional(size, lot.spot), before, illegal);
  }

  /** A sale may not take more from a solvent account than it relieves it of. Funding that it settles counts in it. */
  #whyWorse(account: Hex, { isAlone }: Lot, before: Valuation, unusable: ReadonlySet<bigint>): string | null {
    if (isAlone || before.equity < 0n) return null;
    const after = valueAccount(account, "favourable", this.#context, { unusable });
    if (after.kind === "unknown") return null;
    if (after.kind === "refused") return after.detail;
    const [had, has] = [excessOf(before), excessOf(after.value)];
    return has >= had ? null : `and lowers the health from ${had} to ${has}`;
  }

  #checkWindow(event: PositionSoldEvent, notional: bigint, before: Moment, illegal: (detail: string) => void): void {
    const { windows } = auction;
    const context = this.#context.asOf(before);
    const { start, used } = windows.decode(context.readOf("LiquidationAuction", windows.slot(event.instrument)));
    const now = windowAt({ start: Number(start), used }, Number(context.timestamp), readTerms(context));
    const after = now.window.used + notional;
    if (event.windowUsed !== after) illegal(`and ${event.windowUsed} of the window used, not ${after}`);
    if (notional > now.available) illegal(`of ${notional}, more than the window's ${now.available}`);
  }

  #illegalEntry({ event, logIndex }: Pending<EntryPostedEvent>, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${event.account}: ${detail}`);
  }

  #illegal(logIndex: number, account: string, detail: string): void {
    this.#context.illegal("LiquidationAuction", logIndex, `${account}: ${detail}`);
  }
}

/** A bid takes at most what brings the account back to its initial requirement. */
function whyTooMuch(size: bigint, lot: Lot, { equity, initial }: Valuation, discount: bigint): string | null {
  const available = liquidatableSize({ ...lot, need: needOf(equity, initial) }, discount);
  return size <= available ? null : `of ${size}, more than the ${available} that restore the account`;
}

function startedAtOf(account: Hex, instrument: bigint, context: LegalityContext): bigint {
  const { auctions } = auction;
  return auctions.decode(context.readOf("LiquidationAuction", auctions.slot(account, instrument))).startedAt;
}
