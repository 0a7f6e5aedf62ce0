import type { Hex } from "../../lib/hex.ts";
import { storage as registry, type InstrumentsWord } from "../generated/InstrumentRegistry.ts";
import { storage as ledger, type AccountsWord, type PositionsWord } from "../generated/PositionLedger.ts";
import {
  evaluatePortfolio,
  markOf,
  type MarginCollateral,
  type MarginPosition,
  type MarginReading,
  type Pricing,
  type Valuation,
} from "../model/margin.ts";
import { OptionRangeError } from "../model/optionPricing.ts";
import { isUsable, type Reading } from "../Prices.ts";
import { openInstruments } from "../reducers/ledger/openIds.ts";
import { fundingOf, readMarket } from "../reducers/ledger/market.ts";
import { readHot } from "./flags.ts";
import { KIND, readInstrument, readOption, readSettlement, type OptionState } from "./instruments.ts";
import type { BooksReader } from "./LegalityContext.ts";

/** What a portfolio is worth, or why the keeper cannot say, or why the chain would not say. */
export type Valued =
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "valued"; readonly value: Valuation };

/** Values another account than the books have, at other prices than are known. */
export interface ValuedAs {
  /** Feeds to be taken as unusable although their last answer is not: that a feed cannot be reached, no log shows. */
  readonly unusable?: ReadonlySet<bigint>;
}

type Read = (slot: Hex) => bigint;

const UNKNOWN: Valued = { kind: "unknown" };
/** Stands where no price is looked at. */
const NO_READING: MarginReading = { quality: "unusable", value: 0n, low: 0n, high: 0n, updatedAt: 0n };
const MAX_COLLATERALS = 32n;

/** An account's word. */
export function readAccount(account: Hex, context: BooksReader): AccountsWord {
  return ledger.accounts.decode(context.readOf("PositionLedger", ledger.accounts.slot(account)));
}

/** A position's word. */
export function readPosition(account: Hex, instrument: bigint, context: BooksReader): PositionsWord {
  return ledger.positions.decode(context.readOf("PositionLedger", ledger.positions.slot(account, instrument)));
}

/** The price as margin takes it; null when the keeper does not know it. */
export function marginReading(reading: Reading): MarginReading | null {
  if (!reading.isKnown) return null;
  const { status, value, low, high, updatedAt } = reading;
  const quality = status === "valid" ? "valid" : isUsable(status) ? "usable" : "unusable";
  return { quality, value, low, high, updatedAt };
}

/** Ids of the assets that an account holds, ascending. */
function collateralIdsOf({ assets }: AccountsWord): bigint[] {
  const ids: bigint[] = [];
  for (let id = 1n; id < MAX_COLLATERALS; id += 1n) if (((assets >> id) & 1n) === 1n) ids.push(id);
  return ids;
}

/** The feeds that decide what an account is worth. */
export function feedsOf(account: Hex, context: BooksReader): bigint[] {
  const read: Read = (slot) => context.readOf("PositionLedger", slot);
  const positions = openInstruments(account, read).map((instrument) => readInstrument(instrument, context).feed);
  const assets = collateralIdsOf(readAccount(account, context)).map(
    (id) => registry.collateral.decode(context.readOf("InstrumentRegistry", registry.collateral.slot(id))).feed,
  );
  return [...new Set([...positions, ...assets])];
}

/**
 * What a unit of an instrument is worth, as `MarginEngine.markOf`, 1e-18 quote: null where the engine refuses to say.
 *
 * @param isFeedAsked whether it rests on the feed's price, which may have been out of reach
 */
export type Mark =
  { readonly isKnown: false } | { readonly isKnown: true; readonly mark: bigint | null; readonly isFeedAsked: boolean };

