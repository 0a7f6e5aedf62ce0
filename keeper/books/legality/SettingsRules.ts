import { storage as vault, type LimitsSetEvent } from "../generated/CollateralVault.ts";
import type { CollateralSetEvent, DebtCapsSetEvent } from "../generated/InstrumentRegistry.ts";
import type { AuctionTermsSetEvent } from "../generated/LiquidationAuction.ts";
import { storage as oracle, type FeedSetEvent, type SecondarySetEvent } from "../generated/PriceOracle.ts";
import { PPM } from "./amounts.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

type Setting =
  FeedSetEvent | SecondarySetEvent | AuctionTermsSetEvent | CollateralSetEvent | DebtCapsSetEvent | LimitsSetEvent;

const MAX_DECIMALS = 18n;
const MAX_COLLATERALS = 31n;
const MINUTE = 60n;
const DAY = 86_400n;
const MAX_UINT96 = (1n << 96n) - 1n;

/** Parameters that governance sets, within the bounds that their contracts demand. */
export class SettingsRules implements Rule {
  readonly #context: LegalityContext;

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex }: SeenEvent): void {
    if (this.#isSound(event as Setting)) return;
    this.#context.illegal(book, logIndex, `${event.name} beyond what ${book} allows`);
  }

  end(): void {
    // Every event is judged by itself.
  }

  /** True for every other event. */
  #isSound(event: Setting): boolean {
    switch (event.name) {
      case "FeedSet":
        return isSoundFeed(event);
      case "SecondarySet":
        return this.#isSoundSecondary(event);
      case "AuctionTermsSet":
        return isSoundAuction(event);
      case "CollateralSet":
        return (
          event.id <= MAX_COLLATERALS && event.feed !== 0n && event.haircutPpm < PPM && event.decimals <= MAX_DECIMALS
        );
      case "DebtCapsSet":
        return event.total !== 0n;
      case "LimitsSet":
        return this.#isSoundLimit(event);
      default:
        return true;
    }
  }

  #isSoundSecondary(event: SecondarySetEvent): boolean {
    const { feed, secondary, secondaryDecimals, secondaryMaxAge, maxDeviationPpm } = event;
    const { word0 } = oracle.feeds;
    const { aggregator } = word0.decode(this.#context.readOf("PriceOracle", word0.slot(feed)));
    if (BigInt(aggregator) === 0n) return false;
    if (BigInt(secondary) === 0n) return true;
    const isDistinct = secondary !== aggregator && secondaryDecimals <= MAX_DECIMALS;
    return isDistinct && secondaryMaxAge !== 0n && maxDeviationPpm !== 0n && maxDeviationPpm < PPM;
  }

  /** Of a listed asset, and such that rounding never keeps it from filling up. */
  #isSoundLimit({ asset, cap, outflowPpm, allowancePpm, period }: LimitsSetEvent): boolean {
    const { isListed } = vault.assets.decode(this.#context.readOf("CollateralVault", vault.assets.slot(asset)));
    const capacity = (cap * outflowPpm) / PPM;
    const isRefilling = period !== 0n && capacity >= period && capacity <= MAX_UINT96;
    return isListed && isRefilling && (cap * allowancePpm) / PPM !== 0n;
  }
}

function isSoundFeed({ feed, aggregator, decimals, maxAge, minPrice, maxPrice }: FeedSetEvent): boolean {
  const isOrdered = minPrice !== 0n && minPrice < maxPrice;
  return feed !== 0n && BigInt(aggregator) !== 0n && maxAge !== 0n && decimals <= MAX_DECIMALS && isOrdered;
}

function isSoundAuction({ duration, maxDiscountPpm, window, capacity }: AuctionTermsSetEvent): boolean {
  const isTimed = duration >= MINUTE && duration <= DAY && window >= MINUTE && window <= 7n * DAY;
  return isTimed && maxDiscountPpm <= PPM / 5n && capacity !== 0n;
}
