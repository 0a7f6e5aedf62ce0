import { id, keccak256 } from "ethers";

import type { Address, Hash, Hex } from "../../lib/hex.ts";
import type { Derivation } from "./Derivation.ts";
import { word32 } from "./words.ts";

/*
 * What keepers sign and what commits to them, hashed by hand. Sources: EIP-712; contracts/libraries/Quorum.sol.
 */

const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const ATTESTATION_TYPE =
  "Attestation(uint32 setId,uint32 bookSetVersion,uint64 blockNumber,bytes32 blockHash,bytes32 booksRoot)";

/** The members of a keeper set, with what else it is made of. */
export interface KeeperSet {
  readonly id: bigint;
  readonly quorum: bigint;
  /** Attest keys, ascending. */
  readonly members: readonly Address[];
}

/** What a checkpoint says. */
export interface Attestation {
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  readonly booksRoot: Hash;
}

function hashText(text: string): Hash {
  return id(text) as Hash;
}

function hashWords(...words: readonly (bigint | Hex)[]): Hash {
  const padded = words.map((word) => word32(BigInt(word)).slice(2));
  return keccak256(`0x${padded.join("")}`) as Hash;
}

/** keccak256 of the storage roots, 32 bytes each, in set order. */
export function hashRoots(roots: readonly Hash[]): Hash {
  return hashWords(...roots);
}

/** keccak256 of id, quorum and members, 32 bytes each. */
export function hashKeeperSet({ id, quorum, members }: KeeperSet): Hash {
  return hashWords(id, quorum, ...members);
}

/** The EIP-712 digest of an attestation in the domain of the checkpoint registry. */
export function hashAttestation(state: Derivation, attestation: Attestation): Hash {
  const { addresses, immutables } = state.input;
  const domain = hashWords(
    hashText(DOMAIN_TYPE),
    hashText("Lockstep"),
    hashText("1"),
    immutables.chainId,
    addresses.CheckpointRegistry,
  );
  const struct = hashWords(
    hashText(ATTESTATION_TYPE),
    attestation.setId,
    attestation.bookSetVersion,
    attestation.blockNumber,
    attestation.blockHash,
    attestation.booksRoot,
  );
  return keccak256(`0x1901${domain.slice(2)}${struct.slice(2)}`) as Hash;
}
