import { abs, divideDown, ONE } from "./arithmetic.ts";
import { checkFeeSweep, checkLevel, checkRelease, closeRelease } from "./checkFund.ts";
import { requireInitial } from "./checkMargin.ts";
import { checkSale } from "./checkSale.ts";
import { checkCover, checkSocialisation, closeCover, closeSocialisation } from "./checkShortfall.ts";
import { checkTrade } from "./checkTrade.ts";
import { claimDebt } from "./debts.ts";
import { addressOf, ownerOf } from "./decode.ts";
import type { Derivation } from "./Derivation.ts";
import {
  CLEARING_LEVEL,
  COLLATERAL_SALE,
  COVER,
  CREDIT,
  DEBIT,
  EXPIRY,
  FEE_SWEEP,
  isPaired,
  LIQUIDATION,
  RELEASE,
  SOCIALISATION,
  TRADE,
} from "./entryKinds.ts";
import { expectEvent } from "./expectations.ts";
import { flagsInForce, HALT, has } from "./flags.ts";
import { accountAt } from "./ledgerStorage.ts";
import { payoffOf } from "./margin.ts";
import type { Entry } from "./NaiveTransaction.ts";

/** `settleExpiry`: all of a position in an instrument that has its final price, at what it pays, in every grade. */
function checkExpiry(state: Derivation, { key, sizeDelta, sizeBefore, quoteDelta }: Entry): void {
  const payoff = payoffOf(state, key);
  state.require(payoff !== undefined, `instrument ${key} has no final price`);
  state.require(sizeBefore !== 0n && sizeDelta === -sizeBefore, `settles ${-sizeDelta} of ${sizeBefore}`);
  if (payoff === undefined) return;
  const quote = divideDown(sizeBefore * payoff, ONE);
  state.require(quoteDelta === quote, `settles for ${quoteDelta} what pays ${quote}`);
}

/** A credit or debit moves either quote, for the settlement asset, or collateral. */
function checkMovement(state: Derivation, { account, kind, key, sizeDelta, quoteDelta }: Entry): void {
  const { settlementAsset, settlementScale } = state.input.immutables;
  const asset = addressOf(key);
  const isSettlement = asset === settlementAsset;
  const isOneSided = isSettlement ? sizeDelta === 0n && quoteDelta % settlementScale === 0n : quoteDelta === 0n;
  state.require(isOneSided, `moves ${sizeDelta} and ${quoteDelta} quote of ${asset}`);
  const amount = isSettlement ? quoteDelta / settlementScale : sizeDelta;
  state.require(kind === CREDIT ? amount > 0n : amount < 0n, `moves ${amount}, against its kind`);
  state.require(abs(amount) >> 128n === 0n, `moves ${amount}, which is too much`);
  state.transaction.ledgerMovements.push({ logIndex: state.logIndex, account, asset, amount });
  state.transaction.quoteMoved += quoteDelta;
  if (kind !== DEBIT) return;
  /*
   * An event does not tell `debit` from `debitWitnessed`, so that a debit under the withdrawal restriction counts as
   * witnessed. Its cap needs the proofs in calldata and is not checked.
   */
  const isFlat = state.get(accountAt(account).openCount) === 0n;
  state.require(isFlat || !has(flagsInForce(state), HALT), "debits an account with positions while halted");
  const value = requireInitial(state, account, "with lag");
  const isPaidFor = !isSettlement || value === undefined || value.cash >= 0n;
  state.require(isPaidFor, `account ${account} withdraws what other assets back`);
  claimDebt(state, account, "strict", true);
}

/** Reports what makes an entry illegal that only the books before it show. */
export function checkBefore(state: Derivation, entry: Entry): void {
  const { transaction } = state;
  const { kind, sizeDelta, fee } = entry;
  if (transaction.half?.kind !== kind) transaction.half = undefined;
  const isFirst = transaction.half === undefined;
  const isOfSize = kind === TRADE || kind === LIQUIDATION || kind === EXPIRY || kind === COLLATERAL_SALE;
  state.require(kind === TRADE || fee === 0n, `takes a fee of ${fee}`);
  state.require(isOfSize ? sizeDelta !== 0n : kind <= DEBIT || sizeDelta === 0n, `moves a size of ${sizeDelta}`);
  if (isFirst && (kind === LIQUIDATION || kind === COLLATERAL_SALE)) {
    const { funding } = transaction;
    const isAccrued = kind === LIQUIDATION && funding?.logIndex === state.logIndex - 1;
    transaction.beforeSale = isAccrued ? funding.before : state.copy();
  }
  if (kind === EXPIRY) checkExpiry(state, entry);
  if (isFirst && kind === COVER) checkCover(state, entry);
  if (kind === SOCIALISATION) checkSocialisation(state, entry);
  if (kind === FEE_SWEEP) checkFeeSweep(state, entry);
  if (isFirst && kind === RELEASE) checkRelease(state, entry);
  if (kind === CLEARING_LEVEL) checkLevel(state, entry);
}

/** Size one way, quote the other, between two accounts. */
function checkPair(state: Derivation, first: Entry, second: Entry): void {
  state.require(first.key === second.key, `moves ${first.key} against ${second.key}`);
  state.require(first.sizeDelta + second.sizeDelta === 0n, "creates or destroys size");
  state.require(first.quoteDelta + second.quoteDelta === 0n, "creates or destroys quote");
  state.require(first.account !== second.account, "moves from an account to itself");
  const { kind } = first;
  if (kind === COVER) return closeCover(state, first, second);
  if (kind === RELEASE) return closeRelease(state, second);
  state.require(ownerOf(first.account) !== ownerOf(second.account), "deals between two accounts of one owner");
  if (kind === TRADE) checkTrade(state, first, second);
  else checkSale(state, first, second);
}

/** Reports what makes an entry illegal once it is posted, and, of a pair, once both of its entries are. */
export function checkAfter(state: Derivation, entry: Entry): void {
  const { transaction } = state;
  const { kind, account } = entry;
  if (kind === CREDIT || kind === DEBIT) checkMovement(state, entry);
  if (kind === EXPIRY) claimDebt(state, account, "strict", false);
  if (kind === SOCIALISATION) closeSocialisation(state, entry);
  if (!isPaired(kind)) return;
  const { half } = transaction;
  transaction.half = half === undefined ? entry : undefined;
  // The margin of both sides is checked after both entries are posted.
  if (half !== undefined) return checkPair(state, half, entry);
  expectEvent(state, "PositionLedger", "EntryPosted", (event) => event.number("kind") === kind);
}
