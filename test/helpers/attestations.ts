import { keccak256, concat, dataSlice, toBeHex, type Signer, ZeroHash } from "ethers";

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

const SIGNATURE_BYTES = 65;
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

/** The keepers whose signatures count, as `post` and the guard take them. */
export interface KeeperSetInput {
  readonly id: bigint;
  readonly quorum: bigint;
  /** Attest keys, ascending. */
  readonly members: string[];
}

/** The current keeper set. */
export async function readKeeperSet({ keeperRegistry }: Lockstep): Promise<KeeperSetInput> {
  const id = await keeperRegistry.setId();
  const quorum = await keeperRegistry.quorum();
  return { id, quorum, members: [...(await keeperRegistry.members())] };
}

/** What the registries keep of a keeper set: the hash of id, quorum and members, 32 bytes each. */
export function hashKeeperSet({ id, quorum, members }: KeeperSetInput): string {
  return hashRoots([id, quorum, ...members].map((field) => toBeHex(field, 32)));
}

/** Signatures of `signers` (default: all keepers of the fixture), one after the other, ascending by address. */
export async function signAttestation(
  system: Lockstep,
  attestation: AttestationInput,
  signers: readonly Signer[] = system.keepers.map(({ attester }) => attester),
): Promise<string> {
  const domain = await domainOf(system, system.registry.target as string);
  const pairs: { address: bigint; signature: string }[] = [];
  for (const signer of signers) {
    const signature = await signer.signTypedData(domain, TYPES, attestation);
    pairs.push({ address: BigInt(await signer.getAddress()), signature });
  }
  return concat(pairs.sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ signature }) => signature));
}

/** Each of the signatures that {@link signAttestation} joins. */
export function splitSignatures(signatures: string): string[] {
  const count = (signatures.length - 2) / (2 * SIGNATURE_BYTES);
  return Array.from({ length: count }, (_, index) =>
    dataSlice(signatures, index * SIGNATURE_BYTES, (index + 1) * SIGNATURE_BYTES),
  );
}

/** Signs and posts the true attestation of `blockNumber` (default: the head). */
export async function postCheckpoint(system: Lockstep, blockNumber?: number): Promise<Attested> {
  const attested = await attest(system, blockNumber);
  await postAttested(system, attested);
  return attested;
}

/** Posts an attestation, true or not, signed by all keepers or by `signers`, with the current keeper set. */
export async function postAttested(system: Lockstep, attested: Attested, signers?: readonly Signer[]) {
  const signatures = await signAttestation(system, attested.attestation, signers);
  return await postSigned(system, attested, signatures);
}

/** Posts an attestation with these signatures and the current keeper set, from `carrier` (default: the deployer). */
export async function postSigned(
  system: Lockstep,
  { attestation, roots }: Attested,
  signatures: string,
  carrier: Signer = system.admin,
) {
  return await system.registry.connect(carrier).post(attestation, roots, await readKeeperSet(system), signatures);
}

/** EIP-712 types of the attestation, for tests that sign in a wrong domain. */
export { TYPES as ATTESTATION_TYPES };
