import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import {
  concat,
  id,
  type ContractTransactionReceipt,
  type ContractTransactionResponse,
  type Signer,
  type TypedDataField,
} from "ethers";

import type { Lockstep } from "../fixtures/deployLockstep.ts";
import { attest, domainOf, postAttested, readKeeperSet, type Attested } from "./attestations.ts";

/** Fixed, so that nothing is estimated: several transactions of one block depend on each other. */
const GAS = { gasLimit: 1_000_000 } as const;

/** Flags of the grades, as the ledger's hot word holds them. */
export const GRADES = { synced: 0n, degraded: 3n, halted: 15n, windDown: 47n } as const;

/** `CauseClass`. */
export const CAUSES = { books: 0, view: 1 } as const;

/** A block, as a keeper that judges it knows it. */
export interface JudgedBlock {
  readonly number: number;
  readonly hash: string;
  readonly parentHash: string;
  readonly timestamp: number;
}

/** What a quorum signs to halt. */
export interface PauseCertificate {
  readonly incidentId: string;
  readonly setId: bigint;
  readonly pauseNonce: bigint;
  readonly blockNumber: number;
  readonly blockHash: string;
}

/** What a quorum signs to resume. */
export interface ResumeCertificate {
  readonly incidentId: string;
  readonly setId: bigint;
  readonly pauseNonce: bigint;
  readonly checkpointNumber: bigint;
  readonly checkpointDigest: string;
}

/** EIP-712 types of both certificates. */
export const CERTIFICATE_TYPES: {
  readonly pause: Record<string, TypedDataField[]>;
  readonly resume: Record<string, TypedDataField[]>;
} = {
  pause: {
    PauseCertificate: [
      { name: "incidentId", type: "bytes32" },
      { name: "setId", type: "uint32" },
      { name: "pauseNonce", type: "uint32" },
      { name: "blockNumber", type: "uint64" },
      { name: "blockHash", type: "bytes32" },
    ],
  },
  resume: {
    ResumeCertificate: [
      { name: "incidentId", type: "bytes32" },
      { name: "setId", type: "uint32" },
      { name: "pauseNonce", type: "uint32" },
      { name: "checkpointNumber", type: "uint64" },
      { name: "checkpointDigest", type: "bytes32" },
    ],
  },
};

/** The newest block. */
export async function readHead(system: Lockstep): Promise<JudgedBlock> {
  const { number, hash, parentHash, timestamp } = (await system.ethers.provider.getBlock("latest"))!;
  return { number, hash: hash!, parentHash, timestamp };
}

/** Lets keeper `index` pause for a block. */
export async function pause(
  system: Lockstep,
  index: number,
  incidentId: string,
  { number, hash }: JudgedBlock,
  cause: number = CAUSES.books,
) {
  const guard = system.guard.connect(system.keepers[index]!.pauser);
  return await guard.softPause(incidentId, cause, number, hash, id("evidence"), { gasLimit: 500_000 });
}

/** `seconds` after the block that included `sent`. */
export async function deadline(
  system: Lockstep,
  sent: Promise<ContractTransactionResponse>,
  seconds: number,
): Promise<number> {
  const { blockNumber } = (await (await sent).wait())!;
  return (await system.ethers.provider.getBlock(blockNumber))!.timestamp + seconds;
}

/** The attest keys that count now. */
export async function activeAttesters(system: Lockstep): Promise<Signer[]> {
  const { members } = await readKeeperSet(system);
  const active = new Set(members.map((member) => member.toLowerCase()));
  return system.keepers.flatMap(({ attester }) => (active.has(attester.address.toLowerCase()) ? [attester] : []));
}

/** A certificate that halts now, because `block` diverges. */
export async function certifyPause(
  { guard, keeperRegistry }: Lockstep,
  incidentId: string,
  { number, hash }: JudgedBlock,
): Promise<PauseCertificate> {
  const [{ nonce }, setId] = [await guard.incident(), await keeperRegistry.setId()];
  return { incidentId, setId, pauseNonce: nonce, blockNumber: number, blockHash: hash };
}

/** A certificate that resumes now, with the newest checkpoint. */
export async function certifyResume({ guard, keeperRegistry, registry }: Lockstep): Promise<ResumeCertificate> {
  const [{ nonce }, setId, incidentId] = [await guard.incident(), await keeperRegistry.setId(), await guard.cause()];
  const { blockNumber, digest } = await registry.newest();
  return { incidentId, setId, pauseNonce: nonce, checkpointNumber: blockNumber, checkpointDigest: digest };
}

/** Signatures of `signers` (default: all active keepers), one after the other, ascending by signer. */
export async function signPause(system: Lockstep, certificate: PauseCertificate, signers?: readonly Signer[]) {
  return await signFor(system, CERTIFICATE_TYPES.pause, certificate, signers);
}

