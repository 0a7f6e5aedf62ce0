import type { Hash } from "../../lib/hex.ts";
import type { LossSocialisedEvent } from "../generated/PositionLedger.ts";
import { ceilDiv } from "../model/fixedPoint.ts";
import { fitsIndex } from "../model/funding.ts";
import { readMarket, unitsOf } from "../reducers/ledger/market.ts";
import { min, ONE, PPM } from "./amounts.ts";
import { readInstrument } from "./instruments.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import { markNow } from "./portfolio.ts";

/**
 * Why a unit of a side is not charged so much of a socialised loss, as `LedgerShortfall._socialise`: its part, rounded up,
 * at most the maintenance share of the mark, and nothing without a mark or where the index would leave its 96 bits. Null
 * when it is, or when the price is not known and the charge is possible.
 *
 * @param context right before the event
 */
export function whyWronglyCharged(event: LossSocialisedEvent, context: LegalityContext): string | null {
  const { instrument, fromLongs, amount, perUnit } = event;
  const read = (slot: Hash): bigint => context.readOf("PositionLedger", slot);
  const units = unitsOf(instrument, fromLongs, read);
  const part = units > 0n ? ceilDiv(amount * ONE, units) : 0n;
  const { longIndex, shortIndex } = readMarket(instrument, read);
  const within = (charge: bigint): bigint =>
    fitsIndex(fromLongs ? longIndex + charge : shortIndex - charge) ? charge : 0n;
  const marked = markNow(instrument, context);
  // No log shows that a feed is out of reach: then there is no mark.
  const mayBeFree = !marked.isKnown || marked.isFeedAsked;
  if (mayBeFree && perUnit === 0n) return null;
  if (!marked.isKnown) return perUnit <= part ? null : `${perUnit} is charged a unit, its part is ${part}`;
  const most = ((marked.mark ?? 0n) * readInstrument(instrument, context).maintenancePpm) / PPM;
  const charge = within(min(part, most));
  return perUnit === charge ? null : `${perUnit} is charged a unit, ${charge} follows`;
}
