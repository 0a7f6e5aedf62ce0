import { readProofAnswer } from "../../keeper/chain/verify/blockFacts.ts";
import type { StorageProofAnswer } from "../../keeper/trie/Descent.ts";

/** The storage proofs in an `eth_getProof` answer. */
export function readStorageProofs(answer: unknown): StorageProofAnswer[] {
  const entries = readProofAnswer(answer)?.storageProof ?? [];
  return entries.map(({ key, proof }) => ({ key: `0x${key.slice(2).padStart(64, "0")}`, proof }));
}
