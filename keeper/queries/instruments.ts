import { KIND, readInstrument, readOption, readSettlement } from "../books/legality/instruments.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { markNow } from "../books/legality/portfolio.ts";
import { premiumPpm } from "../books/model/syncLag.ts";
import { readHot } from "../books/legality/flags.ts";
import type { Greeks } from "../books/model/optionPricing.ts";
import { readClearingSize, readMarket } from "../books/reducers/ledger/market.ts";
import type { Reading } from "../books/Prices.ts";
import { KIND_NAMES } from "./accounts.ts";
import { greeksOf, scaled } from "./greeks.ts";

/** What the books say of an instrument. Amounts 1e-18; null where there is no valid price. */
export interface InstrumentState {
  readonly instrument: bigint;
  readonly kind: (typeof KIND_NAMES)[number];
  readonly feed: bigint;
  /** `valid`, why the price of its feed is not, or `unknown` where no log has told it. */
  readonly priceStatus: string;
  /** Quote per underlying. */
  readonly price: bigint | null;
  readonly mark: bigint | null;
  /** Long positions of accounts, underlying; at most `maxOpenInterest`. */
  readonly openInterest: bigint;
  readonly maxOpenInterest: bigint;
  /** What the clearing account holds, underlying: whom nobody has taken a position over from. */
  readonly clearingSize: bigint;
  readonly terms: {
    readonly initialPpm: bigint;
    readonly maintenancePpm: bigint;
    readonly priceBandPpm: bigint;
    readonly lagVolatilityPpm: bigint;
    readonly makerFeePpm: bigint;
    readonly takerFeePpm: bigint;
  };
  /** Of a perpetual. */
  readonly funding: {
    /** What longs have paid for each underlying, 1e-18 quote, since the beginning. */
    readonly longIndex: bigint;
    readonly shortIndex: bigint;
    /** Of trade prices over the mark, parts per billion: positive where longs pay. Paid once in eight hours. */
    readonly premiumPpb: bigint;
    readonly maxPpm: bigint;
    /** Seconds: funding is accrued up to here. */
    readonly accruedAt: bigint;
  } | null;
  /** Of an option. */
  readonly option: {
    readonly strike: bigint;
    readonly expiry: bigint;
    readonly volatilityPpm: bigint;
    /** Quote per underlying; null before it is fixed. */
    readonly settlementPrice: bigint | null;
  } | null;
  /** What lag adds to the initial requirement of a position now, parts per million of its notional; null where no log tells the price. */
  readonly lagPremiumPpm: bigint | null;
  /** Of one unit, and of all long positions of accounts. */
  readonly greeks: { readonly unit: Greeks; readonly open: Greeks } | null;
}

const OPEN_INTEREST_UNIT = 10n ** 12n;

/** Ids of the instruments that are listed, ascending. */
export function listedInstruments(items: readonly unknown[], reader: BooksReader): bigint[] {
  const ids = items.filter((item): item is bigint => typeof item === "bigint");
  const listed = ids.filter((id) => readInstrument(id, reader).kind !== KIND.none);
  return listed.sort((one, other) => (one < other ? -1 : 1));
}

/** Everything that the books say of an instrument; null where it is not listed. */
export function describeInstrument(instrument: bigint, reader: BooksReader): InstrumentState | null {
  const { kind, feed, maxOpenInterest, maxFundingPpm, ...terms } = readInstrument(instrument, reader);
  if (kind === KIND.none) return null;
  const { initialPpm, maintenancePpm, priceBandPpm, lagVolatilityPpm, makerFeePpm, takerFeePpm } = terms;
  const read = (slot: `0x${string}`): bigint => reader.readOf("PositionLedger", slot);
  const market = readMarket(instrument, read);
  const reading = reader.priceOf(feed);
  const marked = markNow(instrument, reader);
  const unit = greeksOf(instrument, reader);
  const { longIndex, shortIndex, premiumPpb, accruedAt, openInterest } = market;
  return {
    ...{ instrument, kind: KIND_NAMES[Number(kind)] ?? "none", feed, priceStatus: statusOf(reading), openInterest },
    price: reading.isKnown && reading.status === "valid" ? reading.value : null,
    mark: marked.isKnown ? marked.mark : null,
    maxOpenInterest: maxOpenInterest * OPEN_INTEREST_UNIT,
    clearingSize: readClearingSize(instrument, read).size,
    terms: { initialPpm, maintenancePpm, priceBandPpm, lagVolatilityPpm, makerFeePpm, takerFeePpm },
    funding: kind === KIND.perpetual ? { longIndex, shortIndex, premiumPpb, maxPpm: maxFundingPpm, accruedAt } : null,
    option: kind === KIND.perpetual ? null : describeOption(instrument, reader),
    lagPremiumPpm: lagPremiumPpmOf(instrument, reader),
    greeks: unit === null ? null : { unit, open: scaled(unit, openInterest) },
  };
}

/** What lag adds to the initial requirement now, parts per million of the notional; null where no log tells the price. */
export function lagPremiumPpmOf(instrument: bigint, reader: BooksReader): bigint | null {
  const { feed, lagVolatilityPpm, initialPpm } = readInstrument(instrument, reader);
  const reading = reader.priceOf(feed);
  if (!reading.isKnown) return null;
  // Lag is the age of the price and that of the newest checkpoint, together.
  const ageOf = (since: bigint): bigint => (reader.timestamp > since ? reader.timestamp - since : 0n);
  return premiumPpm(lagVolatilityPpm, ageOf(reading.updatedAt) + ageOf(readHot(reader).checkpointTime), initialPpm);
}

/** `valid`, why a price is not, or `unknown`. */
export function statusOf(reading: Reading): string {
  return reading.isKnown ? reading.status : "unknown";
}

function describeOption(instrument: bigint, reader: BooksReader): NonNullable<InstrumentState["option"]> {
  const { strike, expiry, volatilityPpm } = readOption(instrument, reader);
  const { price, settledAt } = readSettlement(instrument, reader);
  return { strike, expiry, volatilityPpm, settlementPrice: settledAt === 0n ? null : price };
}
