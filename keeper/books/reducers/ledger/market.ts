import { storage, type MarketsWord0, type MarketsWord1 } from "../../generated/PositionLedger.ts";
import { settled } from "../../model/funding.ts";
import type { ReducerContext } from "../../Reducer.ts";

/** Both words of an instrument's market. */
export type Market = MarketsWord0 & MarketsWord1;

/** The market of an instrument as `read` has it. */
export function readMarket(instrument: bigint, read: (slot: `0x${string}`) => bigint): Market {
  const { word0, word1 } = storage.markets;
  return { ...word0.decode(read(word0.slot(instrument))), ...word1.decode(read(word1.slot(instrument))) };
}

/** The market that an operation finds: at its first use it begins now. */
export function useMarket(instrument: bigint, context: ReducerContext): Market {
  const market = readMarket(instrument, (slot) => context.read(slot));
  if (market.isUsed) return market;
  return { ...market, isUsed: true, accruedAt: context.timestamp, observedAt: context.timestamp };
}

/** Writes both words. */
export function writeMarket(instrument: bigint, market: Market, context: ReducerContext): void {
  const { word0, word1 } = storage.markets;
  context.write(word0.slot(instrument), word0.encode(market));
  context.write(word1.slot(instrument), word1.encode(market));
}

/** Changes what the clearing account of an option holds, and returns it. Nothing changes but the mark for a zero. */
export function addClearingSize(instrument: bigint, sizeDelta: bigint, context: ReducerContext): bigint {
  const slot = storage.clearingSizes.slot(instrument);
  const size = storage.clearingSizes.decode(context.read(slot)).size + sizeDelta;
  context.write(slot, storage.clearingSizes.encode({ size, isUsed: true }));
  return size;
}

/** Index that a position of this size refers to; the long one for none. */
export function indexOf(market: Market, size: bigint): bigint {
  return size < 0n ? market.shortIndex : market.longIndex;
}

/** What a position has accrued since its snapshot, 1e-18 quote, rounded toward minus infinity. */
export function fundingOf(size: bigint, snapshot: bigint, market: Market): bigint {
  return settled(size, indexOf(market, size), snapshot);
}
