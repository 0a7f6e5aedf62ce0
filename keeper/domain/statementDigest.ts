import { concatBytes } from "../lib/bytes.ts";
import { hexToBytes, type Address, type Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { keccakWords } from "../lib/keccakWords.ts";
import type { Statement } from "./Statement.ts";

/** Where statements are verified. */
export interface Verifiers {
  readonly chainId: bigint;
  /** CheckpointRegistry: attestations. */
  readonly registry: Address;
  /** SyncGuard: certificates. */
  readonly guard: Address;
}

/** What EIP-712 signs of a statement: a struct under a domain, both hashed. */
export interface StatementHashes {
  readonly domainSeparator: Hash;
  readonly structHash: Hash;
}

const DOMAIN = hashOf("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
const NAME = hashOf("Lockstep");
const VERSION = hashOf("1");
const TYPES = {
  attestation: hashOf(
    "Attestation(uint32 setId,uint32 bookSetVersion,uint64 blockNumber,bytes32 blockHash,bytes32 booksRoot)",
  ),
  pause: hashOf(
    "PauseCertificate(bytes32 incidentId,uint32 setId,uint32 pauseNonce,uint64 blockNumber,bytes32 blockHash)",
  ),
  resume: hashOf(
    "ResumeCertificate(bytes32 incidentId,uint32 setId,uint32 pauseNonce,uint64 checkpointNumber," +
      "bytes32 checkpointDigest)",
  ),
} as const;

/**
 * The EIP-712 hashes of a statement. The domain holds the chain's id and the contract that verifies: a signature for another chain
 * or another deployment is one of something else.
 */
export function statementHashes(statement: Statement, { chainId, registry, guard }: Verifiers): StatementHashes {
  const verifier = statement.kind === "attestation" ? registry : guard;
  return {
    domainSeparator: keccakWords([DOMAIN, NAME, VERSION, chainId, verifier]),
    structHash: structHashOf(statement),
  };
}

/** keccak256(0x1901 ‖ domain separator ‖ struct hash): what is signed (EIP-712). */
export function statementDigest(statement: Statement, verifiers: Verifiers): Hash {
  const { domainSeparator, structHash } = statementHashes(statement, verifiers);
  const prefix = Uint8Array.of(0x19, 0x01);
  return keccak256Hex(concatBytes([prefix, hexToBytes(domainSeparator), hexToBytes(structHash)]));
}

function structHashOf(statement: Statement): Hash {
  if (statement.kind === "attestation") {
    const { setId, bookSetVersion, blockNumber, blockHash, booksRoot } = statement.attestation;
    return keccakWords([TYPES.attestation, setId, bookSetVersion, blockNumber, blockHash, booksRoot]);
  }
  if (statement.kind === "pause") {
    const { incidentId, setId, pauseNonce, blockNumber, blockHash } = statement.certificate;
    return keccakWords([TYPES.pause, incidentId, setId, pauseNonce, blockNumber, blockHash]);
  }
  const { incidentId, setId, pauseNonce, checkpointNumber, checkpointDigest } = statement.certificate;
  return keccakWords([TYPES.resume, incidentId, setId, pauseNonce, checkpointNumber, checkpointDigest]);
}

function hashOf(text: string): Hash {
  return keccak256Hex(new TextEncoder().encode(text));
}
