import type { Hex } from "../../lib/hex.ts";
import { storage as fund } from "../generated/InsuranceFund.ts";
import { readFundAccount } from "../reducers/PositionLedger.ts";
import type { BooksReader } from "./LegalityContext.ts";
import { readAccount } from "./portfolio.ts";

/** The insurance fund's account. */
export function fundAccount(context: BooksReader): Hex {
  return readFundAccount((slot) => context.readOf("PositionLedger", slot));
}

/** What the fund's account has, 1e-18 quote. */
export function fundQuote(context: BooksReader): bigint {
  return readAccount(fundAccount(context), context).quote;
}

/** What the fund should hold, 1e-18 quote. */
export function fundTarget(context: BooksReader): bigint {
  return fund.target.decode(context.readOf("InsuranceFund", fund.target.slot)).amount;
}

/** It holds less than its target. */
export function isFundShort(context: BooksReader): boolean {
  const quote = fundQuote(context);
  return quote < fundTarget(context);
}
