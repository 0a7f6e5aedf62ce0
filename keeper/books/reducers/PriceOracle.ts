import { decodeEvent, storage, type PriceOracleEvent } from "../generated/PriceOracle.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";
import { changeWord } from "./changeWord.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = ["_authority", "_consumingSchedule", "_feeds"] as const;

/** Keeps which aggregator serves each feed, the bounds within which its answers count, and what it is compared with. */
export const priceOracle: Reducer<PriceOracleEvent> = {
  book: "PriceOracle",
  decode: decodeEvent,
  apply(event, context) {
    const { word0, word1, word2 } = storage.feeds;
    switch (event.name) {
      case "AuthorityUpdated":
        applyAuthority(event, storage.word0, context);
        return;
      case "FeedSet": {
        const { feed, aggregator, decimals, maxAge, minPrice, maxPrice } = event;
        changeWord(word0, word0.slot(feed), { aggregator, decimals, maxAge }, context);
        changeWord(word1, word1.slot(feed), { minPrice, maxPrice }, context);
        return;
      }
      // A removal leaves the third word: nothing reads it then.
      case "SecondarySet": {
        const { feed, secondary, secondaryDecimals, secondaryMaxAge, maxDeviationPpm } = event;
        const hasSecondary = BigInt(secondary) !== 0n;
        changeWord(word0, word0.slot(feed), { maxDeviationPpm, hasSecondary }, context);
        if (hasSecondary) {
          changeWord(word2, word2.slot(feed), { secondary, secondaryDecimals, secondaryMaxAge }, context);
          return;
        }
        context.expect("secondaryDecimals", secondaryDecimals, 0n);
        context.expect("secondaryMaxAge", secondaryMaxAge, 0n);
        context.expect("maxDeviationPpm", maxDeviationPpm, 0n);
        return;
      }
    }
  },
};
