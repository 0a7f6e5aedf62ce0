import type { Hex } from "../../lib/hex.ts";
import {
  decodeEvent,
  storage,
  type DebtRecordedEvent,
  type ModulesBoundEvent,
  type PositionLedgerEvent,
} from "../generated/PositionLedger.ts";
import type { Reducer, ReducerContext } from "../Reducer.ts";
import { applyRepair } from "./applyRepair.ts";
import { changeWord } from "./changeWord.ts";
import { applyEntry } from "./ledger/applyEntry.ts";
import { applyFunding, applySocialisedLoss } from "./ledger/applyFunding.ts";
import { storeWord } from "./ledger/storeWord.ts";

/** Every storage variable of the contract; compared with solc's layout by `npm run generate -- --check`. */
export const MAPPED_VARIABLES = [
  "_hot",
  "_accounts",
  "_positions",
  "_openIds",
  "_collateral",
  "_markets",
  "_clearingSizes",
  "_debts",
  "_totalDebt",
  "_modules",
] as const;

/** The insurance fund's account: the first one of the contract that owns it. */
export function fundAccountOf(fund: Hex): Hex {
  return `${fund}${"0".repeat(24)}`;
}

/** The account of the fund that the ledger was bound to. */
export function readFundAccount(read: (slot: Hex) => bigint): Hex {
  const { fund } = storage.modules;
  return fundAccountOf(fund.decode(read(fund.slot)));
}

/** What is recorded is an input here; whether it is what the positions leave uncovered is for the rules to say. */
function applyDebt(event: DebtRecordedEvent, context: ReducerContext): void {
  const slot = storage.debts.slot(event.account);
  const before = storage.debts.decode(context.read(slot)).amount;
  const total = storage.totalDebt.decode(context.read(storage.totalDebt.slot)).amount + event.debt - before;
  context.expect("totalDebt", event.totalDebt, total);
  changeWord(storage.debts, slot, { amount: event.debt, isUsed: true }, context);
  changeWord(storage.totalDebt, storage.totalDebt.slot, { amount: total, isUsed: true }, context);
  const accountSlot = storage.accounts.slot(event.account);
  const { hasDebt } = storage.accounts.decode(context.read(accountSlot));
  if (hasDebt !== event.debt > 0n) changeWord(storage.accounts, accountSlot, { hasDebt: !hasDebt }, context);
}

function bindModules(event: ModulesBoundEvent, context: ReducerContext): void {
  const { modules } = storage;
  changeWord(modules.vault, modules.vault.slot, event.vault, context);
  changeWord(modules.settlement, modules.settlement.slot, event.settlement, context);
  changeWord(modules.guard, modules.guard.slot, event.guard, context);
  changeWord(modules.auction, modules.auction.slot, event.auction, context);
  changeWord(modules.fund, modules.fund.slot, event.fund, context);
  changeWord(storage.accounts, storage.accounts.slot(fundAccountOf(event.fund)), { isUsed: true }, context);
  changeWord(storage.totalDebt, storage.totalDebt.slot, { isUsed: true }, context);
}

/**
 * Keeps quotes, positions with their funding snapshots, collateral, open instruments and debts by account, the markets
 * of the instruments, and the hot word that every trade reads.
 */
export const positionLedger: Reducer<PositionLedgerEvent> = {
  book: "PositionLedger",
  decode: decodeEvent,
  apply(event, context) {
    switch (event.name) {
      case "EntryPosted":
        applyEntry(event, context);
        return;
      case "FundingUpdated":
        applyFunding(event, context);
        return;
      case "LossSocialised":
        applySocialisedLoss(event, context);
        return;
      case "DebtRecorded":
        applyDebt(event, context);
        return;
      case "EpochAdvanced": {
        const slot = storage.accounts.slot(event.account);
        const epoch = storage.accounts.decode(context.read(slot)).epoch + 1n;
        context.expect("epoch", event.epoch, epoch);
        storeWord(storage.accounts, slot, { epoch, isUsed: true }, context);
        return;
      }
      case "HotWordPushed": {
        const { flags, checkpointTime, graceUntil } = event;
        storeWord(storage.hot, storage.hot.slot, { flags, checkpointTime, graceUntil }, context);
        return;
      }
      case "ModulesBound":
        bindModules(event, context);
        return;
      case "WordRepaired":
        applyRepair(event, context);
        return;
    }
  },
};
