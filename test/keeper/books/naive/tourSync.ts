import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, Wallet, type Signer } from "ethers";

import type { Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { attest, falsify, postAttested, postCheckpoint, signAttestation } from "../../../helpers/attestations.ts";
import { convict } from "../../../helpers/convict.ts";
import { OrderBook, UNIT } from "../../../helpers/orders.ts";
import { readMultiProof } from "../../../helpers/proofs.ts";
import { readWitness } from "../../../helpers/witness.ts";

const USD = 1_000_000n;
const HOUR = 3_600;

async function wait({ ethers }: Lockstep, seconds: number): Promise<void> {
  await ethers.provider.send("evm_increaseTime", [seconds]);
}

/** A soft pause that judges the head. */
async function pause({ ethers, guard }: Lockstep, pauser: HardhatEthersSigner, incident: string): Promise<void> {
  const { number, hash } = (await ethers.provider.getBlock("latest"))!;
  await guard.connect(pauser).softPause(id(incident), number, hash!, id("evidence"));
}

/**
 * Soft pauses, lifted by a checkpoint and by anyone; under the first a whole ring of checkpoints and more, so that the
 * witness of withdrawals becomes the oldest; one proven.
 */
export async function tourGuard(system: Lockstep): Promise<void> {
  const { ethers, guard, registry } = system;
  const [one, two] = system.keepers;
  const [first, second] = system.users as [HardhatEthersSigner, HardhatEthersSigner];
  const orders = new OrderBook(system);
  for (let posted = 0; posted < 2; posted += 1) await postCheckpoint(system);
  const { roots, attestation } = await postCheckpoint(system);
  await pause(system, one!.pauser, "first");
  await pause(system, two!.pauser, "second");
  // Restricted: both positions shrink, and nothing is observed.
  for (let closed = 0; closed < 2; closed += 1) await orders.trade(first, second, { size: UNIT / 10n });
  for (let posted = 0; posted < 66; posted += 1) await postCheckpoint(system);
  // The witness, by now the oldest in the ring.
  const proof = await readMultiProof(ethers, system.books, attestation.blockNumber);
  await registry.prove(attestation.blockNumber, roots, proof.headerRlp, proof.nodes, proof.paths);
  await wait(system, 2 * HOUR);
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await pause(system, one!.pauser, "third");
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await guard.liftSoft();
}

/** Convictions of a posted and of an unposted attestation; trades and a witnessed withdrawal of a flat account halted. */
export async function tourConvictions(system: Lockstep): Promise<void> {
  const { keeperRegistry, registry, users } = system;
  const witness = await postCheckpoint(system);
  const wrong = falsify(await attest(system), 3);
  await postAttested(system, wrong);
  // The false checkpoint becomes the witness, and falls with the conviction.
  await pause(system, system.keepers[1]!.pauser, "fourth");
  await convict(system, wrong, { index: 3 });

  const third = Wallet.createRandom();
  const fourth = Wallet.createRandom();
  await keeperRegistry.add(third.address, users[7]!.address);
  await keeperRegistry.add(fourth.address, users[8]!.address);
  await keeperRegistry.remove(fourth.address);
  const next = await attest(system);
  const signers: Signer[] = [third];
  await registry.post(next.attestation, next.roots, await signAttestation(system, next.attestation, signers));
  const unposted = falsify(await attest(system), 0);
  await convict(system, unposted, { index: 0, signers });

  const number = Number(await system.guard.witnessNumber());
  if (number !== witness.attestation.blockNumber) throw new Error(`the witness is ${number}`);
  const account = accountOf(users[2]!);
  const shown = await readWitness(system, witness, account, system.usd);
  await system.vault
    .connect(users[2])
    .withdrawWitnessed(account, system.usd.target, 5n * USD, users[2]!.address, shown);
}

/** Second book set and another authority. */
export async function tourGovernance(system: Lockstep): Promise<void> {
  const { authority, registry, oracle, books, admin, ethFeed } = system;
  const head = await system.ethers.provider.getBlockNumber();
  await registry.setBooks([...books].reverse(), head + 100);
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  const other = await system.ethers.deployContract("AccessManager", [admin.address]);
  await authority.updateAuthority(oracle.target, other.target);
}
