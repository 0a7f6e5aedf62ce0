import { CheckpointRules } from "./CheckpointRules.ts";
import { CollateralRules } from "./CollateralRules.ts";
import { CustodyRules } from "./CustodyRules.ts";
import { DebtRules } from "./DebtRules.ts";
import { EntryRules } from "./EntryRules.ts";
import { ExpiryRules } from "./ExpiryRules.ts";
import { FundingRules } from "./FundingRules.ts";
import { FundRules } from "./FundRules.ts";
import { GuardRules } from "./GuardRules.ts";
import { KeeperRules } from "./KeeperRules.ts";
import { LaneRules } from "./LaneRules.ts";
import type { LegalityContext, Rule, SeenEvent } from "./LegalityContext.ts";
import { LiquidationRules } from "./LiquidationRules.ts";
import { PushRules } from "./PushRules.ts";
import { RepairRules } from "./RepairRules.ts";
import { SettingsRules } from "./SettingsRules.ts";
import { ShortfallRules } from "./ShortfallRules.ts";
import { TermsRules } from "./TermsRules.ts";
import { TradeRules } from "./TradeRules.ts";
import { WindDownRules } from "./WindDownRules.ts";

/**
 * The legality of one transaction: each concern judges it event by event, against the books as they stand at that moment
 * or stood before.
 *
 * A price that the keeper does not know skips what needs it. The two-witness rule, signatures of orders, of checkpoints and of
 * pause and resume certificates, and the rounds of a final price are proven to the contracts in calldata that no log carries,
 * and are not judged here.
 */
export class TransactionRules {
  readonly #rules: readonly Rule[];

  constructor(context: LegalityContext) {
    // Debts come first: what an earlier event left to be recorded is judged before others add to it.
    const debts = new DebtRules(context);
    this.#rules = [
      debts,
      new EntryRules(context),
      new PushRules(context),
      new LaneRules(context),
      new FundingRules(context),
      new TradeRules(context, debts),
      new CustodyRules(context, debts),
      new LiquidationRules(context, debts),
      new CollateralRules(context, debts),
      new ExpiryRules(context, debts),
      new ShortfallRules(context),
      new FundRules(context),
      new TermsRules(context),
      new SettingsRules(context),
      new KeeperRules(context),
      new GuardRules(context),
      new CheckpointRules(context),
      new RepairRules(context),
      new WindDownRules(context),
    ];
  }

  /** Judges one event after its reducer has applied it. */
  see(seen: SeenEvent): void {
    for (const rule of this.#rules) rule.see(seen);
  }

  /** Judges what only the whole transaction shows. */
  end(): void {
    for (const rule of this.#rules) rule.end();
  }
}
