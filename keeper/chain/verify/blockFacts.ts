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
  /** In the answer's order. What is malformed is an entry without nodes: it proves no word of an account with storage. */
  readonly storageProof: readonly StorageProofEntry[];
}

/** One entry of an answer's `storageProof`. */
export interface StorageProofEntry {
  /** `0x` where the answer has none. */
  readonly key: Hash;
  readonly value: Hash;
  readonly proof: readonly Hash[];
}

function isHexList(value: unknown): value is Hash[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && /^0x[0-9a-fA-F]*$/.test(item));
}

function readStorageProof(item: unknown): StorageProofEntry {
  const fields = typeof item === "object" && item !== null ? (item as Readonly<Record<string, unknown>>) : {};
  const { key, value, proof } = fields;
  return {
    key: typeof key === "string" ? (key as Hash) : "0x",
    value: typeof value === "string" ? (value as Hash) : "0x",
    proof: isHexList(proof) ? proof : [],
  };
}

/**
 * Reads the shape of an `eth_getProof` answer; null when it has not that shape. Where only the account counts, nothing beside
 * its proof is refused: for an account that does not exist Erigon answers storage proofs that are null.
 */
export function readProofAnswer(value: unknown): ProofAnswer | null {
  const accountProof = readAccountProof(value);
  if (accountProof === null) return null;
  const { storageProof } = value as { readonly storageProof?: unknown };
  const entries: readonly unknown[] = Array.isArray(storageProof) ? storageProof : [];
  return { accountProof, storageProof: entries.map(readStorageProof) };
}

/** The nodes of the account proof in an `eth_getProof` answer, checked for shape only; null when it has none. */
export function readAccountProof(value: unknown): readonly Hash[] | null {
  if (typeof value !== "object" || value === null) return null;
  const { accountProof } = value as { readonly accountProof?: unknown };
  return isHexList(accountProof) ? accountProof : null;
}

/** Verifies an account proof against a header; a contract that is not there yet has no storage and no code. */
export function verifyContract(header: Header, address: Address, proof: readonly Hash[]): ProvenContract | null {
  const account = verifyAccountProof({ stateRoot: header.stateRoot, address, proof });
  return account === null ? null : { storageRoot: account.storageRoot, codeHash: account.codeHash };
}
