import type { Hash } from "../../lib/hex.ts";
import { abs, max } from "./arithmetic.ts";
import { checkAfter, checkBefore } from "./checkEntry.ts";
import { levelUncovered } from "./clearing.ts";
import { addressOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import {
  CLEARING_LEVEL,
  EXPIRY,
  FEE_SWEEP,
  isOfAsset,
  isOfPosition,
  LIQUIDATION,
  SOCIALISATION,
  UNKNOWN_KIND,
} from "./entryKinds.ts";
import { accountAt, clearingSizeAt, collateralAt, hot, marketAt, openIdAt, positionAt } from "./ledgerStorage.ts";
import type { Entry } from "./NaiveTransaction.ts";
import { pendingFunding } from "./portfolio.ts";
import { collateralIdAt } from "./riskStorage.ts";

/** Open positions of an account at most. */
const MAX_OPEN = 30n;

/** A market exists from the first operation in it on. */
export function enterMarket(state: Derivation, instrument: bigint): void {
  const { isUsed, accruedAt, observedAt } = marketAt(instrument);
  if (state.isSet(isUsed)) return;
  state.set(isUsed, true);
  state.set(accruedAt, state.timestamp);
  state.set(observedAt, state.timestamp);
}

/** A page of ids never becomes zero again. */
function setOpenId(state: Derivation, account: Hash, index: bigint, instrument: bigint): void {
  state.set(openIdAt(account, index).id, instrument);
  state.set(openIdAt(account, index).isPageUsed, true);
}

function openPosition(state: Derivation, account: Hash, instrument: bigint): void {
  const { openCount } = accountAt(account);
  const count = state.get(openCount);
  state.require(count < MAX_OPEN, `opens position number ${count + 1n}`);
  setOpenId(state, account, count, instrument);
  state.set(openCount, count + 1n);
}

/** The last id takes the place of the closed one. */
function closePosition(state: Derivation, account: Hash, instrument: bigint): void {
  const { openCount } = accountAt(account);
  const count = state.get(openCount);
  let index = 0n;
  while (index < count && state.get(openIdAt(account, index).id) !== instrument) index += 1n;
  if (index === count) return state.report("illegal", `closes instrument ${instrument}, which is not open`);
  const last = count - 1n;
  if (index !== last) setOpenId(state, account, index, state.get(openIdAt(account, last).id));
  setOpenId(state, account, last, 0n);
  state.set(openCount, last);
}

/** Moves the size, settles what the position has accrued, and starts anew from the index of the side it is on then. */
function changePosition(state: Derivation, { account, key, sizeDelta, sizeBefore, isReducing }: Entry): bigint {
  const { size, index, increasedAt } = positionAt(account, key);
  const { longIndex, shortIndex, openInterest, clearing } = marketAt(key);
  const funding = pendingFunding(state, account, key);
  const sizeAfter = sizeBefore + sizeDelta;
  state.set(size, sizeAfter);
  state.set(index, state.get(sizeAfter < 0n ? shortIndex : longIndex));
  if (!isReducing) state.set(increasedAt, state.timestamp);
  state.add(openInterest, max(sizeAfter, 0n) - max(sizeBefore, 0n));
  state.add(clearing, -funding);
  if (sizeBefore === 0n) openPosition(state, account, key);
  else if (sizeAfter === 0n) closePosition(state, account, key);
  return funding;
}

/** Moves the balance; the bit of the asset follows it. */
function changeCollateral(state: Derivation, { account, key, sizeDelta, sizeBefore }: Entry): void {
  const asset = addressOf(key);
  const { balance, isUsed } = collateralAt(account, asset);
  const { assets } = accountAt(account);
  const id = state.get(collateralIdAt(asset));
  state.require(id !== 0n, `asset ${asset} is no collateral`);
  const after = sizeBefore + sizeDelta;
  state.set(balance, after);
  state.set(isUsed, true);
  const others = state.get(assets) & ~(1n << id);
  state.set(assets, after === 0n ? others : others | (1n << id));
}

/** What leaves or enters fees and clearing accounts instead of other accounts. */
function changePools(state: Derivation, { kind, key, sizeDelta, quoteDelta, fee }: Entry): void {
  state.add(hot.fees, fee);
  if (kind === FEE_SWEEP) state.add(hot.fees, -quoteDelta);
  if (kind !== EXPIRY && kind !== SOCIALISATION && kind !== CLEARING_LEVEL) return;
  state.add(marketAt(key).clearing, -quoteDelta);
  // The clearing account takes over what a settled position was.
  state.add(clearingSizeAt(key).size, -sizeDelta);
  state.set(clearingSizeAt(key).isUsed, true);
  if (kind === CLEARING_LEVEL) levelUncovered(state, key, -quoteDelta);
}

/**
 * What an account last lost its money in: a liquidation, of which only the first entry is the liquidated account's, or an
 * expiry at which it paid.
 */
function rememberSide(state: Derivation, { account, kind, key, sizeDelta, quoteDelta }: Entry): void {
  const isLiquidated = kind === LIQUIDATION && state.transaction.half === undefined;
  const hasPaid = kind === EXPIRY && quoteDelta < 0n;
  if (!isLiquidated && !hasPaid) return;
  state.set(accountAt(account).lastInstrument, key);
  state.set(accountAt(account).lastWasLong, sizeDelta < 0n);
}

function sizeBefore(state: Derivation, account: Hash, kind: bigint, key: bigint, sizeDelta: bigint): bigint {
  if (isOfPosition(kind)) return state.get(positionAt(account, key).size);
  if (isOfAsset(kind) && sizeDelta !== 0n) return state.get(collateralAt(account, addressOf(key)).balance);
  return 0n;
}

function read(state: Derivation, event: NaiveEvent): Entry {
  const account = event.hex("account");
  const kind = event.number("kind");
  const key = event.number("key");
  const sizeDelta = event.number("sizeDelta");
  const before = sizeBefore(state, account, kind, key, sizeDelta);
  return {
    logIndex: state.logIndex,
    account,
    kind,
    key,
    sizeDelta,
    quoteDelta: event.number("quoteDelta"),
    fee: event.number("fee"),
    sizeBefore: before,
    isReducing: before < 0n !== sizeDelta < 0n && abs(sizeDelta) <= abs(before),
    openInterestBefore: isOfPosition(kind) ? state.get(marketAt(key).openInterest) : 0n,
  };
}

/** Applies an entry: one account, one position or balance, and the pools on the other side of it. */
export function applyEntry(state: Derivation, event: NaiveEvent): void {
  const kind = event.number("kind");
  if (kind >= UNKNOWN_KIND) return state.report("unreadable", `entry of kind ${kind}`);
  const keyBits = isOfAsset(kind) ? 160n : 16n;
  if (event.number("key") >> keyBits !== 0n)
    return state.report("unreadable", `key ${event.number("key")} is too large`);

  const entry = read(state, event);
  const { account, key, sizeDelta, quoteDelta, fee } = entry;
  checkBefore(state, entry);
  if (isOfPosition(kind) || kind === SOCIALISATION || kind === CLEARING_LEVEL) enterMarket(state, key);
  const { quote, isUsed } = accountAt(account);
  const funding = isOfPosition(kind) ? changePosition(state, entry) : 0n;
  if (isOfAsset(kind) && sizeDelta !== 0n) changeCollateral(state, entry);
  changePools(state, entry);
  rememberSide(state, entry);
  const quoteAfter = state.get(quote) + quoteDelta - fee + funding;
  state.set(quote, quoteAfter);
  state.set(isUsed, true);
  state.add(hot.sequence, 1n);
  state.compare("sequence", event.number("sequence"), state.get(hot.sequence));
  state.compare("funding", event.number("funding"), funding);
  state.compare("sizeAfter", event.number("sizeAfter"), entry.sizeBefore + sizeDelta);
  state.compare("quoteAfter", event.number("quoteAfter"), quoteAfter);
  checkAfter(state, entry);
}
