import { addressOf } from "../local/accounts.ts";
import { THIEF_DEPOSIT, type Thief } from "./corruptedBalance.ts";
import { must } from "./fullCycle/must.ts";
import type { Stage } from "./Stage.ts";

const PHANTOM = 999_000n * 10n ** 6n;
const QUOTE_PER_UNIT = 10n ** 12n;

/** What the thief really has, and what the deposit that a reorg drops would add to it: 1e-18 quote. */
export const PROVEN_QUOTE = THIEF_DEPOSIT * QUOTE_PER_UNIT;
export const PHANTOM_QUOTE = PHANTOM * QUOTE_PER_UNIT;

/** Gives the thief the tokens of that deposit: what stays when the deposit is gone. */
export async function grantPhantom({ chain }: Pick<Stage, "chain">, { wallet }: Thief): Promise<void> {
  await must(chain, wallet, "SettlementToken", "mint", [addressOf(wallet), PHANTOM]);
  await must(chain, wallet, "SettlementToken", "approve", [chain.address("CollateralVault"), PHANTOM]);
}

/** Makes the deposit. */
export async function depositPhantom({ chain }: Pick<Stage, "chain">, { wallet, account }: Thief): Promise<void> {
  await must(chain, wallet, "CollateralVault", "deposit", [account, chain.address("SettlementToken"), PHANTOM]);
}
