import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { floorDiv } from "../model/funding.ts";
import { ENTRY_KIND } from "../reducers/ledger/entryKinds.ts";
import { max, ONE } from "./amounts.ts";
import type { DebtRules } from "./DebtRules.ts";
import { KIND, readInstrument, readOption, readSettlement } from "./instruments.ts";
import type { LegalityContext, Pending, Rule, SeenEvent } from "./LegalityContext.ts";
import { readPosition } from "./portfolio.ts";

/**
 * Positions become quote only in instruments that have their final price, whole, in every grade: options at the payoff of
 * their underlying, any at what a wind-down has fixed.
 */
export class ExpiryRules implements Rule {
  readonly #context: LegalityContext;
  readonly #debts: DebtRules;

  constructor(context: LegalityContext, debts: DebtRules) {
    this.#context = context;
    this.#debts = debts;
  }

  see({ event, logIndex, before }: SeenEvent): void {
    if (event.name !== "EntryPosted" || (event as EntryPostedEvent).kind !== ENTRY_KIND.expiry) return;
    this.#judge({ event: event as EntryPostedEvent, logIndex, before });
  }

  end(): void {
    // Every entry is judged by itself.
  }

  #judge({ event, logIndex, before }: Pending<EntryPostedEvent>): void {
    const { account, key: instrument, sizeDelta, quoteDelta } = event;
    const illegal = (detail: string): void => {
      this.#context.illegal("PositionLedger", logIndex, `${account}: instrument ${instrument} ${detail}`);
    };
    this.#debts.await(account, { pricing: "strict", logIndex, isCapped: false });
    const payoff = finalPayoff(instrument, this.#context);
    if (payoff === null) return illegal("settled without a final price");
    const { size } = readPosition(account, instrument, this.#context.asOf(before));
    if (size === 0n || sizeDelta !== -size) illegal(`settled for ${-sizeDelta} of ${size}`);
    const quote = floorDiv(size * payoff, ONE);
    if (quoteDelta !== quote) illegal(`settled at ${quoteDelta}, its payoff is ${quote}`);
  }
}

/** What a unit pays, as `InstrumentRegistry.payoffOf`; null while that is not final. 1e-18 quote. */
function finalPayoff(instrument: bigint, context: LegalityContext): bigint | null {
  const { price, settledAt, isWindDown } = readSettlement(instrument, context);
  const { kind } = readInstrument(instrument, context);
  if (settledAt === 0n) return null;
  if (isWindDown) return price;
  if (kind !== KIND.call && kind !== KIND.put) return null;
  const gain = price - readOption(instrument, context).strike;
  return max(kind === KIND.call ? gain : -gain, 0n);
}