/** The same of a resume certificate. */
export async function signResume(system: Lockstep, certificate: ResumeCertificate, signers?: readonly Signer[]) {
  return await signFor(system, CERTIFICATE_TYPES.resume, certificate, signers);
}

async function signFor(
  system: Lockstep,
  types: Record<string, TypedDataField[]>,
  certificate: PauseCertificate | ResumeCertificate,
  signers?: readonly Signer[],
): Promise<string> {
  const domain = await domainOf(system, system.guard.target as string);
  const pairs: { address: bigint; signature: string }[] = [];
  for (const signer of signers ?? (await activeAttesters(system))) {
    const signature = await signer.signTypedData(domain, types, certificate);
    pairs.push({ address: BigInt(await signer.getAddress()), signature });
  }
  return concat(pairs.sort((a, b) => (a.address < b.address ? -1 : 1)).map(({ signature }) => signature));
}

/** What a test may choose of a halt. */
export interface HardPauseOptions {
  readonly signers?: readonly Signer[];
  /** Changes to the certificate, before it is signed. */
  readonly certificate?: Partial<PauseCertificate>;
  /** Who carries it; the deployer by default. */
  readonly carrier?: HardhatEthersSigner;
}

/** Halts with the signatures of all active keepers (default), because `block` diverges. */
export async function hardPause(
  system: Lockstep,
  incidentId: string,
  block: JudgedBlock,
  { signers, certificate: changes, carrier = system.admin }: HardPauseOptions = {},
): Promise<ContractTransactionResponse> {
  const certificate = { ...(await certifyPause(system, incidentId, block)), ...changes };
  const signatures = await signPause(system, certificate, signers);
  return await sendHardPause(system, certificate, signatures, carrier);
}

/** Carries a signed pause certificate. */
export async function sendHardPause(
  system: Lockstep,
  certificate: PauseCertificate,
  signatures: string,
  carrier: HardhatEthersSigner = system.admin,
): Promise<ContractTransactionResponse> {
  return await system.guard.connect(carrier).hardPause(certificate, await readKeeperSet(system), signatures, GAS);
}

/** What a test may choose of a resume. */
export interface ResumeOptions {
  readonly signers?: readonly Signer[];
  readonly certificate?: Partial<ResumeCertificate>;
  readonly carrier?: HardhatEthersSigner;
}

/** Resumes with the newest checkpoint and the signatures of all active keepers, unless told otherwise. */
export async function sendResume(
  system: Lockstep,
  { signers, certificate: changes, carrier = system.admin }: ResumeOptions = {},
): Promise<ContractTransactionResponse> {
  const certificate = { ...(await certifyResume(system)), ...changes };
  const signatures = await signResume(system, certificate, signers);
  return await system.guard.connect(carrier).resume(certificate, await readKeeperSet(system), signatures, GAS);
}

/** Posts a checkpoint of the head, signed by the active keepers. */
export async function postActive(system: Lockstep): Promise<ContractTransactionResponse> {
  return await postAttested(system, await attest(system), await activeAttesters(system));
}

/** The attestation of the head with the roots of `like`: as good as a true one where nobody looks at the roots, and faster. */
export async function attestLike(system: Lockstep, { attestation, roots }: Attested): Promise<Attested> {
  const { number, hash } = await readHead(system);
  const setId = await system.keeperRegistry.setId();
  return { attestation: { ...attestation, setId, blockNumber: number, blockHash: hash }, roots };
}

/** Waits for the cool-down, posts a checkpoint of the head, signed by the active keepers, and resumes. */
export async function resume(system: Lockstep): Promise<ContractTransactionReceipt> {
  const { networkHelpers } = system.connection;
  const { pausedAt } = await system.guard.halt();
  const possibleFrom = Number(pausedAt) + Number(await system.guard.COOL_DOWN());
  if ((await networkHelpers.time.latest()) < possibleFrom) await networkHelpers.time.increaseTo(possibleFrom);
  await networkHelpers.mine();
  await postActive(system);
  return (await (await sendResume(system)).wait())!;
}

/** Sends transactions without mining and includes them in one block, in order; their receipts, whether they succeed or not. */
export async function inOneBlock(
  { ethers, connection }: Lockstep,
  ...sends: (() => Promise<ContractTransactionResponse>)[]
): Promise<ContractTransactionReceipt[]> {
  await ethers.provider.send("evm_setAutomine", [false]);
  const sent: ContractTransactionResponse[] = [];
  try {
    for (const send of sends) sent.push(await send());
    await connection.networkHelpers.mine();
  } finally {
    await ethers.provider.send("evm_setAutomine", [true]);
  }
  const receipts: ContractTransactionReceipt[] = [];
  for (const { hash } of sent) receipts.push((await ethers.provider.getTransactionReceipt(hash)) as never);
  return receipts;
}
