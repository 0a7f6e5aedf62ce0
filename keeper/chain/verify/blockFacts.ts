import type { VerifiedLog } from "../../domain/VerifiedLog.ts";
import type { Address, Hash } from "../../lib/hex.ts";
import type { Header } from "./header.ts";
import { verifyAccountProof } from "./proof.ts";

/** Everything a verdict on one block needs, verified against its hash. */
export interface BlockFacts {
  readonly header: Header;
  readonly logs: readonly VerifiedLog[];
}

/** What the state root says of one contract. */
export interface ProvenContract {
  readonly storageRoot: Hash;
  readonly codeHash: Hash;
}

/** An `eth_getProof` answer, checked for shape only. */
export interface ProofAnswer {
  readonly accountProof: readonly Hash[];
  readonly storageProof: readonly { readonly key: Hash; readonly value: Hash; readonly proof: readonly Hash[] }[];
}

function isHexList(value: unknown): value is Hash[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && /^0x[0-9a-fA-F]*$/.test(item));
}

/** Reads the shape of an `eth_getProof` answer; null when it has not that shape. */
export function readProofAnswer(value: unknown): ProofAnswer | null {
  if (typeof value !== "object" || value === null) return null;
  const { accountProof, storageProof } = value as Record<string, unknown>;
  if (!isHexList(accountProof) || !Array.isArray(storageProof)) return null;
  const storage = storageProof.map((item: unknown) => {
    if (typeof item !== "object" || item === null) return null;
    const { key, value: word, proof } = item as Record<string, unknown>;
    if (typeof key !== "string" || typeof word !== "string" || !isHexList(proof)) return null;
    return { key: key as Hash, value: word as Hash, proof };
  });
  if (storage.includes(null)) return null;
  return { accountProof, storageProof: storage.filter((item) => item !== null) };
}

/** Verifies an account proof against a header; a contract that is not there yet has no storage and no code. */
export function verifyContract(header: Header, address: Address, answer: ProofAnswer): ProvenContract | null {
  const account = verifyAccountProof({ stateRoot: header.stateRoot, address, proof: answer.accountProof });
  return account === null ? null : { storageRoot: account.storageRoot, codeHash: account.codeHash };
}
