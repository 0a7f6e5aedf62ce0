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
import { applyEntry } from "./ledger/applyEntry.ts";
import { applyFunding, applySocialisedLoss } from "./ledger/applyFunding.ts";

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
  context.write(slot, storage.debts.encode({ amount: event.debt, isUsed: true }));
  context.write(storage.totalDebt.slot, storage.totalDebt.encode({ amount: total, isUsed: true }));
  const accountSlot = storage.accounts.slot(event.account);
  const account = storage.accounts.decode(context.read(accountSlot));
  context.write(accountSlot, storage.accounts.encode({ ...account, hasDebt: event.debt > 0n }));
}

function bindModules(event: ModulesBoundEvent, context: ReducerContext): void {
  const { modules } = storage;
  context.write(modules.vault.slot, modules.vault.encode(event.vault));
  context.write(modules.settlement.slot, modules.settlement.encode(event.settlement));
  context.write(modules.guard.slot, modules.guard.encode(event.guard));
  context.write(modules.auction.slot, modules.auction.encode(event.auction));
  context.write(modules.fund.slot, modules.fund.encode(event.fund));
  const slot = storage.accounts.slot(fundAccountOf(event.fund));
  context.write(slot, storage.accounts.encode({ ...storage.accounts.decode(context.read(slot)), isUsed: true }));
  context.write(storage.totalDebt.slot, storage.totalDebt.encode({ amount: 0n, isUsed: true }));
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
        const account = storage.accounts.decode(context.read(slot));
        const epoch = account.epoch + 1n;
        context.expect("epoch", event.epoch, epoch);
        context.write(slot, storage.accounts.encode({ ...account, epoch, isUsed: true }));
        return;
      }
      case "HotWordPushed": {
        const { flags, checkpointTime, graceUntil } = event;
        const hot = storage.hot.decode(context.read(storage.hot.slot));
        context.write(storage.hot.slot, storage.hot.encode({ ...hot, flags, checkpointTime, graceUntil }));
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
