import type { Hex } from "../../lib/hex.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import type { Valuation } from "../model/margin.ts";
import { isReducing } from "../reducers/ledger/applyEntry.ts";
import type { LegalityContext, Pending } from "./LegalityContext.ts";
import { readPosition, valueAccount, type Valued } from "./portfolio.ts";
import { unreachableFeeds } from "./unreachableFeeds.ts";

/** Whether the position of the entry shrank and did not flip. */
export function reduces({ event, before }: Pending<EntryPostedEvent>, context: LegalityContext): boolean {
  const { size } = readPosition(event.account, event.key, context.asOf(before));
  return isReducing(size, event.sizeDelta);
}

/**
 * An account that took risk, took money out, or took over what was auctioned: its equity covers its initial requirement,
 * at prices that satisfy every rule. Its valuation, when it is known.
 */
export function checkRequirement(
  account: Hex,
  withLag: boolean,
  context: LegalityContext,
  illegal: (detail: string) => void,
): Valuation | null {
  const valued = valueAccount(account, "strict", context);
  if (valued.kind === "refused") illegal(valued.detail);
  if (valued.kind !== "valued") return null;
  const { equity, initial, lagPremium } = valued.value;
  const required = withLag ? initial + lagPremium : initial;
  if (equity < required) illegal(`equity ${equity} is below the initial requirement ${required}`);
  return valued.value;
}

/**
 * A side that reduced may be below its initial requirement if it is solvent and no worse than before, both at the last
 * prices within bounds.
 *
 * @param reached a feed that is known to have been valid
 */
export function checkReduction(
  entry: Pending<EntryPostedEvent>,
  reached: bigint | undefined,
  context: LegalityContext,
  illegal: (detail: string) => void,
): void {
  const { account } = entry.event;
  const earlier = context.asOf(entry.before);
  let wrong: string | null = null;
  for (const unusable of unreachableFeeds(account, earlier, reached)) {
    const after = valueAccount(account, "last", context, { unusable });
    // Right before the entry the account's funding had accrued as the entry settles it: the same prices and quote.
    const detail = whyUnhealthy(after, () => valueAccount(account, "last", earlier, { unusable }));
    if (detail === null) return;
    wrong ??= detail;
  }
  if (wrong !== null) illegal(wrong);
}

/** Null when it is healthy, or when that is not known. */
function whyUnhealthy(after: Valued, valueBefore: () => Valued): string | null {
  if (after.kind === "unknown") return null;
  if (after.kind === "refused") return after.detail;
  const { equity, initial, maintenance } = after.value;
  if (equity >= initial) return null;
  if (equity < 0n) return `insolvent after a reduction: equity ${equity}`;
  const before = valueBefore();
  if (before.kind === "unknown") return null;
  if (before.kind === "refused") return before.detail;
  const excessBefore = before.value.equity - before.value.maintenance;
  const excessAfter = equity - maintenance;
  return excessAfter >= excessBefore
    ? null
    : `a reduction that lowers the health from ${excessBefore} to ${excessAfter}`;
}
