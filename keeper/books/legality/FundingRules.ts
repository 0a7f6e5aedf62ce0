import type { FundingUpdatedEvent } from "../generated/PositionLedger.ts";
import { KIND, readInstrument } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** Funding moves in perpetuals only, and at the oracle's price while that satisfies every rule. */
export class FundingRules implements Rule {
  readonly #context: LegalityContext;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ event, logIndex }: SeenEvent): void {
    if (event.name !== "FundingUpdated") return;
    const { instrument, mark } = event as FundingUpdatedEvent;
    const illegal = (detail: string): void => {
      this.#context.illegal("PositionLedger", logIndex, `instrument ${instrument}: ${detail}`);
    };
    const { kind, feed } = readInstrument(instrument, this.#context);
    if (kind !== KIND.perpetual) return illegal("funding in what is no perpetual");
    const reading = this.#context.priceOf(feed);
    if (!reading.isKnown) return;
    if (reading.status !== "valid") return illegal(`funding at a price that is ${reading.status}`);
    if (reading.value !== mark) illegal(`funding at the mark ${mark}, the oracle's price is ${reading.value}`);
  }

  end(): void {
    // Every update is judged by itself.
  }
}
