import { verifyAccountProof } from "../chain/verify/proof.ts";
import { readProofAnswer } from "../chain/verify/blockFacts.ts";
import type { Header } from "../chain/verify/header.ts";
import { VerificationError } from "../chain/verify/VerificationError.ts";
import type { SourceContext } from "./SourceContext.ts";
import { reasonOf } from "./SourceContext.ts";

/** What `eth_getProof` came to at one block. */
export type ProofAttempt =
  | { readonly kind: "verified"; readonly exists: boolean }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "false"; readonly reason: string };

/** Asks for the account proof of the subject at a block and verifies it under the block's header. */
export async function proofAt(context: SourceContext, header: Header, block: unknown): Promise<ProofAttempt> {
  const address = context.facts.subject;
  const answer = await context.try("eth_getProof", address, [], block);
  if (!answer.ok) return { kind: "refused", reason: reasonOf(answer.error) };
  const proof = readProofAnswer(answer.result);
  if (proof === null) return { kind: "refused", reason: "the answer is no proof" };
  try {
    const account = verifyAccountProof({ stateRoot: header.stateRoot, address, proof: proof.accountProof });
    return { kind: "verified", exists: account !== null };
  } catch (error: unknown) {
    if (!(error instanceof VerificationError)) throw error;
    return { kind: "false", reason: error.code };
  }
}
