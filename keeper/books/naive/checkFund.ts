import { max, min } from "./arithmetic.ts";
import { fundAccount } from "./checkShortfall.ts";
import { isInUse } from "./clearing.ts";
import { ownerOf } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { expectEvent } from "./expectations.ts";
import { FUND_SHORT, has } from "./flags.ts";
import { accountAt, clearingSizeAt, hot, marketAt } from "./ledgerStorage.ts";
import type { Entry } from "./NaiveTransaction.ts";
import { fundTarget } from "./tradingStorage.ts";

/** A reward goes where the fund has released it to. */
export function closeRelease(state: Derivation, { account, quoteDelta }: Entry): void {
  state.require(BigInt(ownerOf(account)) !== 0n, "releases to nobody");
  if (state.transaction.later[0]?.event?.name !== "RewardPaid") return;
  expectEvent(state, "CheckpointRegistry", "RewardPaid", (event) => {
    return event.hex("to") === account && event.number("amount") === quoteDelta;
  });
}

/** All fees that were collected, to the fund. */
export function checkFeeSweep(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const fees = state.get(hot.fees);
  state.require(account === fundAccount(state) && key === 0n, "sweeps fees to another account than the fund's");
  state.require(quoteDelta !== 0n && quoteDelta === fees, `sweeps ${quoteDelta} of ${fees} in fees`);
}

/** Whether a release pays a carrier: then the receiver's entry comes next, and the reward after it. */
function isReward(state: Derivation): boolean {
  return state.transaction.later[1]?.event?.name === "RewardPaid";
}

/** What is above the target, or a reward with all fees swept, while the fund is not short, to an account with an owner. */
export function checkRelease(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const isOfCarrier = isReward(state);
  const target = isOfCarrier ? 0n : state.get(fundTarget.amount);
  state.require(!isOfCarrier || !state.isSet(hot.fees), "pays a reward while there are fees to sweep");
  const left = state.get(accountAt(account).quote) + quoteDelta;
  state.require(account === fundAccount(state) && key === 0n, "releases from another account than the fund's");
  state.require(quoteDelta < 0n, `releases ${-quoteDelta}`);
  state.require(!has(state.get(hot.flags), FUND_SHORT), "releases while the fund is short");
  state.require(left >= target, `the fund keeps ${left} of its target ${target}`);
}

/**
 * The clearing account of an instrument without positions comes to zero, as far as the fund goes. While positions are
 * open the fund pays what of socialised losses they were not charged.
 */
export function checkLevel(state: Derivation, { account, key, quoteDelta }: Entry): void {
  const clearing = state.get(marketAt(key).clearing);
  const available = max(0n, state.get(accountAt(account).quote));
  const isOpen = isInUse(state, key);
  const wanted = isOpen ? state.get(clearingSizeAt(key).uncovered) : -clearing;
  const paid = min(wanted, available);
  state.require(account === fundAccount(state), "levels with another account than the fund's");
  const detail = `levels ${wanted} with ${-quoteDelta} of ${available} while ${isOpen ? "positions are" : "nothing is"} open`;
  state.require(quoteDelta !== 0n && quoteDelta === -paid, detail);
}
