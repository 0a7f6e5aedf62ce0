import {
  storage as settlement,
  type OrderCancelledEvent,
  type OrderFilledEvent,
} from "../generated/OrderSettlement.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** Lanes of orders only move forward: neither a fill nor a cancellation names a sequence below the live one, or zero. */
export class LaneRules implements Rule {
  readonly #context: LegalityContext;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ event, logIndex, before }: SeenEvent): void {
    if (event.name !== "OrderFilled" && event.name !== "OrderCancelled") return;
    const { account, lane, sequence } = event as OrderFilledEvent | OrderCancelledEvent;
    const { lanes } = settlement;
    const live = lanes.decode(this.#context.asOf(before).readOf("OrderSettlement", lanes.slot(account, lane)));
    if (sequence !== 0n && sequence >= live.sequence) return;
    const detail = `${account}: lane ${lane} went back from sequence ${live.sequence} to ${sequence}`;
    this.#context.illegal("OrderSettlement", logIndex, detail);
  }

  end(): void {
    // Every event is judged by itself.
  }
}
