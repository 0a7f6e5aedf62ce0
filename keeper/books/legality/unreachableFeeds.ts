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
function* unreachableFeeds(account: Hex, context: LegalityContext, reached?: bigint): Generator<ReadonlySet<bigint>> {
  yield new Set();
  const feeds = feedsOf(account, context).filter((feed) => feed !== reached);
  if (feeds.length > MAX_FEEDS) return;
  for (let combination = 1; combination < 1 << feeds.length; combination += 1) {
    yield new Set(feeds.filter((_, index) => ((combination >> index) & 1) === 1));
  }
}

/**
 * What is wrong at the known prices; null when nothing is with some combination of feeds that cannot be reached.
 *
 * @param reached a feed that an event shows to have been valid
 * @param judge what is wrong when these feeds cannot be reached; null when nothing is, or when that is not known
 */
export function unexplained(
  account: Hex,
  context: LegalityContext,
  reached: bigint | undefined,
  judge: (unusable: ReadonlySet<bigint>) => string | null,
): string | null {
  let wrong: string | null = null;
  for (const unusable of unreachableFeeds(account, context, reached)) {
    const detail = judge(unusable);
    if (detail === null) return null;
    wrong ??= detail;
  }
  return wrong;
}
