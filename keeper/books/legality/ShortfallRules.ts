import type { Hex } from "../../lib/hex.ts";
import type { EntryPostedEvent, LossSocialisedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { max, min } from "./amounts.ts";
import { isHalted, readHot } from "./flags.ts";
import { fundAccount, fundQuote } from "./fund.ts";
import { whyWronglyCharged } from "./lossCharge.ts";
import type { LegalityContext, Moment, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { readAccount } from "./portfolio.ts";

type Entry = Pending<EntryPostedEvent>;

/** A part of a shortfall that must be socialised next. */
interface Rest {
  readonly account: Hex;
  readonly amount: bigint;
  readonly logIndex: number;
}

/**
 * Shortfalls: of an account that has nothing but a negative quote, exactly that much, from the insurance fund with all the
 * fees as far as it goes, and the rest from the side that won in the instrument that the account lost in, as far as each
 * position bears it. Never while halted.
 */
export class ShortfallRules implements Rule {
  readonly #context: LegalityContext;
  #cover: Entry | null = null;
  #rest: Rest | null = null;
  #loss: Entry | null = null;
  readonly #covered = new Map<Hex, number>();

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (book !== "PositionLedger") return;
    if (event.name === "LossSocialised") return this.#seeLoss(event as LossSocialisedEvent, logIndex, before);
    const entry = event.name === "EntryPosted" ? { event: event as EntryPostedEvent, logIndex, before } : null;
    if (entry?.event.kind === ENTRY_KIND.socialisation) return this.#seeSocialisation(entry);
    this.#dropUnfinished();
    if (entry?.event.kind === ENTRY_KIND.cover) this.#seeCover(entry);
  }

  end(): void {
    this.#dropUnfinished();
    if (this.#cover !== null) this.#illegal(this.#cover, "a cover without the fund's payment");
    for (const [account, logIndex] of this.#covered) {
      const { openCount, assets, hasDebt } = readAccount(account, this.#context);
      if (openCount !== 0n || assets !== 0n || !hasDebt) continue;
      this.#context.illegal("PositionLedger", logIndex, `${account}: covered, and a debt stays recorded`);
    }
  }

  #seeCover(entry: Entry): void {
    const first = this.#cover;
    this.#cover = first === null ? entry : null;
    if (first === null) {
      this.#checkShort(entry);
      return;
    }
    const earlier = this.#context.asOf(first.before);
    const short = -readAccount(first.event.account, earlier).quote;
    const covered = min(short, max(fundQuote(earlier), 0n));
    if (entry.event.account !== fundAccount(this.#context))
      this.#illegal(entry, "pays a shortfall, and is not the fund");
    const isExact = first.event.quoteDelta === covered && entry.event.quoteDelta === -covered && covered > 0n;
    if (!isExact) this.#illegal(first, `covered with ${first.event.quoteDelta}, the fund pays ${covered}`);
    this.#checkPlain(first);
    this.#checkPlain(entry);
    if (covered >= short) return;
    this.#rest = { account: first.event.account, amount: short - covered, logIndex: first.logIndex };
  }

  #seeSocialisation(entry: Entry): void {
    const { account, quoteDelta, key } = entry.event;
    const earlier = this.#context.asOf(entry.before);
    const rest = this.#rest;
    this.#rest = null;
    if (this.#loss !== null) this.#illegal(this.#loss, "a loss is taken from nobody");
    this.#loss = entry;
    let amount = rest?.amount;
    if (rest?.account !== account) {
      if (rest !== null) this.#illegal(entry, "socialised instead of the account that was covered");
      this.#checkShort(entry);
      amount = -readAccount(account, earlier).quote;
      if (fundQuote(earlier) > 0n) this.#illegal(entry, "socialised while the fund has money");
    }
    if (quoteDelta !== amount) this.#illegal(entry, `${quoteDelta} is socialised, ${amount} is missing`);
    const { lastInstrument } = readAccount(account, earlier);
    if (key !== lastInstrument) this.#illegal(entry, `socialised in ${key}, the account lost in ${lastInstrument}`);
    this.#checkPlain(entry);
  }

  #seeLoss(event: LossSocialisedEvent, logIndex: number, before: Moment): void {
    const { account, instrument, fromLongs, amount } = event;
    const entry = this.#loss?.event;
    this.#loss = null;
    const wrong = whyWronglyCharged(event, this.#context.asOf(before));
    if (wrong !== null) this.#context.illegal("PositionLedger", logIndex, `${account}: ${wrong}`);
    const isItsOwn = entry?.account === account && entry.key === instrument && entry.quoteDelta === amount;
    const isWinner = fromLongs !== readAccount(account, this.#context).lastWasLong;
    if (isItsOwn && isWinner) return;
    const what = isItsOwn ? "taken from the side that lost" : "that no entry made";
    this.#context.illegal("PositionLedger", logIndex, `${account}: a loss of ${amount} ${what}`);
  }

  #checkShort(entry: Entry): void {
    const { account } = entry.event;
    const { openCount, assets, quote } = readAccount(account, this.#context.asOf(entry.before));
    if (openCount !== 0n || assets !== 0n || quote >= 0n) this.#illegal(entry, "covered, and has no shortfall");
    if (isHalted(this.#context)) this.#illegal(entry, "covered while halted");
    const { fees } = readHot(this.#context.asOf(entry.before));
    if (fees !== 0n) this.#illegal(entry, `covered while ${fees} of fees are not the fund's`);
    this.#covered.set(account, entry.logIndex);
  }

  /** Nothing but quote moves. */
  #checkPlain(entry: Entry): void {
    const { kind, key, sizeDelta } = entry.event;
    const isNamed = kind === ENTRY_KIND.cover && key !== 0n;
    if (sizeDelta !== 0n || isNamed) this.#illegal(entry, "a shortfall that moves more than quote");
  }

  #dropUnfinished(): void {
    const { account, logIndex } = this.#rest ?? {};
    if (logIndex !== undefined) {
      this.#context.illegal("PositionLedger", logIndex, `${account}: the rest of a shortfall is not socialised`);
    }
    if (this.#loss !== null) this.#illegal(this.#loss, "a loss is taken from nobody");
    this.#rest = null;
    this.#loss = null;
  }

  #illegal({ event, logIndex }: Entry, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${event.account}: ${detail}`);
  }
}
