import type { Hash } from "../../lib/hex.ts";
import { divideUp, max, min, ONE, PPM } from "./arithmetic.ts";
import { firstAccountOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { SOCIALISATION } from "./entryKinds.ts";
import { expectEvent } from "./expectations.ts";
import { flagsInForce, FUND_SHORT, HALT, has } from "./flags.ts";
import { accountAt, clearingSizeAt, hot, marketAt, modules } from "./ledgerStorage.ts";
import { markOf } from "./margin.ts";
import type { Entry } from "./NaiveTransaction.ts";
import { readFeed } from "./readings.ts";
import { instrumentAt } from "./riskStorage.ts";
import { fits } from "./words.ts";

/** Number zero of the fund. */
export function fundAccount(state: Derivation): Hash {
  return firstAccountOf(state.getAddress(modules.fund));
}

/** What an account lacks that has nothing else. */
function shortfallOf(state: Derivation, account: Hash): bigint {
  const { quote, openCount, assets } = accountAt(account);
  const shortfall = -state.get(quote);
  const isBare = !state.isSet(openCount) && !state.isSet(assets);
  state.require(!has(flagsInForce(state), HALT), "covers a shortfall while halted");
  state.require(isBare && shortfall > 0n, `account ${account} has no shortfall`);
  return shortfall;
}

function fundQuote(state: Derivation): bigint {
  return max(0n, state.get(accountAt(fundAccount(state)).quote));
}

/** Fees that nobody has swept yet are the fund's before it pays, and before it may say that it cannot. */
function requireSwept(state: Derivation): void {
  const fees = state.get(hot.fees);
  state.require(fees === 0n, `covers a shortfall while ${fees} in fees are not swept`);
}

/** The fund pays what it can, before anything is socialised. */
export function checkCover(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const covered = min(shortfallOf(state, account), fundQuote(state));
  requireSwept(state);
  state.require(key === 0n, `covers with the key ${key}`);
  state.require(quoteDelta > 0n && quoteDelta === covered, `the fund pays ${quoteDelta}, and can pay ${covered}`);
}

/** Nobody owes anything any more: the debt that was recorded goes. */
function expectDebtGone(state: Derivation, account: Hash): void {
  if (!state.isSet(accountAt(account).hasDebt)) return;
  expectEvent(state, "PositionLedger", "DebtRecorded", (event) => {
    return event.hex("account") === account && event.number("debt") === 0n;
  });
}

/** What the fund has not paid is socialised next. */
export function closeCover(state: Derivation, covered: Entry, paid: Entry): void {
  const { account } = covered;
  state.require(paid.account === fundAccount(state), "another account than the fund's pays a shortfall");
  if (state.get(accountAt(account).quote) >= 0n) return expectDebtGone(state, account);
  expectEvent(state, "PositionLedger", "EntryPosted", (event) => {
    return event.number("kind") === SOCIALISATION && event.hex("account") === account;
  });
}

/** The whole rest, in the instrument that the account last lost its money in. */
export function checkSocialisation(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const shortfall = shortfallOf(state, account);
  const instrument = state.get(accountAt(account).lastInstrument);
  requireSwept(state);
  state.require(quoteDelta === shortfall, `socialises ${quoteDelta} of ${shortfall}`);
  state.require(fundQuote(state) === 0n, "socialises what the fund could pay");
  state.require(key === instrument, `socialises in instrument ${key}, not in ${instrument}`);
}

/** The loss, then the flag that the fund is short unless it stands already, then the debt. */
export function closeSocialisation(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const wasLong = state.isSet(accountAt(account).lastWasLong);
  expectEvent(state, "PositionLedger", "LossSocialised", (event) => {
    const isOfEntry = event.hex("account") === account && event.number("instrument") === key;
    return isOfEntry && event.number("amount") === quoteDelta && event.flag("fromLongs") !== wasLong;
  });
  if (!has(state.get(hot.flags), FUND_SHORT)) expectEvent(state, "PositionLedger", "HotWordPushed");
  expectDebtGone(state, account);
}

/**
 * What a unit is charged of a loss of `whole` for each: at most its maintenance requirement at the mark, and nothing
 * while there is no mark.
 *
 * @returns undefined when the price is not known
 */
function chargeOf(state: Derivation, instrument: bigint, whole: bigint): bigint | undefined {
  const { kind, feed, maintenancePpm } = instrumentAt(instrument);
  if (whole === 0n || !state.isSet(kind)) return 0n;
  const mark = markOf(state, instrument);
  if (mark !== undefined) return min(whole, (mark * state.get(maintenancePpm)) / PPM);
  return readFeed(state, state.get(feed)) === undefined ? undefined : 0n;
}

/**
 * The side that won pays, each unit of it the same, up to a limit that rests on the price: so the event is what is
 * stored. What it does not pay, all of it if the index would leave its 96 bits, the fund may pay later. The short side has
 * with the clearing account what longs of a settled option have left.
 */
export function socialiseLoss(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.isExpected, "socialises a loss that no account has");
  const [instrument, fromLongs] = [event.number("instrument"), event.flag("fromLongs")];
  const [amount, perUnit] = [event.number("amount"), event.number("perUnit")];
  const { longIndex, shortIndex, openInterest } = marketAt(instrument);
  const { size, uncovered, isUsed } = clearingSizeAt(instrument);
  const longs = state.get(openInterest);
  const open = max(0n, fromLongs ? longs : longs + state.get(size));
  const index = fromLongs ? longIndex : shortIndex;
  const whole = open > 0n ? divideUp(amount * ONE, open) : 0n;
  const charge = chargeOf(state, instrument, whole) ?? min(whole, perUnit);
  const moved = (by: bigint): bigint => state.get(index) + (fromLongs ? by : -by);
  const computed = fits(index, moved(charge)) ? charge : 0n;
  state.require(perUnit === computed, `charges ${perUnit} a unit, computed ${computed}`);
  state.add(uncovered, max(0n, amount - (perUnit * open) / ONE));
  state.set(isUsed, true);
  state.set(index, moved(perUnit));
  state.compare("indexAfter", event.number("indexAfter"), state.get(index));
}
