import type { Addressable } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import type { Attested } from "./attestations.ts";
import { mappingSlot, nestedSlot, readStorageProof } from "./proofs.ts";

/** The witness of a withdrawal, as the vault takes it. */
export interface WitnessInput {
  readonly number: number;
  readonly roots: string[];
  readonly balanceProof: string[];
  readonly flowProof: string[];
}

/** The slots of the two-witness rule, from the storage layouts of ledger and vault. */
export const slotOf = {
  account: (account: string): string => mappingSlot("bytes32", account, 1n),
  collateral: (account: string, asset: string): string => nestedSlot(account, asset, 4n),
  flow: (account: string, asset: string): string => nestedSlot(account, asset, 2n),
  claim: (account: string, asset: string): string => nestedSlot(account, asset, 3n),
};

/** Proofs of what checkpoint `attested` says of an account and asset, or of its claim. */
export async function readWitness(
  system: Lockstep,
  attested: Attested,
  account: string,
  token: Addressable,
  kind: "balance" | "claim" = "balance",
): Promise<WitnessInput> {
  const { ethers, vault, ledger, usd } = system;
  const asset = await token.getAddress();
  const number = attested.attestation.blockNumber;
  const flowProof = await readStorageProof(ethers, vault.target as string, slotOf.flow(account, asset), number);
  const isSettlement = asset === (await usd.getAddress());
  const balanceSlot = isSettlement ? slotOf.account(account) : slotOf.collateral(account, asset);
  const balanceProof =
    kind === "claim"
      ? await readStorageProof(ethers, vault.target as string, slotOf.claim(account, asset), number)
      : await readStorageProof(ethers, ledger.target as string, balanceSlot, number);
  return { number, roots: attested.roots, balanceProof, flowProof };
}
