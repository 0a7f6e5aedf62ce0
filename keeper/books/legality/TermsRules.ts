import { storage as oracle } from "../generated/PriceOracle.ts";
import {
  type ExpirySettledEvent,
  type InstrumentRegistryEvent,
  type InstrumentSetEvent,
  type OptionListedEvent,
  type VolatilitySetEvent,
} from "../generated/InstrumentRegistry.ts";
import { magnitude, min } from "./amounts.ts";
import { KIND, readInstrument, readOption, readSettlement } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";

/** What `InstrumentRegistry` allows: parts per million, and seconds. */
const VOLATILITY = { min: 50_000n, max: 3_000_000n, step: 100_000n, stepTime: 3_600n } as const;
const GOVERNANCE_DELAY = 604_800n;
const PPM = 1_000_000n;

/**
 * Terms of instruments: kind and feed stay, margins and bands are ordered, volatility moves by bounded steps, and an
 * option settles once, after its expiry.
 *
 * That a final price is that of the round which the event names no log shows, because rounds are read from the aggregator
 * by number: it is checked against the feed's bounds only.
 */
export class TermsRules implements Rule {
  readonly #context: LegalityContext;
  readonly #listed = new Set<bigint>();
  /** New options without strike and expiry so far. */
  readonly #unlisted = new Map<bigint, number>();

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  see({ book, event, logIndex, before }: SeenEvent): void {
    if (book !== "InstrumentRegistry") return;
    const said = event as InstrumentRegistryEvent;
    if (said.name === "OptionListed") this.#unlisted.delete(said.instrument);
    if (said.name === "InstrumentSet" && isNewOption(said, this.#context))
      this.#unlisted.set(said.instrument, logIndex);
    this.#judge(said, this.#context.asOf(before), (detail) => {
      this.#context.illegal("InstrumentRegistry", logIndex, detail);
    });
  }

  end(): void {
    for (const [instrument, logIndex] of this.#unlisted) {
      this.#context.illegal("InstrumentRegistry", logIndex, `option ${instrument}: listed without a strike`);
    }
  }

  #judge(event: InstrumentRegistryEvent, earlier: LegalityContext, illegal: (detail: string) => void): void {
    switch (event.name) {
      case "InstrumentSet":
        checkTerms(event, earlier, illegal);
        return;
      case "OptionListed":
        this.#listed.add(event.instrument);
        checkListing(event, earlier, illegal);
        return;
      case "VolatilitySet":
        this.#checkVolatility(event, earlier, illegal);
        return;
      case "ExpirySettled":
        checkSettlement(event, earlier, illegal);
        return;
      default:
    }
  }

  /** The first one is the listing's. */
  #checkVolatility(
    { instrument, volatilityPpm }: VolatilitySetEvent,
    earlier: LegalityContext,
    illegal: (detail: string) => void,
  ): void {
    const before = readOption(instrument, earlier);
    if (volatilityPpm < VOLATILITY.min || volatilityPpm > VOLATILITY.max) {
      illegal(`option ${instrument}: a volatility of ${volatilityPpm} ppm`);
    }
    if (this.#listed.delete(instrument)) return;
    if (earlier.timestamp >= before.expiry) illegal(`option ${instrument}: a volatility after its expiry`);
    const elapsed = min(earlier.timestamp - before.volatilityAt, VOLATILITY.stepTime);
    const allowed = (VOLATILITY.step * elapsed) / VOLATILITY.stepTime;
    if (magnitude(volatilityPpm - before.volatilityPpm) <= allowed) return;
    illegal(`option ${instrument}: a step from ${before.volatilityPpm} to ${volatilityPpm} ppm, ${allowed} is allowed`);
  }
}

function isNewOption({ instrument, terms }: InstrumentSetEvent, context: LegalityContext): boolean {
  return terms.kind !== KIND.perpetual && readOption(instrument, context).expiry === 0n;
}

function checkTerms(
  { instrument, terms }: InstrumentSetEvent,
  earlier: LegalityContext,
  illegal: (detail: string) => void,
): void {
  const before = readInstrument(instrument, earlier);
  const isNew = before.kind === KIND.none;
  if (instrument === 0n || terms.kind === KIND.none || terms.kind > KIND.put || terms.feed === 0n) {
    illegal(`instrument ${instrument}: kind ${terms.kind} on feed ${terms.feed}`);
  }
  if (!isNew && (terms.kind !== before.kind || terms.feed !== before.feed)) {
    illegal(`instrument ${instrument}: its kind or feed changes`);
  }
  const { priceBandPpm, maintenancePpm, initialPpm, maxFundingPpm, maxOpenInterest, lagVolatilityPpm } = terms;
  const isOrdered = 0n < priceBandPpm && priceBandPpm <= maintenancePpm && maintenancePpm < initialPpm;
  const isFundable = terms.kind === KIND.perpetual ? maxFundingPpm <= PPM / 10n : maxFundingPpm === 0n;
  const isCharged = terms.makerFeePpm <= PPM / 100n && terms.takerFeePpm <= PPM / 100n;
  const isLimited = initialPpm < PPM && maxOpenInterest !== 0n && lagVolatilityPpm !== 0n;
  if (!isOrdered || !isFundable || !isCharged || !isLimited) illegal(`instrument ${instrument}: terms out of bounds`);
}

function checkListing(
  { instrument, strike, expiry, volatilityShockPpm }: OptionListedEvent,
  earlier: LegalityContext,
  illegal: (detail: string) => void,
): void {
  if (readOption(instrument, earlier).expiry !== 0n) illegal(`option ${instrument}: listed twice`);
  const { kind } = readInstrument(instrument, earlier);
  const isOption = kind === KIND.call || kind === KIND.put;
  const isShocked = volatilityShockPpm !== 0n && volatilityShockPpm < PPM;
  if (!isOption || strike === 0n || expiry <= earlier.timestamp || !isShocked) {
    illegal(`option ${instrument}: listed with terms out of bounds`);
  }
}

function checkSettlement(
  { instrument, price, roundId }: ExpirySettledEvent,
  earlier: LegalityContext,
  illegal: (detail: string) => void,
): void {
  const { expiry } = readOption(instrument, earlier);
  if (readSettlement(instrument, earlier).settledAt !== 0n) illegal(`option ${instrument}: settled twice`);
  const isGovernance = roundId === 0n;
  const isDue = isGovernance ? earlier.timestamp >= expiry + GOVERNANCE_DELAY : earlier.timestamp > expiry;
  if (expiry === 0n || !isDue) illegal(`option ${instrument}: settled before its time`);
  const { word1 } = oracle.feeds;
  const { feed } = readInstrument(instrument, earlier);
  const { minPrice, maxPrice } = word1.decode(earlier.readOf("PriceOracle", word1.slot(feed)));
  const isWithin = isGovernance ? price !== 0n : price > minPrice && price < maxPrice;
  if (!isWithin) illegal(`option ${instrument}: settled at ${price}, outside the feed's bounds`);
}
