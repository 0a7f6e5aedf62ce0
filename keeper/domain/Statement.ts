import type { Address, Hash, Hex } from "../lib/hex.ts";
import type { Attestation } from "./Attestation.ts";
import type { PauseCertificate } from "./PauseCertificate.ts";
import type { ResumeCertificate } from "./ResumeCertificate.ts";

/** What a keeper signs with its attest key, and other keepers collect. */
export type Statement =
  /** `roots` are those that the books root is the hash of, in set order: what posting and convicting takes. */
  | { readonly kind: "attestation"; readonly attestation: Attestation; readonly roots: readonly Hash[] }
  | { readonly kind: "pause"; readonly certificate: PauseCertificate }
  | { readonly kind: "resume"; readonly certificate: ResumeCertificate };

/** A statement whose signature is known to be of `signer`. */
export interface SignedStatement {
  readonly statement: Statement;
  /** What was signed (EIP-712), under this chain's contracts. */
  readonly digest: Hash;
  /** The attest key, recovered from the signature and not taken from anybody's word. */
  readonly signer: Address;
  /** 65 bytes: r, s in the lower half, v. */
  readonly signature: Hex;
}
