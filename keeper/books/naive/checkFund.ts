import { abs, min } from "./arithmetic.ts";
import { fundAccount } from "./checkShortfall.ts";
import type { Derivation } from "./Derivation.ts";
import { FUND_SHORT, has } from "./flags.ts";
import { accountAt, clearingSizeAt, hot, marketAt } from "./ledgerStorage.ts";
import type { Entry } from "./NaiveTransaction.ts";
import { fundTarget } from "./tradingStorage.ts";

/** All fees that were collected, to the fund. */
export function checkFeeSweep(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const fees = state.get(hot.fees);
  state.require(account === fundAccount(state) && key === 0n, "sweeps fees to another account than the fund's");
  state.require(quoteDelta !== 0n && quoteDelta === fees, `sweeps ${quoteDelta} of ${fees} in fees`);
}

/** What is above the target, while the fund is not short, to an account with an owner. */
export function checkRelease(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const target = state.get(fundTarget.amount);
  const left = state.get(accountAt(account).quote) + quoteDelta;
  state.require(account === fundAccount(state) && key === 0n, "releases from another account than the fund's");
  state.require(quoteDelta < 0n, `releases ${-quoteDelta}`);
  state.require(!has(state.get(hot.flags), FUND_SHORT), "releases while the fund is short");
  state.require(left >= target, `the fund keeps ${left} of its target ${target}`);
}

/** The clearing account of an instrument without positions comes to zero, as far as the fund goes. */
export function checkLevel(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const clearing = state.get(marketAt(key).clearing);
  const open = state.get(marketAt(key).openInterest) + abs(state.get(clearingSizeAt(key).size));
  const available = state.get(accountAt(account).quote);
  const paid = clearing < 0n ? min(-clearing, available) : -clearing;
  state.require(account === fundAccount(state), "levels with another account than the fund's");
  state.require(open === 0n, `levels instrument ${key}, in which ${open} is open`);
  state.require(quoteDelta !== 0n && quoteDelta === -paid, `levels ${clearing} with ${-quoteDelta} of ${available}`);
  state.require(clearing >= 0n || available > 0n, "levels with a fund that holds nothing");
}
