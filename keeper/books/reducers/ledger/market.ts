import {
  storage,
  type ClearingSizesWord,
  type MarketsWord0,
  type MarketsWord1,
} from "../../generated/PositionLedger.ts";
import { settled } from "../../model/funding.ts";
import type { ReducerContext } from "../../Reducer.ts";
import { changeWord } from "../changeWord.ts";
import { storeWord } from "./storeWord.ts";

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

/** Writes both words. The mark of a market that is used already stays as it is stored. */
export function writeMarket(instrument: bigint, market: Market, context: ReducerContext): void {
  const { word0, word1 } = storage.markets;
  context.write(word0.slot(instrument), word0.encode(market));
  const slot = word1.slot(instrument);
  const { clearing, openInterest, premiumPpb } = market;
  const mark = word1.decode(context.read(slot)).isUsed ? {} : { isUsed: true };
  storeWord(word1, slot, { clearing, openInterest, premiumPpb, ...mark }, context);
}

/** The word of what an instrument's clearing account holds beside its quote. */
export function readClearingSize(instrument: bigint, read: (slot: `0x${string}`) => bigint): ClearingSizesWord {
  return storage.clearingSizes.decode(read(storage.clearingSizes.slot(instrument)));
}

/** Changes what the clearing account of an instrument holds or leaves uncovered. Nothing changes but the mark for none. */
export function addToClearing(
  instrument: bigint,
  { size = 0n, uncovered = 0n }: { readonly size?: bigint; readonly uncovered?: bigint },
  context: ReducerContext,
): void {
  const before = readClearingSize(instrument, (slot) => context.read(slot));
  const after = { size: before.size + size, uncovered: before.uncovered + uncovered, isUsed: true };
  changeWord(storage.clearingSizes, storage.clearingSizes.slot(instrument), after, context);
}

/** What a loss is shared by: the long positions of accounts, or the short ones and what the clearing account holds. */
export function unitsOf(instrument: bigint, areLongs: boolean, read: (slot: `0x${string}`) => bigint): bigint {
  const { openInterest } = readMarket(instrument, read);
  return areLongs ? openInterest : openInterest + readClearingSize(instrument, read).size;
}

/** Whether accounts or the clearing account hold positions. */
export function isOpen(instrument: bigint, read: (slot: `0x${string}`) => bigint): boolean {
  return readMarket(instrument, read).openInterest !== 0n || readClearingSize(instrument, read).size !== 0n;
}

/** Index that a position of this size refers to; the long one for none. */
export function indexOf(market: Market, size: bigint): bigint {
  return size < 0n ? market.shortIndex : market.longIndex;
}

/** What a position has accrued since its snapshot, 1e-18 quote, rounded toward minus infinity. */
export function fundingOf(size: bigint, snapshot: bigint, market: Market): bigint {
  return settled(size, indexOf(market, size), snapshot);
}
