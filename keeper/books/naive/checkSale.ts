import { requireInitial } from "./checkMargin.ts";
import { claimDebt } from "./debts.ts";
import type { Derivation } from "./Derivation.ts";
import { LIQUIDATION } from "./entryKinds.ts";
import { flagsInForce, has, LIQUIDATE } from "./flags.ts";
import type { Entry } from "./NaiveTransaction.ts";
import { instrumentAt, PERPETUAL } from "./riskStorage.ts";

/** Funding is accrued up to the liquidation of a perpetual, and no trade observed. */
function checkAccrual(state: Derivation, { key, logIndex }: Entry): void {
  const { funding } = state.transaction;
  const isAccrued = funding?.logIndex === logIndex - 1 && funding.instrument === key;
  const isPerpetual = state.get(instrumentAt(key).kind) === PERPETUAL;
  state.require(isAccrued === isPerpetual, "liquidates with funding that is not accrued so far");
}

/** What the ledger asks of an auction's sale, once both entries are posted; the auction has to confirm it. */
export function checkSale(state: Derivation, sold: Entry, bought: Entry): void {
  const { transaction } = state;
  state.require(!has(flagsInForce(state), LIQUIDATE), "liquidates while that is restricted");
  if (sold.kind === LIQUIDATION) {
    state.require(sold.isReducing, `liquidates ${sold.sizeDelta} of ${sold.sizeBefore}`);
    checkAccrual(state, sold);
  } else {
    state.require(sold.sizeDelta < 0n && sold.quoteDelta >= 0n, "sells collateral the wrong way round");
  }
  requireInitial(state, bought.account, "without lag");
  claimDebt(state, sold.account, "strict", false);
  claimDebt(state, bought.account, "strict", true);
  const before = transaction.beforeSale ?? state.copy();
  transaction.sale = { logIndex: state.logIndex, sold, bought, before };
}
