import { storage as registry } from "../../generated/InstrumentRegistry.ts";
import { storage, type FundingUpdatedEvent, type LossSocialisedEvent } from "../../generated/PositionLedger.ts";
import { isRestricted, readHot } from "../../legality/flags.ts";
import { ceilDiv } from "../../model/fixedPoint.ts";
import { accrue, fitsIndex, observe } from "../../model/funding.ts";
import type { ReducerContext } from "../../Reducer.ts";
import { readMarket, useMarket, writeMarket } from "./market.ts";

const ONE = 10n ** 18n;

/** Accrues up to now at the event's mark, then lets a trade of its size and price move the premium. */
export function applyFunding(event: FundingUpdatedEvent, context: ReducerContext): void {
  const { instrument, mark, price, size } = event;
  const slot = registry.instruments.slot(instrument);
  const terms = registry.instruments.decode(context.readOf("InstrumentRegistry", slot));
  const isPaused = isRestricted(context);
  const now = context.timestamp;
  const { graceUntil } = readHot(context);
  const market = accrue(useMarket(instrument, context), mark, now, graceUntil, isPaused, terms.maxFundingPpm);
  const isObserved = !isPaused && mark !== 0n && size !== 0n;
  const after = isObserved ? observe(market, price, mark, size, now, terms.maxOpenInterest) : market;
  context.expect("longIndex", event.longIndex, after.longIndex);
  context.expect("shortIndex", event.shortIndex, after.shortIndex);
  context.expect("premiumPpb", event.premiumPpb, after.premiumPpb);
  writeMarket(instrument, after, context);
}

/**
 * One side of an instrument pays, rounded up for each unit: the long positions of accounts, or the short ones, which are
 * as many and those that the clearing account of a settled option holds against. An index that would leave 96 bits stays.
 */
export function applySocialisedLoss(event: LossSocialisedEvent, context: ReducerContext): void {
  const { instrument, fromLongs, amount } = event;
  const market = readMarket(instrument, (slot) => context.read(slot));
  const { size } = storage.clearingSizes.decode(context.read(storage.clearingSizes.slot(instrument)));
  const open = market.openInterest + (fromLongs ? 0n : size);
  const perUnit = open > 0n ? ceilDiv(amount * ONE, open) : 0n;
  const before = fromLongs ? market.longIndex : market.shortIndex;
  const moved = fromLongs ? before + perUnit : before - perUnit;
  const index = fitsIndex(moved) ? moved : before;
  context.expect("indexAfter", event.indexAfter, index);
  const indexes = fromLongs ? { longIndex: index } : { shortIndex: index };
  writeMarket(instrument, { ...market, ...indexes }, context);
}
