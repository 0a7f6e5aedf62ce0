import type { Hash } from "../../lib/hex.ts";
import type { Derivation } from "./Derivation.ts";
import { evaluate, type Valuation } from "./margin.ts";
import { portfolioOf } from "./portfolio.ts";

/**
 * Who takes risk or money out meets the initial requirement at prices that satisfy every rule; the lag premium is for
 * all but the bidders of auctions.
 *
 * @returns the valuation; undefined when a price is not known, and then nothing is reported
 */
export function requireInitial(
  state: Derivation,
  account: Hash,
  lag: "with lag" | "without lag",
): Valuation | undefined {
  const value = evaluate(state, portfolioOf(state, account), "strict");
  if (value === undefined) return undefined;
  const required = value.initial + (lag === "with lag" ? value.lagPremium : 0n);
  state.require(
    value.equity >= required,
    `account ${account} has equity ${value.equity} of initial margin ${required}`,
  );
  return value;
}
