import { id } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { deployLockstep, type Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint } from "../../test/helpers/attestations.ts";
import { convict } from "../../test/helpers/convict.ts";
import { pause, readHead } from "../../test/helpers/guard.ts";
import { readMultiProof } from "../../test/helpers/proofs.ts";
import { readWitness } from "../../test/helpers/witness.ts";
import { Desk } from "./Desk.ts";
import type { GasRecorder } from "./GasRecorder.ts";

/** One more than the ring of checkpoints has places. */
const RING = 65;

/** Posts so often that the ring is full, as it is in production after a few hours. */
async function fillRing(system: Lockstep): Promise<void> {
  for (let count = 0; count < RING; count += 1) await postCheckpoint(system);
}

/** Checkpoints, pauses and the exit by two witnesses. */
export async function measureSync(connection: NetworkConnection, recorder: GasRecorder): Promise<void> {
  const single = await deployLockstep(connection);
  await fillRing(single);
  await recorder.hashed("checkpoint-post-1of1", postAttested(single, await attest(single)));

  const system = await deployLockstep(connection, { keeperCount: 4 });
  const { registry, vault, usd } = system;
  const desk = new Desk(system);
  const leaver = desk.holder(0);
  await desk.endow(leaver);
  await desk.deposit(leaver, 100n);
  await desk.withdraw(leaver, 10n);
  await fillRing(system);
  const quorum = system.keepers.slice(0, 3).map(({ attester }) => attester);
  const attested = await attest(system);
  await recorder.hashed("checkpoint-post-3of4", postAttested(system, attested, quorum));
  const { blockNumber } = attested.attestation;
  const { headerRlp, nodes, paths } = await readMultiProof(system.ethers, system.books, blockNumber);
  const proving = registry.prove(blockNumber, attested.roots, headerRlp, nodes, paths);
  await recorder.hashed("checkpoint-prove-10-books", proving);

  const head = await readHead(system);
  await recorder.hashed("soft-pause", pause(system, 0, id("incident"), head));
  await recorder.hashed("soft-pause-repeated", pause(system, 1, id("incident"), head));
  const { owner, account } = leaver;
  const witness = await readWitness(system, attested, account, usd);
  const leaving = vault.connect(owner).withdrawWitnessed(account, usd.target, 10n ** 7n, owner.address, witness);
  await recorder.hashed("withdraw-witnessed", leaving);
  const posted = falsify(await attest(system), 0);
  await postAttested(system, posted, quorum);
  await recorder.hashed("checkpoint-convict", convict(system, posted, { signers: quorum }));
}
