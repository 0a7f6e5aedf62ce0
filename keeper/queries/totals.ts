import { readInstrument } from "../books/legality/instruments.ts";
import { fundAccount, fundQuote, fundTarget } from "../books/legality/fund.ts";
import type { BooksReader } from "../books/legality/LegalityContext.ts";
import { storage as ledger } from "../books/generated/PositionLedger.ts";
import type { Greeks } from "../books/model/optionPricing.ts";
import { readClearingSize } from "../books/reducers/ledger/market.ts";
import type { Hex } from "../lib/hex.ts";
import { greeksOf, NO_GREEKS, plus, scaled } from "./greeks.ts";
import { describeInstrument } from "./instruments.ts";

/** What all positions on one feed come to; null where one of its instruments has no price. */
export interface FeedTotals {
  readonly feed: bigint;
  readonly instruments: readonly bigint[];
  /** Of the long positions of accounts: what all shorts and the clearing account together are short of. */
  readonly open: Greeks | null;
  /** Of what the clearing account holds: the exposure that nobody has taken over. */
  readonly clearing: Greeks | null;
}

/** What the books as a whole come to, 1e-18 quote. */
export interface Totals {
  readonly accountCount: number;
  readonly feeds: readonly FeedTotals[];
  readonly fund: { readonly account: Hex; readonly quote: bigint; readonly target: bigint };
  /** What accounts owe beyond what they have. */
  readonly debt: bigint;
}

/** The Greeks of all positions by feed, the insurance fund and the debts. */
export function describeTotals(instruments: readonly bigint[], accountCount: number, reader: BooksReader): Totals {
  const read = (slot: Hex): bigint => reader.readOf("PositionLedger", slot);
  const byFeed = new Map<bigint, bigint[]>();
  for (const instrument of instruments) {
    const { feed } = readInstrument(instrument, reader);
    byFeed.set(feed, [...(byFeed.get(feed) ?? []), instrument]);
  }
  return {
    accountCount,
    feeds: [...byFeed].map(([feed, members]) => ({
      ...{ feed, instruments: members },
      open: sumOf(members.map((instrument) => describeInstrument(instrument, reader)?.greeks?.open ?? null)),
      clearing: sumOf(
        members.map((instrument) => {
          const unit = greeksOf(instrument, reader);
          return unit === null ? null : scaled(unit, readClearingSize(instrument, read).size);
        }),
      ),
    })),
    fund: { account: fundAccount(reader), quote: fundQuote(reader), target: fundTarget(reader) },
    debt: ledger.totalDebt.decode(read(ledger.totalDebt.slot)).amount,
  };
}

/** One part without a price leaves the sum without a value. */
function sumOf(parts: readonly (Greeks | null)[]): Greeks | null {
  let sum = NO_GREEKS;
  for (const part of parts) {
    if (part === null) return null;
    sum = plus(sum, part);
  }
  return sum;
}
