import type { Hex } from "../../lib/hex.ts";
import { storage as ledger, type DebtRecordedEvent } from "../generated/PositionLedger.ts";
import type { Pricing } from "../model/margin.ts";
import { readDebtCaps } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";
import { readAccount, valueAccount } from "./portfolio.ts";
import { unreachableFeeds } from "./unreachableFeeds.ts";

/** What an operation leaves to be recorded of an account's debt. */
interface Change {
  readonly pricing: Pricing;
  readonly logIndex: number;
  /** The account chose its debt: the caps hold. */
  readonly isCapped: boolean;
}

/** A change that the next event must record, if it is one. */
interface Due extends Change {
  /** Books and prices as the operation left them. */
  readonly context: LegalityContext;
  /** What was recorded before. */
  readonly recorded: bigint;
}

/**
 * Debts as recorded: the negative cash of an account, brought up to date at the end of each operation that changes it,
 * and within the caps where the account chose it.
 */
export class DebtRules implements Rule {
  readonly #context: LegalityContext;
  readonly #due = new Map<Hex, Due>();

  constructor(context: LegalityContext) {
    this.#context = context;
  }

  /** An operation on `account` ended: its debt at these prices must be recorded next, if it changed. */
  await(account: Hex, change: Change): void {
    const context = this.#context.asOf(this.#context.now());
    if (mayOwe(account, context))
      this.#due.set(account, { ...change, context, recorded: recordedOf(account, context) });
  }

  see({ event, logIndex, before }: SeenEvent): void {
    if (event.name !== "DebtRecorded") return this.#settle();
    const { account, debt } = event as DebtRecordedEvent;
    const due = this.#due.get(account);
    this.#due.delete(account);
    if (due !== undefined) return this.#check(account, debt, due);
    const context = this.#context.asOf(before);
    if (!mayOwe(account, context))
      this.#illegal(account, logIndex, "a debt is recorded of an account that can have none");
    const recorded = recordedOf(account, context);
    this.#check(account, debt, { pricing: "strict", isCapped: false, logIndex, context, recorded });
  }

  end(): void {
    this.#settle();
  }

  /** What no event followed must be as it was. */
  #settle(): void {
    for (const [account, due] of this.#due) this.#check(account, due.recorded, due);
    this.#due.clear();
  }

  #check(account: Hex, debt: bigint, due: Due): void {
    const { logIndex, recorded } = due;
    const expected = wrongDebt(account, debt, due);
    if (expected !== null) {
      this.#illegal(account, logIndex, `a debt of ${debt} is recorded, its positions leave ${expected}`);
    }
    if (!due.isCapped || debt === 0n) return;
    const caps = readDebtCaps(this.#context);
    if (debt > caps.account) this.#illegal(account, logIndex, `a debt of ${debt} is above the cap of ${caps.account}`);
    const total = ledger.totalDebt.decode(this.#context.readOf("PositionLedger", ledger.totalDebt.slot)).amount;
    if (debt > recorded && total > caps.total) {
      this.#illegal(account, logIndex, `a total debt of ${total} is above the cap of ${caps.total}`);
    }
  }

  #illegal(account: Hex, logIndex: number, detail: string): void {
    this.#context.illegal("PositionLedger", logIndex, `${account}: ${detail}`);
  }
}

/** Without other assets an account has no debt that a margin check let pass. */
function mayOwe(account: Hex, context: LegalityContext): boolean {
  const { assets, hasDebt } = readAccount(account, context);
  return assets !== 0n || hasDebt;
}

function recordedOf(account: Hex, context: LegalityContext): bigint {
  return ledger.debts.decode(context.readOf("PositionLedger", ledger.debts.slot(account))).amount;
}

/**
 * What the debt should be; null when it is that, or not known, or what it should be if some feed cannot be reached, which
 * no log shows.
 */
function wrongDebt(account: Hex, debt: bigint, { pricing, context }: Due): bigint | null {
  let expected: bigint | null = null;
  for (const unusable of unreachableFeeds(account, context)) {
    const valued = valueAccount(account, pricing, context, { unusable });
    if (valued.kind !== "valued") return null;
    const owed = valued.value.cash < 0n ? -valued.value.cash : 0n;
    if (owed === debt) return null;
    expected ??= owed;
  }
  return expected;
}
