import type { OptionsWord } from "../generated/InstrumentRegistry.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { ceilDiv } from "../model/fixedPoint.ts";
import { optionPrice, OptionRangeError } from "../model/optionPricing.ts";
import { isUsable } from "../Prices.ts";
import { max, PPM } from "./amounts.ts";
import { KIND, readInstrument, readOption } from "./instruments.ts";
import type { LegalityContext } from "./LegalityContext.ts";

/** Each side pays the maker's or the taker's fee, not both the maker's: no event says who posted. */
export function checkFees(
  buyer: EntryPostedEvent,
  seller: EntryPostedEvent,
  quote: bigint,
  context: LegalityContext,
  illegal: (detail: string) => void,
): void {
  const { makerFeePpm, takerFeePpm } = readInstrument(buyer.key, context);
  const maker = ceilDiv(quote * makerFeePpm, PPM);
  const taker = ceilDiv(quote * takerFeePpm, PPM);
  const isLegal =
    (buyer.fee === taker && (seller.fee === taker || seller.fee === maker)) ||
    (buyer.fee === maker && seller.fee === taker);
  if (!isLegal) illegal(`fees of ${buyer.fee} and ${seller.fee}, where maker and taker pay ${maker} and ${taker}`);
}

/**
 * Price of a trade within the instrument's band, as `OrderSettlement` demands; nothing after an option's expiry.
 *
 * @param mayBeUnreachable whether the feed may be unusable although its last answer is not: then the widest band holds
 */
export function checkBand(
  instrument: bigint,
  price: bigint,
  mayBeUnreachable: boolean,
  context: LegalityContext,
  illegal: (detail: string) => void,
): void {
  const { kind, feed, priceBandPpm } = readInstrument(instrument, context);
  if (kind === KIND.none) return illegal(`a trade in instrument ${instrument}, which is not listed`);
  const option = kind === KIND.perpetual ? null : readOption(instrument, context);
  if (option !== null && context.timestamp >= option.expiry) return illegal("a trade in an option that has expired");
  const reading = context.priceOf(feed);
  if (!reading.isKnown) return;
  const isLost = mayBeUnreachable || !isUsable(reading.status);
  let band: Band;
  if (option !== null)
    band = isLost ? { low: 0n, high: reading.high } : optionBand(kind, option, reading.value, priceBandPpm, context);
  else
    band = isLost
      ? around(reading.low, reading.high, priceBandPpm)
      : around(reading.value, reading.value, priceBandPpm);
  if (price < band.low || price > band.high) {
    illegal(`traded at ${price}, outside the band ${band.low} to ${band.high}`);
  }
}

interface Band {
  readonly low: bigint;
  readonly high: bigint;
}

function around(low: bigint, high: bigint, bandPpm: bigint): Band {
  return { low: low - (low * bandPpm) / PPM, high: high + (high * bandPpm) / PPM };
}

/** Around the Black-Scholes price, as wide as a perpetual's; empty where there is none. */
function optionBand(kind: bigint, option: OptionsWord, spot: bigint, bandPpm: bigint, context: LegalityContext): Band {
  const { strike, volatilityPpm } = option;
  const secondsToExpiry = option.expiry - context.timestamp;
  const width = (spot * bandPpm) / PPM;
  try {
    const fair = optionPrice({ isCall: kind === KIND.call, spot, strike, secondsToExpiry, volatilityPpm });
    return { low: max(fair - width, 0n), high: fair + width };
  } catch (error: unknown) {
    if (error instanceof OptionRangeError) return { low: 1n, high: 0n };
    throw error;
  }
}
