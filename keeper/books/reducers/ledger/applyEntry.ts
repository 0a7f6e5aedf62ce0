import type { Hex } from "../../../lib/hex.ts";
import { storage as registry } from "../../generated/InstrumentRegistry.ts";
import { storage, type AccountsWord, type EntryPostedEvent } from "../../generated/PositionLedger.ts";
import type { ReducerContext } from "../../Reducer.ts";
import { changeWord } from "../changeWord.ts";
import { ENTRY_KIND, isCleared, touchesAsset, touchesPosition } from "./entryKinds.ts";
import {
  addToClearing,
  fundingOf,
  indexOf,
  isOpen,
  readClearingSize,
  useMarket,
  writeMarket,
  type Market,
} from "./market.ts";
import { closePosition, openPosition } from "./openIds.ts";
import { storeWord } from "./storeWord.ts";

/** What an entry changes beside the quote. */
interface Change {
  /** Fields of the account's word that are not the quote. */
  readonly account: Partial<AccountsWord>;
  readonly sizeAfter: bigint;
  readonly funding: bigint;
}

const UNCHANGED: Change = { account: {}, sizeAfter: 0n, funding: 0n };

/** One account changed: quoteAfter = quoteBefore + quoteDelta - fee + funding, and what its kind moves beside it. */
export function applyEntry(event: EntryPostedEvent, context: ReducerContext): void {
  const slot = storage.accounts.slot(event.account);
  const account = storage.accounts.decode(context.read(slot));
  const hot = storage.hot.decode(context.read(storage.hot.slot));
  const change = applyKind(event, account, context);
  const isSweep = event.kind === ENTRY_KIND.feeSweep;
  if (isSweep) context.expect("quoteDelta", event.quoteDelta, hot.fees);
  const quote = account.quote + (isSweep ? hot.fees : event.quoteDelta) - event.fee + change.funding;
  const sequence = hot.sequence + 1n;
  const fees = isSweep ? 0n : hot.fees + event.fee;
  context.expect("sizeAfter", event.sizeAfter, change.sizeAfter);
  context.expect("funding", event.funding, change.funding);
  context.expect("quoteAfter", event.quoteAfter, quote);
  context.expect("sequence", event.sequence, sequence);
  storeWord(storage.accounts, slot, { ...change.account, quote, isUsed: true }, context);
  storeWord(storage.hot, storage.hot.slot, { sequence, fees }, context);
}

function applyKind(event: EntryPostedEvent, account: AccountsWord, context: ReducerContext): Change {
  if (touchesPosition(event.kind)) return applyPosition(event, account, context);
  if (touchesAsset(event.kind)) return applyAsset(event, account, context);
  if (isCleared(event.kind)) {
    const market = useMarket(event.key, context);
    const clearing = market.clearing - event.quoteDelta;
    writeMarket(event.key, { ...market, clearing }, context);
    const isLevelled = event.kind === ENTRY_KIND.clearingLevel;
    addToClearing(event.key, { uncovered: isLevelled ? -coveredBy(event, clearing, context) : 0n }, context);
  }
  return UNCHANGED;
}

/**
 * What levelling takes off the uncovered losses: what the fund paid while positions are open, else all but what is still
 * missing.
 */
function coveredBy(event: EntryPostedEvent, clearing: bigint, context: ReducerContext): bigint {
  const read = (slot: Hex): bigint => context.read(slot);
  const { uncovered } = readClearingSize(event.key, read);
  const left = isOpen(event.key, read) ? uncovered + event.quoteDelta : -clearing;
  const kept = left > 0n ? left : 0n;
  return kept < uncovered ? uncovered - kept : 0n;
}

/** The settlement asset lives in the quote; of another one the balance changes, and whether there is any. */
function applyAsset(event: EntryPostedEvent, account: AccountsWord, context: ReducerContext): Change {
  const asset: Hex = `0x${event.key.toString(16).padStart(40, "0")}`;
  if (asset === context.immutables.settlementAsset) return UNCHANGED;
  const slot = storage.collateral.slot(event.account, asset);
  const balance = storage.collateral.decode(context.read(slot)).balance + event.sizeDelta;
  changeWord(storage.collateral, slot, { balance, isUsed: true }, context);
  const { collateralIds } = registry;
  const id = collateralIds.decode(context.readOf("InstrumentRegistry", collateralIds.slot(asset)));
  const bit = 1n << id;
  const assets = balance > 0n ? account.assets | bit : account.assets & ~bit;
  return { account: id === 0n ? {} : { assets }, sizeAfter: balance, funding: 0n };
}

function applyPosition(event: EntryPostedEvent, account: AccountsWord, context: ReducerContext): Change {
  const { account: id, key: instrument, sizeDelta } = event;
  const market = useMarket(instrument, context);
  const slot = storage.positions.slot(id, instrument);
  const before = storage.positions.decode(context.read(slot));
  const funding = fundingOf(before.size, before.index, market);
  const size = before.size + sizeDelta;
  const increasedAt = isReducing(before.size, sizeDelta) ? before.increasedAt : context.timestamp;
  context.write(slot, storage.positions.encode({ size, index: indexOf(market, size), increasedAt }));
  writeMarket(instrument, marketAfter(event, market, before.size, size, funding), context);
  if (event.kind === ENTRY_KIND.expiry) addToClearing(instrument, { size: -sizeDelta }, context);

  let { openCount } = account;
  if (before.size === 0n && size !== 0n) openCount = openPosition(id, openCount, instrument, context);
  else if (before.size !== 0n && size === 0n) openCount = closePosition(id, openCount, instrument, context);
  // An expiry counts as the last loss only if it was one.
  const isLast = event.kind === ENTRY_KIND.expiry ? event.quoteDelta < 0n : isLiquidated(event, context);
  const last = isLast ? { lastInstrument: instrument, lastWasLong: before.size > 0n } : {};
  return { account: { openCount, ...last }, sizeAfter: size, funding };
}

/** The position shrinks and does not flip. */
export function isReducing(before: bigint, delta: bigint): boolean {
  return (
    before !== 0n && before < 0n !== delta < 0n && (before < 0n ? -before : before) >= (delta < 0n ? -delta : delta)
  );
}

function marketAfter(event: EntryPostedEvent, market: Market, before: bigint, after: bigint, funding: bigint): Market {
  const cleared = isCleared(event.kind) ? event.quoteDelta : 0n;
  return {
    ...market,
    clearing: market.clearing - funding - cleared,
    openInterest: market.openInterest + (after > 0n ? after : 0n) - (before > 0n ? before : 0n),
  };
}

/** Of the two entries of a liquidation, the liquidated account's is the first. */
function isLiquidated(event: EntryPostedEvent, { memory }: ReducerContext): boolean {
  if (event.kind !== ENTRY_KIND.liquidation) return false;
  memory.isBidderNext = !memory.isBidderNext;
  return memory.isBidderNext;
}
