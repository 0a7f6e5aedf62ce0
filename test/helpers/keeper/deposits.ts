import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { ContractTransactionResponse } from "ethers";

import type { Lockstep } from "../../fixtures/deployLockstep.ts";
import { accountOf } from "../accounts.ts";

const PLENTY = 10n ** 15n;

/** Gives `user` tokens and an allowance, so that each further deposit is one transaction. */
export async function allowDeposits({ usd, vault }: Lockstep, user: HardhatEthersSigner): Promise<void> {
  await usd.mint(user.address, PLENTY);
  await usd.connect(user).approve(vault.target, PLENTY);
}

/** Deposits `amount` units of the settlement token, in one transaction. */
export async function depositAllowed(
  { usd, vault }: Lockstep,
  user: HardhatEthersSigner,
  amount: bigint,
): Promise<ContractTransactionResponse> {
  return vault.connect(user).deposit(accountOf(user), usd.target, amount);
}
