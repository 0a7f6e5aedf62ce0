import { decodeEvent, storage, type PriceOracleEvent } from "../generated/PriceOracle.ts";
import type { Reducer } from "../Reducer.ts";
import { applyAuthority } from "./applyAuthority.ts";

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
        const before = word0.decode(context.read(word0.slot(feed)));
        context.write(word0.slot(feed), word0.encode({ ...before, aggregator, decimals, maxAge }));
        context.write(word1.slot(feed), word1.encode({ minPrice, maxPrice }));
        return;
      }
      // A removal leaves the third word: nothing reads it then.
      case "SecondarySet": {
        const { feed, secondary, secondaryDecimals, secondaryMaxAge, maxDeviationPpm } = event;
        const hasSecondary = BigInt(secondary) !== 0n;
        const before = word0.decode(context.read(word0.slot(feed)));
        context.write(word0.slot(feed), word0.encode({ ...before, maxDeviationPpm, hasSecondary }));
        if (hasSecondary) {
          context.write(word2.slot(feed), word2.encode({ secondary, secondaryDecimals, secondaryMaxAge }));
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
