import { evaluate, markOf } from "../../../../keeper/books/naive/margin.ts";
import { portfolioOf } from "../../../../keeper/books/naive/portfolio.ts";
import type { Hash } from "../../../../keeper/lib/hex.ts";
import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import type { NaiveFollower } from "./NaiveFollower.ts";

/** TIMESTAMP, stored and returned: what a call at the head sees, which is not always the head's own time. */
const RETURN_TIMESTAMP = "0x4260005260206000f3";

/** In the order of `Pricing`. */
const PRICINGS = ["strict", "last", "favourable"] as const;
const FIELDS = ["equity", "cash", "initial", "maintenance", "lagPremium", "isValid"] as const;

/**
 * Values accounts as the margin engine does, with prices of every kind, and compares portfolios and every figure.
 *
 * @returns what differs
 */
export async function compareValuations(
  system: Lockstep,
  follower: NaiveFollower,
  accounts: readonly string[],
): Promise<string[]> {
  const { ledger, margin, ethers } = system;
  const timestamp = Number(await ethers.provider.call({ data: RETURN_TIMESTAMP }));
  const state = follower.stateAt(timestamp);
  const differences: string[] = [];
  for (const account of accounts) {
    const { quote, positions, collateral, checkpointTime } = await ledger.portfolioOf(account);
    const given = {
      quote,
      positions: positions.map(({ instrument, size }) => ({ instrument, size })),
      collateral: collateral.map(({ id, balance }) => ({ id, balance })),
      checkpointTime,
    };
    const own = portfolioOf(state, account as Hash);
    if (own.quote !== quote) differences.push(`${account}: quote ${own.quote}, the ledger says ${quote}`);
    for (const [number, pricing] of PRICINGS.entries()) {
      const value = await margin.evaluate(given, number);
      const computed = evaluate(state, own, pricing);
      for (const field of FIELDS) {
        if (computed?.[field] === value[field]) continue;
        differences.push(`${account}: ${pricing} ${field} ${computed?.[field]}, the engine says ${value[field]}`);
      }
    }
    for (const { instrument } of positions) {
      const mark = await margin.markOf(instrument).catch(() => undefined);
      if (markOf(state, instrument) !== mark) differences.push(`mark of ${instrument}, the engine says ${mark}`);
    }
  }
  return differences;
}
