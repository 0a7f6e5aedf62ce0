import type { Hash } from "../../lib/hex.ts";
import { max } from "./arithmetic.ts";
import type { NaiveEvent } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import { accountAt, debtAt, totalDebt } from "./ledgerStorage.ts";
import { evaluate, type Pricing } from "./margin.ts";
import { portfolioOf } from "./portfolio.ts";
import { debtCaps } from "./riskStorage.ts";

/** What positions do not cover of an account's negative quote; undefined when a price is not known. */
function debtNow(
  state: Derivation,
  account: Hash,
  pricing: Pricing,
): { readonly debt: bigint; readonly isValid: boolean } | undefined {
  const value = evaluate(state, portfolioOf(state, account), pricing);
  return value && { debt: max(0n, -value.cash), isValid: value.isValid };
}

/** What is not recorded is capped as if it were, behind what the operation has left to be recorded before it. */
function requireTotal(state: Derivation, account: Hash, debt: bigint): void {
  const before = state.get(debtAt(account).amount);
  let total = state.get(totalDebt.amount) + debt - before;
  for (const claim of state.transaction.debtClaims) {
    if (claim.debt === undefined) return;
    total += claim.debt - state.get(debtAt(claim.account).amount);
  }
  const cap = state.get(debtCaps.total);
  state.require(debt <= before || total <= cap, `all accounts owe ${total}, above the cap ${cap}`);
}

/**
 * `PositionLedger._recordDebt` after an operation: only accounts with collateral or with a recorded debt have one, and
 * only a change of it is recorded, at prices that satisfy every rule.
 *
 * @param isCapped whether the account chose this debt
 */
export function claimDebt(state: Derivation, account: Hash, pricing: Pricing, isCapped: boolean): void {
  const { assets, hasDebt } = accountAt(account);
  if (!state.isSet(assets) && !state.isSet(hasDebt)) return;
  const { logIndex } = state;
  const owed = debtNow(state, account, pricing);
  if (owed === undefined) {
    state.transaction.debtClaims.push({ logIndex, account, debt: undefined, isCapped });
    return;
  }
  const { debt, isValid } = owed;
  const cap = state.get(debtCaps.account);
  if (isCapped) state.require(debt === 0n || debt <= cap, `account ${account} owes ${debt}, above the cap ${cap}`);
  if (isCapped && !isValid) requireTotal(state, account, debt);
  if (isValid && debt !== state.get(debtAt(account).amount)) {
    state.transaction.debtClaims.push({ logIndex, account, debt, isCapped });
  }
}

/** By an operation that leaves it, or by anyone at any time. The debt rests on prices, the sum on what was recorded. */
export function recordDebt(state: Derivation, event: NaiveEvent): void {
  const account = event.hex("account");
  const debt = event.number("debt");
  const { assets, hasDebt } = accountAt(account);
  const before = state.get(debtAt(account).amount);
  const total = state.get(totalDebt.amount) + debt - before;
  const { debtClaims } = state.transaction;
  const claim = debtClaims.find((candidate) => candidate.account === account);
  state.transaction.debtClaims = debtClaims.filter((candidate) => candidate !== claim);
  state.require(state.isSet(assets) || state.isSet(hasDebt), `account ${account} cannot owe anything`);
  state.require(debt !== before, `records debt ${debt} again`);

  const now = claim === undefined ? debtNow(state, account, "strict") : undefined;
  const owed = now?.debt ?? claim?.debt;
  state.require(now?.isValid !== false, "records a debt at prices that are not valid");
  state.require(owed === undefined || owed === debt, `records debt ${debt} of ${owed}`);
  if (claim?.isCapped === true && debt > before) {
    const cap = state.get(debtCaps.total);
    state.require(total <= cap, `all accounts owe ${total}, above the cap ${cap}`);
  }

  state.set(debtAt(account).amount, debt);
  state.set(debtAt(account).isUsed, true);
  state.set(totalDebt.amount, total);
  state.set(totalDebt.isUsed, true);
  state.set(hasDebt, debt !== 0n);
  state.compare("totalDebt", event.number("totalDebt"), total);
}
