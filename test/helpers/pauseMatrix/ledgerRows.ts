import { accountOf } from "../accounts.ts";
import { UNIT } from "../orders.ts";
import { DOES_NOTHING, everywhere, SUCCEEDS, type Row } from "./Row.ts";
import { debtorOf, OPTION } from "./stage.ts";

/** What anyone may do in ledger, fund and instrument registry. */
export const LEDGER_ROWS: readonly Row[] = [
  {
    ...{ contract: "PositionLedger", fn: "settleExpiry", situation: "a position in a settled option" },
    args: (stage) => [accountOf(stage.rich, 1), OPTION.settled],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "PositionLedger", fn: "coverShortfall", situation: "an account with nothing but a loss" },
    args: (stage) => [debtorOf(stage, "broke")],
    outcomes: everywhere(SUCCEEDS, { Halted: "LedgerHalted", "Wind-down": "LedgerHalted" }),
  },
  {
    ...{ contract: "PositionLedger", fn: "recordDebt", situation: "an account in debt" },
    args: (stage) => [debtorOf(stage, "owing")],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "PositionLedger", fn: "accrueFunding", situation: "a perpetual" },
    args: () => [1],
    outcomes: everywhere(SUCCEEDS),
  },
  {
    ...{ contract: "InsuranceFund", fn: "sweepFees", situation: "fees were taken" },
    ...{ args: () => [], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "InsuranceFund", fn: "levelClearing", situation: "an option that is settled to the end" },
    ...{ args: () => [OPTION.done], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "InsuranceFund", fn: "refresh", situation: "nothing has changed" },
    ...{ args: () => [], outcomes: everywhere(DOES_NOTHING) },
  },
  {
    ...{ contract: "InsuranceFund", fn: "refresh", situation: "its target has changed" },
    prepare: async ({ fund }) => await fund.setTarget((await fund.targetQuote()) === UNIT ? 2n ** 100n : 0n),
    ...{ args: () => [], outcomes: everywhere(SUCCEEDS) },
  },
  {
    ...{ contract: "InstrumentRegistry", fn: "settle", situation: "an expired option, by its round" },
    args: (stage) => [OPTION.unsettled, stage.round],
    outcomes: everywhere(SUCCEEDS),
  },
];
