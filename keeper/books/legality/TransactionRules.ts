import type { CollateralVaultEvent, DepositedEvent, WithdrawnEvent } from "../generated/CollateralVault.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ENTRY_KIND } from "../reducers/PositionLedger.ts";
import { checkInitialMargin, checkTrade } from "./checkTrades.ts";
import { FLAG, flagsInForce } from "./flags.ts";
import type { LegalityContext, SeenEvent } from "./LegalityContext.ts";
import { readPortfolio } from "./portfolio.ts";
import { PushRules } from "./PushRules.ts";

type Custody = DepositedEvent | WithdrawnEvent;

interface Pending<Event> {
  readonly event: Event;
  readonly logIndex: number;
}

/**
 * The legality of one transaction, judged event by event against the books as they stand at that moment.
 *
 * - every credit and debit has its deposit or withdrawal, with the same account, asset and amount;
 * - trades come in zero-sum pairs that satisfy margin, band, owners and restrictions;
 * - a debit leaves the account at its initial margin, and flat while halted;
 * - flags and times of the hot word are those that follow from a pause, a lift, a conviction or a checkpoint.
 */
export class TransactionRules {
  readonly #context: LegalityContext;
  #openSide: Pending<EntryPostedEvent> | null = null;
  readonly #entries: Pending<EntryPostedEvent>[] = [];
  readonly #custody: Pending<Custody>[] = [];
  readonly #pushes: PushRules;

  constructor(context: LegalityContext) {
    this.#context = context;
    this.#pushes = new PushRules(context);
  }

  /** Judges one event after its reducer has applied it. */
  see(seen: SeenEvent): void {
    const { book, logIndex, event } = seen;
    this.#pushes.see(seen);
    if (event.name === "EntryPosted") this.#seeEntry({ event: event as EntryPostedEvent, logIndex });
    else if (book === "CollateralVault") this.#seeVault(event as CollateralVaultEvent, logIndex);
  }

  /** Judges what only the whole transaction shows. */
  end(): void {
    if (this.#openSide !== null) {
      this.#context.illegal("PositionLedger", this.#openSide.logIndex, "one side of a trade without the other");
    }
    this.#matchCustody();
    this.#pushes.end();
  }

  #seeEntry(entry: Pending<EntryPostedEvent>): void {
    if (entry.event.kind !== ENTRY_KIND.trade) {
      this.#entries.push(entry);
      if (entry.event.kind === ENTRY_KIND.debit) this.#checkDebit(entry);
      return;
    }
    const first = this.#openSide;
    this.#openSide = first === null ? entry : null;
    if (first !== null) checkTrade(first.event, entry.event, entry.logIndex, this.#context);
  }

  #checkDebit({ event, logIndex }: Pending<EntryPostedEvent>): void {
    const portfolio = readPortfolio(event.account, this.#context);
    const illegal = (detail: string): void => {
      this.#context.illegal("PositionLedger", logIndex, `${event.account}: withdrawal, ${detail}`);
    };
    if ((flagsInForce(this.#context) & FLAG.halt) !== 0n && portfolio.openCount !== 0n) {
      illegal("not flat while halted");
    }
    checkInitialMargin(portfolio, illegal);
  }

  #seeVault(event: CollateralVaultEvent, logIndex: number): void {
    if (event.name === "Deposited" || event.name === "Withdrawn") this.#custody.push({ event, logIndex });
  }

  #matchCustody(): void {
    const { immutables } = this.#context;
    const waiting = [...this.#custody];
    for (const { event: entry, logIndex } of this.#entries) {
      const isCredit = entry.kind === ENTRY_KIND.credit;
      const index = waiting.findIndex(({ event }) => {
        const isSettlement = event.asset === immutables.settlementAsset;
        const amount = isCredit ? event.amount : -event.amount;
        return (
          (event.name === "Deposited") === isCredit &&
          event.account === entry.account &&
          BigInt(event.asset) === entry.key &&
          entry.quoteDelta === (isSettlement ? amount * immutables.settlementScale : 0n) &&
          entry.sizeDelta === (isSettlement ? 0n : amount)
        );
      });
      if (index < 0) {
        this.#context.illegal("PositionLedger", logIndex, `${entry.account}: an entry that no token transfer explains`);
      } else {
        waiting.splice(index, 1);
      }
    }
    for (const { event, logIndex } of waiting) {
      this.#context.illegal(
        "CollateralVault",
        logIndex,
        `${event.account}: ${event.name} that the ledger never booked`,
      );
    }
  }
}
