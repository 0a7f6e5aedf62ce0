import { decodeEvent, storage, type PriceOracleEvent } from "../generated/PriceOracle.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_feeds"] as const;

/** Keeps which aggregator serves each feed, and the bounds within which its answers count. */
export const priceOracle: Reducer<PriceOracleEvent> = {
  book: "PriceOracle",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "FeedSet": {
        const { feed, aggregator, decimals, maxAge, minPrice, maxPrice } = event;
        const { word0, word1 } = storage.feeds;
        context.write(word0.slot(feed), word0.encode({ aggregator, decimals, maxAge }));
        context.write(word1.slot(feed), word1.encode({ minPrice, maxPrice }));
        return;
      }
    }
  },
};
