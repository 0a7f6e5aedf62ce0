import type { Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { readTerms } from "../../test/helpers/orders.ts";

/** An option to list; its margin terms are those of the perpetual on the same feed. */
export interface OptionListing {
  readonly option: number;
  readonly feed: 1 | 2;
  /** 1e-18 quote. */
  readonly strike: bigint;
  /** Seconds. */
  readonly expiry: number;
  readonly isPut?: boolean;
}

/** Lists a European option with a volatility of 80 % and a shock of a quarter of it. */
export async function listOption(
  system: Lockstep,
  { option, feed, strike, expiry, isPut = false }: OptionListing,
): Promise<void> {
  const terms = { ...(await readTerms(system, feed)), kind: isPut ? 3 : 2, maxFundingPpm: 0 };
  await system.instruments.listOption(option, terms, strike, expiry, 800_000, 250_000);
}
