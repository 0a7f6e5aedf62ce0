import { id } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { deployLockstep, type Lockstep } from "../../test/fixtures/deployLockstep.ts";
import { attest, falsify, postAttested, postCheckpoint, type Attested } from "../../test/helpers/attestations.ts";
import { convict } from "../../test/helpers/convict.ts";
import { hardPause, pause, readHead, sendResume } from "../../test/helpers/guard.ts";
import { ETH_PRICE } from "../../test/helpers/orders.ts";
import { readMultiProof } from "../../test/helpers/proofs.ts";
import { readWitness } from "../../test/helpers/witness.ts";
import { Desk, type Holder } from "./Desk.ts";
import type { GasRecorder } from "./GasRecorder.ts";
import type { Operation } from "./GasRow.ts";
import type { GasNetwork } from "./openGasNetwork.ts";

/** One more than the ring of checkpoints has places. */
const RING = 65;
const HOUR = 3_600;
/** A later book set is announced so many blocks ahead, and one for the transaction. */
const LEAD = 65;

/** How many keepers there are, and how many sign. */
const QUORUMS = [
  { operation: "checkpoint-post-1of1", count: 1, quorum: 1 },
  { operation: "checkpoint-post-3of4", count: 4, quorum: 3 },
  { operation: "checkpoint-post-4of5", count: 5, quorum: 4 },
  { operation: "checkpoint-post-7of10", count: 10, quorum: 7 },
] as const;

/** Book sets that are proved, by their number of contracts. */
const BOOK_COUNTS = [
  { operation: "checkpoint-prove-1-book", count: 1 },
  { operation: "checkpoint-prove-4-books", count: 4 },
  { operation: "checkpoint-prove-10-books", count: 10 },
] as const;

const attesters = ({ keepers }: Lockstep, count: number) => keepers.slice(0, count).map(({ attester }) => attester);

/** Posts so often that the ring is full, as it is in production after a few hours. */
async function fillRing(system: Lockstep): Promise<void> {
  for (let count = 0; count < RING; count += 1) await postCheckpoint(system);
}

async function measurePosts(connection: NetworkConnection, recorder: GasRecorder): Promise<void> {
  for (const { operation, count, quorum } of QUORUMS) {
    const system = await deployLockstep(connection, { keeperCount: count });
    await fillRing(system);
    await recorder.hashed(operation, postAttested(system, await attest(system), attesters(system, quorum)));
  }
}

/** The first `count` books of the deployment as a book set of their own. */
async function measureProof(
  connection: NetworkConnection,
  recorder: GasRecorder,
  { operation, count }: { readonly operation: Operation; readonly count: number },
): Promise<void> {
  const whole = await deployLockstep(connection);
  const system = { ...whole, books: whole.books.slice(0, count) };
  const from = (await system.ethers.provider.getBlockNumber()) + LEAD;
  await system.registry.setBooks([...system.books], from);
  for (let count = 0; count < LEAD; count += 1) await system.ethers.provider.send("evm_mine", []);
  const { attestation, roots } = await postCheckpoint(system);
  const { headerRlp, nodes, paths } = await readMultiProof(system.ethers, system.books, attestation.blockNumber);
  await recorder.hashed(operation, system.registry.prove(attestation, roots, headerRlp, nodes, paths));
}

async function measureLeaving(
  recorder: GasRecorder,
  system: Lockstep,
  attested: Attested,
  { operation, holder }: { readonly operation: Operation; readonly holder: Holder },
): Promise<void> {
  const { vault, usd } = system;
  const { owner, account } = holder;
  const witness = await readWitness(system, attested, account, usd);
  const leaving = vault.connect(owner).withdrawWitnessed(account, usd.target, 10n ** 7n, owner.address, witness);
  await recorder.hashed(operation, leaving);
}

/** A pause, the exit by two witnesses, a halt, its end, and a conviction, one after the other. */
async function measureIncident(network: GasNetwork, recorder: GasRecorder): Promise<void> {
  const system = await deployLockstep(network.connection, { keeperCount: 4 });
  const desk = new Desk(system);
  const [flat, holder, other] = [desk.holder(0), desk.holder(1), desk.holder(2)];
  for (const one of [flat, holder, other]) {
    await desk.endow(one);
    await desk.deposit(one, 10_000n);
    await desk.withdraw(one, 10n);
  }
  await desk.trade(holder, other, { price: ETH_PRICE });
  await fillRing(system);

  // A keeper that has paused once before, long ago.
  await pause(system, 0, id("an earlier incident"), await readHead(system));
  network.skip(2 * HOUR);
  await postCheckpoint(system);
  network.skip(2 * HOUR);
  const before = await postCheckpoint(system);
  const head = await readHead(system);
  await recorder.hashed("soft-pause", pause(system, 0, id("incident"), head));
  await recorder.hashed("soft-pause-repeated", pause(system, 1, id("incident"), head));
  await measureLeaving(recorder, system, before, { operation: "withdraw-witnessed", holder: flat });
  await measureLeaving(recorder, system, before, { operation: "withdraw-witnessed-position", holder });

  await recorder.hashed(
    "hard-pause-3of4",
    hardPause(system, id("incident"), await readHead(system), { signers: attesters(system, 3) }),
  );
  network.skip(2 * HOUR);
  await system.ethers.provider.send("evm_mine", []);
  await postCheckpoint(system);
  await recorder.hashed("resume-3of4", sendResume(system, { signers: attesters(system, 3) }));
  const posted = falsify(await attest(system), 0);
  await postAttested(system, posted, attesters(system, 3));
  await recorder.hashed("checkpoint-convict", convict(system, posted, { signers: attesters(system, 3) }));
}

/** Checkpoints, pauses and the exit by two witnesses. */
export async function measureSync(network: GasNetwork, recorder: GasRecorder): Promise<void> {
  const { connection } = network;
  await measurePosts(connection, recorder);
  for (const books of BOOK_COUNTS) await measureProof(connection, recorder, books);
  await measureIncident(network, recorder);
}
