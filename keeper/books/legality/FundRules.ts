import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { isOpen, readClearingSize, readMarket } from "../reducers/ledger/market.ts";
import { max, min } from "./amounts.ts";
import { FLAG, readHot } from "./flags.ts";
import { fundAccount, fundQuote, fundTarget } from "./fund.ts";
import type { LegalityContext, Pending, Rule, SeenEvent } from "./LegalityContext.ts";

type Entry = Pending<EntryPostedEvent>;

/**
 * The insurance fund: it receives all the fees, releases only what is above its target and nothing while it is short,
 * and pays as far as it goes what is missing in the clearing account of an instrument: all of it when nothing is open there,
 * else what no position was charged with.
 */
export class FundRules implements Rule {
  readonly #context: LegalityContext;
  #release: Entry | null = null;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ event, logIndex, before }: SeenEvent): void {
    if (event.name !== "EntryPosted") return;
    const entry = { event: event as EntryPostedEvent, logIndex, before };
    if (entry.event.kind === ENTRY_KIND.feeSweep) this.#checkSweep(entry);
    else if (entry.event.kind === ENTRY_KIND.release) this.#seeRelease(entry);
    else if (entry.event.kind === ENTRY_KIND.clearingLevel) this.#checkLevel(entry);
  }

  end(): void {
    if (this.#release !== null) this.#illegal(this.#release, "a release without a receiver");
  }

  /** That it is all the fees, the reducer compares. */
  #checkSweep(entry: Entry): void {
    this.#checkFund(entry);
    if (entry.event.quoteDelta <= 0n) this.#illegal(entry, "a sweep of nothing");
  }

  #seeRelease(entry: Entry): void {
    const payment = this.#release;
    this.#release = payment === null ? entry : null;
    if (payment === null) {
      this.#checkFund(entry);
      const { flags } = readHot(this.#context);
      if ((flags & FLAG.fundShort) !== 0n) this.#illegal(entry, "a release while the fund is short");
      const [left, target] = [fundQuote(this.#context), fundTarget(this.#context)];
      if (left < target) this.#illegal(entry, `a release leaves the fund with ${left}, below its target of ${target}`);
      return;
    }
    const amount = entry.event.quoteDelta;
    this.#checkPlain(entry);
    if (amount <= 0n || payment.event.quoteDelta !== -amount) {
      this.#illegal(entry, "a release that does not sum to zero");
    }
    if (entry.event.account === payment.event.account) this.#illegal(entry, "a release of the fund to itself");
  }

  #checkLevel(entry: Entry): void {
    this.#checkFund(entry);
    const { key: instrument, quoteDelta } = entry.event;
    const earlier = this.#context.asOf(entry.before);
    const read = (slot: `0x${string}`): bigint => earlier.readOf("PositionLedger", slot);
    const { clearing } = readMarket(instrument, read);
    const { uncovered } = readClearingSize(instrument, read);
    const hasOpen = isOpen(instrument, read);
    const wanted = hasOpen ? uncovered : -clearing;
    const paid = min(wanted, max(fundQuote(earlier), 0n));
    if (paid !== 0n && quoteDelta === -paid) return;
    const missing = hasOpen ? `${uncovered} is uncovered there` : `its clearing account has ${clearing}`;
    this.#illegal(entry, `instrument ${instrument} is levelled with ${-quoteDelta}, ${missing}`);
  }

  #checkFund(entry: Entry): void {
    if (entry.event.account !== fundAccount(this.#context)) this.#illegal(entry, "acts as the fund, and is not");
    this.#checkPlain(entry);
  }

  /** Only levelling names something. */
  #checkPlain(entry: Entry): void {
    const { kind, key, sizeDelta } = entry.event;
    const isNamed = kind !== ENTRY_KIND.clearingLevel && key !== 0n;
    if (sizeDelta !== 0n || isNamed) this.#illegal(entry, "the fund moves more than quote");
  }

  #illegal({ event, logIndex }: Entry, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${event.account}: ${detail}`);
  }
}
