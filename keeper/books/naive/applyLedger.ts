import type { Address, Hash } from "../../lib/hex.ts";
import { checkTrade } from "./checkTrade.ts";
import { accountAt, collateralAt, hot, modules, openIdAt, positionAt } from "./clearingStorage.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { flagsInForce, HALT, has } from "./flags.ts";
import { checkInitialMargin } from "./margin.ts";
import { word32 } from "./words.ts";

/** `enum EntryKind { Credit, Debit, Trade }` */
const CREDIT = 0n;
const DEBIT = 1n;
const TRADE = 2n;
/** Open positions of an account at most. */
const MAX_OPEN = 30n;

interface Entry {
  readonly account: Hash;
  readonly kind: bigint;
  readonly key: bigint;
  readonly sizeDelta: bigint;
  readonly quoteDelta: bigint;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** A page of ids never becomes zero again. */
function setOpenId(state: Derivation, account: Hash, index: bigint, instrument: bigint): void {
  state.set(openIdAt(account, index).id, instrument);
  state.set(openIdAt(account, index).isPageUsed, 1n);
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

/** @returns the resulting position */
function moveSize(state: Derivation, { account, key, sizeDelta }: Entry): bigint {
  const { size, isUsed } = positionAt(account, key);
  const sizeBefore = state.get(size);
  const sizeAfter = sizeBefore + sizeDelta;
  state.set(size, sizeAfter);
  state.set(isUsed, 1n);
  if (sizeBefore === 0n) openPosition(state, account, key);
  else if (sizeAfter === 0n) closePosition(state, account, key);
  return sizeAfter;
}

/** @returns the resulting collateral balance; zero for the settlement asset, which has none */
function moveCollateral(state: Derivation, { account, key, sizeDelta }: Entry): bigint {
  if (sizeDelta === 0n) return 0n;
  const { balance, isUsed } = collateralAt(account, addressOf(key));
  const balanceAfter = state.get(balance) + sizeDelta;
  state.set(balance, balanceAfter);
  state.set(isUsed, 1n);
  return balanceAfter;
}

function addressOf(key: bigint): Address {
  return `0x${word32(key).slice(26)}`;
}

function post(state: Derivation, event: NaiveEvent): void {
  const entry: Entry = {
    account: event.hex("account"),
    kind: event.number("kind"),
    key: event.number("key"),
    sizeDelta: event.number("sizeDelta"),
    quoteDelta: event.number("quoteDelta"),
  };
  const { account, kind, key, sizeDelta, quoteDelta } = entry;
  if (kind > TRADE) return state.report("unreadable", `entry of kind ${kind}`);
  const keyBits = kind === TRADE ? 16n : 160n;
  if (key >> keyBits !== 0n) return state.report("unreadable", `key ${key} is too large`);

  const sizeBefore = kind === TRADE ? state.get(positionAt(account, key).size) : 0n;
  const { quote, isUsed } = accountAt(account);
  const quoteAfter = state.get(quote) + quoteDelta;
  const sizeAfter = kind === TRADE ? moveSize(state, entry) : moveCollateral(state, entry);
  state.set(quote, quoteAfter);
  state.set(isUsed, 1n);
  const sequence = state.get(hot.sequence) + 1n;
  state.set(hot.sequence, sequence);
  state.compare("sequence", event.number("sequence"), sequence);
  state.compare("sizeAfter", event.number("sizeAfter"), sizeAfter);
  state.compare("quoteAfter", event.number("quoteAfter"), quoteAfter);

  if (kind === TRADE) {
    const isReducing = sizeBefore < 0n !== sizeDelta < 0n && abs(sizeDelta) <= abs(sizeBefore);
    const side = { logIndex: state.logIndex, account, instrument: key, sizeDelta, quoteDelta, isReducing };
    const { halfTrade } = state.transaction;
    state.transaction.halfTrade = halfTrade === undefined ? side : undefined;
    // The margin of both sides is checked after both entries are posted.
    if (halfTrade !== undefined) checkTrade(state, halfTrade, side);
  } else {
    checkMovement(state, entry);
  }
}

/** A credit or debit moves either quote, for the settlement asset, or collateral. */
function checkMovement(state: Derivation, { account, kind, key, sizeDelta, quoteDelta }: Entry): void {
  state.require(state.transaction.halfTrade === undefined, "moves an asset between the two sides of a trade");
  const { settlementAsset, settlementScale } = state.input.immutables;
  const asset = addressOf(key);
  const isSettlement = asset === settlementAsset;
  const isOneSided = isSettlement ? sizeDelta === 0n && quoteDelta % settlementScale === 0n : quoteDelta === 0n;
  state.require(isOneSided, `moves ${sizeDelta} and ${quoteDelta} quote of ${asset}`);
  const amount = isSettlement ? quoteDelta / settlementScale : sizeDelta;
  state.require(kind === CREDIT ? amount > 0n : amount < 0n, `moves ${amount}, against its kind`);
  state.transaction.ledgerMovements.push({ logIndex: state.logIndex, account, asset, amount });
  state.transaction.quoteMoved += quoteDelta;
  if (kind === DEBIT) checkDebit(state, account);
}

/*
 * An event does not tell `debit` from `debitWitnessed`, so that a debit under the withdrawal restriction counts as
 * witnessed. Its cap needs the proofs in calldata and is not checked.
 */
function checkDebit(state: Derivation, account: Hash): void {
  const isFlat = state.get(accountAt(account).openCount) === 0n;
  state.require(isFlat || !has(flagsInForce(state), HALT), "debits an account with positions while halted");
  checkInitialMargin(state, account);
}

/**
 * What guard and registry push follows from their events before. The first word of all is the constructor's; any other
 * push without a cause is illegal, and what was pushed is then all there is to store.
 */
function pushHotWord(state: Derivation, event: NaiveEvent): void {
  const pushed = {
    flags: event.number("flags"),
    checkpointTime: event.number("checkpointTime"),
    graceUntil: event.number("graceUntil"),
    isLiftDue: false,
  };
  const isConstructor = !state.isSet(modules.guard) && !state.isSet(hot.checkpointTime);
  const constructed = { flags: 0n, checkpointTime: state.timestamp, graceUntil: 0n, isLiftDue: false };
  const expected = isConstructor ? constructed : state.transaction.expectedPush;
  state.transaction.expectedPush = undefined;
  if (expected === undefined) state.report("illegal", "pushes a hot word without a cause");
  state.require(expected?.isLiftDue !== true, "pushes a hot word before the soft pause is lifted");

  const { flags, checkpointTime, graceUntil } = expected ?? pushed;
  state.set(hot.flags, flags);
  state.set(hot.checkpointTime, checkpointTime);
  state.set(hot.graceUntil, graceUntil);
  state.compare("flags", pushed.flags, flags);
  state.compare("checkpointTime", pushed.checkpointTime, checkpointTime);
  state.compare("graceUntil", pushed.graceUntil, graceUntil);
}

function bindModules(state: Derivation, event: NaiveEvent): void {
  state.require(!state.isSet(modules.vault), "binds the modules again");
  for (const name of ["vault", "settlement", "guard"] as const) {
    const module = event.hex(name);
    state.require(BigInt(module) !== 0n, `binds the zero address as ${name}`);
    state.set(modules[name], module);
  }
}

/** Applies an event of PositionLedger. */
export function applyLedger(state: Derivation, event: NaiveEvent): void {
  if (event.name === "EntryPosted") post(state, event);
  if (event.name === "HotWordPushed") pushHotWord(state, event);
  if (event.name === "ModulesBound") bindModules(state, event);
}
