import { keccak256, concat, type Signer, ZeroHash } from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import { readStorageRoot } from "./proofs.ts";

/** What keepers sign, with plain numbers. */
export interface AttestationInput {
  readonly setId: bigint;
  readonly bookSetVersion: bigint;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly booksRoot: string;
}

/** An attestation with the roots that it hashes. */
export interface Attested {
  readonly attestation: AttestationInput;
  readonly roots: string[];
}

const TYPES = {
  Attestation: [
    { name: "setId", type: "uint32" },
    { name: "bookSetVersion", type: "uint32" },
    { name: "blockNumber", type: "uint64" },
    { name: "blockHash", type: "bytes32" },
    { name: "booksRoot", type: "bytes32" },
  ],
};

/** keccak256 of the roots, 32 bytes each, in set order. */
export function hashRoots(roots: readonly string[]): string {
  return keccak256(concat(roots));
}

/** The true attestation of block `blockNumber` (default: the head). */
export async function attest(system: Lockstep, blockNumber?: number): Promise<Attested> {
  const number = blockNumber ?? (await system.ethers.provider.getBlockNumber());
  const block = await system.ethers.provider.getBlock(number);
  const roots: string[] = [];
  for (const book of system.books) roots.push(await readStorageRoot(system.ethers, book, number));
  const attestation = {
    setId: await system.keeperRegistry.setId(),
    bookSetVersion: await system.registry.bookSetVersionAt(number),
    blockNumber: number,
    blockHash: block?.hash ?? ZeroHash,
    booksRoot: hashRoots(roots),
  };
  return { attestation, roots };
}

/** The same attestation with the root of book `index` replaced by a wrong one. */
export function falsify({ attestation, roots }: Attested, index: number): Attested {
  const wrong = roots.with(index, keccak256(roots[index]!));
  return { attestation: { ...attestation, booksRoot: hashRoots(wrong) }, roots: wrong };
}

/** EIP-712 domain of a contract of the protocol. */
export async function domainOf(system: Lockstep, verifyingContract: string) {
  const { chainId } = await system.ethers.provider.getNetwork();
  return { name: "Lockstep", version: "1", chainId, verifyingContract };
}

/** Signatures of `signers`, ascending by address as the registry wants them. */
export async function signAttestation(
  system: Lockstep,
  attestation: AttestationInput,
  signers: readonly Signer[] = system.keepers.map(({ attester }) => attester),
): Promise<string[]> {
  const domain = await domainOf(system, system.registry.target as string);
  const pairs: { address: bigint; signature: string }[] = [];
  for (const signer of signers) {
    const signature = await signer.signTypedData(domain, TYPES, attestation);
    pairs.push({ address: BigInt(await signer.getAddress()), signature });
  }
  return pairs.sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ signature }) => signature);
}

/** Signs and posts the true attestation of `blockNumber` (default: the head). */
export async function postCheckpoint(system: Lockstep, blockNumber?: number): Promise<Attested> {
  const attested = await attest(system, blockNumber);
  await postAttested(system, attested);
  return attested;
}

/** Posts an attestation, true or not, signed by all keepers or by `signers`. */
export async function postAttested(system: Lockstep, attested: Attested, signers?: readonly Signer[]) {
  const signatures = await signAttestation(system, attested.attestation, signers);
  return await system.registry.post(attested.attestation, attested.roots, signatures);
}

/** EIP-712 types of the attestation, for tests that sign in a wrong domain. */
export { TYPES as ATTESTATION_TYPES };