/** The mark of an instrument by the books and prices of the context. */
export function markNow(instrument: bigint, context: BooksReader): Mark {
  const terms = readInstrument(instrument, context);
  if (terms.kind === KIND.none) return { isKnown: true, mark: null, isFeedAsked: false };
  const option = terms.kind === KIND.perpetual ? null : optionStateOf(instrument, context);
  const isFeedAsked = !isSettled(option, context);
  const reading = isFeedAsked ? marginReading(context.priceOf(terms.feed)) : NO_READING;
  if (reading === null) return { isKnown: false };
  if (isFeedAsked && reading.quality !== "valid") return { isKnown: true, mark: null, isFeedAsked };
  try {
    const mark = markOf(marginPosition(0n, terms, option, reading), reading.value, context.timestamp);
    return { isKnown: true, mark, isFeedAsked };
  } catch (error: unknown) {
    if (error instanceof OptionRangeError) return { isKnown: true, mark: null, isFeedAsked };
    throw error;
  }
}

/**
 * What an account is worth by the books of the context, as `MarginEngine.evaluate` of `PositionLedger.portfolioOf`: with
 * the funding that its positions have accrued at the stored indexes.
 */
export function valueAccount(
  account: Hex,
  pricing: Pricing,
  context: BooksReader,
  { unusable }: ValuedAs = {},
): Valued {
  const read: Read = (slot) => context.readOf("PositionLedger", slot);
  const readingOf = (feed: bigint): MarginReading | null => {
    const reading = marginReading(context.priceOf(feed));
    if (reading === null || unusable?.has(feed) !== true) return reading;
    return { ...reading, quality: "unusable", value: 0n, updatedAt: 0n };
  };
  const word = readAccount(account, context);
  let { quote } = word;
  const positions: MarginPosition[] = [];
  for (const instrument of openInstruments(account, read)) {
    const { size, index } = readPosition(account, instrument, context);
    quote += fundingOf(size, index, readMarket(instrument, read));
    const terms = readInstrument(instrument, context);
    const option = terms.kind === KIND.perpetual ? null : optionStateOf(instrument, context);
    if (terms.kind === KIND.none)
      return { kind: "refused", detail: `a position in instrument ${instrument}, unlisted` };
    const reading = isSettled(option, context) ? NO_READING : readingOf(terms.feed);
    if (reading === null) return UNKNOWN;
    positions.push(marginPosition(size, terms, option, reading));
  }
  const collateral = readCollateral(account, word, context, readingOf);
  if (collateral === null) return UNKNOWN;
  const { checkpointTime } = readHot(context);
  try {
    const value = evaluatePortfolio({ quote, positions, collateral, now: context.timestamp, checkpointTime, pricing });
    return { kind: "valued", value };
  } catch (error: unknown) {
    if (error instanceof OptionRangeError)
      return { kind: "refused", detail: `an option without a price (${error.code})` };
    throw error;
  }
}

/** Its final price is what an option is worth from its expiry on, whatever the feed says. */
function isSettled(option: OptionState | null, { timestamp }: BooksReader): boolean {
  return option !== null && option.settlementPrice !== null && timestamp >= option.expiry;
}

function marginPosition(
  size: bigint,
  terms: InstrumentsWord,
  option: OptionState | null,
  reading: MarginReading,
): MarginPosition {
  if (option === null) return { kind: "perpetual", size, terms, reading };
  return { kind: terms.kind === KIND.call ? "call" : "put", size, terms, reading, option };
}

/** Strike, expiry, volatility and final price of an option. */
function optionStateOf(instrument: bigint, context: BooksReader): OptionState {
  const { settledAt, price, isWindDown } = readSettlement(instrument, context);
  return { ...readOption(instrument, context), settlementPrice: settledAt === 0n ? null : price, isWindDown };
}

function readCollateral(
  account: Hex,
  word: AccountsWord,
  context: BooksReader,
  readingOf: (feed: bigint) => MarginReading | null,
): MarginCollateral[] | null {
  const collateral: MarginCollateral[] = [];
  for (const id of collateralIdsOf(word)) {
    const slot = registry.collateral.slot(id);
    const { asset, feed, haircutPpm, decimals } = registry.collateral.decode(
      context.readOf("InstrumentRegistry", slot),
    );
    const reading = readingOf(feed);
    if (reading === null) return null;
    const balanceSlot = ledger.collateral.slot(account, asset);
    const { balance } = ledger.collateral.decode(context.readOf("PositionLedger", balanceSlot));
    collateral.push({ balance, decimals, haircutPpm, reading });
  }
  return collateral;
}
