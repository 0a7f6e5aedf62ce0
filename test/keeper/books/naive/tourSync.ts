import { id } from "ethers";

import { deployLockstep, type Lockstep } from "../../../fixtures/deployLockstep.ts";
import { accountOf } from "../../../helpers/accounts.ts";
import { postCheckpoint } from "../../../helpers/attestations.ts";
import { CAUSES, pause, readHead } from "../../../helpers/guard.ts";
import { OrderBook, UNIT } from "../../../helpers/orders.ts";
import { readMultiProof } from "../../../helpers/proofs.ts";
import { passTime } from "./stage.ts";

const HOUR = 3_600;
/** Checkpoints that the registry keeps. */
const RING = 64;

async function wait({ ethers }: Lockstep, seconds: number): Promise<void> {
  await ethers.provider.send("evm_increaseTime", [seconds]);
}

/** Pays the carrier of the newest checkpoint, which takes the fund below its target. */
async function reward({ admin, fund, ledger, registry }: Lockstep): Promise<void> {
  await fund.setTarget(await ledger.quoteOf(await fund.ACCOUNT()));
  await registry.claimReward(await registry.newestNumber(), accountOf(admin));
  await fund.setTarget(0n);
}

/** A reward, and with it the fees of a trade to the fund. */
export async function tourRewards(system: Lockstep): Promise<void> {
  const { registry } = system;
  const orders = new OrderBook(system);
  await passTime(system, 1);
  await registry.setReward(UNIT / 100n, 50);
  await orders.trade(system.users[1]!, system.users[0]!, { size: UNIT / 10n });
  await postCheckpoint(system);
  await reward(system);
}

/**
 * Soft pauses of both classes, lifted by a checkpoint and by anyone; under the first a whole ring of checkpoints and more, so
 * that the witness of withdrawals becomes the oldest; one proven; one that takes the place of a paid one.
 */
export async function tourGuard(system: Lockstep): Promise<void> {
  const { ethers, guard, registry, users } = system;
  const orders = new OrderBook(system);
  for (let posted = 0; posted < 2; posted += 1) await postCheckpoint(system);
  const { roots, attestation } = await postCheckpoint(system);
  await pause(system, 0, id("first"), await readHead(system));
  await pause(system, 1, id("second"), await readHead(system), CAUSES.view);
  // Restricted: both positions shrink, and nothing is observed.
  for (let closed = 0; closed < 2; closed += 1) await orders.trade(users[0]!, users[1]!, { size: UNIT / 10n });
  for (let posted = 0; posted < RING + 2; posted += 1) await postCheckpoint(system);
  await reward(system);
  for (let posted = 0; posted < 2; posted += 1) await postCheckpoint(system);
  // The witness, by now the oldest in the ring.
  const proof = await readMultiProof(ethers, system.books, attestation.blockNumber);
  await registry.prove(attestation, roots, proof.headerRlp, proof.nodes, proof.paths);
  await wait(system, 2 * HOUR);
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await pause(system, 0, id("third"), await readHead(system));
  await postCheckpoint(system);
  await wait(system, 2 * HOUR);
  await guard.liftSoft();
  // One key for a view and then for the books, for less time.
  await wait(system, 2 * HOUR);
  await pause(system, 1, id("fourth"), await readHead(system), CAUSES.view);
  await pause(system, 1, id("fifth"), await readHead(system), CAUSES.books);
  await wait(system, HOUR);
  await postCheckpoint(system);
}

/** An outage of the sequencer in which the newest checkpoint becomes stale, where there is a sequencer. */
export async function tourOutage(system: Lockstep): Promise<void> {
  const { ethers, guard } = system;
  const feed = await ethers.getContractAt("MockAggregator", await guard.SEQUENCER_FEED());
  if (BigInt(feed.target as string) === 0n) return;
  await passTime(system, 1);
  const posted = Number((await system.ledger.hotWord()).checkpointTime);
  const round = (await feed.latestRound()) + 1n;
  await wait(system, 2_000);
  await feed.updateAt(1, posted + 100);
  await feed.updateAt(0, posted + 1_600);
  await guard.creditOutage(round, round + 1n);
  await passTime(system, HOUR);
}

/** A deployment for a tour: four keepers, a sequencer, and bonds that are released after a day. */
export async function deployToured(connection: Lockstep["connection"]): Promise<Lockstep> {
  const sequencer = await connection.ethers.deployContract("MockAggregator", [0, "sequencer", 0]);
  const parameters = { sequencerFeed: sequencer.target as string, sequencerGraceSeconds: 1, unbondingSeconds: 86_400 };
  return await deployLockstep(connection, { keeperCount: 4, parameters });
}

/** Second book set and another authority. */
export async function tourGovernance(system: Lockstep): Promise<void> {
  const { authority, registry, oracle, books, admin, ethFeed } = system;
  const head = await system.ethers.provider.getBlockNumber();
  await registry.setBooks([...books].reverse(), head + 1_000);
  await oracle.setFeed(3, ethFeed.target, 77, 5, 10n ** 24n);
  const other = await system.ethers.deployContract("AccessManager", [admin.address]);
  await authority.updateAuthority(oracle.target, other.target);
}
