import type { Hex } from "../../lib/hex.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import type { Valuation } from "../model/margin.ts";
import { isUsable } from "../Prices.ts";
import { isReducing } from "../reducers/ledger/applyEntry.ts";
import { readInstrument } from "./instruments.ts";
import type { LegalityContext, Pending } from "./LegalityContext.ts";
import { excessOf } from "./positionLot.ts";
import { readPosition, valueAccount, type ValuedAs } from "./portfolio.ts";

/** Whether the position of the entry shrank and did not flip. */
export function reduces({ event, before }: Pending<EntryPostedEvent>, context: LegalityContext): boolean {
  const { size } = readPosition(event.account, event.key, context.asOf(before));
  return isReducing(size, event.sizeDelta);
}

/**
 * Why an account may not have taken risk, taken money out, or taken over what was auctioned: its equity does not cover its
 * initial requirement, prices that break a rule being the worst that they can be. Null when it does, or when that is not
 * known.
 *
 * @param withLag whether what prices and checkpoints may have moved since counts
 */
export function whyUnsecured(
  account: Hex,
  withLag: boolean,
  context: LegalityContext,
  valuedAs: ValuedAs = {},
): string | null {
  const valued = valueAccount(account, "strict", context, valuedAs);
  if (valued.kind === "refused") return valued.detail;
  return valued.kind === "valued" ? whyBelow(valued.value, withLag) : null;
}

function whyBelow({ equity, initial, lagPremium }: Valuation, withLag: boolean): string | null {
  const required = withLag ? initial + lagPremium : initial;
  return equity >= required ? null : `equity ${equity} is below the initial requirement ${required}`;
}

/**
 * Why a side that reduced may not be below its initial requirement: at the last prices within bounds it is insolvent or
 * worse than before, or the traded price itself is not usable. Who is flat and solvent meets the requirement, which is
 * zero. Null when it may, or when that is not known.
 *
 * @param unusable feeds to be taken as out of reach
 */
export function whyUnhealthy(
  { event, before }: Pending<EntryPostedEvent>,
  unusable: ReadonlySet<bigint>,
  context: LegalityContext,
): string | null {
  const { account, key: instrument } = event;
  const after = valueAccount(account, "last", context, { unusable });
  if (after.kind === "unknown") return null;
  if (after.kind === "refused") return after.detail;
  const low = whyBelow(after.value, false);
  if (low === null) return null;
  const { feed } = readInstrument(instrument, context);
  const reading = context.priceOf(feed);
  if (unusable.has(feed) || (reading.isKnown && !isUsable(reading.status))) {
    return `a reduction at a price that is not usable: ${low}`;
  }
  if (after.value.equity < 0n) return `insolvent after a reduction: equity ${after.value.equity}`;
  // Right before the entry the account's funding had accrued as the entry settles it: the same prices and quote.
  const earlier = valueAccount(account, "last", context.asOf(before), { unusable });
  if (earlier.kind === "unknown") return null;
  if (earlier.kind === "refused") return earlier.detail;
  const [had, has] = [excessOf(earlier.value), excessOf(after.value)];
  return has >= had ? null : `a reduction that lowers the health from ${had} to ${has}`;
}
