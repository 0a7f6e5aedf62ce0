import { readProofAnswer, verifyContract } from "../../chain/verify/blockFacts.ts";
import type { Header } from "../../chain/verify/header.ts";
import { KeeperError } from "../../errors/KeeperError.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { StorageProofAnswer } from "../../trie/Descent.ts";

const KEY = /^0x[0-9a-fA-F]{1,64}$/;

/** What an answer has to be bound to. */
export interface ProofBinding {
  /** Of the block that was asked about, verified. */
  readonly header: Header;
  readonly address: Address;
  /** Proven of that block before. */
  readonly storageRoot: Hash;
  /** Keys that were asked for. */
  readonly count: number;
}

/**
 * The storage proofs in an `eth_getProof` answer of which the account proof holds against the header and leads to the storage
 * root. The storage proofs themselves are the descent's to verify.
 *
 * @throws KeeperError `LocateUnanswered` when the answer is none to the question, VerificationError when it is false
 */
export function bindStorageProofs(
  answer: unknown,
  { header, address, storageRoot, count }: ProofBinding,
): StorageProofAnswer[] {
  const proof = readProofAnswer(answer);
  if (proof === null) throw new KeeperError("LocateUnanswered", "eth_getProof answered something else than a proof");
  const account = verifyContract(header, address, proof.accountProof);
  if (account?.storageRoot !== storageRoot) {
    throw new KeeperError("LocateUnanswered", `its account proof leads to another storage root than ${storageRoot}`);
  }
  if (proof.storageProof.length !== count || proof.storageProof.some(({ key }) => !KEY.test(key))) {
    throw new KeeperError("LocateUnanswered", `eth_getProof answered not for the ${count} keys that were asked for`);
  }
  return proof.storageProof.map(({ key, proof: nodes }) => ({
    key: `0x${key.slice(2).toLowerCase().padStart(64, "0")}`,
    proof: nodes,
  }));
}
