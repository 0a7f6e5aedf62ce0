import { concatBytes } from "../lib/bytes.ts";
import { hexToBytes, type Address, type Hash } from "../lib/hex.ts";
import { keccak256Hex } from "../lib/keccak.ts";
import { keccakWords } from "../lib/keccakWords.ts";
import { booksRoot } from "./booksRoot.ts";

/** What a checkpoint says, with the roots that its digest covers through the books root. */
export interface AttestedRoots {
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly blockNumber: bigint;
  readonly blockHash: Hash;
  readonly roots: readonly Hash[];
}

/** The EIP-712 domain of the checkpoint registry. */
export interface RegistryDomain {
  readonly chainId: bigint;
  readonly registry: Address;
}

const ATTESTATION =
  "Attestation(uint32 setId,uint32 bookSetVersion,uint64 blockNumber,bytes32 blockHash,bytes32 booksRoot)";
const DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const HASHES = {
  attestation: hashOf(ATTESTATION),
  domain: hashOf(DOMAIN),
  name: hashOf("Lockstep"),
  version: hashOf("1"),
} as const;

/** The EIP-712 digest of an attestation: what keepers sign and the registry keeps of it. */
export function attestationDigest(attestation: AttestedRoots, { chainId, registry }: RegistryDomain): Hash {
  const domain = keccakWords([HASHES.domain, HASHES.name, HASHES.version, chainId, registry]);
  return digestUnder(domain, { ...attestation, booksRoot: booksRoot(attestation.roots) });
}

/** The same under a domain separator, of an attestation whose roots are hashed already. */
export function digestUnder(
  domain: Hash,
  {
    setId,
    bookSetVersion,
    blockNumber,
    blockHash,
    booksRoot: root,
  }: Omit<AttestedRoots, "roots"> & { booksRoot: Hash },
): Hash {
  const struct = keccakWords([HASHES.attestation, setId, bookSetVersion, blockNumber, blockHash, root]);
  return keccak256Hex(concatBytes([Uint8Array.of(0x19, 0x01), hexToBytes(domain), hexToBytes(struct)]));
}

function hashOf(text: string): Hash {
  return keccak256Hex(new TextEncoder().encode(text));
}
