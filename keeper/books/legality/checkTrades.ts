import type { Hex } from "../../lib/hex.ts";
import { storage as instruments } from "../generated/InstrumentRegistry.ts";
import type { EntryPostedEvent } from "../generated/PositionLedger.ts";
import { storage as ledger } from "../generated/PositionLedger.ts";
import { FLAG, flagsInForce } from "./flags.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import { evaluatePortfolio } from "./margin.ts";
import { readPortfolio, type Portfolio } from "./portfolio.ts";

const ONE = 10n ** 18n;
const PPM = 1_000_000n;

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function ownerOf(account: Hex): Hex {
  return account.slice(0, 42) as Hex;
}

function sizeBefore(entry: EntryPostedEvent, context: LegalityContext): bigint {
  const slot = ledger.sizes.slot(entry.account, entry.key);
  return ledger.sizes.decode(context.readOf("PositionLedger", slot)).size - entry.sizeDelta;
}

/** The position shrank and did not flip. */
function isReduction(entry: EntryPostedEvent, context: LegalityContext): boolean {
  const before = sizeBefore(entry, context);
  return before < 0n !== entry.sizeDelta < 0n && magnitude(entry.sizeDelta) <= magnitude(before);
}

function maintenanceExcess(portfolio: Portfolio): bigint {
  const { equity, maintenance } = evaluatePortfolio(portfolio.quote, portfolio.positions);
  return equity - maintenance;
}

/** The portfolio before `entry`, at the same prices. */
function undone(portfolio: Portfolio, entry: EntryPostedEvent, context: LegalityContext): Portfolio {
  const others = portfolio.positions.filter(({ instrument }) => instrument !== entry.key);
  const terms = instruments.instruments.decode(
    context.readOf("InstrumentRegistry", instruments.instruments.slot(entry.key)),
  );
  const price = context.priceOf(terms.feed);
  const { initialPpm, maintenancePpm } = terms;
  const position = {
    instrument: entry.key,
    size: sizeBefore(entry, context),
    mark: price.isKnown ? price.value : 0n,
    initialPpm,
    maintenancePpm,
  };
  return { ...portfolio, quote: portfolio.quote - entry.quoteDelta, positions: [...others, position] };
}

function checkSide(entry: EntryPostedEvent, logIndex: number, context: LegalityContext): void {
  const illegal = (detail: string): void => {
    context.illegal("PositionLedger", logIndex, `${entry.account}: ${detail}`);
  };
  const reduces = isReduction(entry, context);
  if ((flagsInForce(context) & FLAG.increaseRisk) !== 0n && !reduces) illegal("new risk while it is restricted");
  const portfolio = readPortfolio(entry.account, context);
  if (!portfolio.isPriced) return;
  if (!portfolio.isListed) illegal("position in an unlisted instrument");
  if (!reduces) return checkInitialMargin(portfolio, illegal);
  if (!portfolio.isWithinBounds) return illegal("valued at a price out of bounds");
  const value = evaluatePortfolio(portfolio.quote, portfolio.positions);
  if (value.equity >= value.initial) return;
  const before = undone(portfolio, entry, context);
  if (value.equity < 0n) illegal(`insolvent after a reduction: equity ${value.equity}`);
  if (maintenanceExcess(portfolio) < maintenanceExcess(before)) illegal("a reduction that lowers the health");
}

/** An account that took risk or withdrew: flat with quote ≥ 0, or at its initial requirement at fresh prices. */
export function checkInitialMargin(portfolio: Portfolio, illegal: (detail: string) => void): void {
  if (portfolio.openCount === 0n) {
    if (portfolio.quote < 0n) illegal(`flat with a negative quote ${portfolio.quote}`);
    return;
  }
  if (!portfolio.isPriced) return;
  if (!portfolio.isFresh) return illegal("new risk at a price that is stale or out of bounds");
  const value = evaluatePortfolio(portfolio.quote, portfolio.positions);
  if (value.equity < value.initial) {
    illegal(`equity ${value.equity} is below the initial requirement ${value.initial}`);
  }
}

/** Price of the trade within the instrument's band around the last price, as `OrderSettlement` demands. */
function checkBand(entry: EntryPostedEvent, logIndex: number, context: LegalityContext): void {
  const terms = instruments.instruments.decode(
    context.readOf("InstrumentRegistry", instruments.instruments.slot(entry.key)),
  );
  const mark = context.priceOf(terms.feed);
  if (!mark.isKnown) return;
  // quote = ⌊size × price / 1e18⌋: the price lies within one unit of quote / size.
  const size = magnitude(entry.sizeDelta);
  const quote = magnitude(entry.quoteDelta);
  const lowest = quote * ONE * PPM;
  const highest = (quote + 1n) * ONE * PPM;
  const tooLow = highest <= size * mark.value * (PPM - terms.priceBandPpm);
  const tooHigh = lowest > size * mark.value * (PPM + terms.priceBandPpm);
  if (!mark.isWithinBounds || tooLow || tooHigh) {
    context.illegal("PositionLedger", logIndex, `traded at ${(quote * ONE) / size}, the mark is ${mark.value}`);
  }
}

/** Judges one trade: its two entries, after both have been applied. */
export function checkTrade(
  first: EntryPostedEvent,
  second: EntryPostedEvent,
  logIndex: number,
  context: LegalityContext,
): void {
  const isZeroSum = first.sizeDelta + second.sizeDelta === 0n && first.quoteDelta + second.quoteDelta === 0n;
  if (!isZeroSum || first.key !== second.key || first.sizeDelta === 0n) {
    context.illegal("PositionLedger", logIndex, "the two sides of a trade do not sum to zero");
    return;
  }
  if (ownerOf(first.account) === ownerOf(second.account)) {
    context.illegal("PositionLedger", logIndex, `both sides belong to ${ownerOf(first.account)}`);
  }
  checkBand(first, logIndex, context);
  checkSide(first, logIndex, context);
  checkSide(second, logIndex, context);
}
