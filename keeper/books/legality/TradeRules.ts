import type { EntryPostedEvent, FundingUpdatedEvent } from "../generated/PositionLedger.ts";
import type { OrderFilledEvent } from "../generated/OrderSettlement.ts";
import { readMarket } from "../reducers/ledger/market.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { magnitude, ONE, ownerOf } from "./amounts.ts";
import { checkBand, checkFees } from "./checkVenue.ts";
import { reduces, whyUnhealthy, whyUnsecured } from "./checkTrader.ts";
import type { DebtRules } from "./DebtRules.ts";
import { isRestricted } from "./flags.ts";
import { KIND, readInstrument } from "./instruments.ts";
import type { LegalityContext, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { unexplained } from "./unreachableFeeds.ts";

type Side = Pending<EntryPostedEvent>;

/**
 * Trades: two orders filled, then funding where there is some, then a zero-sum pair of entries for their accounts, at
 * their price, within the band, at the instrument's fees, and as restrictions, caps and margin allow.
 */
export class TradeRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;
  #fills: Pending<OrderFilledEvent>[] = [];
  #funding: Pending<FundingUpdatedEvent> | null = null;
  #buyer: Side | null = null;

  constructor(context: LegalityContext, debts: DebtRules) {
    this.#context = context;
    this.#debts = debts;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (event.name === "OrderFilled") {
      this.#fills.push({ event: event as OrderFilledEvent, logIndex, before });
      return;
    }
    if (book !== "PositionLedger") return;
    if (event.name === "FundingUpdated") {
      this.#dropFunding();
      this.#funding = { event: event as FundingUpdatedEvent, logIndex, before };
      return;
    }
    if (event.name !== "EntryPosted" || (event as EntryPostedEvent).kind !== ENTRY_KIND.trade) {
      this.#dropFunding();
      return;
    }
    const side = { event: event as EntryPostedEvent, logIndex, before };
    if (this.#buyer === null) {
      this.#buyer = side;
      return;
    }
    const buyer = this.#buyer;
    this.#buyer = null;
    this.#judge(buyer, side);
    this.#fills = [];
    this.#funding = null;
  }

  end(): void {
    this.#dropFunding();
    if (this.#buyer !== null) this.#illegal(this.#buyer.logIndex, "one side of a trade without the other");
    const [fill] = this.#fills;
    if (fill !== undefined) {
      this.#context.illegal("OrderSettlement", fill.logIndex, "an order is filled without a trade");
    }
  }

  /** An observation belongs to a trade; accruing alone does not. */
  #dropFunding(): void {
    const funding = this.#funding;
    this.#funding = null;
    if (funding !== null && (funding.event.size !== 0n || funding.event.price !== 0n)) {
      this.#illegal(funding.logIndex, "a trade is observed that is none");
    }
  }

  #judge(buyer: Side, seller: Side): void {
    const { logIndex } = seller;
    const isPair = buyer.event.key === seller.event.key && buyer.event.sizeDelta > 0n;
    const isZeroSum =
      buyer.event.sizeDelta + seller.event.sizeDelta === 0n && buyer.event.quoteDelta + seller.event.quoteDelta === 0n;
    if (!isPair || !isZeroSum) return this.#illegal(logIndex, "the two sides of a trade do not sum to zero");
    if (ownerOf(buyer.event.account) === ownerOf(seller.event.account)) {
      this.#illegal(logIndex, `both sides belong to ${ownerOf(buyer.event.account)}`);
    }
    const sides = [buyer, seller].map((side) => ({ side, isReducing: reduces(side, this.#context) }));
    // Both sides shrink and no funding tells the mark: then the feed may have been out of reach.
    const mayBeUnreachable = this.#funding === null && sides.every(({ isReducing }) => isReducing);
    this.#checkFills(buyer.event, seller.event, mayBeUnreachable, logIndex);
    this.#checkInterest(buyer, logIndex);
    const reached = mayBeUnreachable ? undefined : readInstrument(buyer.event.key, this.#context).feed;
    for (const { side, isReducing } of sides) this.#judgeSide(side, isReducing, reached);
  }

  /** @param reached the instrument's feed, if the trade shows it to have been valid */
  #judgeSide(side: Side, isReducing: boolean, reached: bigint | undefined): void {
    const { event, logIndex } = side;
    const { account, key: instrument } = event;
    const whyRefused = (context: LegalityContext, unusable: ReadonlySet<bigint>): string | null =>
      isReducing ? whyUnhealthy(side, unusable, context) : whyUnsecured(account, true, context, { unusable });
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, `${account}: ${detail}`);
    };
    if (!isReducing && isRestricted(this.#context)) illegal("new risk while it is restricted");
    if (!isReducing && !this.#canGrow(instrument)) illegal("new risk without a valid price");
    // Where a feed is out of reach, who takes risk is valued at less, and who reduces perhaps at more.
    const wrong = isReducing
      ? unexplained(account, this.#context.asOf(side.before), reached, (unusable) =>
          whyUnhealthy(side, unusable, this.#context),
        )
      : whyUnsecured(account, true, this.#context);
    if (wrong !== null) illegal(wrong);
    const pricing = isReducing ? "last" : "strict";
    this.#debts.await(account, { pricing, logIndex, isCapped: !isReducing, reached, whyRefused });
  }

  /** Two orders of these accounts, filled just before at one price, for this size and quote. */
  #checkFills(buyer: EntryPostedEvent, seller: EntryPostedEvent, mayBeUnreachable: boolean, logIndex: number): void {
    const [buy, sell, ...more] = this.#fills.map(({ event }) => event);
    if (buy === undefined || sell === undefined || more.length > 0) {
      return this.#illegal(logIndex, "a trade without two orders filled for it");
    }
    const size = buyer.sizeDelta;
    const isTheirs = buy.account === buyer.account && sell.account === seller.account;
    if (!isTheirs || buy.size !== size || sell.size !== size || buy.price !== sell.price) {
      return this.#illegal(logIndex, "a trade of other accounts, size or price than its orders'");
    }
    const quote = (size * buy.price) / ONE;
    if (seller.quoteDelta !== quote) {
      this.#illegal(logIndex, `${magnitude(size)} at ${buy.price} traded for ${seller.quoteDelta}, not ${quote}`);
    }
    const illegal = (detail: string): void => {
      this.#illegal(logIndex, detail);
    };
    checkFees(buyer, seller, quote, this.#context, illegal);
    checkBand(buyer.key, buy.price, mayBeUnreachable, this.#context, illegal);
    this.#checkObservation(buyer.key, buy.price, size, illegal);
  }

  /** What the premium was moved by is this trade; nothing, while new risk is restricted. */
  #checkObservation(instrument: bigint, price: bigint, size: bigint, illegal: (detail: string) => void): void {
    if (this.#funding === null) return;
    const { event } = this.#funding;
    const isPaused = isRestricted(this.#context);
    const isThis = event.price === (isPaused ? 0n : price) && event.size === (isPaused ? 0n : size);
    if (event.instrument !== instrument || !isThis) illegal("another trade is observed than the one that follows");
  }

  #checkInterest(buyer: Side, logIndex: number): void {
    const instrument = buyer.event.key;
    const after = readMarket(instrument, (slot) => this.#context.readOf("PositionLedger", slot)).openInterest;
    const earlier = this.#context.asOf(buyer.before);
    const before = readMarket(instrument, (slot) => earlier.readOf("PositionLedger", slot)).openInterest;
    const cap = readInstrument(instrument, this.#context).maxOpenInterest * 10n ** 12n;
    if (after > cap && after > before) this.#illegal(logIndex, `an open interest of ${after}, above the cap of ${cap}`);
  }

  /** A perpetual's valid price shows in its funding; of an option it is known or not. */
  #canGrow(instrument: bigint): boolean {
    const { kind, feed } = readInstrument(instrument, this.#context);
    if (kind === KIND.perpetual) return this.#funding !== null;
    const reading = this.#context.priceOf(feed);
    return !reading.isKnown || reading.status === "valid";
  }

  #illegal(logIndex: number, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, detail);
  }
}
