import { decodeEvent, storage, type LiquidationAuctionEvent } from "../generated/LiquidationAuction.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { applyRepair } from "./applyRepair.ts";
import { changeWord } from "./changeWord.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_authority",
  "_consumingSchedule",
  "_terms",
  "_auctions",
  "_collateralAuctions",
  "_windows",
] as const;

/** The word of an auction that does not run any more. */
const STOPPED = { startedAt: 0n, isUsed: true };

/**
 * Keeps the terms, which auctions run since when, and what each instrument's window has used. The use grows by a
 * notional at the oracle's price, which the event does not carry: what it says is taken, and judged by the rules.
 */
export const liquidationAuction: Reducer<LiquidationAuctionEvent> = {
  book: "LiquidationAuction",
  decode: decodeEvent,
  apply(event, context) {
    const { auctions, collateralAuctions, windows, terms } = storage;
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "AuctionTermsSet": {
        const { duration, maxDiscountPpm, window, capacity } = event;
        changeWord(terms, terms.slot, { duration, maxDiscountPpm, window, capacity }, context);
        return;
      }
      case "AuctionStarted": {
        const started = { startedAt: context.timestamp, isUsed: true };
        context.expect("startedAt", event.startedAt, context.timestamp);
        changeWord(auctions, auctions.slot(event.account, event.instrument), started, context);
        return;
      }
      case "AuctionStopped":
        changeWord(auctions, auctions.slot(event.account, event.instrument), STOPPED, context);
        return;
      case "PositionSold": {
        const slot = windows.slot(event.instrument);
        const { start } = windows.decode(context.read(slot));
        const { window } = terms.decode(context.read(terms.slot));
        const windowStart = context.timestamp >= start + window ? context.timestamp : start;
        context.expect("windowStart", event.windowStart, windowStart);
        changeWord(windows, slot, { start: windowStart, used: event.windowUsed }, context);
        return;
      }
      case "CollateralAuctionStarted": {
        const started = { startedAt: context.timestamp, isUsed: true };
        context.expect("startedAt", event.startedAt, context.timestamp);
        changeWord(collateralAuctions, collateralAuctions.slot(event.account, event.asset), started, context);
        return;
      }
      case "CollateralAuctionStopped":
        changeWord(collateralAuctions, collateralAuctions.slot(event.account, event.asset), STOPPED, context);
        return;
      case "WordRepaired":
        applyRepair(event, context);
        return;
      case "CollateralSold":
        return;
    }
  },
};
