import type { RewardPaidEvent } from "../generated/CheckpointRegistry.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { isOpen, readClearingSize, readMarket } from "../reducers/ledger/market.ts";
import { max, min } from "./amounts.ts";
import { FLAG, readHot } from "./flags.ts";
import { fundAccount, fundQuote, fundTarget } from "./fund.ts";
import type { LegalityContext, Pending, Rule, SeenEvent } from "./LegalityContext.ts";

type Entry = Pending<EntryPostedEvent>;

/**
 * The insurance fund: it receives all the fees, releases only what is above its target, rewards of checkpoints apart, and
 * nothing while it is short,
 * and pays as far as it goes what is missing in the clearing account of an instrument: all of it when nothing is open there,
 * else what no position was charged with.
 */
export class FundRules implements Rule {
  readonly #context: LegalityContext;
  #release: Entry | null = null;
  /** What the release at hand leaves to the fund, and the target. */
  #left: readonly [bigint, bigint] = [0n, 0n];
  /** Releases that only a reward for a checkpoint explains, because they leave too little. */
  readonly #rewards: { readonly entry: Entry; readonly detail: string }[] = [];

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ event, logIndex, before }: SeenEvent): void {
    if (event.name === "RewardPaid") this.#seeReward(event as RewardPaidEvent);
    if (event.name !== "EntryPosted") return;
    const entry = { event: event as EntryPostedEvent, logIndex, before };
    if (entry.event.kind === ENTRY_KIND.feeSweep) this.#checkSweep(entry);
    else if (entry.event.kind === ENTRY_KIND.release) this.#seeRelease(entry);
    else if (entry.event.kind === ENTRY_KIND.clearingLevel) this.#checkLevel(entry);
  }

  end(): void {
    if (this.#release !== null) this.#illegal(this.#release, "a release without a receiver");
    for (const { entry, detail } of this.#rewards) this.#illegal(entry, detail);
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
      this.#left = [fundQuote(this.#context), fundTarget(this.#context)];
      return;
    }
    const [left, target] = this.#left;
    if (left < 0n) this.#illegal(entry, `a release leaves the fund with ${left}`);
    else if (left < target) {
      this.#rewards.push({ entry, detail: `a release leaves the fund with ${left}, below its target of ${target}` });
    }
    const amount = entry.event.quoteDelta;
    this.#checkPlain(entry);
    if (amount <= 0n || payment.event.quoteDelta !== -amount) {
      this.#illegal(entry, "a release that does not sum to zero");
    }
    if (entry.event.account === payment.event.account) this.#illegal(entry, "a release of the fund to itself");
  }

  /** What carriers are paid is bounded by its terms, not by the target. */
  #seeReward({ to, amount }: RewardPaidEvent): void {
    const index = this.#rewards.findIndex(
      ({ entry: { event } }) => event.account === to && event.quoteDelta === amount,
    );
    if (index >= 0) this.#rewards.splice(index, 1);
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
