import { storage as oracle } from "../books/generated/PriceOracle.ts";
import type { Immutables } from "../domain/bookSet.ts";
import type { Address } from "../lib/hex.ts";

/**
 * Every contract whose answers prices may rest on, by words of the oracle, whichever they are: more than there are, never
 * fewer.
 */
export function feedAddresses(
  words: Iterable<bigint>,
  { sequencerFeed }: Pick<Immutables, "sequencerFeed">,
): Set<Address> {
  const { word0, word2 } = oracle.feeds;
  const found = new Set<Address>([sequencerFeed]);
  for (const word of words) {
    found.add(word0.decode(word).aggregator);
    found.add(word2.decode(word).secondary);
  }
  return found;
}
