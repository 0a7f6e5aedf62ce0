import type { Hex } from "../../lib/hex.ts";
import { storage as ledger, type DebtRecordedEvent } from "../generated/PositionLedger.ts";
import type { Pricing, Valuation } from "../model/margin.ts";
import { max } from "./amounts.ts";
import { readDebtCaps } from "./instruments.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";
import { readAccount, valueAccount } from "./portfolio.ts";
import { unexplained } from "./unreachableFeeds.ts";

/** What an operation leaves to be recorded of an account's debt. */
interface Change {
  readonly pricing: Pricing;
  readonly logIndex: number;
  /** The account chose its debt: the caps hold. */
  readonly isCapped: boolean;
  /** A feed that the operation shows to have been valid. */
  readonly reached?: bigint | undefined;
  /**
   * What would keep the operation from passing as it did if these feeds were out of reach; null for nothing. Books and
   * prices are those that the operation left.
   */
  readonly whyRefused?: (context: LegalityContext, unusable: ReadonlySet<bigint>) => string | null;
}

/** A change that the next event must record, if it is one. */
interface Due extends Change {
  /** Books and prices as the operation left them. */
  readonly context: LegalityContext;
  /** What was recorded before. */
  readonly recorded: bigint;
}

/**
 * Debts as recorded: the negative cash of an account, brought up to date at the end of each operation that changes it if
 * all its prices satisfy every rule, and within the caps where the account chose it.
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
    if (due !== undefined) return this.#checkRecorded(account, debt, due);
    const context = this.#context.asOf(before);
    if (!mayOwe(account, context))
      this.#illegal(account, logIndex, "a debt is recorded of an account that can have none");
    const recorded = recordedOf(account, context);
    this.#checkRecorded(account, debt, { pricing: "strict", isCapped: false, logIndex, context, recorded });
  }

  end(): void {
    this.#settle();
  }

  /** What is recorded rests on valid prices: no feed was out of reach. */
  #checkRecorded(account: Hex, debt: bigint, due: Due): void {
    const { context, pricing, logIndex } = due;
    const valued = valueAccount(account, pricing, context);
    if (valued.kind === "valued") {
      const owed = owedBy(valued.value);
      if (!valued.value.isValid) this.#illegal(account, logIndex, "a debt is recorded at prices that break a rule");
      else if (owed !== debt) {
        this.#illegal(account, logIndex, `a debt of ${debt} is recorded, its positions leave ${owed}`);
      }
    }
    const wrong = whyTooMuch(debt, due, this.#totalDebt());
    if (wrong !== null) this.#illegal(account, logIndex, wrong);
  }

  /** What no event followed is as it was, or rests on a price that breaks a rule. */
  #settle(): void {
    for (const [account, due] of this.#due) {
      const wrong = unexplained(account, due.context, due.reached, (unusable) =>
        this.#whyUnrecorded(account, due, unusable),
      );
      if (wrong !== null) this.#illegal(account, due.logIndex, wrong);
    }
    this.#due.clear();
  }

  #whyUnrecorded(account: Hex, due: Due, unusable: ReadonlySet<bigint>): string | null {
    const { context, pricing, recorded } = due;
    const valued = valueAccount(account, pricing, context, { unusable });
    if (valued.kind !== "valued") return null;
    const owed = owedBy(valued.value);
    if (valued.value.isValid && owed !== recorded) {
      return `a debt of ${recorded} is recorded, its positions leave ${owed}`;
    }
    // At the known prices the other rules judge the operation.
    const refused = unusable.size === 0 ? null : (due.whyRefused?.(context, unusable) ?? null);
    return refused ?? whyTooMuch(owed, due, this.#totalDebt() + owed - recorded);
  }

  #totalDebt(): bigint {
    return ledger.totalDebt.decode(this.#context.readOf("PositionLedger", ledger.totalDebt.slot)).amount;
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

function owedBy({ cash }: Valuation): bigint {
  return max(-cash, 0n);
}

/**
 * Why an account may not have chosen this debt.
 *
 * @param total debts of all accounts, this one included
 */
function whyTooMuch(debt: bigint, { isCapped, recorded, context }: Due, total: bigint): string | null {
  if (!isCapped || debt === 0n) return null;
  const caps = readDebtCaps(context);
  if (debt > caps.account) return `a debt of ${debt} is above the cap of ${caps.account}`;
  if (debt > recorded && total > caps.total) return `a total debt of ${total} is above the cap of ${caps.total}`;
  return null;
}
