import type { Hash } from "../../../lib/hex.ts";
import { storage as registry } from "../../generated/InstrumentRegistry.ts";
import type { FundingUpdatedEvent, LossSocialisedEvent } from "../../generated/PositionLedger.ts";
import { isRestricted, readHot } from "../../legality/flags.ts";
import { accrue, observe } from "../../model/funding.ts";
import type { ReducerContext } from "../../Reducer.ts";
import { addToClearing, readMarket, unitsOf, useMarket, writeMarket } from "./market.ts";

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
 * One side of an instrument pays so much for each unit, and what that leaves of the loss is uncovered. How much a unit
 * bears rests on the price, which the event does not carry: what it says is taken, and judged by the rules.
 */
export function applySocialisedLoss(event: LossSocialisedEvent, context: ReducerContext): void {
  const { instrument, fromLongs, amount, perUnit } = event;
  const read = (slot: Hash): bigint => context.read(slot);
  const market = readMarket(instrument, read);
  const index = fromLongs ? market.longIndex + perUnit : market.shortIndex - perUnit;
  const charged = (perUnit * unitsOf(instrument, fromLongs, read)) / ONE;
  context.expect("indexAfter", event.indexAfter, index);
  writeMarket(instrument, { ...market, ...(fromLongs ? { longIndex: index } : { shortIndex: index }) }, context);
  addToClearing(instrument, { uncovered: amount > charged ? amount - charged : 0n }, context);
}
