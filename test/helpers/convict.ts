import type { Signer } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import { signAttestation, type Attested } from "./attestations.ts";
import { readAccountProof, readHeaderRlp } from "./proofs.ts";

/** What a challenger may choose. */
export interface ConvictOptions {
  /** Whose signatures it shows; all keepers by default. */
  readonly signers?: readonly Signer[];
  /** The book whose account proof it shows; the first by default. */
  readonly index?: number;
  /** Who sends it; the deployer by default. */
  readonly challenger?: Signer;
  /** The block whose header and proof it shows; the attested number by default. */
  readonly shownBlock?: number;
}

/** Tries to convict the signers of `attested` with the chain's own header and account proof. */
export async function convict(system: Lockstep, attested: Attested, options: ConvictOptions = {}) {
  const { index = 0, shownBlock = attested.attestation.blockNumber, challenger = system.admin } = options;
  const signatures = await signAttestation(system, attested.attestation, options.signers);
  const header = await readHeaderRlp(system.ethers, shownBlock);
  const proof = await readAccountProof(system.ethers, system.books[index] ?? system.books[0]!, shownBlock);
  const registry = system.registry.connect(challenger);
  return await registry.convict(attested.attestation, attested.roots, signatures, index, header, proof);
}
