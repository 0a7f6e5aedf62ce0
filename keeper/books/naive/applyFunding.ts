import { enterMarket } from "./applyEntry.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { TRADE } from "./entryKinds.ts";
import { expectEvent } from "./expectations.ts";
import { flagsInForce, has, INCREASE_RISK } from "./flags.ts";
import { accrued, observed, type FundingMoment, type FundingState } from "./funding.ts";
import { hot, marketAt } from "./ledgerStorage.ts";
import { readFeed } from "./readings.ts";
import { instrumentAt, PERPETUAL } from "./riskStorage.ts";

const FIELDS = ["longIndex", "shortIndex", "accruedAt", "observedAt", "premiumPpb"] as const;

function momentOf(state: Derivation, instrument: bigint): FundingMoment {
  const { maxFundingPpm, maxOpenInterest } = instrumentAt(instrument);
  return {
    now: state.timestamp,
    graceUntil: state.get(hot.graceUntil),
    isRestricted: has(flagsInForce(state), INCREASE_RISK),
    maxFundingPpm: state.get(maxFundingPpm),
    maxOpenInterest: state.get(maxOpenInterest),
  };
}

function requireMark(state: Derivation, instrument: bigint, mark: bigint): void {
  const { kind, feed } = instrumentAt(instrument);
  state.require(state.get(kind) === PERPETUAL, `accrues funding of instrument ${instrument}, which is no perpetual`);
  const reading = readFeed(state, state.get(feed));
  if (reading === undefined) return;
  state.require(reading.status === "valid", `accrues funding at a price that is ${reading.status}`);
  state.require(mark === reading.value, `accrues funding at ${mark}, where the price is ${reading.value}`);
}

/** Accrues up to now at the old premium, and then lets the trade that follows, if one does, move the premium. */
export function applyFunding(state: Derivation, event: NaiveEvent): void {
  const instrument = event.number("instrument");
  const [mark, price, size] = [event.number("mark"), event.number("price"), event.number("size")];
  const market = marketAt(instrument);
  const isOfTrade = size !== 0n;
  const moment = momentOf(state, instrument);
  requireMark(state, instrument, mark);
  state.require(isOfTrade || price === 0n, `observes price ${price} without a size`);
  state.require(isOfTrade || state.isSet(market.isUsed), `accrues funding of instrument ${instrument}, never traded`);
  state.require(!isOfTrade || !moment.isRestricted, "observes a trade while risk is restricted");

  state.transaction.funding = { logIndex: state.logIndex, instrument, mark, price, size, before: state.copy() };
  enterMarket(state, instrument);
  const now: FundingState = {
    longIndex: state.get(market.longIndex),
    shortIndex: state.get(market.shortIndex),
    accruedAt: state.get(market.accruedAt),
    observedAt: state.get(market.observedAt),
    premiumPpb: state.get(market.premiumPpb),
  };
  const afterAccrual = accrued(now, mark, moment);
  const after = isOfTrade ? observed(afterAccrual, { mark, price, size }, moment) : afterAccrual;
  for (const field of FIELDS) state.set(market[field], after[field]);
  state.compare("longIndex", event.number("longIndex"), after.longIndex);
  state.compare("shortIndex", event.number("shortIndex"), after.shortIndex);
  state.compare("premiumPpb", event.number("premiumPpb"), after.premiumPpb);
  if (!isOfTrade) return;
  expectEvent(state, "PositionLedger", "EntryPosted", (entry) => {
    return entry.number("kind") === TRADE && entry.number("key") === instrument;
  });
}
