import type { Hash } from "../../lib/hex.ts";
import { divideUp, max, min, ONE } from "./arithmetic.ts";
import { firstAccountOf, type NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { SOCIALISATION } from "./entryKinds.ts";
import { expectEvent } from "./expectations.ts";
import { flagsInForce, FUND_SHORT, HALT, has } from "./flags.ts";
import { accountAt, clearingSizeAt, hot, marketAt, modules } from "./ledgerStorage.ts";
import type { Entry } from "./NaiveTransaction.ts";

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

/** The fund pays what it can, before anything is socialised. */
export function checkCover(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const covered = min(shortfallOf(state, account), fundQuote(state));
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
 * The side that won pays, each unit of it the same. The short side has with the clearing account what longs of a settled
 * option have left. An index that would leave its 96 bits stays.
 */
export function socialiseLoss(state: Derivation, event: NaiveEvent): void {
  state.require(state.transaction.isExpected, "socialises a loss that no account has");
  const instrument = event.number("instrument");
  const fromLongs = event.flag("fromLongs");
  const { longIndex, shortIndex, openInterest } = marketAt(instrument);
  const longs = state.get(openInterest);
  const open = fromLongs ? longs : longs + state.get(clearingSizeAt(instrument).size);
  const perUnit = open > 0n ? divideUp(event.number("amount") * ONE, open) : 0n;
  const index = fromLongs ? longIndex : shortIndex;
  const before = state.get(index);
  const moved = fromLongs ? before + perUnit : before - perUnit;
  const after = BigInt.asIntN(96, moved) === moved ? moved : before;
  state.set(index, after);
  state.compare("indexAfter", event.number("indexAfter"), after);
}
