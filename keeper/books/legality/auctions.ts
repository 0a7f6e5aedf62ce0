import { storage as auction, type TermsWord } from "../generated/LiquidationAuction.ts";
import { discountPpm, isRunning, type AuctionTerms } from "../model/liquidation.ts";
import { FLAG, readHot } from "./flags.ts";
import type { LegalityContext } from "./LegalityContext.ts";

/** How auctions run. */
export function readTerms(context: LegalityContext): AuctionTerms {
  const { duration, maxDiscountPpm, window, capacity }: TermsWord = auction.terms.decode(
    context.readOf("LiquidationAuction", auction.terms.slot),
  );
  return { duration: Number(duration), maxDiscountPpm, window: Number(window), capacity };
}

/** Nothing is auctioned while liquidations are restricted, or in grace. */
export function checkOpen(context: LegalityContext, illegal: (detail: string) => void): void {
  const { flags, graceUntil } = readHot(context);
  if ((flags & FLAG.liquidate) !== 0n) illegal("while liquidations are restricted");
  if (context.timestamp < graceUntil) illegal(`in grace until ${graceUntil}`);
}

/** Whether an auction started then takes bids now. */
export function isOpenAuction(startedAt: bigint, context: LegalityContext): boolean {
  const { graceUntil } = readHot(context);
  return isRunning(Number(startedAt), Number(graceUntil), Number(context.timestamp), readTerms(context).duration);
}

/** Discount now of an auction started then, parts per million. */
export function discountNow(startedAt: bigint, context: LegalityContext): bigint {
  const terms = readTerms(context);
  return terms.duration === 0 ? 0n : discountPpm(terms, Number(context.timestamp - startedAt));
}
