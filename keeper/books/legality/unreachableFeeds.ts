import type { Hex } from "../../lib/hex.ts";
import type { LegalityContext } from "./LegalityContext.ts";
import { feedsOf } from "./portfolio.ts";

/** Beyond it the combinations are too many; such an account is taken at the prices that are known. */
const MAX_FEEDS = 4;

/**
 * Which of an account's feeds may be unusable although their last answers are not: none, then every combination.
 *
 * That an aggregator cannot be reached, or that a round is incomplete, no log shows. Where the chain accepts more for
 * that than it would at the known prices, only what no combination explains is illegal.
 *
 * @param reached a feed that an event shows to have been valid
 */
export function* unreachableFeeds(
  account: Hex,
  context: LegalityContext,
  reached?: bigint,
): Generator<ReadonlySet<bigint>> {
  yield new Set();
  const feeds = feedsOf(account, context).filter((feed) => feed !== reached);
  if (feeds.length > MAX_FEEDS) return;
  for (let combination = 1; combination < 1 << feeds.length; combination += 1) {
    yield new Set(feeds.filter((_, index) => ((combination >> index) & 1) === 1));
  }
}
